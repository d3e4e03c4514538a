//! Packs whose files changed are read again while the server runs; what is different is logged and audited.
//!
//! Must never take the packs away because of a mistake in a file: the ones before stay, and the health says why. Start at
//! [`Reloading::run`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redactor;
use midwatch_service::audit;
use midwatch_service::health::{Health, Status};
use midwatch_service::pack::{Change, Packs, Reload, Reloaded};
use midwatch_service::port::store::{Store, Write};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The name under which the packs report their health.
pub(super) const PACKS: &str = "packs";

/// How often the files are looked at. A change counts at the look after the one that saw it.
const LOOK: Duration = Duration::from_secs(2);

/// Changes that wait for the audit trail while the store takes none.
const UNWRITTEN: usize = 1_000;

/// What is read again, and where that is told.
pub(super) struct Reloading {
    /// The operator's packs; without them there is nothing to do.
    pub(super) directory: Option<PathBuf>,
    pub(super) packs: Arc<Packs>,
    pub(super) store: Arc<dyn Store>,
    pub(super) health: Arc<Health>,
    pub(super) redactor: Redactor,
}

impl Reloading {
    /// Looks until it is stopped.
    pub(super) async fn run(self, stop: CancellationToken) {
        let Some(directory) = &self.directory else { return };
        let mut reload = Reload::new(midwatch_config::builtin_packs(), directory);
        let mut unwritten = Vec::new();
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let packs = Arc::clone(&self.packs);
            // On a blocking thread: a directory may be far away.
            let looking = tokio::task::spawn_blocking(move || {
                let found = reload.look(&packs);
                (reload, found)
            });
            let looked = tokio::select! {
                () = stop.cancelled() => return,
                looked = looking => looked,
            };
            match looked {
                Ok((again, found)) => {
                    reload = again;
                    self.tell(found, &mut unwritten);
                }
                Err(error) => return tracing::error!("packs are not read again until a restart: {error}"),
            }
            self.audit(&mut unwritten).await;
        }
    }

    fn tell(&self, found: Reloaded, unwritten: &mut Vec<Write>) {
        let now = Timestamp::now();
        match found {
            Reloaded::Nothing => {}
            Reloaded::Read(changes) => {
                self.health.report(PACKS, Status::Up, "", None, now);
                if changes.is_empty() {
                    tracing::info!("the packs have no mistakes any more; they are as before");
                }
                for change in changes {
                    tracing::info!("{}", self.redactor.redact_text(&change.to_string()));
                    unwritten.push(self.entry(&change, now));
                }
            }
            Reloaded::Mistakes(mistakes) => {
                let text = format!("packs have mistakes, those that were read before stay in use:\n{mistakes}");
                let text = self.redactor.redact_text(&text);
                tracing::error!("{text}");
                self.health.report(PACKS, Status::Degraded, &text, None, now);
            }
        }
    }

    fn entry(&self, change: &Change, at: Timestamp) -> Write {
        Write::Audit(audit::Entry {
            at,
            actor: None,
            action: "pack reload".to_owned(),
            subject: change.name.clone(),
            details: self.redactor.redact_text(&change.to_string()).into_inner(),
            request_id: String::new(),
        })
    }

    /// Writes what was not written yet; what cannot be now is tried at the next look.
    async fn audit(&self, unwritten: &mut Vec<Write>) {
        if unwritten.is_empty() {
            return;
        }
        match self.store.commit(Timestamp::now(), unwritten.clone()).await {
            Ok(()) => unwritten.clear(),
            Err(error) => {
                tracing::warn!(%error, "that packs changed is not in the audit trail yet");
                let beyond = unwritten.len().saturating_sub(UNWRITTEN);
                unwritten.drain(..beyond);
            }
        }
    }
}
