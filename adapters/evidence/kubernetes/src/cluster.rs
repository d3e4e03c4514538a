//! A cluster as an evidence source: the port's questions, answered live.
//!
//! Must never let one namespace stand for all: when only some may be read, the answer says so. Start at
//! [`Cluster::connect`]; clones share one connection, its permits and its answers.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::Timestamp;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::LogCaps;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::logs::LogOptions;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::view::Content;

use crate::cache::Shared;
use crate::call::{self, Ask, Caller};
use crate::config;
use crate::custom::Customs;
use crate::error::ConnectError;
use crate::failure::Failure;
use crate::logs::Amount;
use crate::objects::{self, Objects, Wanted};
use crate::options::ClusterOptions;
use crate::resource::Resource;
use crate::{logs, resource};

/// Bytes of the answer about the version.
const VERSION_CAP: usize = 64 * 1024;

/// Namespaces that are read one by one where all of them together may not be read.
pub(crate) const ONE_BY_ONE: usize = 50;

/// A connection to one cluster. Make one for each context and clone it: clones share its bounds and its answers.
///
/// The same list asked twice within [`ClusterOptions::share_for`] is the same answer; an investigation asks for each
/// thing once, so what it sees is consistent with itself as far as a living cluster is.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    caller: Caller,
    name: String,
    home: String,
    options: ClusterOptions,
    shared: Shared,
    customs: Customs,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("name", &self.inner.name).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Reads the configuration and gets ready to ask. Nothing is asked of the cluster yet, but an exec plugin runs.
    ///
    /// # Errors
    /// When there is no usable configuration; each error says what to do.
    pub async fn connect(options: ClusterOptions) -> Result<Self, ConnectError> {
        let ready = config::client(&options).await?;
        let caller = Caller::new(ready.client, options.parallel_requests, options.answer_within);
        let shared = Shared::new(options.share_for, options.share_bytes);
        let customs = Customs::new(options.custom_kinds);
        let inner = Inner { caller, name: ready.name, home: ready.namespace, options, shared, customs };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The context's own namespace.
    pub fn home(&self) -> &str {
        &self.inner.home
    }

    /// The API server's version: `v1.33.2`.
    ///
    /// # Errors
    /// Why it did not answer.
    pub async fn version(&self) -> Result<String, ReadFailure> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let (body, _) = self.ask_version().await?;
        let version: Result<Version, _> = serde_json::from_slice(&body);
        version.map(|v| v.git_version).map_err(|e| ReadFailure::Unreadable(format!("the version is not readable: {e}")))
    }

    /// The API server's clock, to the second; none when it does not tell.
    ///
    /// # Errors
    /// Why it did not answer.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, ReadFailure> {
        self.ask_version().await.map(|(_, at)| at)
    }

    async fn ask_version(&self) -> Result<(Vec<u8>, Option<Timestamp>), ReadFailure> {
        let page = self.caller().page(&Ask::json("/version".to_owned()), VERSION_CAP).await;
        let page = page.map_err(Failure::of_list)?;
        let at = call::date(&page.headers);
        Ok((page.body, at))
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.inner.caller
    }

    pub(crate) fn options(&self) -> &ClusterOptions {
        &self.inner.options
    }

    /// Where a kind is served, as far as it is known.
    pub(crate) async fn resource(&self, kind: &Kind) -> Option<Resource> {
        match Resource::known(kind) {
            Some(resource) => Some(resource),
            None => self.inner.customs.find(self.caller(), kind).await,
        }
    }

    /// The namespaces to read where all of them may not be listed.
    pub(crate) fn given_namespaces(&self) -> Vec<String> {
        let given = &self.inner.options.namespaces;
        if given.is_empty() { vec![self.inner.home.clone()] } else { given.clone() }
    }

    async fn listed_namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        let listed = self.list(&Kind::Namespace, None).await?;
        let mut names: Vec<String> = listed.items.iter().map(|o| o.meta().name.clone()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// One list, made once for all who ask for it now.
    async fn list(&self, kind: &Kind, namespace: Option<&str>) -> Result<Arc<Objects>, ReadFailure> {
        let resource = self.resource(kind).await.ok_or(ReadFailure::NotServed)?;
        let namespace = namespace.filter(|_| resource.namespaced).map(str::to_owned);
        if namespace.as_deref().is_some_and(|ns| !resource::is_name(ns)) {
            return Err(ReadFailure::NotFound("no namespace can have such a name".to_owned()));
        }
        let key = (kind.clone(), namespace.clone());
        let max_bytes = self.inner.options.max_list_bytes;
        let wanted = Wanted { kind: kind.clone(), resource, namespace, max_bytes };
        let read = async { objects::list(self.caller(), &wanted).await.map_err(Failure::of_list) };
        self.inner.shared.get(key, read).await
    }

    /// A list over all namespaces for one who may read only some of them.
    async fn one_by_one(&self, kind: &Kind, refused: ReadFailure) -> Result<Objects, ReadFailure> {
        let namespaces = self.given_namespaces();
        let read = |namespace: String| async move {
            let part = self.list(kind, Some(&namespace)).await;
            (namespace, part)
        };
        let parts: Vec<_> = futures::stream::iter(namespaces.iter().take(ONE_BY_ONE).cloned().map(read))
            .buffered(self.inner.options.parallel_requests.max(1))
            .collect()
            .await;
        let mut all = objects::join(parts).map_err(|_| refused)?;
        if namespaces.len() > ONE_BY_ONE {
            all.gaps.push(format!("{}: only the first {ONE_BY_ONE} namespaces were read", kind.plural()));
        }
        // Whoever may list namespaces takes an answer about all namespaces for one; it is not.
        if self.listed_namespaces().await.is_ok_and(|listed| listed.iter().any(|ns| !namespaces.contains(ns))) {
            all.gaps.push(format!("{}: only those of {} may be read", kind.plural(), namespaces.join(", ")));
        }
        Ok(all)
    }

    async fn objects(&self, kind: &Kind, namespace: Option<&str>) -> Result<Reading, ReadFailure> {
        let namespace = namespace.filter(|ns| !ns.is_empty());
        let answer = self.list(kind, namespace).await;
        match answer {
            Err(refused @ ReadFailure::Forbidden(_)) if namespace.is_none() && kind.namespaced() => {
                self.one_by_one(kind, refused).await.map(|all| reading(&all))
            }
            other => other.map(|all| reading(&all)),
        }
    }
}

fn reading(all: &Objects) -> Reading {
    Reading {
        content: Content::Objects(all.items.clone()),
        bytes: all.bytes,
        digest: all.digest,
        gaps: all.gaps.clone(),
    }
}

#[async_trait]
impl EvidenceSource for Cluster {
    fn describe(&self) -> String {
        self.inner.name.clone()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        match self.listed_namespaces().await {
            Err(ReadFailure::Forbidden(_)) => Ok(self.given_namespaces()),
            other => other,
        }
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        self.inner.customs.kinds(self.caller()).await
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.read_within(probe, LogCaps::default()).await
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        match probe {
            Probe::Objects { kind, namespace } => self.objects(kind, namespace.as_deref()).await,
            Probe::Log { of, previous, onset } => {
                let amount = Amount::of(self.options(), caps);
                let options = LogOptions { onset: *onset, ..LogOptions::default() };
                logs::read(self.caller(), amount, of, *previous, options).await
            }
            Probe::Lines { of, previous, pick } => {
                let amount = Amount::of(self.options(), caps);
                let options = LogOptions { pick: Some(pick.clone()), ..LogOptions::default() };
                logs::read(self.caller(), amount, of, *previous, options).await
            }
            // It serves no metrics, and says so.
            Probe::Rules { .. } | Probe::Metric(_) => Err(ReadFailure::NotServed),
        }
    }
}
