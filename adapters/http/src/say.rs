//! The conversation over the API: the same words as in chat, answered at once.
//!
//! Must never understand anything itself: the inbox does, and asks the policy. Start at [`say`].

use std::sync::Arc;

use axum::extract::State;
use midwatch_conversation::answer::{self, Part};
use midwatch_redact::Redacted;
use midwatch_service::id::JobId;
use midwatch_service::inbox::{Spoke, Spoken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::app::App;
use crate::body::Input;
use crate::fault::Fault;
use crate::who::Who;

/// What is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// A verb with what belongs to it, as in chat; without a verb a question to investigate, or in a thread a follow-up.
    #[schema(example = "investigate checkout -n shop --since 1h")]
    text: String,
    /// The thread it is said in.
    thread: Option<String>,
}

/// What is answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct Told {
    /// The answer.
    answer: AnswerView,
    /// The same as plain text.
    text: String,
    /// The job that was handed in, when one was.
    job: Option<String>,
}

/// An answer, in the order in which it is read.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerView {
    /// Its parts.
    parts: Vec<PartView>,
}

/// A part of an answer; which of the other fields it has depends on the first.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct PartView {
    /// `text`, `code`, `table` or `file`.
    part: &'static str,
    /// The words, the lines, or what a file holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The columns of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Vec<String>>,
    /// The rows of a table, each as long as the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Vec<String>>>,
    /// A file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What a file holds, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

impl PartView {
    fn new(part: &Part) -> Self {
        match part {
            Part::Text { text } => Self { part: "text", text: Some(text.clone()), ..Self::default() },
            Part::Code { text } => Self { part: "code", text: Some(text.clone()), ..Self::default() },
            Part::Table { head, rows } => {
                Self { part: "table", head: Some(head.clone()), rows: Some(rows.clone()), ..Self::default() }
            }
            Part::File(file) => Self {
                part: "file",
                text: Some(file.text.clone()),
                name: Some(file.name.clone()),
                title: Some(file.title.clone()),
                ..Self::default()
            },
        }
    }
}

impl Told {
    fn new(job: Option<JobId>, answer: &answer::Answer) -> Self {
        let parts = answer.parts.iter().map(PartView::new).collect();
        Self { answer: AnswerView { parts }, text: answer.plain(), job: job.map(|job| job.to_string()) }
    }
}

/// Says something, as in chat: one grammar everywhere. Wrong words are answered with the right ones, status 200.
#[utoipa::path(
    post, path = "/api/v1/say", tag = "conversation", request_body = Words,
    responses((status = 200, description = "The answer; what it started goes on", body = Told))
)]
pub(crate) async fn say(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Input(words): Input<Words>,
) -> Result<Answer<Told>, Fault> {
    let thread = words.thread.map(|text| {
        text.parse().map_err(|error| Fault::invalid(format!("`thread`: `{text}` is no id of a thread: {error}")))
    });
    let spoken = Spoken { text: words.text, origin, thread: thread.transpose()? };
    let Spoke { answer, job } = app.api.inbox.say(spoken).await?;
    let told: Redacted<Told> = answer.map_with(job, Told::new);
    Ok(Answer(told))
}
