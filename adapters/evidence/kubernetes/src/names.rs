//! Names of what there is in a cluster, to be offered to people while they type.
//!
//! Metadata alone is asked for. Must never be part of an investigation: it holds names and says nothing of what was left
//! out. Start at [`Cluster::names`].

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::ReadFailure;
use serde::Deserialize;

use crate::call::Ask;
use crate::cluster::{Cluster, ONE_BY_ONE};
use crate::failure::Failure;
use crate::objects::PER_PAGE;
use crate::page;
use crate::resource::{Resource, is_name};

/// Names of namespaces and of workloads that are kept; of more, the first as the server sorts them, by name.
const NAMESPACES: usize = 2_000;
const WORKLOADS: usize = 20_000;

/// Bytes of a page. Metadata of 500 objects, with the fields that each writer manages, is seldom more than 5 MB.
const PAGE_CAP: usize = 16 * 1024 * 1024;

/// A list of metadata: no specs, no statuses.
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>
const AS_METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// The kinds of workloads that people ask about.
const KINDS: [Kind; 4] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob];

/// Names in a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Namespaces; those that are configured where they may not be listed.
    pub namespaces: Vec<String>,
    /// Workloads, as far as they may be listed.
    pub workloads: Vec<WorkloadName>,
}

/// A workload by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadName {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Meta,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
    #[serde(default)]
    namespace: String,
}

impl Cluster {
    /// Namespaces, Deployments, StatefulSets, DaemonSets and CronJobs by name: at most 2,000 and 20,000. What may not be
    /// read is left out.
    ///
    /// # Errors
    /// A list could not be read for another reason than a missing permission.
    pub async fn names(&self) -> Result<Names, ReadFailure> {
        let namespaces = match self.named(&Kind::Namespace, None, NAMESPACES).await {
            Ok(listed) => listed.into_iter().map(|meta| meta.name).collect(),
            Err(ReadFailure::Forbidden(_)) => self.given_namespaces(),
            Err(failure) => return Err(failure),
        };
        let mut names = Names { namespaces, workloads: Vec::new() };
        for kind in &KINDS {
            match self.named(kind, None, names.room()).await {
                Err(ReadFailure::Forbidden(_)) => self.one_by_one_named(kind, &mut names).await?,
                read => names.add(kind, read)?,
            }
        }
        Ok(names)
    }

    /// For one who may read only some namespaces.
    async fn one_by_one_named(&self, kind: &Kind, names: &mut Names) -> Result<(), ReadFailure> {
        for namespace in self.given_namespaces().iter().take(ONE_BY_ONE).filter(|ns| is_name(ns)) {
            let read = self.named(kind, Some(namespace), names.room()).await;
            names.add(kind, read)?;
        }
        Ok(())
    }

    /// The first so many of a kind.
    async fn named(&self, kind: &Kind, namespace: Option<&str>, most: usize) -> Result<Vec<Meta>, ReadFailure> {
        let path = Resource::known(kind).ok_or(ReadFailure::NotServed)?.list_path(namespace);
        let (mut found, mut next) = (Vec::new(), None);
        // Pages are full but the last, so their number is bounded by that of the names.
        for _ in 0..most.div_ceil(PER_PAGE as usize) {
            let mut ask = Ask::json(page::target(&path, PER_PAGE, next.as_deref()));
            ask.accept = AS_METADATA;
            let page = self.caller().page(&ask, PAGE_CAP).await.map_err(Failure::of_list)?;
            if let Some(why) = page.cut {
                return Err(ReadFailure::Unreadable(format!("the list of names broke off: {why}")));
            }
            let read = tokio::task::spawn_blocking(move || read(&page.body)).await;
            let read = read.map_err(|_| ReadFailure::Unreadable("the reader of names failed".to_owned()))?;
            let (items, following) = read?;
            found.extend(items);
            next = following;
            if next.is_none() {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }
}

impl Names {
    fn room(&self) -> usize {
        WORKLOADS - self.workloads.len()
    }

    /// What is not served, or may not be read, has no names.
    fn add(&mut self, kind: &Kind, read: Result<Vec<Meta>, ReadFailure>) -> Result<(), ReadFailure> {
        let found = match read {
            Ok(found) => found,
            Err(ReadFailure::Forbidden(_) | ReadFailure::NotServed) => Vec::new(),
            Err(failure) => return Err(failure),
        };
        let named =
            found.into_iter().map(|Meta { name, namespace }| WorkloadName { kind: kind.clone(), namespace, name });
        self.workloads.extend(named);
        Ok(())
    }
}

/// The names of a page, and where the next one begins.
fn read(body: &[u8]) -> Result<(Vec<Meta>, Option<String>), ReadFailure> {
    let list: List = serde_json::from_slice(body)
        .map_err(|error| ReadFailure::Unreadable(format!("the list of names is not readable: {error}")))?;
    let (next, _) = page::head(body);
    Ok((list.items.unwrap_or_default().into_iter().map(|item| item.metadata).collect(), next))
}
