//! Made-up reports, one for each verdict: what the tests of every renderer are fed with.
//!
//! Must never be shown to a person as a finding. Start at [`report`].

use jiff::{SignedDuration, Timestamp};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::evidence::{self, Evidence, Excerpt};
use midwatch_diagnosis::finding::{Confidence, Finding, Reason, Role};
use midwatch_diagnosis::link::Incident;
use midwatch_diagnosis::logs::{Level, LogLine};
use midwatch_diagnosis::probe::{ContainerRef, Probe, ReadFailure};
use midwatch_diagnosis::report::{Report, compose};
use midwatch_diagnosis::scope::Scope;
use midwatch_diagnosis::verdict::{Diagnosis, Verdict};
use midwatch_diagnosis::view::{Collected, View};

/// A report of this class. `hostile` is put where text of the outside stands: log lines, events, labels.
pub fn report(verdict: Verdict, hostile: &str) -> Report {
    let diagnosis = diagnosis(verdict, hostile);
    compose(&view(), &scope(hostile), &diagnosis, format!("sample-{}", verdict.as_str()))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_348_800).unwrap_or_default()
}

fn ago(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).unwrap_or_default()
}

fn view() -> View {
    let unread = Collected {
        probe: Probe::Objects { kind: Kind::Secret, namespace: Some("shop".to_owned()) },
        result: Err(ReadFailure::Forbidden("secrets is forbidden".to_owned())),
        gaps: Vec::new(),
    };
    View::new(vec![unread], Some(now()), SignedDuration::from_hours(1))
}

fn checkout() -> EntityRef {
    EntityRef::new(Kind::Deployment, "shop", "checkout")
}

/// The alert of every sample.
pub fn alert(hostile: &str) -> Alert {
    let label = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    Alert {
        name: "KubePodCrashLooping".to_owned(),
        firing: true,
        labels: [
            label("alertname", "KubePodCrashLooping"),
            label("namespace", "shop"),
            label("pod", "checkout-5d4-x"),
            label("severity", "warning"),
            label("team", &format!("pay{hostile}")),
        ]
        .into(),
        annotations: [label("summary", "Pod is crash looping.")].into(),
        starts_at: Some(ago(300)),
        ..Alert::default()
    }
}

fn scope(hostile: &str) -> Scope {
    Scope {
        targets: vec![checkout()],
        namespaces: ["shop".to_owned()].into(),
        onset: Some(ago(300)),
        alerts: vec![alert(hostile)],
        question: Some("why is checkout down?".to_owned()),
        ..Scope::default()
    }
}

fn back_off(hostile: &str) -> Evidence {
    let excerpt = Excerpt::Event {
        kind: "Warning".to_owned(),
        reason: "BackOff".to_owned(),
        message: format!("Back-off restarting failed container api{hostile}"),
        count: 7,
        first: Some(ago(290)),
        last: Some(ago(20)),
    };
    let command = "kubectl -n shop get events --field-selector involvedObject.name=checkout-5d4-x".to_owned();
    Evidence { about: EntityRef::new(Kind::Pod, "shop", "checkout-5d4-x"), excerpt, command }
}

fn last_words(hostile: &str) -> Evidence {
    let of = ContainerRef { namespace: "shop".into(), pod: "checkout-5d4-x".into(), container: "api".into() };
    let text = format!("FATAL DATABASE_URL is not set{hostile}");
    evidence::log(&of, true, &LogLine { number: 3, at: Some(ago(295)), level: Level::Fatal, text })
}

fn crash(hostile: &str) -> Finding {
    let claim = "Container api of Deployment shop/checkout exits because DATABASE_URL is not set";
    let exit = evidence::object(&checkout(), "lastState.terminated: exitCode=1");
    Finding::new(Reason::LogCause, checkout(), claim)
        .container("api")
        .since(Some(ago(295)))
        .because(format!("its last line is `FATAL DATABASE_URL is not set`{hostile}"), last_words(hostile))
        .because("the kubelet waits before it starts it again", back_off(hostile))
        .rules_out("memory: it was not killed, exit code 1", exit)
        .action(
            "Set DATABASE_URL",
            Some("kubectl -n shop set env deployment/checkout DATABASE_URL=...".into()),
            "low: restarts the pods",
        )
        .check("kubectl -n shop rollout status deployment/checkout")
}

fn claim_pending() -> Finding {
    let claim = EntityRef::new(Kind::PersistentVolumeClaim, "shop", "data-redis-0");
    let class = EntityRef::new(Kind::StorageClass, "", "fast");
    let text = "PersistentVolumeClaim shop/data-redis-0 wants StorageClass fast, which does not exist";
    Finding::new(Reason::ClaimUnbindable, claim, text)
        .blame(class.clone())
        .because("StorageClass fast is not there", evidence::absence(&class))
}

fn works(role: Role, reason: Reason, text: &str) -> Finding {
    let seen = evidence::object(&checkout(), "status: readyReplicas=3 of 3");
    Finding::new(reason, checkout(), text).role(role).because("3 of 3 pods are ready", seen)
}

fn diagnosis(verdict: Verdict, hostile: &str) -> Diagnosis {
    let incident = |root: Finding| Incident { roots: vec![root], effects: Vec::new() };
    let incidents = match verdict {
        Verdict::Cause => vec![incident(crash(hostile)), incident(claim_pending())],
        Verdict::Inconclusive => vec![incident(weak(hostile))],
        _ => Vec::new(),
    };
    let serving = || works(Role::Healthy, Reason::Serving, "Deployment shop/checkout has all of its 3 pods ready");
    let grounds = match verdict {
        Verdict::Healthy => vec![serving()],
        Verdict::Recovered => vec![works(Role::Over, Reason::Restarted, "container api restarted once, 20 min ago")],
        Verdict::Expected => vec![works(Role::Expected, Reason::RolloutInProgress, "a rollout is in progress")],
        _ => Vec::new(),
    };
    Diagnosis {
        verdict,
        confidence: if verdict == Verdict::Inconclusive { Confidence::Low } else { Confidence::High },
        in_scope: incidents.len().min(1),
        incidents,
        grounds,
        context: Vec::new(),
        healthy: if verdict == Verdict::Recovered { vec![serving()] } else { Vec::new() },
    }
}

fn weak(hostile: &str) -> Finding {
    Finding::new(Reason::PodNotReady, checkout(), "Deployment shop/checkout has 2 of 3 pods ready")
        .confidence(Confidence::Low)
        .because("one pod is not ready", back_off(hostile))
}
