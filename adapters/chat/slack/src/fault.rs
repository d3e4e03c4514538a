//! What goes wrong between Slack and us: whether it was sent, when to try again, and what the operator can do.
//!
//! Slack's codes are listed with each method, e.g. <https://docs.slack.dev/reference/methods/chat.postMessage#errors>.
//! Pure. Must never call a message unsent that may have landed. Start at [`Fault`].

use std::time::Duration;

use midwatch_service::port::chat::{Scope, SendFailure};
use serde_json::Value;

use crate::method::Method;

/// Characters of Slack's own words that are repeated.
const WORDS_CAP: usize = 300;

/// How long to wait for another token.
const NEW_TOKEN: Duration = Duration::from_mins(1);

/// What one call met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A limit was hit; nothing was done.
    Limited {
        /// How long to wait, as Slack says it.
        after: Option<Duration>,
        /// Slack's code, or empty.
        code: String,
    },
    /// It never left.
    NotSent(String),
    /// It may have been done.
    Unknown(String),
    /// Slack will not do it.
    Refused {
        /// Slack's code.
        code: String,
        /// The scope that is missing, where that is the reason.
        needed: Option<String>,
        /// Slack's words, where it has any.
        notes: Vec<String>,
    },
}

impl Fault {
    /// An answer that says no. `after` is the wait that came with it.
    pub(crate) fn answered(body: &Value, after: Option<Duration>) -> Self {
        match body["error"].as_str().unwrap_or_default() {
            code @ ("ratelimited" | "rate_limited" | "message_limit_exceeded") => {
                Fault::Limited { after, code: code.to_owned() }
            }
            // Slack says of these that a part of the work may be done.
            code @ ("internal_error" | "fatal_error" | "service_unavailable") => Fault::Unknown(code.to_owned()),
            // And of these that nothing was read.
            code @ ("request_timeout" | "team_added_to_org") => Fault::NotSent(code.to_owned()),
            _ => Fault::refused(body),
        }
    }

    /// A refusal.
    pub(crate) fn refused(body: &Value) -> Self {
        let notes = [&body["response_metadata"]["messages"], &body["errors"]];
        let notes = notes.into_iter().flat_map(|list| list.as_array().into_iter().flatten());
        Fault::Refused {
            code: cut(body["error"].as_str().unwrap_or("unknown_error")),
            needed: body["needed"].as_str().map(cut),
            notes: notes.filter_map(Value::as_str).take(3).map(cut).collect(),
        }
    }

    /// Slack's code of a refusal.
    pub(crate) fn code(&self) -> Option<&str> {
        if let Fault::Refused { code, .. } = self { Some(code) } else { None }
    }

    /// As the outbox understands it.
    pub(crate) fn into_failure(self, method: Method) -> SendFailure {
        let name = method.name();
        match self {
            Fault::Limited { after, code } => {
                let hold = held(method, &code);
                let code = if code.is_empty() { "429" } else { &code };
                SendFailure::Retry { why: format!("{name}: Slack's limit ({code})"), after, hold }
            }
            Fault::NotSent(words) => {
                SendFailure::Retry { why: format!("{name}: not sent: {words}"), after: None, hold: None }
            }
            Fault::Unknown(words) => SendFailure::Unknown { why: format!("{name}: {words}") },
            // Whoever replaces the token wants the report that was made meanwhile.
            Fault::Refused { code, .. } if is_about_the_token(&code) => SendFailure::Retry {
                why: format!("{name}: {code}: {}", advice(&code)),
                after: Some(NEW_TOKEN),
                hold: Some(Scope::Workspace),
            },
            refused @ Fault::Refused { .. } => SendFailure::Refused { why: format!("{name}: {}", refused.words()) },
        }
    }

    /// For the operator: what happened, and what to do.
    pub(crate) fn words(&self) -> String {
        match self {
            Fault::Limited { after: Some(after), .. } => format!("limited by Slack for {} s; wait", after.as_secs()),
            Fault::Limited { after: None, .. } => "limited by Slack; wait".to_owned(),
            Fault::NotSent(words) => format!("could not be asked: {words}"),
            Fault::Unknown(words) => format!("no proper answer: {words}"),
            Fault::Refused { code, needed: Some(scope), .. } => {
                format!(
                    "{code}: the token lacks the scope `{scope}`; add it (`midwatch slack manifest`) and install the app again"
                )
            }
            Fault::Refused { code, notes, .. } => {
                let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
                format!("{code}{notes}: {}", advice(code))
            }
        }
    }
}

/// Whether it is the token that Slack does not take.
fn is_about_the_token(code: &str) -> bool {
    matches!(
        code,
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" | "access_denied"
    )
}

/// What else has to wait. The channel's limit on posts has a code of its own, and so has the workspace's; otherwise Slack
/// limits the method: <https://docs.slack.dev/apis/web-api/rate-limits>. Who posts does not wait for files and searches.
fn held(method: Method, code: &str) -> Option<Scope> {
    match (method, code) {
        (_, "message_limit_exceeded") => Some(Scope::Workspace),
        (Method::ChatPostMessage, "rate_limited") => Some(Scope::Channel),
        (Method::ChatPostMessage | Method::ChatUpdate, _) => Some(Scope::Method),
        _ => None,
    }
}

/// What to do about a refusal.
fn advice(code: &str) -> &'static str {
    match code {
        "not_in_channel" | "channel_not_found" => {
            "invite the bot with /invite in that channel, or check the channel's id"
        }
        "is_archived" => "the channel is archived; name another one",
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked" => {
            "the channel's settings do not let the bot post there; a manager of the channel can allow it"
        }
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" | "access_denied" => {
            "the bot's token is not valid (any more); install the app again and set the new token"
        }
        "not_allowed_token_type" => {
            "this is not the kind of token that is needed: xoxb-... for the bot, xapp-... for the app"
        }
        "missing_scope" | "no_permission" => {
            "the token lacks a scope; compare `midwatch slack manifest`, and install the app again"
        }
        "ekm_access_denied" | "org_login_required" | "enterprise_is_restricted" | "team_access_not_granted" => {
            "an administrator of the workspace has to allow it"
        }
        "message_not_found" | "cant_update_message" | "edit_window_closed" => {
            "the message is gone or cannot be edited any more"
        }
        "thread_not_found" | "cannot_reply_to_message" => "the thread is gone; its first message was removed",
        "user_not_in_channel" => "the person is not in that channel",
        "msg_too_long"
        | "msg_blocks_too_long"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_attachments"
        | "no_text"
        | "metadata_too_large" => "Slack does not take this message's form; please report it as a defect of Midwatch",
        _ => "Slack's list of errors of this method tells what it means",
    }
}

fn cut(text: &str) -> String {
    midwatch_agent::render::clean::shorten(&midwatch_agent::render::clean::line(text), WORDS_CAP).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failure(method: Method, body: Value, after: Option<u64>) -> SendFailure {
        Fault::answered(&body, after.map(Duration::from_secs)).into_failure(method)
    }

    #[test]
    fn limits_hold_what_they_limit() {
        for (method, code, held) in [
            (Method::ChatPostMessage, "ratelimited", Some(Scope::Method)),
            (Method::ChatPostMessage, "rate_limited", Some(Scope::Channel)),
            (Method::ChatUpdate, "rate_limited", Some(Scope::Method)),
            (Method::ChatUpdate, "message_limit_exceeded", Some(Scope::Workspace)),
            (Method::ConversationsReplies, "ratelimited", None),
            (Method::FilesCompleteUpload, "ratelimited", None),
        ] {
            let SendFailure::Retry { after, hold, .. } = failure(method, json!({"ok": false, "error": code}), Some(7))
            else {
                panic!("{code} is not tried again");
            };
            assert_eq!((after, hold), (Some(Duration::from_secs(7)), held), "{method:?} {code}");
        }
    }

    #[test]
    fn what_may_have_landed_is_never_called_unsent() {
        for code in ["internal_error", "fatal_error", "service_unavailable"] {
            let met = failure(Method::ChatPostMessage, json!({"ok": false, "error": code}), None);
            assert!(matches!(met, SendFailure::Unknown { .. }), "{code}: {met:?}");
        }
    }

    #[test]
    fn messages_wait_for_another_token() {
        let met = failure(Method::ChatPostMessage, json!({"error": "token_revoked"}), None);
        let SendFailure::Retry { why, after, hold } = met else { panic!("given up: {met:?}") };
        assert!(why.contains("install the app again"), "{why}");
        assert_eq!((after, hold), (Some(NEW_TOKEN), Some(Scope::Workspace)));
    }

    #[test]
    fn a_refusal_tells_what_to_do() {
        for (body, expected) in [
            (json!({"error": "not_in_channel"}), "/invite"),
            (json!({"error": "missing_scope", "needed": "files:write"}), "`files:write`"),
            (json!({"error": "message_not_found"}), "gone"),
            (
                json!({"error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] too long"]}}),
                "[ERROR] too long",
            ),
            (json!({"error": "some_new_code"}), "some_new_code"),
        ] {
            let SendFailure::Refused { why } = failure(Method::ChatPostMessage, body.clone(), None) else {
                panic!("{body} is not a refusal");
            };
            assert!(why.starts_with("chat.postMessage: ") && why.contains(expected), "{why}");
        }
    }
}
