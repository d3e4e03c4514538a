//! What goes wrong for a caller: RFC 9457 problem documents (<https://www.rfc-editor.org/rfc/rfc9457>).
//!
//! A handler returns a [`Fault`] whose words may still hold text of the outside. Only [`Fault::problem`] makes an answer of
//! it, through the redactor and on one line, so no handler can forget that. Start at [`Fault`].

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use midwatch_agent::render::clean;
use midwatch_redact::{Redact, Redacted, Redactor};
use midwatch_service::code::ErrorCode;
use midwatch_service::intake::Refused;
use midwatch_service::job::JobError;
use midwatch_service::port::store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// Characters of a detail: enough for a sentence and a name, too few to echo a body.
const DETAIL_CAP: usize = 600;

/// How long a caller should wait when the storage failed or too much is under way.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Why a request is not answered as asked.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) code: Option<ErrorCode>,
    detail: String,
    pub(crate) retry_after: Option<Duration>,
    /// For the log only: the chain of causes.
    pub(crate) cause: Option<String>,
}

impl Fault {
    /// With words for the person: what happened, what to do next.
    pub(crate) fn new(status: StatusCode, code: impl Into<Option<ErrorCode>>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), retry_after: None, cause: None }
    }

    /// The request cannot be understood.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::E002, detail)
    }

    /// What is asked for is not there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::E002, detail)
    }

    /// The caller may not do this.
    pub(crate) fn denied(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::E005, detail)
    }

    /// Too much is under way.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::E008, detail).retry_after(RETRY_AFTER)
    }

    fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The answer's body, fit to leave.
    pub(crate) fn problem(&self, redactor: &Redactor, request_id: &str) -> Redacted<Problem> {
        let title = self.code.map(ErrorCode::meaning).or_else(|| self.status.canonical_reason()).unwrap_or("error");
        redactor.seal(Problem {
            kind: self.code.map_or_else(|| "about:blank".to_owned(), |code| format!("urn:midwatch:error:{code:?}")),
            title,
            status: self.status.as_u16(),
            detail: clean::shorten(&clean::line(&self.detail), DETAIL_CAP).into_owned(),
            code: self.code.map(ErrorCode::as_str),
            request_id: request_id.to_owned(),
        })
    }
}

/// Carries the fault to the frame, which writes the answer.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let mut fault = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::E007,
            format!("{error}; try again, and ask whoever runs Midwatch if it stays so"),
        );
        fault.cause = Some(chain(&error));
        fault.retry_after(RETRY_AFTER)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let (code, words) = (refused.code(), refused.to_string());
        match refused {
            Refused::Busy { retry_after, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, words).retry_after(retry_after)
            }
            Refused::TooMany { retry_after, .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, code, words).retry_after(retry_after)
            }
            Refused::Draining | Refused::Killed { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, words).retry_after(RETRY_AFTER)
            }
            Refused::Denied(_) => Self::new(StatusCode::FORBIDDEN, code, words),
            Refused::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, code, words),
            Refused::PackDisabled(_) | Refused::Already { .. } | Refused::Conflict(_) => {
                Self::new(StatusCode::CONFLICT, code, words)
            }
            Refused::UnknownPack { .. } | Refused::NotFound(_) => Self::new(StatusCode::NOT_FOUND, code, words),
            Refused::Storage(error) => error.into(),
        }
    }
}

/// A job that ended without a report.
impl From<JobError> for Fault {
    fn from(error: JobError) -> Self {
        let status = match error.code {
            ErrorCode::E001 => StatusCode::CONFLICT,
            ErrorCode::E002 => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::E003 => StatusCode::GATEWAY_TIMEOUT,
            ErrorCode::E005 => StatusCode::FORBIDDEN,
            ErrorCode::E006 => StatusCode::BAD_GATEWAY,
            ErrorCode::E004 | ErrorCode::E007 | ErrorCode::E008 => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::E009 => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.code, error.message)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A problem document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of trouble, stable: `urn:midwatch:error:E002`, or `about:blank` when the status says it all.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do next, for a person.
    detail: String,
    /// The error code: `E001` to `E008`.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The request's id, which stands in every log line about it.
    request_id: String,
}

impl Problem {
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl Redact for Problem {
    fn redact(&mut self, redactor: &Redactor) {
        self.detail.redact(redactor);
    }
}
