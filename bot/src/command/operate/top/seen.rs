//! What one look at the server saw.
//!
//! Must never wait longer than the client does, and never hold what did not pass the redactor. Start at [`Seen::look`].

use jiff::Timestamp;
use midwatch_redact::Redactor;
use serde_json::Value;

use crate::client::Client;

/// The window of the rates.
const RATES: &str = "15m";

/// A part of the API: its answer, or why there is none.
pub(super) type Answered = Result<Value, String>;

/// One look.
pub(super) struct Seen {
    pub(super) at: Timestamp,
    pub(super) queue: Answered,
    pub(super) workers: Answered,
    pub(super) activity: Answered,
    pub(super) stats: Answered,
    pub(super) health: Answered,
}

impl Seen {
    /// Asks for all of it at once.
    pub(super) async fn look(client: &Client, redactor: &Redactor) -> Self {
        let ask = async |what: &str, query: &[(&str, &str)]| {
            let answer = client.read(&["api", "v1", what], query).await;
            answer.map(|value| redactor.seal(value).into_inner()).map_err(|error| error.to_string())
        };
        let (queue, workers, activity, stats, health) = tokio::join!(
            ask("queue", &[]),
            ask("workers", &[]),
            ask("activity", &[]),
            ask("stats", &[("last", RATES)]),
            ask("health", &[]),
        );
        Self { at: Timestamp::now(), queue, workers, activity, stats, health }
    }

    /// Why there is nothing to show at all; none when there is something.
    pub(super) fn nothing(&self) -> Option<String> {
        let all = [&self.queue, &self.workers, &self.activity, &self.stats, &self.health];
        let first = self.queue.as_ref().err()?;
        all.iter().all(|answered| answered.is_err()).then(|| first.clone())
    }
}
