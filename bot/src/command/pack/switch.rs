//! Switching a pack: through the server when one runs on an embedded store, else in the store itself: replicas that share one
//! look at it.
//!
//! Must never write around a running server: it has the store's lock, and its jobs of the pack have to end. Start at [`run`].

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_service::audit::Entry;
use midwatch_service::job::Actor;
use midwatch_service::pack::Packs;
use midwatch_service::port::store::{Store, Write};
use midwatch_sqlite::OpenError;

use crate::cli::Switch;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output;
use crate::store::{self, PlaceError};

use super::super::block_on;
use super::unknown;

/// Switches it on or off.
pub(super) fn run(settings: &Settings, packs: &Packs, wanted: &Switch, enabled: bool) -> Result<(), Failure> {
    let name = &wanted.name;
    if packs.get(name).is_none() {
        return Err(unknown(packs, name));
    }
    if let Some(options) = store::shared::options(settings).map_err(Failure::usage)? {
        block_on(async {
            let store = store::shared::open(settings, options).await.map_err(Failure::no_report)?;
            in_store(&store, name, enabled).await
        })?;
        return told(name, enabled);
    }
    let directory = store::directory(settings).map_err(Failure::usage)?;
    match store::open(settings, &directory) {
        Ok(store) => block_on(in_store(&store, name, enabled))?,
        Err(PlaceError::Open(OpenError::Locked { holder, .. })) => by_server(settings, wanted, enabled, &holder)?,
        Err(error) => return Err(Failure::no_report(error)),
    }
    told(name, enabled)
}

fn told(name: &str, enabled: bool) -> Result<(), Failure> {
    output::print_own(&format!("pack {name} is {}\n", if enabled { "on" } else { "off" }))
}

async fn in_store(store: &dyn Store, name: &str, enabled: bool) -> Result<(), Failure> {
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
    store.commit(Timestamp::now(), write).await.map_err(Failure::no_report)
}

/// The server has the store, so it has to do it.
fn by_server(settings: &Settings, wanted: &Switch, enabled: bool, holder: &str) -> Result<(), Failure> {
    let key = client::key(wanted.api_key_file.as_deref())?;
    block_on(async {
        let asked = Client::new(settings, key)?.post(&["api", "v1", "packs", &wanted.name, verb(enabled)]).await;
        asked.map(drop).map_err(|error| {
            Failure::no_report(format!("a server uses this store ({holder}), so it has to switch packs:\n  {error}"))
        })
    })
}

fn verb(enabled: bool) -> &'static str {
    if enabled { "enable" } else { "disable" }
}

/// Who is logged in, for the trail; what the terminal says and no proof.
fn user() -> String {
    std::env::var("USER").ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
