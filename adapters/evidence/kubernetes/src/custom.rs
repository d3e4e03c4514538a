//! Custom resources: which kinds a cluster serves whose conditions are worth reading.
//!
//! Must never ask much: one answer of discovery serves for minutes, few kinds are chosen, and none that one may not
//! read (a cluster's operators bring hundreds). Start at [`Customs::kinds`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use midwatch_diagnosis::entity::Kind;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::access;
use crate::call::{Ask, Caller};
use crate::readonly::is_custom;
use crate::resource::Resource;

/// The form of discovery that tells all groups at once.
/// <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Bytes of that answer; with a thousand custom kinds it has two million.
const CAP: usize = 16 * 1024 * 1024;

/// How long it serves. Custom kinds are installed rarely.
const SERVES: Duration = Duration::from_mins(10);

/// Groups whose conditions the engine knows best come first where there are more kinds than are read.
const FIRST: &[&str] = &[
    "cert-manager.io",
    "gateway.networking.k8s.io",
    "fluxcd.io",
    "argoproj.io",
    "crossplane.io",
    "external-secrets.io",
];

/// The custom kinds of a cluster, as discovered.
pub(crate) struct Customs {
    at_most: usize,
    found: Mutex<Option<(Instant, Arc<ByName>)>>,
}

/// Where each kind is served.
type ByName = BTreeMap<String, Resource>;

impl Customs {
    pub(crate) fn new(at_most: usize) -> Self {
        Self { at_most, found: Mutex::default() }
    }

    /// The kinds to read.
    pub(crate) async fn kinds(&self, caller: &Caller) -> Vec<Kind> {
        if self.at_most == 0 {
            return Vec::new();
        }
        self.found(caller).await.keys().map(|name| Kind::Other(name.clone())).collect()
    }

    /// Where a custom kind is served.
    pub(crate) async fn find(&self, caller: &Caller, kind: &Kind) -> Option<Resource> {
        self.found(caller).await.get(kind.as_str()).cloned()
    }

    async fn found(&self, caller: &Caller) -> Arc<ByName> {
        let mut found = self.found.lock().await;
        if let Some((at, kinds)) = &*found
            && at.elapsed() < SERVES
        {
            return Arc::clone(kinds);
        }
        let kinds = Arc::new(self.discover(caller).await);
        *found = Some((Instant::now(), Arc::clone(&kinds)));
        kinds
    }

    /// Discovery that fails gives no custom kinds: they are an extra.
    async fn discover(&self, caller: &Caller) -> ByName {
        let ask = Ask { accept: AGGREGATED, ..Ask::json("/apis".to_owned()) };
        let groups = match caller.page(&ask, CAP).await {
            Ok(page) => serde_json::from_slice::<Groups>(&page.body).unwrap_or_default(),
            Err(failure) => {
                tracing::debug!(?failure, "no discovery of custom kinds");
                return ByName::new();
            }
        };
        let mut served = candidates(groups);
        if served.is_empty() {
            return ByName::new();
        }
        if let Some(rules) = access::rules(caller).await {
            served.retain(|(_, resource)| rules.iter().any(|rule| rule.lists(&resource.group, &resource.plural)));
        }
        served.sort_by_key(|(name, resource)| (rank(&resource.group), resource.group.clone(), name.clone()));
        let mut chosen = ByName::new();
        for (name, resource) in served {
            if chosen.len() < self.at_most {
                // Two groups may use one name; the first has it, since reports tell kinds apart by name.
                chosen.entry(name).or_insert(resource);
            }
        }
        chosen
    }
}

fn rank(group: &str) -> usize {
    let of = |known: &&str| group == *known || group.ends_with(&format!(".{known}"));
    FIRST.iter().position(of).unwrap_or(FIRST.len())
}

/// Custom kinds that can be listed and have a status, in the version that the server prefers.
fn candidates(groups: Groups) -> Vec<(String, Resource)> {
    let mut found = Vec::new();
    for group in groups.items.into_iter().filter(|g| is_custom(&g.metadata.name)) {
        let Some(version) = group.versions.into_iter().next() else { continue };
        for served in version.resources {
            let name = served.response_kind.kind;
            let wanted = served.verbs.iter().any(|v| v == "list")
                && served.subresources.iter().any(|s| s.subresource == "status")
                && matches!(Kind::named(&name), Kind::Other(_));
            if wanted {
                let resource = Resource {
                    group: group.metadata.name.clone(),
                    version: version.version.clone(),
                    plural: served.resource,
                    namespaced: served.scope == "Namespaced",
                };
                found.push((name, resource));
            }
        }
    }
    found
}

#[derive(Default, Deserialize)]
struct Groups {
    #[serde(default)]
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    metadata: Name,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    resource: String,
    response_kind: ResponseKind,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    subresources: Vec<Subresource>,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
struct Subresource {
    subresource: String,
}
