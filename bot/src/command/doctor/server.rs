//! What the server would listen on, and whether it may.

use midwatch_config::Settings;

use crate::serve;

use super::check::Check;

const NAME: &str = "server";

/// Looks at the settings; the port is not opened.
pub(super) fn checks(settings: &Settings) -> Vec<Check> {
    let listen = settings.server.listen;
    vec![match serve::http_settings(settings).check(listen) {
        Ok(()) => Check::ok(NAME, format!("may listen on {listen}")),
        Err(why) => {
            Check::fail(NAME, why, "server.api_keys, and server.webhook_token_file or server.webhook_password_file")
        }
    }]
}
