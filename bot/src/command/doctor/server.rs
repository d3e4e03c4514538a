//! The server: whether one runs on the store and answers; else what it would listen on, and whether it may.

use midwatch_config::Settings;
use reqwest::StatusCode;
use serde_json::Value;

use crate::client::{Client, ClientError};
use crate::{serve, store};

use midwatch_service::check::Check;

const NAME: &str = "server";

/// Looks at the settings and asks a running server; no port is opened.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let mut checks = vec![may_listen(settings)];
    let holder = store::directory(settings).ok().and_then(|directory| midwatch_sqlite::holder(&directory));
    if let Some(holder) = holder {
        checks.push(running(settings, &holder).await);
    }
    checks
}

fn may_listen(settings: &Settings) -> Check {
    let listen = settings.server.listen;
    match serve::http_settings(settings).check(listen) {
        Ok(()) => Check::ok(NAME, format!("may listen on {listen}")),
        Err(why) => {
            Check::fail(NAME, why, "server.api_keys, and server.webhook_token_file or server.webhook_password_file")
        }
    }
}

/// What a server that has the store says of itself. Its flags may say to listen elsewhere, so silence is no failure.
async fn running(settings: &Settings, holder: &str) -> Check {
    let name = format!("{NAME}: running");
    let client = match Client::new(settings, None) {
        Ok(client) => client,
        Err(error) => return Check::warn(name, format!("{holder}; it could not be asked"), format!("{error:?}")),
    };
    let address = client.address();
    match client.get(&["health", "ready"]).await {
        Ok((StatusCode::OK, Some(_))) => Check::ok(name, format!("{holder}; answers at {address} and is ready")),
        Ok((StatusCode::SERVICE_UNAVAILABLE, Some(body))) => {
            Check::warn(name, format!("{holder}; answers at {address} and is not ready"), reasons(&body))
        }
        Ok((status, _)) => {
            let error = ClientError::NotOurs { address, status };
            Check::warn(name, format!("{holder}; it could not be asked"), error.to_string())
        }
        Err(error) => Check::warn(name, format!("{holder}; it could not be asked"), error.to_string()),
    }
}

fn reasons(body: &Value) -> String {
    let reasons = body["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str);
    reasons.collect::<Vec<_>>().join("\n")
}
