//! The API over the store itself, for reading where no server runs: the same answers, without a listener.
//!
//! Must never write: the store is opened for reading. No permission is asked for, since who reads it may read the files. Start
//! at [`router`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use midwatch_config::Settings;
use midwatch_http::{Api, HttpSettings, within_process};
use midwatch_service::clock::{SharedClock, SystemClock};
use midwatch_service::health::Health;
use midwatch_service::id::WorkerId;
use midwatch_service::inbox::{Inbox, InboxParts, InboxSettings};
use midwatch_service::intake::{Intake, IntakeParts, IntakeSettings};
use midwatch_service::job::Actor;
use midwatch_service::metrics::Metrics;
use midwatch_service::policy::{Policy, Rule};
use midwatch_service::signals::Signals;

use crate::command::load_packs;
use crate::failure::Failure;
use crate::settings;
use crate::store::Reading;

/// The API over a store that was opened for reading.
pub(crate) fn router(settings: &Settings, Reading { store, events }: Reading) -> Result<Router, Failure> {
    let packs = load_packs(settings).map_err(|errors| Failure::usage(format!("packs cannot be used:\n{errors}")))?;
    let packs = Arc::new(packs);
    let clock: SharedClock = Arc::new(SystemClock);
    let (signals, metrics) = (Arc::<Signals>::default(), Arc::<Metrics>::default());
    let health = Arc::new(Health::default());
    let policy = Arc::new(Policy::new(vec![Rule::default()]));
    let redactor = settings::redactor(settings);
    let bounds = IntakeSettings {
        slots: u64::from(settings.jobs.concurrency),
        queue_bound: u64::from(settings.jobs.queue),
        ..IntakeSettings::default()
    };
    let intake = Arc::new(Intake::new(IntakeParts {
        store: store.clone(),
        clock: clock.clone(),
        signals: signals.clone(),
        metrics: metrics.clone(),
        policy: policy.clone(),
        packs: packs.clone(),
        redactor: redactor.clone(),
        settings: bounds,
    }));
    let inbox = Arc::new(Inbox::new(InboxParts {
        store: store.clone(),
        clock: clock.clone(),
        signals: signals.clone(),
        metrics: metrics.clone(),
        health: health.clone(),
        policy: policy.clone(),
        packs: packs.clone(),
        intake: intake.clone(),
        alerts: None,
        directories: BTreeMap::new(),
        redactor: redactor.clone(),
        settings: InboxSettings::new(WorkerId::new("terminal")),
    }));
    let api = Api {
        intake,
        inbox,
        store,
        events,
        clock,
        signals,
        health,
        metrics,
        alerts: None,
        policy,
        packs,
        redactor: Arc::new(redactor),
        settings: HttpSettings::default(),
    };
    let actor = Actor { platform: "terminal".to_owned(), user: "local".to_owned(), ..Actor::default() };
    Ok(within_process(api, actor))
}
