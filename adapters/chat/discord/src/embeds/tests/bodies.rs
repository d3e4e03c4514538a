//! What is rendered: one body of every kind, with text of the outside wherever it can stand.

use std::time::Duration;

use midwatch_agent::render::sample;
use midwatch_agent::request::{Progress, RunFacts, Step, StepState};
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::id::JobId;
use midwatch_service::incident::StormRow;
use midwatch_service::post::{AlertsNow, LivingMessage, LivingStatus, Opening, PostBody, Private, StormTable};

pub(super) fn job() -> JobId {
    "0199d2c4a81f7b62a1c4e1f0a7c3b5d2".parse().unwrap()
}

fn progress(step: Step, state: StepState, text: &str) -> Progress {
    Progress { step, state, text: text.to_owned() }
}

pub(super) fn living(status: LivingStatus, hostile: &str) -> LivingMessage {
    LivingMessage {
        title: format!("Deployment shop/checkout, prod-eu{hostile}"),
        job: Some(job()),
        status,
        steps: vec![
            progress(Step::Scope, StepState::Complete, &format!("{hostile}scope: 2 of 3 pods crash")),
            progress(Step::Objects, StepState::Partial, &format!("read 3 pods, secrets are forbidden{hostile}")),
            progress(Step::Logs, StepState::InProgress, ""),
        ],
        notes: vec![format!("80 % of the time has passed{hostile}"), format!("{hostile}again")],
        alerts: Some(AlertsNow { firing: 2, resolved: 1, repeats: 5, reopened: 1, resolved_after: None }),
    }
}

/// The report's class, with text of the outside.
pub(super) fn report(verdict: Verdict, hostile: &str) -> PostBody {
    of(sample::report(verdict, hostile))
}

pub(super) fn of(report: Report) -> PostBody {
    let run = RunFacts { elapsed: Duration::from_millis(4_100), reads: 19, bytes: 1_000, model: None };
    PostBody::Report { job: job(), report: Box::new(report), run, may_be_repeated: false }
}

/// A report that no message holds: each list this long, each claim followed by this text.
pub(super) fn long_report(entries: usize, more: &str) -> Report {
    let mut report = sample::report(Verdict::Cause, "");
    for list in [&mut report.why, &mut report.ruled_out, &mut report.blast_radius] {
        for claim in list.iter_mut() {
            claim.text = format!("{}{more}", claim.text);
        }
        let first = list.first().cloned();
        list.extend(first.into_iter().cycle().take(entries));
    }
    let moments = report.timeline.clone();
    report.timeline.extend(moments.into_iter().cycle().take(entries));
    for gap in report.could_not_see.clone().into_iter().cycle().take(entries) {
        report.could_not_see.push(gap);
    }
    for _ in 0..entries.min(20) {
        let mut again = report.recommendations[0].clone();
        again.action = format!("{}{more}", again.action);
        again.risk = format!("{}{more}", again.risk);
        again.command = Some(format!("kubectl get pods -l 'app in ({})'", "checkout, ".repeat(entries.min(50))));
        report.recommendations.push(again);
    }
    report.root_cause = format!("{}{more}", report.root_cause);
    report
}

/// A report in which nothing stands that may be missing.
pub(super) fn empty_report() -> Report {
    let mut report = sample::report(Verdict::Inconclusive, "");
    for list in [&mut report.why, &mut report.ruled_out, &mut report.blast_radius] {
        list.clear();
    }
    report.timeline.clear();
    report.recommendations.clear();
    report.next_probes.clear();
    report.could_not_see.clear();
    report.incidents.clear();
    report.root_entities.clear();
    report.root_cause.clear();
    report
}

pub(super) fn answer(hostile: &str) -> Answer {
    Answer::text(format!("Between revisions 41 and 42: env `DATABASE_URL` removed{hostile}."))
        .with_text(format!("{hostile}\n\n{hostile} `{hostile}`"))
        .with_code(format!("FATAL DATABASE_URL is not set{hostile}"))
        .with(Part::Table {
            head: vec!["Pod".to_owned(), "Restarts".to_owned()],
            rows: vec![
                vec![format!("checkout-5d4-x{hostile}"), "7".to_owned()],
                vec!["漢字-5d4-y".to_owned(), "12".to_owned()],
                vec!["checkout-5d4-z".to_owned()],
            ],
        })
        .with(Part::File(File {
            name: format!("checkout{hostile}.log"),
            title: format!("the last 400 lines{hostile}"),
            text: format!("line{hostile}"),
        }))
}

pub(super) fn private(answer: Answer) -> PostBody {
    PostBody::Private(Private { to: "80351110224678912".to_owned(), reply: None, answer })
}

pub(super) fn storm(rows: usize, name: &str) -> StormTable {
    let row = |n: usize| StormRow { alert: format!("{name}{n}"), namespace: "shop".to_owned(), firing: 3, total: 9 };
    StormTable { rows: (0..rows).map(row).collect(), beyond: 2, received: 900, firing: 300, resolved_after: None }
}

pub(super) fn opening(hostile: &str) -> Opening {
    let mut alert: Alert = sample::alert(hostile);
    alert.name.push_str(hostile);
    alert.annotations.insert("summary".to_owned(), format!("{hostile}Pod is crash looping."));
    Opening {
        title: format!("{hostile}KubePodCrashLooping shop"),
        asked_by: Some(format!("{hostile}ann")),
        question: Some(format!("why is checkout down?{hostile}")),
        alerts: vec![alert; 7],
        more: 3,
        previous: Some("0199d2c4a81f7b62a1c4e1f0a7c3b5d3".parse().unwrap()),
    }
}

/// One body of every kind.
pub(super) fn every(hostile: &str) -> Vec<PostBody> {
    let headline = format!("{hostile}revision 42 dropped DATABASE_URL{hostile}");
    let mut resolved = living(LivingStatus::Reported { verdict: Verdict::Cause, headline: headline.clone() }, hostile);
    resolved.alerts = Some(AlertsNow { resolved_after: Some(format!("11 min{hostile}")), ..AlertsNow::default() });
    let mut all = vec![
        PostBody::Opening(opening(hostile)),
        PostBody::Living(living(LivingStatus::Queued, hostile)),
        PostBody::Living(living(LivingStatus::Investigating, hostile)),
        PostBody::Living(living(LivingStatus::Reported { verdict: Verdict::Blind, headline }, hostile)),
        PostBody::Living(living(LivingStatus::Failed { why: format!("{hostile}E003{hostile}") }, hostile)),
        PostBody::Living(living(LivingStatus::Cancelled { why: format!("stopped by ann{hostile}") }, hostile)),
        PostBody::Living(resolved),
        PostBody::Storm(storm(60, hostile)),
        PostBody::Notice { text: format!("{hostile}RESOLVED after 11 min\n{hostile}") },
        PostBody::Answer { answer: answer(hostile), may_be_repeated: true },
        private(answer(hostile)),
        of(long_report(30, hostile)),
    ];
    all.extend(Verdict::ALL.map(|verdict| report(verdict, hostile)));
    all
}
