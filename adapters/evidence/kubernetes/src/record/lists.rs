//! Lists on their way into files, page by page.

use midwatch_diagnosis::entity::Kind;
use midwatch_redact::Redacted;
use serde::Deserialize;
use serde_json::{Value, json};

use super::manifest::Manifest;
use super::target::Writing;
use super::{RecordError, RecordProgress, Run};
use crate::call::Ask;
use crate::failure::Failure;
use crate::objects::{PAGE_CAP, PER_PAGE};
use crate::resource::Resource;
use crate::{page, readonly, secrets};

/// Pages of one list.
const PAGES: usize = 200;

/// Writes all objects of a kind, in one namespace or of the cluster.
pub(super) async fn write(
    run: &Run<'_>,
    kind: &Kind,
    namespace: Option<&str>,
    namespaces: &[String],
) -> Result<(), RecordError> {
    let Some(resource) = run.cluster.resource(kind).await else { return Ok(()) };
    let (file, name) = names(&resource, namespace);
    let mut out: Option<Writing> = None;
    let mut next: Option<String> = None;
    let mut restarted = false;
    let mut count = 0_usize;
    for _ in 0..PAGES {
        let mut ask = Ask::json(page::target(&resource.list_path(namespace), PER_PAGE, next.as_deref()));
        if *kind == Kind::Secret {
            ask.accept = readonly::AS_TABLE;
        }
        let page = match run.cluster.caller().page(&ask, PAGE_CAP).await {
            Ok(page) if page.cut.is_none() => page,
            Ok(page) => {
                run.gap(format!("{name}: the answer broke off: {}", page.cut.unwrap_or_default()));
                break;
            }
            Err(failure) if failure.is_expired() && !restarted => {
                // The list became too old while it was read: once more from its beginning.
                (restarted, next, out, count) = (true, None, None, 0);
                continue;
            }
            Err(failure) => return refused(run, &file, &name, failure, out).await,
        };
        let objects = manifests(&page.body, kind, &resource, namespaces);
        let objects = match objects {
            Ok(objects) => objects,
            Err(problem) => {
                run.gap(format!("{name}: {problem}"));
                break;
            }
        };
        let mut file = match out.take() {
            Some(file) => file,
            None => begun(run, &file).await?,
        };
        for object in objects {
            let text = run.redactor.seal(object).map(text_of);
            if !run.room(text.len() as u64) {
                run.gap(format!("{name}: only the first {count} objects were recorded (the recording is full)"));
                return ended(file).await;
            }
            if count > 0 {
                file.push(&Redacted::fixed(",\n")).await?;
            }
            file.push(&text).await?;
            count += 1;
        }
        out = Some(file);
        next = page::head(&page.body).0;
        if next.is_none() {
            break;
        }
    }
    if let Some(file) = out {
        ended(file).await?;
        (run.progress)(RecordProgress::Kind(name));
    }
    Ok(())
}

fn text_of(object: &Manifest) -> String {
    // An object of texts and numbers can always be written.
    serde_json::to_string(object).unwrap_or_default()
}

/// The file's path and what it holds, for a person. One name of kubectl's dump has a hyphen.
fn names(resource: &Resource, namespace: Option<&str>) -> (String, String) {
    let plural = &resource.plural;
    let stem = if plural == "replicationcontrollers" { "replication-controllers" } else { plural };
    match namespace {
        Some(namespace) => (format!("{namespace}/{stem}.json"), format!("{plural} in {namespace}")),
        None => (format!("{stem}.json"), plural.clone()),
    }
}

async fn begun(run: &Run<'_>, file: &str) -> Result<Writing, RecordError> {
    let mut file = run.target.create(file).await?;
    file.push(&Redacted::fixed(
        "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"\"},\"items\":[\n",
    ))
    .await?;
    Ok(file)
}

async fn ended(mut file: Writing) -> Result<(), RecordError> {
    file.push(&Redacted::fixed("\n]}\n")).await?;
    file.close().await
}

/// What kubectl prints when it gets no data stands where the data would have been.
async fn refused(
    run: &Run<'_>,
    file: &str,
    name: &str,
    failure: Failure,
    out: Option<Writing>,
) -> Result<(), RecordError> {
    if matches!(failure, Failure::Status { code: 404, .. }) {
        run.gap(format!("{name}: the API server does not serve this kind"));
        return Ok(());
    }
    run.gap(format!("{name}: {}", failure.clone().of_list()));
    match out {
        // Part of the list is there, and the list is well formed.
        Some(out) => ended(out).await,
        None => run.target.write(file, &run.redactor.redact_text(&sentence(&failure))).await,
    }
}

/// A failure as kubectl prints it.
pub(super) fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Status { code, words, .. } => {
            let reason = match code {
                400 => " (BadRequest)",
                401 => " (Unauthorized)",
                403 => " (Forbidden)",
                404 => " (NotFound)",
                _ => "",
            };
            format!("Error from server{reason}: {words}\n")
        }
        Failure::TimedOut(words) => format!("Unable to connect to the server: timeout: {words}\n"),
        Failure::Broken(words) | Failure::Unusable(words) => format!("Unable to connect to the server: {words}\n"),
    }
}

/// The objects of a page. Of namespaces only those that are recorded.
fn manifests(body: &[u8], kind: &Kind, resource: &Resource, namespaces: &[String]) -> Result<Vec<Manifest>, String> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default)]
        items: Option<Vec<Value>>,
    }
    let api = resource.api_version();
    let made = |object| Manifest::new(object, &api, kind.as_str());
    if *kind == Kind::Secret {
        return Ok(secrets::table(body)?.into_iter().filter_map(secret).map(made).collect());
    }
    let list: List = serde_json::from_slice(body).map_err(|e| format!("the answer is not readable: {e}"))?;
    let mut items = list.items.unwrap_or_default();
    if *kind == Kind::Namespace {
        items.retain(|item| item["metadata"]["name"].as_str().is_some_and(|n| namespaces.iter().any(|ns| ns == n)));
    }
    Ok(items.into_iter().map(made).collect())
}

/// A Secret: its keys with empty values, as recordings have them; without keys where they are not known.
fn secret(known: secrets::Known) -> Option<Value> {
    let metadata: Value = serde_json::from_str(known.metadata.get()).ok()?;
    let data: serde_json::Map<String, Value> =
        known.keys.unwrap_or_default().into_iter().map(|key| (key, Value::from(""))).collect();
    Some(json!({"metadata": metadata, "type": known.r#type, "data": data}))
}
