//! What a job read or made: listed, and read by name.
//!
//! Start at [`list_artifacts`].

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::port::store::ArtifactInfo;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::jobs;
use crate::who::{Named, NamedPart, Who};

/// What a job read or made, by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArtifactList {
    /// The artifacts.
    artifacts: Vec<ArtifactView>,
}

/// An artifact without what it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArtifactView {
    /// Its name.
    name: String,
    /// Its media type.
    media_type: String,
    /// How many bytes it has.
    bytes: u64,
    /// When it was made.
    at: Timestamp,
}

impl From<ArtifactInfo> for ArtifactView {
    fn from(info: ArtifactInfo) -> Self {
        let ArtifactInfo { name, media_type, bytes, at } = info;
        Self { name, media_type, bytes, at }
    }
}

impl Redact for ArtifactList {
    fn redact(&mut self, _: &Redactor) {}
}

/// What a job read or made.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/artifacts", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The artifacts, by name", body = ArtifactList))
)]
pub(crate) async fn list_artifacts(
    State(app): State<Arc<App>>,
    who: Who,
    Named(id): Named,
) -> Result<Answer<ArtifactList>, Fault> {
    let job = jobs::seen(&app, &who, id).await?;
    let artifacts = app.api.store.artifacts(job.spec.id).await?.into_iter().map(ArtifactView::from).collect();
    Ok(Answer(app.api.redactor.seal(ArtifactList { artifacts })))
}

/// One of them, as it is kept. Secrets are not in it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/artifacts/{artifact}", tag = "jobs",
    params(
        ("id" = String, Path, description = "The job's id"),
        ("artifact" = String, Path, description = "The artifact's name")
    ),
    responses((status = 200, description = "What it says", body = String, content_type = "application/octet-stream"))
)]
pub(crate) async fn artifact(
    State(app): State<Arc<App>>,
    who: Who,
    NamedPart(id, name): NamedPart,
) -> Result<Response, Fault> {
    let job = jobs::seen(&app, &who, id).await?;
    let kept = app.api.store.artifact(job.spec.id, &name).await?;
    let kept = kept.ok_or_else(|| Fault::not_found(format!("this job keeps no artifact `{name}`")))?;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let kind = HeaderValue::from_str(&kept.media_type).unwrap_or(plain);
    Ok(([(CONTENT_TYPE, kind)], kept.text.into_inner()).into_response())
}
