//! How often a session may still be begun, and where.
//!
//! Who begins too many is cut off, and the token is reset: so the last ones are left for whoever mends it. Start at [`ask`].

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::client::Client;
use crate::fault::Fault;
use crate::route::Route;

/// Sessions of a day's 1,000 that are never used here: serenity begins some by itself between two looks.
const KEPT: u64 = 20;

/// When Discord tells no time.
const AGAIN: Duration = Duration::from_mins(5);

/// Where a session is begun, and how often it still may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The gateway's address.
    pub(super) address: String,
    remaining: u64,
    reset_after: Duration,
}

impl Start {
    /// How long no session may be begun.
    pub(super) fn must_wait(&self) -> Option<Duration> {
        (self.remaining <= KEPT).then_some(self.reset_after.max(Duration::from_secs(1)))
    }
}

/// Asks for both: <https://docs.discord.com/developers/events/gateway#get-gateway-bot>.
///
/// # Errors
/// Discord could not be asked.
pub(super) async fn ask(client: &Client) -> Result<Start, Fault> {
    let told = client.read_patiently(Route::Gateway, &[]).await?;
    read(&told).ok_or_else(|| Fault::Unknown("read the gateway's address: the answer holds none".to_owned()))
}

fn read(told: &Value) -> Option<Start> {
    let limit = &told["session_start_limit"];
    let mut url = Url::parse(told["url"].as_str()?).ok().filter(|url| matches!(url.scheme(), "ws" | "wss"))?;
    // serenity writes its own query behind the text of the address.
    url.set_query(None);
    url.set_fragment(None);
    Some(Start {
        address: url.as_str().trim_end_matches('/').to_owned(),
        remaining: limit["remaining"].as_u64().unwrap_or(u64::MAX),
        reset_after: limit["reset_after"].as_u64().map_or(AGAIN, Duration::from_millis),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_sessions_are_left() {
        let told =
            |left: u64| json!({"url": "wss://g/", "session_start_limit": {"remaining": left, "reset_after": 9_000}});
        let start = read(&told(KEPT + 1)).unwrap();
        assert_eq!((start.address.as_str(), start.must_wait()), ("wss://g", None));
        assert_eq!(read(&told(KEPT)).unwrap().must_wait(), Some(Duration::from_secs(9)));
        assert_eq!(read(&json!({"url": "wss://g"})).unwrap().must_wait(), None);
        let with_query = json!({"url": "ws://g:8080/?v=9&encoding=etf#x"});
        assert_eq!(read(&with_query).unwrap().address, "ws://g:8080");
        for odd in [json!(null), json!({}), json!({"url": 5}), json!({"url": "http://g"})] {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}
