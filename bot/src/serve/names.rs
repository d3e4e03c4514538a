//! Names of clusters, namespaces, workloads and packs, held ready for those who type.
//!
//! Read anew every five minutes beside everything else; whoever types is answered from memory. Must never make a key that is
//! pressed a read of a cluster, nor offer a name to someone who may not ask about it. Start at [`KnownNames::offer`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::future::join_all;
use midwatch_config::Settings;
use midwatch_diagnosis::entity::Kind;
use midwatch_kubernetes::WorkloadName;
use midwatch_redact::Redactor;
use midwatch_service::inbox::ChannelDefaults;
use midwatch_service::job::Actor;
use midwatch_service::pack::Packs;
use midwatch_service::policy::{Decision, Policy, Verb, Wish};
use midwatch_service::port::names::{Names, Sought, Typed};
use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::chats::channels;
use super::clusters::{Clusters, PART};

/// Time between two readings of a cluster.
const EVERY: Duration = Duration::from_mins(5);

/// Longest time for one reading, connecting included.
const LIMIT: Duration = Duration::from_mins(1);

/// What a cluster has, as it was when it last answered.
type Known = midwatch_kubernetes::Names;

/// What is held ready.
pub(super) struct KnownNames {
    clusters: Arc<Clusters>,
    policy: Arc<Policy>,
    packs: Arc<Packs>,
    calls: Calls,
    /// What is meant where nothing is named.
    channels: BTreeMap<(String, String), ChannelDefaults>,
    redactor: Redactor,
    known: RwLock<BTreeMap<String, Arc<Known>>>,
}

impl KnownNames {
    /// Nothing is read yet; until then the configured namespaces are known.
    pub(super) fn new(
        settings: &Settings,
        clusters: Arc<Clusters>,
        policy: Arc<Policy>,
        packs: Arc<Packs>,
        calls: Calls,
    ) -> Self {
        let configured = Known { namespaces: settings.kubernetes.namespaces.clone(), workloads: Vec::new() };
        let configured = Arc::new(configured);
        let known = clusters.names().iter().map(|name| (name.clone(), Arc::clone(&configured))).collect();
        let channels = channels(settings);
        let redactor = crate::settings::redactor(settings);
        Self { clusters, policy, packs, calls, channels, redactor, known: RwLock::new(known) }
    }

    /// Reads until it is stopped.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let all = join_all(self.clusters.names().iter().map(|name| self.again(name)));
        tokio::select! {
            () = stop.cancelled() => {}
            _ = all => {}
        }
    }

    async fn again(&self, cluster: &str) {
        loop {
            match tokio::time::timeout(LIMIT, self.read(cluster)).await {
                Ok(Ok(known)) => {
                    let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
                    all.insert(cluster.to_owned(), Arc::new(known));
                }
                // What was known is offered still; the health tells how the cluster does.
                Ok(Err(why)) => tracing::debug!(cluster, why, "names could not be read"),
                Err(_) => tracing::debug!(cluster, "names could not be read in time"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn read(&self, cluster: &str) -> Result<Known, String> {
        let opened = self.clusters.cluster(cluster).await.map_err(|error| error.message)?;
        let names = self.calls.read(PART, opened.names()).await;
        names.map_err(|failure| failure.to_string())
    }

    fn may(&self, actor: &Actor, cluster: &str, namespaces: &[&str]) -> bool {
        let wish = Wish { verb: Verb::Investigate, cluster: Some(cluster), namespaces };
        self.policy.decide(actor, wish) == Decision::Allowed
    }

    fn known(&self, cluster: &str) -> Arc<Known> {
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner);
        all.get(cluster).cloned().unwrap_or_default()
    }

    /// Clusters with any place that may be investigated.
    fn clusters(&self, to: &Actor) -> Vec<String> {
        let any = |name: &&String| {
            let somewhere = |namespace: &String| self.may(to, name, &[namespace]);
            self.may(to, name, &[]) || self.known(name).namespaces.iter().any(somewhere)
        };
        self.clusters.names().iter().filter(any).cloned().collect()
    }

    /// Packs are for who may switch them.
    fn packs(&self, to: &Actor) -> Vec<String> {
        match self.policy.decide_somewhere(to, Verb::Pack) {
            Decision::Allowed => self.packs.all().map(|(pack, _)| pack.id.name.clone()).collect(),
            Decision::Denied(_) => Vec::new(),
        }
    }
}

impl KnownNames {
    fn fitting(&self, to: &Actor, typed: &Typed, most: usize) -> Vec<String> {
        let channel = to.channel.clone().map(|channel| (to.platform.clone(), channel));
        let meant = channel.and_then(|key| self.channels.get(&key)).cloned().unwrap_or_default();
        let cluster = typed.cluster.clone().or(meant.cluster).or_else(|| self.clusters.names().first().cloned());
        let cluster = cluster.unwrap_or_default();
        match typed.sought {
            Sought::Cluster => best(self.clusters(to), &typed.begun, most),
            Sought::Pack => best(self.packs(to), &typed.begun, most),
            Sought::Namespace => {
                let known = self.known(&cluster);
                let may = known.namespaces.iter().filter(|namespace| self.may(to, &cluster, &[namespace]));
                best(may.cloned().collect(), &typed.begun, most)
            }
            Sought::Workload => {
                let known = self.known(&cluster);
                let places: BTreeSet<&str> = known.workloads.iter().map(|it| it.namespace.as_str()).collect();
                let namespace = typed.namespace.clone().or(meant.namespace);
                let meant = |place: &&str| namespace.as_deref().is_none_or(|namespace| namespace == *place);
                let may = |place: &&str| self.may(to, &cluster, &[place]);
                let places: BTreeSet<&str> = places.into_iter().filter(meant).filter(may).collect();
                let there = known.workloads.iter().filter(|it| places.contains(it.namespace.as_str()));
                best(there.map(|it| target(it, namespace.is_some())).collect(), &typed.begun, most)
            }
        }
    }
}

impl Names for KnownNames {
    fn offer(&self, to: &Actor, typed: &Typed, most: usize) -> Vec<String> {
        let mut names = self.fitting(to, typed, most);
        // A name that holds a secret cannot be offered half.
        names.retain(|name| self.redactor.redact_text(name).as_ref() == name);
        names
    }
}

/// A workload as a target is written: by its kind where the namespace is named, else by its namespace, for a target has room
/// for one of them.
fn target(it: &WorkloadName, placed: bool) -> String {
    let before = match &it.kind {
        _ if !placed => it.namespace.as_str(),
        Kind::Deployment => "deploy",
        Kind::StatefulSet => "sts",
        Kind::DaemonSet => "ds",
        _ => "cronjob",
    };
    format!("{before}/{}", it.name)
}

/// Those that begin with what was typed, as a whole or behind the stroke, then those that hold it; each by alphabet.
fn best(names: Vec<String>, begun: &str, most: usize) -> Vec<String> {
    let begun = begun.to_lowercase();
    let rank = |name: &str| {
        let low = name.to_lowercase();
        let bare = low.split_once('/').is_some_and(|(_, bare)| bare.starts_with(&begun));
        if low.starts_with(&begun) || bare { Some(false) } else { low.contains(&begun).then_some(true) }
    };
    let ranked: BTreeSet<(bool, String)> = names.into_iter().filter_map(|name| Some((rank(&name)?, name))).collect();
    ranked.into_iter().map(|(_, name)| name).take(most).collect()
}

#[cfg(test)]
mod tests {
    use midwatch_service::health::Health;
    use midwatch_service::policy::{Rule, Who};

    use super::*;

    fn workload(kind: Kind, namespace: &str, name: &str) -> WorkloadName {
        WorkloadName { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Two clusters, one of which has answered.
    fn names(rules: Vec<Rule>) -> KnownNames {
        let mut settings = Settings::default();
        settings.kubernetes.contexts = vec!["eu".to_owned(), "us".to_owned()];
        settings.kubernetes.namespaces = vec!["spare".to_owned()];
        let mut channel = midwatch_config::SlackChannel::new("C1");
        (channel.cluster, channel.namespace) = (Some("eu".to_owned()), Some("pay".to_owned()));
        settings.slack.channels = vec![channel];
        let calls = Calls::new(Arc::default());
        let clusters = Clusters::new(&settings, Redactor::default(), Arc::<Health>::default(), calls.clone());
        let pack = midwatch_config::builtin_packs();
        let packs = Packs::load(&pack.iter().map(|(name, text)| (*name, *text)).collect::<Vec<_>>(), None).unwrap();
        let names =
            KnownNames::new(&settings, Arc::new(clusters), Arc::new(Policy::new(rules)), Arc::new(packs), calls);
        let namespaces = ["shop", "pay", "shop-test"].map(str::to_owned).to_vec();
        let workloads = vec![
            workload(Kind::Deployment, "shop", "checkout"),
            workload(Kind::StatefulSet, "shop", "db"),
            workload(Kind::DaemonSet, "pay", "checker"),
            workload(Kind::CronJob, "pay", "recheck"),
        ];
        names.known.write().unwrap().insert("eu".to_owned(), Arc::new(Known { namespaces, workloads }));
        names
    }

    fn rule(change: impl FnOnce(&mut Rule)) -> Rule {
        let mut rule = Rule { who: Who { user: Some("*".to_owned()), ..Who::default() }, ..Rule::default() };
        change(&mut rule);
        rule
    }

    fn actor() -> Actor {
        Actor {
            platform: "slack".to_owned(),
            user: "U1".to_owned(),
            groups: vec!["sre".to_owned()],
            ..Actor::default()
        }
    }

    fn typed(sought: Sought, begun: &str) -> Typed {
        Typed { sought, begun: begun.to_owned(), cluster: None, namespace: None }
    }

    #[test]
    fn the_best_come_first() {
        let names = names(vec![rule(|_| {})]);
        let offered = |sought, begun| names.offer(&actor(), &typed(sought, begun), 25);
        assert_eq!(offered(Sought::Workload, "CHE"), ["pay/checker", "shop/checkout", "pay/recheck"]);
        assert_eq!(offered(Sought::Namespace, "sho"), ["shop", "shop-test"]);
        assert_eq!(offered(Sought::Namespace, ""), ["pay", "shop", "shop-test"]);
        assert_eq!(offered(Sought::Cluster, "u"), ["us", "eu"]);
        assert!(offered(Sought::Pack, "").len() > 1);
        assert_eq!(names.offer(&actor(), &typed(Sought::Namespace, ""), 2).len(), 2);
        assert_eq!(offered(Sought::Workload, "why is che"), Vec::<String>::new());
    }

    #[test]
    fn what_is_named_beside_it_and_what_the_channel_means_count() {
        let names = names(vec![rule(|_| {})]);
        let beside = |cluster: Option<&str>, namespace: Option<&str>, sought| {
            let (cluster, namespace) = (cluster.map(str::to_owned), namespace.map(str::to_owned));
            names.offer(&actor(), &Typed { sought, begun: String::new(), cluster, namespace }, 25)
        };
        assert_eq!(beside(None, Some("shop"), Sought::Workload), ["deploy/checkout", "sts/db"]);
        assert_eq!(beside(None, Some("pay"), Sought::Workload), ["cronjob/recheck", "ds/checker"]);
        assert_eq!(beside(Some("us"), None, Sought::Namespace), ["spare"], "it has not answered yet");
        assert_eq!(beside(Some("mars"), None, Sought::Namespace), Vec::<String>::new());
        let in_channel = Actor { channel: Some("C1".to_owned()), ..actor() };
        let offered = names.offer(&in_channel, &typed(Sought::Workload, ""), 25);
        assert_eq!(offered, ["cronjob/recheck", "ds/checker"]);
    }

    #[test]
    fn nothing_is_offered_to_who_may_not_ask() {
        let all = [Sought::Cluster, Sought::Namespace, Sought::Workload, Sought::Pack];
        let offered = |rules: Vec<Rule>| {
            let names = names(rules);
            all.map(|sought| names.offer(&actor(), &typed(sought, ""), 25))
        };
        assert!(offered(vec![]).iter().all(Vec::is_empty));
        assert!(offered(vec![rule(|r| r.verbs = vec![Verb::Status])]).iter().all(Vec::is_empty));
        let shop = offered(vec![rule(|r| {
            r.verbs = vec![Verb::Investigate];
            r.namespaces = vec!["shop".to_owned()];
        })]);
        let expected: [&[&str]; 4] = [&["eu"], &["shop"], &["shop/checkout", "shop/db"], &[]];
        assert_eq!(shop, expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        let us = offered(vec![rule(|r| r.clusters = vec!["us".to_owned()])]);
        assert_eq!(us[0], ["us"]);
        assert!(us[1].is_empty() && us[2].is_empty(), "{us:?}");
        let other = offered(vec![rule(|r| r.who.group = Some("dev".to_owned()))]);
        assert!(other.iter().all(Vec::is_empty));
    }
}
