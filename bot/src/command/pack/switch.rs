//! Switching a pack: through the server when one runs, else in the store itself.
//!
//! Must never write around a running server: it has the store's lock, and its jobs of the pack have to end. Start at [`run`].

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_service::audit::Entry;
use midwatch_service::job::Actor;
use midwatch_service::pack::Packs;
use midwatch_service::port::store::{Store as _, Write};
use midwatch_sqlite::{OpenError, Options, SqliteStore};

use crate::failure::Failure;
use crate::{output, store};

use super::super::block_on;
use super::unknown;

/// Switches it on or off.
pub(super) fn run(settings: &Settings, packs: &Packs, name: &str, enabled: bool) -> Result<(), Failure> {
    if packs.get(name).is_none() {
        return Err(unknown(packs, name));
    }
    let directory = store::directory(settings).map_err(Failure::usage)?;
    let chain_key = store::chain_key_or_new(settings, &directory).map_err(Failure::no_report)?;
    let options = Options { directory, chain_key, max_bytes: Some(settings.store.max_size), now: Timestamp::now() };
    let store = match SqliteStore::open(options) {
        Ok(store) => store,
        Err(OpenError::Locked { holder, .. }) => return Err(ask_the_server(settings, name, enabled, &holder)),
        Err(error) => return Err(Failure::no_report(error)),
    };
    let write = vec![
        Write::Pack { name: name.to_owned(), enabled },
        Write::Audit(Entry {
            at: Timestamp::now(),
            actor: Some(Actor { platform: "terminal".to_owned(), user: user(), ..Actor::default() }),
            action: format!("pack {}", verb(enabled)),
            subject: name.to_owned(),
            details: String::new(),
            request_id: String::new(),
        }),
    ];
    block_on(async { store.commit(Timestamp::now(), write).await.map_err(Failure::no_report) })?;
    output::print_own(&format!("pack {name} is {}\n", if enabled { "on" } else { "off" }))
}

fn verb(enabled: bool) -> &'static str {
    if enabled { "enable" } else { "disable" }
}

/// Who is logged in, for the trail; what the terminal says and no proof.
fn user() -> String {
    std::env::var("USER").ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// The command that does it where the server is.
fn ask_the_server(settings: &Settings, name: &str, enabled: bool, holder: &str) -> Failure {
    let key = if settings.server.api_keys.is_empty() { "" } else { " -H \"Authorization: Bearer $KEY\"" };
    let listen = settings.server.listen;
    Failure::no_report(format!(
        "a server runs on this store ({holder}), so it has to do it:\n  curl -X POST{key} http://{listen}/api/v1/packs/{name}/{}",
        verb(enabled)
    ))
}
