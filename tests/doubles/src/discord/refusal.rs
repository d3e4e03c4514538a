//! How a call is refused: status, code and words. <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>

use serde_json::{Value, json};

/// Why a call is refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u64,
    message: String,
    errors: Option<Value>,
}

/// What a route answers; null: 204, nothing to say.
pub(super) type Answer = Result<Value, Refusal>;

macro_rules! refusals {
    ($($name:ident = $status:literal, $code:literal, $message:literal;)*) => {
        impl Refusal {
            $(pub(super) fn $name() -> Self {
                Self { status: $status, code: $code, message: $message.to_owned(), errors: None }
            })*
        }
    };
}

refusals! {
    not_found = 404, 0, "404: Not Found";
    unauthorized = 401, 0, "401: Unauthorized";
    no_user_agent = 403, 40333, "internal network error";
    unknown_application = 404, 10002, "Unknown Application";
    unknown_channel = 404, 10003, "Unknown Channel";
    unknown_guild = 404, 10004, "Unknown Guild";
    unknown_member = 404, 10007, "Unknown Member";
    unknown_message = 404, 10008, "Unknown Message";
    unknown_user = 404, 10013, "Unknown User";
    unknown_webhook = 404, 10015, "Unknown Webhook";
    unknown_interaction = 404, 10062, "Unknown interaction";
    already_acknowledged = 400, 40060, "Interaction has already been acknowledged.";
    missing_access = 403, 50001, "Missing Access";
    not_the_author = 403, 50005, "Cannot edit a message authored by another user";
    empty_message = 400, 50006, "Cannot send an empty message";
    closed_to_messages = 403, 50007, "Cannot send messages to this user";
    not_in_this_channel = 400, 50008, "Cannot send messages in a non-text channel";
    missing_permissions = 403, 50013, "Missing Permissions";
    wrong_channel_type = 400, 50024, "Cannot execute action on this channel type";
    token_expired = 401, 50027, "Invalid Webhook Token";
    thread_archived = 400, 50083, "Tried to perform an operation on an archived thread, such as editing a message or adding a user to the thread";
    no_json = 400, 50109, "The request body contains invalid JSON.";
    thread_exists = 400, 160_004, "A thread has already been created for this message";
    thread_locked = 400, 160_005, "Thread is locked";
}

impl Refusal {
    /// The form is wrong: what, by field. <https://docs.discord.com/developers/reference#error-messages>
    pub(super) fn form(errors: Value) -> Self {
        Self { status: 400, code: 50035, message: "Invalid Form Body".to_owned(), errors: Some(errors) }
    }

    /// A status and a code that a test wants.
    pub(super) fn planned(status: u16, code: u64) -> Self {
        Self { status, code, message: "refused on purpose".to_owned(), errors: None }
    }

    pub(super) fn answer(&self) -> Value {
        let mut answer = json!({"message": self.message, "code": self.code});
        if let Some(errors) = &self.errors {
            answer["errors"] = errors.clone();
        }
        answer
    }
}
