//! The report's shape in the OpenAPI document.
//!
//! The report itself is written by the engine (`render::json`), whose wire structs are its own; this names what is promised
//! to programs. A test holds a real report against it. Start at [`ReportDocument`].

use midwatch_diagnosis::verdict::Verdict;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// Top-level fields that every report has.
const FIELDS: [&str; 11] = [
    "id",
    "verdict",
    "confidence",
    "root_entities",
    "alert",
    "analysis",
    "ruled_out",
    "could_not_see",
    "incidents",
    "evidence_items",
    "collected_data",
];

const CONFIDENCE: [&str; 3] = ["high", "medium", "low"];

/// A report.
pub(crate) struct ReportDocument;

impl ToSchema for ReportDocument {
    fn name() -> std::borrow::Cow<'static, str> {
        "Report".into()
    }
}

impl PartialSchema for ReportDocument {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let words = |words: &[&str]| text().enum_values(Some(words.iter().copied()));
        let list = || ArrayBuilder::new().items(ObjectBuilder::new());
        let object =
            |required: &[&str]| required.iter().fold(ObjectBuilder::new(), |object, name| object.required(*name));
        let or_null = |kind| SchemaType::from_iter([kind, Type::Null]);
        let analysis = object(&["root_cause", "confidence", "reasoning", "timeline", "evidence", "recommendations"])
            .property("root_cause", text())
            .property("confidence", words(&CONFIDENCE))
            .property("reasoning", text())
            .property("timeline", list())
            .property("evidence", ObjectBuilder::new())
            .property("recommendations", list());
        object(&FIELDS)
            .description(Some("A report: the verdict, and every claim with the evidence it stands on"))
            .property("id", text())
            .property("verdict", words(&Verdict::ALL.map(Verdict::as_str)))
            .property("confidence", words(&CONFIDENCE))
            .property("root_entities", list())
            .property("alert", ObjectBuilder::new().schema_type(or_null(Type::Object)))
            .property("question", ObjectBuilder::new().schema_type(or_null(Type::String)))
            .property("as_of", text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))))
            .property("analysis", analysis)
            .property("ruled_out", list())
            .property("could_not_see", list())
            .property("incidents", list())
            .property("evidence_items", list())
            .property("collected_data", ObjectBuilder::new())
            .into()
    }
}
