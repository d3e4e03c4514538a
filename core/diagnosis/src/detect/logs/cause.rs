//! Causes that only logs tell: which line of a container's log says why it fails, and who is to blame for it.
//!
//! Start at [`detect`]. A crash is explained by the end of its log; a running container's complaint counts only while
//! it goes on. What a complaint means is told by its kind: [`super::network`], [`super::access`], [`super::config`], [`super::storage`].
//! Must stay silent about complaints that were followed by success, and about starts that are still within their time.

use crate::evidence::log;
use crate::finding::{Confidence, Finding, Reason};
use crate::logs::{Hit, Level, LogDigest, LogLine, Signature};
use crate::view::View;

use super::access;
use super::config;
use super::names::TELLING_PORTS;
use super::network;
use super::quote::said;
use super::storage;
use super::unknown::{complaint, last_words, unknown_end};
use crate::detect::pods::container::{Case, Course, cases};
use crate::detect::pods::crash::ending;
use crate::detect::pods::probes::{killed_by_probe, sibling_start};

/// A hit within so many lines of a crashed container's end belongs to its end: longer than most stack traces.
const END: u64 = 40;

/// A running container's complaint is ongoing when its last line is younger than this, in seconds.
const FRESH: i64 = 120;

/// A complaint of a ready container needs so many repetitions: once or twice is what retries are for.
pub(super) const REPEATED: u64 = 3;

/// Repetitions from which a warning of a ready container counts: a start that waits for its peers stays below.
const INSISTENT: u64 = 6;

/// The rank of complaints that name a cause by themselves: a name, a certificate, a credential, a full disk.
const STRONG: u8 = 4;

/// A container that is not ready may complain for so long, in seconds: dependencies start, too.
const START: i64 = 60;

/// A complaint that counts, and where it stands.
pub(super) struct Told<'a> {
    pub(super) case: Case<'a>,
    pub(super) hit: &'a Hit,
    pub(super) previous: bool,
    /// The container ended with it.
    pub(super) crashed: bool,
    pub(super) confidence: Confidence,
}

/// What logs say about containers that crash, are not ready or complain without end.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view).filter_map(|case| one(&case)).collect()
}

fn one(case: &Case<'_>) -> Option<Finding> {
    if case.crashed() {
        return match of_crash(case) {
            Some(told) => Some(explain(&told)),
            None => Some(finish(case, unknown_end(case)?, case.end_log().is_some_and(|(_, previous)| previous))),
        };
    }
    match of_run(case) {
        Some(told) => Some(explain(&told)),
        None if is_unready(case) => complaint(case).map(|f| finish(case, f, false)),
        None => None,
    }
}

/// Whether the container runs, has had the time that a start takes, and is not ready.
fn is_unready(case: &Case<'_>) -> bool {
    case.running_since().is_some_and(|at| !is_starting(case, at)) && case.status.is_some_and(|s| !s.ready)
}

/// Whether a run is no older than a start may take.
fn is_starting(case: &Case<'_>, since: jiff::Timestamp) -> bool {
    case.view.age(since) < sibling_start(case).map_or(START, |s| START.max(2 * s))
}

fn explain(told: &Told<'_>) -> Finding {
    network::explain(told)
        .or_else(|| access::explain(told))
        .or_else(|| storage::explain(told))
        .unwrap_or_else(|| config::explain(told))
}

impl Case<'_> {
    /// Whether the container ends by itself again and again.
    fn crashed(&self) -> bool {
        let end = self.ended().filter(|e| {
            e.exit_code != 0 && !matches!(e.reason.as_str(), "OOMKilled" | "StartError" | "ContainerCannotRun")
        });
        end.is_some() && self.course() == Course::Ongoing && killed_by_probe(self).is_none()
    }

    /// Whether the log of the run that ended says why it ended.
    pub(crate) fn explained_by_log(&self) -> bool {
        self.crashed() && (of_crash(self).is_some() || last_words(self).is_some())
    }
}

/// The hit that ended the last run.
fn of_crash<'a>(case: &Case<'a>) -> Option<Told<'a>> {
    let (digest, previous) = case.end_log()?;
    let fatal = digest.fatal.as_ref();
    let speaks = |h: &&Hit| h.signature != Signature::AssertionOrPanic;
    let is_it = |h: &&Hit| fatal.is_some_and(|f| h.last.number == f.number || in_trace_of(digest, f, &h.last));
    let told = |hit, confidence| Told { case: *case, hit, previous, crashed: true, confidence };
    if let Some(hit) = digest.hits.iter().filter(speaks).filter(is_it).max_by_key(|h| (rank(h.signature), h.count)) {
        return Some(told(hit, Confidence::High));
    }
    let near = |h: &&Hit| h.success_after.is_none() && h.last.number + END >= digest.lines;
    let hit = digest.hits.iter().filter(speaks).filter(near).max_by_key(|h| (rank(h.signature), h.last.number))?;
    Some(told(hit, Confidence::Medium))
}

/// Whether a line is part of the stack trace that the fatal line opens or closes.
fn in_trace_of(digest: &LogDigest, fatal: &LogLine, line: &LogLine) -> bool {
    digest.traces.iter().any(|t| {
        let from = t.head.number;
        let to = from + u64::try_from(t.lines.len()).unwrap_or(0);
        (from..=to).contains(&fatal.number) && (from..=to).contains(&line.number)
    })
}

/// The complaint of a running container that goes on.
fn of_run<'a>(case: &Case<'a>) -> Option<Told<'a>> {
    let killed = killed_by_probe(case).is_some();
    let (digest, previous) = if killed { case.end_log()? } else { (case.run_log()?, false) };
    let since = case.running_since();
    let ready = case.status?.ready && !killed;
    let starting = since.is_none_or(|at| is_starting(case, at));
    if !killed && (since.is_none() || (!ready && starting)) {
        return None;
    }
    let counts = |h: &&Hit| {
        let often = repeated(digest, h);
        goes_on(case.view, digest, h, killed)
            && if ready { is_loud(case, h, often) } else { often >= REPEATED || h.last.level.is_error() }
    };
    let hit =
        digest.hits.iter().filter(counts).max_by_key(|h| (rank(h.signature), repeated(digest, h), h.last.number))?;
    Some(Told { case: *case, hit, previous, crashed: false, confidence: Confidence::Medium })
}

/// No success came after it, and its last line is fresh or stands at the log's end.
fn goes_on(view: &View, digest: &LogDigest, hit: &Hit, ended: bool) -> bool {
    let late =
        hit.last.number.saturating_mul(5) >= digest.lines.saturating_mul(4) || hit.last.number + 3 >= digest.lines;
    let fresh = hit.last.at.is_none_or(|at| view.age(at) <= FRESH);
    hit.success_after.is_none() && late && (fresh || ended || hit.last.number + 3 >= digest.lines)
}

/// How often the same is said of the same peer: numbers in the words (a pool's waiting threads) change from line to line.
fn repeated(digest: &LogDigest, hit: &Hit) -> u64 {
    let same = |h: &&Hit| {
        let (a, b) = (&h.values, &hit.values);
        h.signature == hit.signature && (&a.host, a.port, &a.path, &a.name) == (&b.host, b.port, &b.path, &b.name)
    };
    digest.hits.iter().filter(same).map(|h| h.count).sum()
}

/// Loud enough to count although the container is ready.
fn is_loud(case: &Case<'_>, hit: &Hit, often: u64) -> bool {
    use Signature as S;
    // A server that refuses its clients says so without naming a host; the client's own log is the one to read.
    if hit.signature == S::AuthenticationRefused && hit.values.host.is_none() && is_store(case) {
        return false;
    }
    // What would have ended the process has not, so it is somebody else's.
    let deadly = match hit.signature {
        S::CommandNotFound | S::ExecFormat | S::MissingModule | S::PortInUse => true,
        S::OutOfMemory => !hit.last.text.contains("OOM command not allowed"),
        _ => false,
    };
    let quiet = matches!(
        hit.signature,
        S::AssertionOrPanic | S::InvalidConfiguration | S::MissingConfiguration | S::MissingFile
    );
    // What a program works around it often logs as a warning; said over and over until now, it still fails.
    let insists = hit.last.level == Level::Warn && often >= INSISTENT && rank(hit.signature) >= STRONG;
    let loud = insists || (often >= REPEATED && hit.last.level >= Level::Error);
    loud && !quiet && !deadly && !is_payload(&hit.last)
}

/// Whether the workload is a data store or broker that others log in to.
fn is_store(case: &Case<'_>) -> bool {
    let services = case.view.services_of(&case.unit());
    services.iter().any(|s| s.spec.ports.iter().any(|p| TELLING_PORTS.contains(&p.port)))
}

/// Whether the complaint stands in a record that the program only passes on: a log shipper, a queue.
fn is_payload(line: &LogLine) -> bool {
    const KEYS: [&str; 7] = ["record", "payload", "line", "raw", "log", "original", "body"];
    KEYS.iter().any(|key| line.text.contains(&format!("\"{key}\":")))
}

/// What explains rather than accompanies: the higher, the nearer to a cause.
fn rank(signature: Signature) -> u8 {
    use Signature as S;
    match signature {
        S::AssertionOrPanic => 0,
        S::UpstreamUnavailable | S::QueueFull => 1,
        S::ConnectionReset | S::RateLimited | S::InvalidConfiguration => 2,
        S::ConnectionTimedOut | S::NoRoute => 3,
        // The server's own limit explains why the client's pool stays empty.
        S::TooManyConnections => STRONG + 1,
        _ => STRONG,
    }
}

impl Told<'_> {
    /// The complaint in its own words, for a claim.
    pub(super) fn quote(&self) -> String {
        said(&self.case, &self.hit.last)
    }

    /// A finding about the workload with the lines that say so.
    pub(super) fn finding(&self, reason: Reason, claim: impl Into<String>) -> Finding {
        let case = &self.case;
        let often = match self.hit.count {
            1 => "the log says so".to_owned(),
            n => format!("the log says so {n} times, last"),
        };
        let mut finding = case
            .mark(Finding::new(reason, case.unit(), claim))
            .because(often, log(&case.of(), self.previous, &self.hit.last))
            .since(self.hit.first.at)
            .confidence(self.confidence);
        if self.hit.count > 1 && self.hit.first.number != self.hit.last.number {
            finding = finding.because("and said it first here", log(&case.of(), self.previous, &self.hit.first));
        }
        if let (true, Some(end)) = (self.crashed, case.ended()) {
            finding = finding.because(format!("the run ended with {}", ending(end)), case.end_evidence(end));
        }
        finding
    }

    /// Adds what the evidence excludes and the commands that show it.
    pub(super) fn done(&self, finding: Finding) -> Finding {
        finish(&self.case, finding, self.previous)
    }
}

fn finish(case: &Case<'_>, finding: Finding, previous: bool) -> Finding {
    let mut finding = finding;
    if let Some(end) = case.ended().filter(|_| case.crashed()) {
        if end.exit_code != 137 {
            let text =
                format!("the memory limit: exit code {}, reason {}, not 137 (OOMKilled)", end.exit_code, end.reason);
            finding = finding.rules_out(text, case.end_evidence(end));
        }
        finding = finding.rules_out("the image: it was pulled and the process started", case.end_evidence(end));
    }
    finding.action("read the whole log", Some(case.log_command(previous)), "none").check(case.watch())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Role;
    use crate::testkit::Scene;

    /// What surrounds the complaining pod.
    const AROUND: &str = "
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.0.0.5, selector: {app: db}, ports: [{port: 5432}]}
---
kind: StatefulSet
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}}}
---
kind: ConfigMap
metadata: {name: api-config}
data: {CACHE_HOST: cachee, REGION: eu}
---
kind: Service
metadata: {name: cache}
spec: {ports: [{port: 6379}]}
---
kind: Secret
metadata: {name: db-credentials, creationTimestamp: AGO(50h), managedFields: [{manager: kubectl-edit, operation: Update, time: AGO(20m)}]}
data: {password: ''}
---
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Egress]}
---
kind: Role
metadata: {name: api}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]
---
kind: RoleBinding
metadata: {name: api}
roleRef: {kind: Role, name: api}
subjects: [{kind: ServiceAccount, name: api, namespace: shop}]
";

    fn scene(status: &str, text: &str) -> View {
        let pod = format!(
            "
kind: Pod
metadata: {{name: api, labels: {{app: api}}}}
spec:
  nodeName: n1
  restartPolicy: Always
  serviceAccountName: api
  containers:
  - name: api
    image: api:1
    env: [{{name: DB_HOST, value: dbb}}, {{name: DB_PORT, value: '5433'}}, {{name: DATABSE_URL, value: x}}, {{name: DB_PASSWORD, valueFrom: {{secretKeyRef: {{name: db-credentials, key: password}}}}}}]
    envFrom: [{{configMapRef: {{name: api-config}}}}]
    volumeMounts: [{{name: data, mountPath: /data}}, {{name: cfg, mountPath: /etc/app}}]
  - name: proxy
    ports: [{{containerPort: 8080}}]
  volumes: [{{name: data, persistentVolumeClaim: {{claimName: api-data}}}}, {{name: cfg, configMap: {{name: api-config}}}}]
status: {{phase: Running, startTime: AGO(40m), containerStatuses: [{{name: api, {status}}}]}}
---{AROUND}"
        );
        Scene::default().yaml(&pod).log("api/api", text).view()
    }

    const CRASH: &str = "restartCount: 6, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error, startedAt: AGO(62s), finishedAt: AGO(60s)}}";
    const UNREADY: &str = "ready: false, state: {running: {startedAt: AGO(30m)}}";
    const READY: &str = "ready: true, state: {running: {startedAt: AGO(30m)}}";
    const YOUNG: &str = "ready: false, state: {running: {startedAt: AGO(20s)}}";

    #[rstest::rstest]
    #[case::typo_in_env(
        "FATAL dial tcp: lookup dbb on 10.0.0.10:53: no such host",
        Reason::WrongValue,
        "Pod shop/api",
        "there is no Service dbb in shop (there is \"db\"); the name comes from env DB_HOST=dbb"
    )]
    #[case::typo_in_config_map(
        "FATAL dial tcp: lookup cachee on 10.0.0.10:53: no such host",
        Reason::WrongValue,
        "ConfigMap shop/api-config",
        "key CACHE_HOST of ConfigMap shop/api-config"
    )]
    #[case::no_such_service(
        "FATAL dial tcp: lookup ledger on 10.0.0.10:53: no such host",
        Reason::MissingReference,
        "Service shop/ledger",
        "there is no Service ledger in shop"
    )]
    #[case::pod_of_a_missing_headless_service(
        "FATAL dial tcp: lookup mq-0.mq-nodes.shop.svc.cluster.local on 10.0.0.10:53: no such host",
        Reason::MissingReference,
        "Service shop/mq-nodes",
        "there is no Service mq-nodes in shop"
    )]
    #[case::outside(
        "FATAL dial tcp: lookup api.stripe.example on 10.0.0.10:53: no such host",
        Reason::LogCause,
        "Pod shop/api",
        "outside the cluster"
    )]
    #[case::refused(
        "FATAL dial tcp 10.0.0.5:5432: connect: connection refused",
        Reason::LogCause,
        "StatefulSet shop/db",
        "(Service shop/db)"
    )]
    #[case::wrong_port(
        "FATAL dial tcp 10.0.0.5:5433: connect: connection refused",
        Reason::WrongValue,
        "Pod shop/api",
        "has no port 5433, its port is 5432; the port comes from env DB_PORT=5433"
    )]
    #[case::wrong_password(
        "FATAL password authentication failed for user \"shop\"",
        Reason::LogCause,
        "Secret shop/db-credentials",
        "env DB_PASSWORD from key password"
    )]
    #[case::forbidden(
        "FATAL pods is forbidden: User \"system:serviceaccount:shop:api\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
        Reason::RbacDenied,
        "Role shop/api",
        "must not list pods"
    )]
    #[case::missing_setting(
        "FATAL required environment variable DATABASE_URL is not set",
        Reason::LogCause,
        "Pod shop/api",
        "does not set (it sets DATABSE_URL)"
    )]
    #[case::missing_file(
        "FATAL open /etc/app/app.yml: no such file or directory",
        Reason::MissingKey,
        "ConfigMap shop/api-config",
        "has no key \"app.yml\" (it has CACHE_HOST, REGION)"
    )]
    #[case::disk_full(
        "FATAL write /data/wal: [Errno 28] No space left on device: '/data/wal'",
        Reason::DiskFull,
        "PersistentVolumeClaim shop/api-data",
        "is full"
    )]
    #[case::port_in_use(
        "FATAL listen tcp :8080: bind: address already in use",
        Reason::LogCause,
        "Pod shop/api",
        "container proxy of the same pod"
    )]
    #[case::java_heap(
        "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
        Reason::LogCause,
        "Pod shop/api",
        "Java heap space"
    )]
    #[case::unknown(
        "FATAL the flux capacitor is cold",
        Reason::ExitsByItself,
        "Pod shop/api",
        "flux capacitor is cold"
    )]
    fn crashes(#[case] text: &str, #[case] reason: Reason, #[case] blame: &str, #[case] says: &str) {
        let found = detect(&scene(CRASH, &format!("INFO starting\n{text}\n")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].claim.contains(says), "{}", found[0].claim);
        assert_eq!((found[0].reason, found[0].blame[0].to_string().as_str()), (reason, blame), "{}", found[0].claim);
        assert!(found[0].role == Role::Failing && !found[0].proof.is_empty() && !found[0].actions.is_empty());
    }

    const REFUSED: &str = "ERROR dial tcp 10.0.0.5:5432: connect: connection refused\n";

    #[rstest::rstest]
    #[case::not_ready(UNREADY, REFUSED.repeat(2), true)]
    #[case::ready_but_loud(READY, REFUSED.repeat(30), true)]
    #[case::ready_and_once(READY, format!("{REFUSED}INFO served 200\n"), false)]
    #[case::retried_and_connected(UNREADY, format!("{}INFO connected to database\n", REFUSED.repeat(3)), false)]
    #[case::long_ago(UNREADY, format!("{}{}", REFUSED.repeat(3), "INFO tick\n".repeat(60)), false)]
    #[case::still_starting(YOUNG, REFUSED.repeat(3), false)]
    #[case::no_errors(READY, "INFO done, 0 errors\n".repeat(9), false)]
    fn running(#[case] status: &str, #[case] text: String, #[case] counts: bool) {
        let found = detect(&scene(status, &text));
        assert_eq!(found.len(), usize::from(counts), "{found:?}");
        assert!(found.iter().all(|f| f.points_at.iter().any(|e| e.to_string() == "Service shop/db")));
    }

    #[test]
    fn an_unknown_error_that_repeats_counts_only_while_not_ready() {
        let text = "ERROR subscribe failed: no assignment for consumer 7\n".repeat(5);
        let found = detect(&scene(UNREADY, &text));
        assert!(found[0].claim.contains("its log repeats") && found[0].claim.contains("no assignment"), "{found:?}");
        assert!(detect(&scene(READY, &text)).is_empty() && detect(&scene(YOUNG, &text)).is_empty());
    }

    #[test]
    fn a_secret_that_changed_after_the_start_is_stale_and_time_outs_point_at_policies() {
        let text = "ERROR password authentication failed for user \"shop\"\n".repeat(4);
        let found = detect(&scene(UNREADY, &text));
        assert!(found[0].claim.contains("stale"), "{}", found[0].claim);
        let found = detect(&scene(UNREADY, &"ERROR dial tcp 10.0.0.5:5432: i/o timeout\n".repeat(4)));
        assert!(found[0].points_at.iter().any(|e| e.to_string() == "NetworkPolicy shop/deny"), "{found:?}");
    }
}
