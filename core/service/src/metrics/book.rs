//! The registry together with what is registered in it, so that alert rules, dashboards and documents can be checked
//! against it.
//!
//! Must never hold a family without help. Start at [`Book`].

use prometheus_client::registry::{Metric, Registry, Unit};

/// What stands before every name.
const PREFIX: &str = "midwatch";

/// A family of figures, as it is exposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The name in queries, but for what a histogram appends (`_bucket`, `_sum`, `_count`): `midwatch_jobs_total`.
    pub name: String,
    /// `counter`, `gauge`, `histogram`.
    pub kind: String,
    /// In what it is measured; none when it counts things that its name says.
    pub unit: Option<String>,
    /// What it says.
    pub help: &'static str,
}

/// The registry and its contents.
#[derive(Debug)]
pub(super) struct Book {
    registry: Registry,
    described: Vec<Described>,
}

impl Default for Book {
    fn default() -> Self {
        Self { registry: Registry::with_prefix(PREFIX), described: Vec::new() }
    }
}

impl Book {
    /// Registers what is counted in things that its name says.
    pub(super) fn add<M: Metric + Clone>(&mut self, name: &str, help: &'static str, metric: &M) {
        self.describe(name, None, help, metric);
        self.registry.register(name, help, metric.clone());
    }

    /// Registers what is measured in a unit, which is appended to the name.
    pub(super) fn measured<M: Metric + Clone>(&mut self, name: &str, unit: Unit, help: &'static str, metric: &M) {
        self.describe(name, Some(unit.as_str()), help, metric);
        self.registry.register_with_unit(name, help, unit, metric.clone());
    }

    fn describe<M: Metric>(&mut self, name: &str, unit: Option<&str>, help: &'static str, metric: &M) {
        let kind = metric.metric_type().as_str().to_owned();
        let unit = unit.map(str::to_owned);
        let mut name = format!("{PREFIX}_{name}");
        for part in unit.as_deref().into_iter().chain((kind == "counter").then_some("total")) {
            name = format!("{name}_{part}");
        }
        self.described.push(Described { name, kind, unit, help });
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn described(&self) -> &[Described] {
        &self.described
    }
}
