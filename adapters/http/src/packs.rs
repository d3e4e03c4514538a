//! Packs: which there are, and switching them on and off.
//!
//! Must never switch one before the policy was asked: the intake does both. Start at [`list`].

use std::sync::Arc;

use axum::extract::{Path, State};
use midwatch_redact::{Redact, Redactor};
use midwatch_service::pack::Pack;
use midwatch_service::policy::Verb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::who::{Sight, Who};

/// A pack.
#[derive(Serialize, ToSchema)]
pub(crate) struct PackView {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// What it is for, in a sentence.
    description: String,
    /// Whether it is switched on.
    enabled: bool,
    /// Whether it comes with the program; else it is the operator's own.
    built_in: bool,
}

impl PackView {
    fn new(app: &App, pack: &Pack, own: bool) -> Self {
        Self {
            name: pack.id.name.clone(),
            version: pack.id.version.clone(),
            description: pack.description.clone(),
            enabled: app.api.packs.is_enabled(&pack.id.name),
            built_in: !own,
        }
    }
}

impl Redact for PackView {
    fn redact(&mut self, redactor: &Redactor) {
        self.description.redact(redactor);
    }
}

/// The packs, by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct PackList {
    /// The packs.
    packs: Vec<PackView>,
}

impl Redact for PackList {
    fn redact(&mut self, redactor: &Redactor) {
        self.packs.iter_mut().for_each(|pack| pack.redact(redactor));
    }
}

/// Lists the packs.
#[utoipa::path(
    get, path = "/api/v1/packs", tag = "packs",
    responses((status = 200, description = "The packs, by name", body = PackList))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<PackList>, Fault> {
    Sight::of(&app.api.policy, &origin.actor, Verb::Pack)?;
    let packs = app.api.packs.all().map(|(pack, own)| PackView::new(&app, &pack, own)).collect();
    Ok(Answer(app.api.redactor.seal(PackList { packs })))
}

/// Lets a pack take jobs again.
#[utoipa::path(
    post, path = "/api/v1/packs/{name}/enable", tag = "packs", params(("name" = String, Path, description = "The pack's name")),
    responses((status = 200, description = "The pack, switched on", body = PackView))
)]
pub(crate) async fn enable(
    State(app): State<Arc<App>>,
    who: Who,
    name: Path<String>,
) -> Result<Answer<PackView>, Fault> {
    switch(&app, who, name, true).await
}

/// Stops a pack: it takes no new jobs, and those that run or wait end and say so in their threads.
#[utoipa::path(
    post, path = "/api/v1/packs/{name}/disable", tag = "packs", params(("name" = String, Path, description = "The pack's name")),
    responses((status = 200, description = "The pack, switched off; its jobs end within a few seconds", body = PackView))
)]
pub(crate) async fn disable(
    State(app): State<Arc<App>>,
    who: Who,
    name: Path<String>,
) -> Result<Answer<PackView>, Fault> {
    switch(&app, who, name, false).await
}

async fn switch(app: &App, who: Who, Path(name): Path<String>, enabled: bool) -> Result<Answer<PackView>, Fault> {
    let packs = &app.api.packs;
    app.api.intake.switch_pack(packs, &name, enabled, who.0).await?;
    let view = packs.all().find(|(pack, _)| pack.id.name == name).map(|(pack, own)| PackView::new(app, &pack, own));
    let view = view.ok_or_else(|| Fault::not_found(format!("there is no pack `{name}`")))?;
    Ok(Answer(app.api.redactor.seal(view)))
}
