//! The tool by which a model reads on in a result: `read_evidence`.

use midwatch_diagnosis::report::EvidenceId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::show::LINES;
use crate::port::ToolSpec;
use crate::tool::ToolError;
use crate::tools::arguments;

/// Its name.
pub const NAME: &str = "read_evidence";

/// What of a result is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Lines by number.
    Lines {
        /// The first, from 1.
        from: usize,
        /// The last; none: the end.
        to: Option<usize>,
    },
    /// Lines with words in them.
    Grep {
        /// All of them must be in a line, in any order and any case. No pattern.
        words: String,
    },
}

/// Arguments of `read_evidence`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Number of the evidence, like `e13`.
    id: String,
    /// First line to read, counted from 1. Leave out with `grep`.
    #[serde(default)]
    from_line: Option<u32>,
    /// Last line to read. Leave out for as many as fit.
    #[serde(default)]
    to_line: Option<u32>,
    /// Words that must all be in a line, in any order and case. Plain text, no regular expression.
    #[serde(default)]
    grep: Option<String>,
}

/// How a model is told of it.
pub fn spec() -> ToolSpec {
    let description = format!(
        "Reads on in a result that was too long to be shown whole, by its evidence number. Give either `from_line` and \
         `to_line`, or `grep`. Gives up to {LINES} numbered lines at a time and says how to go on. Reads nothing new."
    );
    ToolSpec { name: NAME.to_owned(), description, schema: arguments::schema::<Arguments>() }
}

/// What a call of it asks for.
///
/// # Errors
/// When the arguments are not as they must be; says how they must be.
pub fn parse(value: &Value) -> Result<(EvidenceId, Wanted), ToolError> {
    let asked: Arguments = arguments::read(value.clone())?;
    let unknown = || ToolError::Arguments(format!("`{}` is no evidence number; it looks like `e13`", asked.id));
    let id = asked.id.trim().parse().map_err(|()| unknown())?;
    let place = |line: u32| usize::try_from(line).unwrap_or(usize::MAX);
    let wanted = match (asked.grep.filter(|words| !words.trim().is_empty()), asked.from_line, asked.to_line) {
        (Some(words), None, None) => Wanted::Grep { words },
        (Some(_), ..) => {
            return Err(ToolError::Arguments("give lines or `grep`, not both".to_owned()));
        }
        (None, from, to) => Wanted::Lines { from: from.map_or(1, place), to: to.map(place) },
    };
    Ok((id, wanted))
}
