//! `midwatch doctor`: everything that Midwatch needs, looked at, each failure with its fix.
//!
//! Must never change anything, neither in a cluster nor on the disk, and never wait longer than [`PATIENCE`] for one part.
//! Start at [`run`].

mod alerts;
mod check;
mod cluster;
#[cfg(feature = "discord")]
mod discord;
mod mcp;
mod metrics;
mod model;
mod place;
mod server;
mod shared;
mod slack;

use std::process::ExitCode;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use midwatch_agent::render::clean;
use midwatch_config::{Loaded, Settings};

use crate::cli::{Common, Doctor};
use crate::failure::Failure;
use crate::{output, settings};

use super::{block_on, pack};
use midwatch_service::check::{Check, Outcome};

/// Longest time for one part; each read in it has its own, shorter limit.
const PATIENCE: Duration = Duration::from_secs(45);

/// Looks at everything and tells.
pub(crate) fn run(args: &Doctor, common: &Common) -> Result<ExitCode, Failure> {
    let flags = [
        ("kubernetes.contexts", args.context.as_ref(), "--context"),
        ("kubernetes.kubeconfig", args.kubeconfig.as_ref(), "--kubeconfig"),
        ("prometheus.url", args.prometheus.as_ref(), "--prometheus"),
    ];
    let checks = match settings::loaded(common, &flags) {
        Ok(loaded) => {
            let settings = loaded.settings.clone();
            let mut checks = vec![configuration(&loaded)];
            checks.extend(block_on(async { Ok(looked_at(&settings).await) })?);
            checks
        }
        // With the defaults in place of what is meant, the other answers would mislead.
        Err(errors) => vec![
            Check::fail("configuration", "it cannot be used", errors.to_string()),
            Check::warn("everything else", "not looked at", "it needs a valid configuration"),
        ],
    };
    let failed = checks.iter().any(|check| check.result == Outcome::Fail);
    if args.output == "json" {
        output::print_own(&check::json(&checks))?;
    } else {
        output::print_own(&clean::block(&check::text(&checks)))?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn configuration(loaded: &Loaded) -> Check {
    match &loaded.file {
        Some(path) => Check::ok("configuration", format!("{} is valid", path.display())),
        None => Check::ok("configuration", "no file, so the defaults and the environment apply"),
    }
}

/// All parts at the same time; told in order.
async fn looked_at(settings: &Settings) -> Vec<Check> {
    let mut parts: Vec<(String, BoxFuture<'_, Vec<Check>>)> = Vec::new();
    for context in contexts(settings) {
        let name = context.map_or_else(|| "cluster".to_owned(), |name| format!("cluster {name}"));
        parts.push((name.clone(), cluster::checks(settings, context, name).boxed()));
    }
    parts.push(("prometheus".to_owned(), metrics::checks(&settings.prometheus).boxed()));
    parts.push(("alertmanager".to_owned(), alerts::checks(&settings.alertmanager).boxed()));
    parts.push(("slack".to_owned(), slack::checks(settings).boxed()));
    #[cfg(feature = "discord")]
    parts.push(("discord".to_owned(), discord::checks(settings).boxed()));
    parts.push(("model".to_owned(), model::checks(settings).boxed()));
    parts.push(("mcp".to_owned(), mcp::checks(settings).boxed()));
    parts.push(("packs".to_owned(), async { vec![packs(settings)] }.boxed()));
    parts.push(("store".to_owned(), place::checks(settings).boxed()));
    parts.push(("server".to_owned(), server::checks(settings).boxed()));
    join_all(parts.into_iter().map(|(name, part)| within(name, part))).await.concat()
}

/// The configured contexts; without any, the current one.
fn contexts(settings: &Settings) -> Vec<Option<&str>> {
    let named = &settings.kubernetes.contexts;
    if named.is_empty() { vec![None] } else { named.iter().map(|name| Some(name.as_str())).collect() }
}

async fn within(name: String, part: BoxFuture<'_, Vec<Check>>) -> Vec<Check> {
    tokio::time::timeout(PATIENCE, part).await.unwrap_or_else(|_| {
        let what = format!("no answer within {} s", PATIENCE.as_secs());
        vec![Check::fail(name, what, "look whether it is overloaded or far away, and try again")]
    })
}

fn packs(settings: &Settings) -> Check {
    match pack::load(settings) {
        Ok(packs) => Check::ok("packs", format!("{} packs", packs.all().count())),
        Err(errors) => Check::fail("packs", "some cannot be used", errors.to_string()),
    }
}
