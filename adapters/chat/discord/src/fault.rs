//! What goes wrong between Discord and us: whether it was sent, when to try again, and what the operator can do.
//!
//! Discord's codes: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>. Pure. Must never call a
//! message unsent that may have landed. Start at [`Fault`].

use std::time::Duration;

use midwatch_agent::render::clean;
use midwatch_service::port::chat::{Scope, SendFailure};
use serde_json::Value;

use crate::permissions::{self, Permissions};
use crate::route::{Route, Verb};

/// Characters of Discord's own words that are repeated.
const WORDS_CAP: usize = 300;

/// Places in a body that are named.
const PLACES: usize = 3;

/// How long to wait for another token.
const NEW_TOKEN: Duration = Duration::from_mins(1);

/// Discord's codes that something here turns on.
pub(crate) mod code {
    /// The channel is not there, or not for us.
    pub(crate) const UNKNOWN_CHANNEL: u64 = 10_003;
    /// The guild is not there, or not for us.
    pub(crate) const UNKNOWN_GUILD: u64 = 10_004;
    /// The person is not in the guild.
    pub(crate) const UNKNOWN_MEMBER: u64 = 10_007;
    /// There is no such person.
    pub(crate) const UNKNOWN_USER: u64 = 10_013;
    /// The bot may not see it.
    pub(crate) const MISSING_ACCESS: u64 = 50_001;
    /// A permission is missing.
    pub(crate) const MISSING_PERMISSIONS: u64 = 50_013;
    /// An interaction's token is over.
    pub(crate) const INVALID_WEBHOOK_TOKEN: u64 = 50_027;
    /// The thread is archived.
    pub(crate) const THREAD_ARCHIVED: u64 = 50_083;
    /// The message has a thread already.
    pub(crate) const THREAD_EXISTS: u64 = 160_004;
    /// The thread is locked.
    pub(crate) const THREAD_LOCKED: u64 = 160_005;
}

/// What one call met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A limit was hit; nothing was done.
    Limited {
        /// The call.
        call: &'static str,
        /// How long to wait, as Discord says it.
        after: Option<Duration>,
        /// Every call has to wait, not only those that are counted with it.
        global: bool,
    },
    /// It was not made: Discord said before that it would not be taken for so long.
    Shut(Duration),
    /// It never left.
    NotSent(String),
    /// It may have been done.
    Unknown(String),
    /// Discord will not do it.
    Refused {
        /// The call.
        call: &'static str,
        /// What the call needs.
        needs: Permissions,
        /// The status of HTTP.
        status: u16,
        /// Discord's code; 0 where it has none.
        code: u64,
        /// Discord's words.
        message: String,
        /// What in the body it does not take, where it says so: `embeds.0.title: too long`.
        places: Vec<String>,
    },
}

impl Fault {
    /// An answer of Discord's that says no.
    pub(crate) fn refused(route: &Route<'_>, verb: Verb, status: u16, body: &Value) -> Self {
        let mut found = Vec::new();
        places(&body["errors"], "", &mut found);
        Fault::Refused {
            call: route.name(verb),
            needs: route.permissions(verb),
            status,
            code: body["code"].as_u64().unwrap_or_default(),
            message: cut(body["message"].as_str().unwrap_or_default()),
            places: found,
        }
    }

    /// Discord's code of a refusal.
    pub(crate) fn code(&self) -> Option<u64> {
        if let Fault::Refused { code, .. } = self { Some(*code) } else { None }
    }

    /// The same refusal, when more is known of it than Discord said.
    pub(crate) fn with_code(self, code: u64, message: &str) -> Self {
        match self {
            Fault::Refused { call, needs, status, places, .. } => {
                Fault::Refused { call, needs, status, code, message: message.to_owned(), places }
            }
            other => other,
        }
    }

    /// Whether it is the bot's token that Discord does not take.
    pub(crate) fn is_about_the_token(&self) -> bool {
        matches!(self, Fault::Refused { status: 401, code, .. } if *code != code::INVALID_WEBHOOK_TOKEN)
    }

    /// What was asked about is not there.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Fault::Refused { status: 404, .. })
    }

    /// As the outbox understands it.
    pub(crate) fn into_failure(self) -> SendFailure {
        let why = self.words();
        match self {
            Fault::Shut(after) => SendFailure::Wait { after },
            Fault::Limited { after, global, .. } => {
                SendFailure::Retry { why, after, hold: global.then_some(Scope::Workspace) }
            }
            Fault::NotSent(_) => SendFailure::Retry { why, after: None, hold: None },
            Fault::Unknown(_) => SendFailure::Unknown { why },
            // Whoever replaces the token wants the report that was made meanwhile.
            Fault::Refused { .. } if self.is_about_the_token() => {
                SendFailure::Retry { why, after: Some(NEW_TOKEN), hold: Some(Scope::Workspace) }
            }
            Fault::Refused { .. } => SendFailure::Refused { why },
        }
    }

    /// For the operator: what happened, and what to do.
    pub(crate) fn words(&self) -> String {
        match self {
            Fault::Limited { call, after: Some(after), .. } => {
                format!("{call}: limited by Discord for {:.1} s; wait", after.as_secs_f64())
            }
            Fault::Limited { call, after: None, .. } => format!("{call}: limited by Discord; wait"),
            Fault::Shut(after) => format!("not asked: limited by Discord for another {} ms", after.as_millis()),
            Fault::NotSent(words) => format!("not sent: {words}"),
            Fault::Unknown(words) => format!("no proper answer: {words}"),
            Fault::Refused { call, needs, status, code, message, places } => {
                let code = if *code == 0 { format!("HTTP {status}") } else { code.to_string() };
                // `401: Unauthorized` is how Discord itself says it.
                let message = message.strip_prefix(&format!("{status}: ")).unwrap_or(message);
                let places = if places.is_empty() { String::new() } else { format!(" ({})", places.join("; ")) };
                format!("{call}: {code} {message}{places}: {}", advice(*status, &code, *needs))
            }
        }
    }
}

/// What to do about a refusal.
fn advice(status: u16, code: &str, needs: Permissions) -> String {
    let words = match code {
        "50001" | "50013" | "160002" => return permissions_advice(needs),
        "10003" => "the channel or thread is gone; if it is one of the configuration, its id may not be right",
        "10004" => "the bot is not in this guild; `midwatch discord invite` prints the link that brings it there",
        "10008" => "the message is gone; somebody removed it",
        "10015" | "50027" => "the 15 minutes for an answer only one person sees are over; ask again",
        "10062" => "the interaction is over: it was not acknowledged within 3 s",
        "10007" | "10013" => "the person is not in this guild (any more)",
        "30006" | "30033" => "the channel has as many threads as Discord allows; archive some",
        "40001" => "the token is not one of a bot of this application; set discord.bot_token to the bot's token",
        "40060" => "the interaction was answered before",
        "40067" => "the forum wants a tag on each post; make tags optional in its settings, or name another channel",
        "50007" => "the person takes no direct messages from members of this guild",
        "50008" | "50024" => "this kind of channel takes no messages; name a text or forum channel",
        "50035" | "50006" | "50109" | "40005" => {
            "Discord does not take this message's form; please report it as a defect of Midwatch"
        }
        "50083" => "the thread is archived and could not be reopened",
        "160005" => "the thread is locked; a moderator can unlock it",
        "160006" => "the guild has as many active threads as Discord allows; archive some",
        "200000" | "200001" => "the guild's AutoMod blocks the message; exempt the bot's role from that rule",
        _ if status == 401 => {
            "the bot's token is not valid (any more); reset it on the application's Bot page and set the new one"
        }
        // Without a code of its own it is perhaps not Discord that answers.
        "HTTP 404" => "there is no such place; check discord.api_url, and the ids of the configuration",
        _ => "Discord's list of codes tells what it means",
    };
    words.to_owned()
}

fn permissions_advice(needs: Permissions) -> String {
    if needs.is_empty() {
        return "the bot may not do this; `midwatch doctor` tells what is missing".to_owned();
    }
    let names = permissions::names(needs);
    format!("give the bot's role these permissions, in the guild or in this channel: {names}")
}

/// Where in the body, and what: Discord nests it by field, with `_errors` at each leaf.
fn places(errors: &Value, path: &str, found: &mut Vec<String>) {
    let Some(fields) = errors.as_object() else { return };
    for (field, inner) in fields {
        if found.len() >= PLACES {
            return;
        }
        if let Some(first) = inner.as_array().and_then(|list| list.first()).filter(|_| field == "_errors") {
            found.push(cut(&format!("{path}: {}", first["message"].as_str().unwrap_or("not taken"))));
        } else {
            let below = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
            places(inner, &below, found);
        }
    }
}

fn cut(text: &str) -> String {
    clean::shorten(&clean::line(text), WORDS_CAP).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn met(route: Route<'_>, status: u16, body: Value) -> SendFailure {
        Fault::refused(&route, Verb::Write, status, &body).into_failure()
    }

    fn refused(route: Route<'_>, status: u16, body: Value) -> String {
        let SendFailure::Refused { why } = met(route, status, body.clone()) else { panic!("{body} is not a refusal") };
        why
    }

    #[test]
    fn a_refusal_tells_what_to_do() {
        let (post, thread) = (Route::Messages("1"), Route::StartThread { channel: "1", message: "2" });
        for (route, code, expected) in [
            (post, 50_001, "View Channel"),
            (post, 50_013, "Send Messages in Threads"),
            (thread, 50_013, "Create Public Threads"),
            (Route::Commands { application: "1", guild: "2" }, 50_001, "`midwatch doctor`"),
            (post, 10_003, "the channel or thread is gone"),
            (Route::Message { channel: "1", message: "2" }, 10_008, "the message is gone"),
            (post, 50_083, "archived"),
            (post, 160_005, "unlock"),
            (post, 99_999, "99999"),
        ] {
            let why = refused(route, 403, json!({"code": code, "message": "No"}));
            assert!(why.starts_with(route.name(Verb::Write)) && why.contains(expected), "{why}");
        }
    }

    #[test]
    fn the_place_that_discord_names_is_named() {
        let leaf = |words: &str| json!({"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": words}]});
        let errors = json!({"embeds": {"0": {"title": leaf("Must be 256 or fewer in length.")}}, "content": leaf("x")});
        let why = refused(
            Route::Messages("1"),
            400,
            json!({"code": 50_035, "message": "Invalid Form Body", "errors": errors}),
        );
        assert!(why.contains("embeds.0.title: Must be 256 or fewer"), "{why}");
        assert!(why.contains("content: x"), "{why}");
    }

    #[test]
    fn messages_wait_for_another_token_but_not_for_that_of_an_interaction() {
        let SendFailure::Retry { why, after, hold } =
            met(Route::Messages("1"), 401, json!({"message": "401: Unauthorized", "code": 0}))
        else {
            panic!("given up");
        };
        assert!(why.contains("reset it") && why.contains("HTTP 401 Unauthorized"), "{why}");
        assert_eq!((after, hold), (Some(NEW_TOKEN), Some(Scope::Workspace)));
        let original = Route::Original { application: "1", token: "t" };
        let why = refused(original, 401, json!({"message": "Invalid Webhook Token", "code": 50_027}));
        assert!(why.contains("15 minutes"), "{why}");
    }

    #[test]
    fn limits_hold_what_they_limit() {
        let after = Some(Duration::from_millis(1_200));
        for (global, held) in [(true, Some(Scope::Workspace)), (false, None)] {
            let met = Fault::Limited { call: "post a message", after, global }.into_failure();
            assert!(matches!(met, SendFailure::Retry { after: Some(_), hold, .. } if hold == held), "{met:?}");
        }
        let met = Fault::Shut(Duration::from_secs(2)).into_failure();
        assert!(matches!(met, SendFailure::Wait { after } if after == Duration::from_secs(2)), "{met:?}");
    }
}
