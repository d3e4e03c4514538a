//! The settings of intake and worker, from ours.

use jiff::Timestamp;
use midwatch_config::{ModelProvider, Settings};
use midwatch_service::allowance::{AllowanceSettings, Rate};
use midwatch_service::fleet::{Replica, Role};
use midwatch_service::id::WorkerId;
use midwatch_service::inbox::InboxSettings;
use midwatch_service::intake::IntakeSettings;
use midwatch_service::port::store::Retention;
use midwatch_service::worker::WorkerSettings;

use super::chats::{DISCORD, channels};
use super::slack::SLACK;
use crate::settings;

/// What the intake is told.
pub(super) fn intake(settings: &Settings, clusters: Vec<String>) -> IntakeSettings {
    let (jobs, incidents, bounds) = (&settings.jobs, &settings.incidents, &settings.investigation);
    let defaults = IntakeSettings::default();
    let (platform, channel) = match (&settings.slack.channel, &settings.discord.channel) {
        (Some(channel), _) => (SLACK.to_owned(), channel.clone()),
        (None, Some(channel)) => (DISCORD.to_owned(), channel.clone()),
        (None, None) => (defaults.platform.clone(), incidents.channel.clone()),
    };
    IntakeSettings {
        slots: u64::from(jobs.concurrency),
        queue_bound: u64::from(jobs.queue),
        refuse_at: f64::from(jobs.refuse_at) / 100.0,
        quiet: incidents.quiet,
        storm_groups: usize::try_from(incidents.storm_groups).unwrap_or(usize::MAX),
        storm_window: incidents.storm_window,
        platform,
        channel,
        max_attempts: jobs.attempts,
        deadline: bounds.deadline,
        lookback: bounds.lookback,
        replica_labels: incidents.replica_labels.clone(),
        clusters,
        ..defaults
    }
}

/// What the inbox is told.
pub(super) fn inbox(settings: &Settings, id: WorkerId, clusters: Vec<String>) -> InboxSettings {
    let starts = &settings.conversation;
    let allowance = AllowanceSettings {
        user: Rate::in_ten_minutes(starts.user_starts),
        channel: Rate::in_ten_minutes(starts.channel_starts),
        workspace: Rate::in_ten_minutes(starts.workspace_starts),
    };
    let model = settings.model.provider != ModelProvider::Off;
    InboxSettings { clusters, channels: channels(settings), allowance, model, ..InboxSettings::new(id) }
}

/// What the others are told of this process.
pub(super) fn replica(settings: &Settings, id: WorkerId, host: String, roles: Vec<Role>, now: Timestamp) -> Replica {
    let slots = if roles.contains(&Role::Worker) { settings.jobs.concurrency } else { 0 };
    Replica {
        id,
        host,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        roles,
        slots,
        running: 0,
        started_at: now,
        seen_at: now,
        draining: false,
        leads: Vec::new(),
    }
}

/// What the worker is told; `sole` when nobody shares its store.
pub(super) fn worker(settings: &Settings, id: WorkerId, sole: bool) -> WorkerSettings {
    let (jobs, kept) = (&settings.jobs, &settings.store);
    let defaults = WorkerSettings::new(id);
    WorkerSettings {
        slots: usize::try_from(jobs.concurrency).unwrap_or(usize::MAX),
        lease: jobs.lease,
        grace: settings.server.grace,
        limits: settings::limits(settings),
        retention: Retention { jobs: kept.keep_jobs, incidents: kept.keep_incidents, ..defaults.retention },
        sole,
        ..defaults
    }
}
