//! A channel of a chat platform that means something: where alerts are posted, or which cluster is talked about.
//!
//! The same for every platform but for the form of its ids. Start at [`Channel`].

use std::marker::PhantomData;

use crate::record::{Entries, Record};

/// How a platform's channels are told.
pub(crate) trait Ids {
    /// How a list of them is written.
    const EXAMPLE: &'static str;
    /// Where an id is found.
    const COPY: &'static str;

    /// Whether it is one.
    fn fits(id: &str) -> bool;
}

/// A channel that means something, of a platform `P`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel<P> {
    /// Its id.
    pub id: String,
    /// Whether posts of other programs there are alerts.
    pub alerts: bool,
    /// The cluster that is meant when none is named.
    pub cluster: Option<String>,
    /// The namespace that is meant when none is named.
    pub namespace: Option<String>,
    platform: PhantomData<P>,
}

impl<P> Channel<P> {
    /// A channel that means nothing yet.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), alerts: false, cluster: None, namespace: None, platform: PhantomData }
    }
}

impl<P: Ids> Record for Channel<P> {
    const SHAPE: &'static str = "a list of channels, each with `id`";
    const EXAMPLE: &'static str = P::EXAMPLE;
    const KEYS: &'static [&'static str] = &["id", "alerts", "cluster", "namespace"];

    fn read(entries: &mut Entries<'_>) -> Option<Self> {
        if !entries.has("id") {
            entries.wrong_here("has no `id`", P::COPY);
        }
        let id = entries.id("id");
        if let Some(name) = id.as_ref().filter(|id| !P::fits(id)) {
            let what = if name.starts_with('#') { "is a name, not an id" } else { "is no id of a channel" };
            entries.wrong_at("id", what, P::COPY);
        }
        let cluster = entries.has("cluster").then(|| entries.text("cluster")).flatten();
        let namespace = entries.has("namespace").then(|| entries.text("namespace")).flatten();
        let alerts = entries.flag("alerts").unwrap_or_default();
        Some(Self { alerts, cluster, namespace, ..Self::new(id?) })
    }

    fn show(&self) -> String {
        let mut parts = vec![format!("id: {}", self.id)];
        if self.alerts {
            parts.push("alerts: true".to_owned());
        }
        parts.extend(self.cluster.iter().map(|cluster| format!("cluster: {cluster:?}")));
        parts.extend(self.namespace.iter().map(|namespace| format!("namespace: {namespace:?}")));
        format!("{{{}}}", parts.join(", "))
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.id)
    }
}
