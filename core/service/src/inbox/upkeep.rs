//! `pack` and `doctor`.
//!
//! Start at [`Desk::pack`].

use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::command;

use super::Desk;
use super::turn::{Done, Turn};
use crate::health::Status;
use crate::intake::Refused;
use crate::policy::Verb;

impl Desk {
    pub(super) async fn pack(&self, turn: &Turn, asked: command::Pack) -> Result<Done, Refused> {
        let (name, enabled) = match asked {
            command::Pack::List => return self.packs(turn).await,
            command::Pack::Enable { name } => (name, true),
            command::Pack::Disable { name } => (name, false),
        };
        self.parts.intake.switch_pack(&self.parts.packs, &name, enabled, turn.origin.clone()).await?;
        let text = if enabled {
            format!("Pack `{name}` is on.")
        } else {
            format!("Pack `{name}` is off: it takes nothing new, and what runs by it is stopped.")
        };
        Ok(Done::here(Answer::text(text)))
    }

    async fn packs(&self, turn: &Turn) -> Result<Done, Refused> {
        self.permit(turn, Verb::Pack, None, &[]).await?;
        let packs = &self.parts.packs;
        let row = |(pack, own): (std::sync::Arc<crate::pack::Pack>, bool)| {
            let on = if packs.is_enabled(&pack.id.name) { "on" } else { "off" };
            let whose = if own { "own" } else { "built in" };
            vec![
                pack.id.name.clone(),
                on.to_owned(),
                pack.id.version.clone(),
                whose.to_owned(),
                pack.description.clone(),
            ]
        };
        let head = ["pack", "is", "version", "whose", "for"].map(str::to_owned).into();
        Ok(Done::here(Answer::default().with(Part::Table { head, rows: packs.all().map(row).collect() })))
    }

    /// How each part does, why, and how to mend it.
    pub(super) async fn doctor(&self, turn: &Turn) -> Result<Done, Refused> {
        self.permit(turn, Verb::Doctor, None, &[]).await?;
        let parts = self.parts.health.parts();
        let ill = parts.values().filter(|part| part.status != Status::Up).count();
        let text = match ill {
            0 => format!("All {} parts are well.", parts.len()),
            n => format!("{n} of {} parts are not well.", parts.len()),
        };
        let rows = parts.into_iter().map(|(name, part)| {
            let status = match part.status {
                Status::Up => "up",
                Status::Degraded => "degraded",
                Status::Starting => "starting",
                Status::Down => "down",
            };
            let latency = part.latency_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
            vec![name, status.to_owned(), latency, part.reason]
        });
        let head = ["part", "status", "answers in", "why, and what to do"].map(str::to_owned).into();
        Ok(Done::here(Answer::text(text).with(Part::Table { head, rows: rows.collect() })))
    }
}
