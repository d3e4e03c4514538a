//! Reports of the past: found by words, and read as Markdown.
//!
//! Must never show a report of a place that the caller may not see. Start at [`search`].

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use midwatch_agent::render;
use midwatch_redact::{Redact, Redacted, Redactor};
use midwatch_service::policy::Verb;
use midwatch_service::search::FoundReport;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::who::{Named, Params, Sight, Who};
use crate::{jobs, wait};

/// Reports that are given where nobody said how many, and at most.
const FOUND: usize = 10;
const FOUND_MOST: usize = 50;

/// Letters of what is searched for.
const WORDS_CAP: usize = 400;

/// What to search for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    /// Words that all stand in the report, at most 400 letters.
    q: String,
    /// At most so many, 1 to 50; 10 when it is missing.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Reports that were found, those first that say most of the words.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportList {
    /// The reports.
    reports: Vec<ReportView>,
}

/// A report that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportView {
    /// The job that made it.
    job: String,
    /// When.
    at: Timestamp,
    /// The verdict.
    verdict: &'static str,
    /// In one sentence.
    headline: String,
    /// The words around those that were searched for.
    snippet: String,
}

impl From<FoundReport> for ReportView {
    fn from(found: FoundReport) -> Self {
        Self {
            job: found.job.to_string(),
            at: found.at,
            verdict: found.verdict.as_str(),
            headline: found.headline.into_inner(),
            snippet: found.snippet.into_inner(),
        }
    }
}

impl Redact for ReportList {
    fn redact(&mut self, redactor: &Redactor) {
        for report in &mut self.reports {
            report.headline.redact(redactor);
            report.snippet.redact(redactor);
        }
    }
}

/// Searches reports by words.
#[utoipa::path(
    get, path = "/api/v1/reports", operation_id = "search_reports", tag = "jobs", params(SearchQuery),
    responses((status = 200, description = "The reports", body = ReportList))
)]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<SearchQuery>,
) -> Result<Answer<ReportList>, Fault> {
    let sight = Sight::of(&app.api.policy, &origin.actor, Verb::Status)?;
    let limit = query.limit.unwrap_or(FOUND);
    if !(1..=FOUND_MOST).contains(&limit) {
        return Err(Fault::invalid(format!("`limit` is from 1 to {FOUND_MOST}")));
    }
    if query.q.trim().is_empty() || query.q.chars().count() > WORDS_CAP {
        return Err(Fault::invalid(format!("`q` has from 1 to {WORDS_CAP} letters")));
    }
    let mut reports = Vec::new();
    // Of more than are given, since the caller may not see all of them.
    for found in app.api.store.find_reports(&query.q, FOUND_MOST).await? {
        let seen = app.api.store.job(found.job).await?.is_some_and(|job| jobs::covers(&sight, &job));
        if seen && reports.len() < limit {
            reports.push(ReportView::from(found));
        }
    }
    Ok(Answer(app.api.redactor.seal(ReportList { reports })))
}

/// The report of a job as Markdown.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/report.md", operation_id = "report_markdown", tag = "jobs",
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The report", body = String, content_type = "text/markdown"))
)]
pub(crate) async fn markdown(State(app): State<Arc<App>>, who: Who, Named(id): Named) -> Result<Response, Fault> {
    let job = jobs::seen(&app, &who, id).await?;
    let report = wait::kept(&app, job.spec.id).await?;
    let text: Redacted<String> = render::markdown(&report);
    let kind = HeaderValue::from_static("text/markdown; charset=utf-8");
    Ok(([(CONTENT_TYPE, kind)], text.into_inner()).into_response())
}
