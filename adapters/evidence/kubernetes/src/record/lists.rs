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
    let (path, name) = names(&resource, namespace);
    let mut list = List { run, path, name, out: None, count: 0 };
    let mut next: Option<String> = None;
    let mut restarted = false;
    for _ in 0..PAGES {
        let mut ask = Ask::json(page::target(&resource.list_path(namespace), PER_PAGE, next.as_deref()));
        if *kind == Kind::Secret {
            ask.accept = readonly::AS_TABLE;
        }
        let page = match run.cluster.caller().page(&ask, PAGE_CAP).await {
            Ok(page) => page,
            Err(failure) if failure.is_expired() && !restarted => {
                // The list became too old while it was read: once more from its beginning.
                (restarted, next, list.out, list.count) = (true, None, None, 0);
                continue;
            }
            Err(failure) => return list.refused(failure).await,
        };
        if let Some(why) = page.cut {
            list.gap(&format!("the answer broke off: {why}"));
            break;
        }
        match manifests(&page.body, kind, &resource, namespaces) {
            Ok(objects) => {
                if !list.push(objects).await? {
                    break;
                }
            }
            Err(problem) => {
                list.gap(&problem);
                break;
            }
        }
        next = page::head(&page.body).0;
        if next.is_none() {
            break;
        }
    }
    list.end().await
}

/// A list on its way into its file.
struct List<'a> {
    run: &'a Run<'a>,
    path: String,
    name: String,
    out: Option<Writing>,
    count: usize,
}

impl List<'_> {
    fn gap(&self, why: &str) {
        self.run.gap(format!("{}: {why}", self.name));
    }

    /// Adds the objects of a page; false when the recording is full.
    async fn push(&mut self, objects: Vec<Manifest>) -> Result<bool, RecordError> {
        let mut out = match self.out.take() {
            Some(out) => out,
            None => begun(self.run, &self.path).await?,
        };
        let mut room = true;
        for object in objects {
            let text = self.run.redactor.seal(object).map(text_of);
            room = self.run.room(text.len() as u64);
            if !room {
                self.gap(&format!("only the first {} objects were recorded (the recording is full)", self.count));
                break;
            }
            if self.count > 0 {
                out.push(&Redacted::fixed(",\n")).await?;
            }
            out.push(&text).await?;
            self.count += 1;
        }
        self.out = Some(out);
        Ok(room)
    }

    /// What kubectl prints when it gets no data stands where the data would have been.
    async fn refused(self, failure: Failure) -> Result<(), RecordError> {
        if matches!(failure, Failure::Status { code: 404, .. }) {
            self.gap("the API server does not serve this kind");
            return Ok(());
        }
        self.gap(&failure.clone().of_list().to_string());
        if self.out.is_some() {
            // Part of the list is there, and the list is well formed.
            return self.end().await;
        }
        self.run.target.write(&self.path, &self.run.redactor.redact_text(&sentence(&failure))).await
    }

    async fn end(self) -> Result<(), RecordError> {
        let Some(mut out) = self.out else { return Ok(()) };
        out.push(&Redacted::fixed("\n]}\n")).await?;
        out.close().await?;
        (self.run.progress)(RecordProgress::Kind(self.name));
        Ok(())
    }
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
    struct Items {
        #[serde(default)]
        items: Option<Vec<Value>>,
    }
    let api = resource.api_version();
    let made = |object| Manifest::new(object, &api, kind.as_str());
    if *kind == Kind::Secret {
        return Ok(secrets::table(body)?.into_iter().filter_map(secret).map(made).collect());
    }
    let list: Items = serde_json::from_slice(body).map_err(|e| format!("the answer is not readable: {e}"))?;
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
