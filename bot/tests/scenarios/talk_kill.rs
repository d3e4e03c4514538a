//! `kill -9` at seeded points of a running conversation on Slack: what was acknowledged is answered, once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use midwatch_doubles::slack::{DeliveryFault, Fault, Limits, Message, Options, Slack};
use midwatch_service::button::Button;
use midwatch_service::job::{Job, JobState};
use midwatch_service::port::store::{JobFilter, Store as _};
use tokio::task::JoinHandle;

use crate::chat::{ANN, ASK, BOB, By, Team, is_report, posted_about};
use crate::kill::Seeded;
use crate::support::Server;

/// Points at which it is killed.
const KILLS: u64 = 100;
/// Channels that people talk in, and as many where alerts are posted: one alone would only show its limit.
const CHANNELS: u64 = 10;
/// The words under a message that may be there twice.
const DECLARED: &str = "This may be a repetition";
/// How long everything may take to be answered after the last start. A bound for a test that fails, not a goal.
const PATIENCE: Duration = Duration::from_mins(4);

/// What was said and pressed.
#[derive(Default)]
struct Said {
    /// Channel and message of each investigation that was asked for by a mention.
    asked: Vec<(String, String)>,
    /// Channel and message of each alert.
    alerts: Vec<(String, String)>,
    /// Channel, thread and message of each question in a thread.
    questions: Vec<(String, String, String)>,
    /// Commands and presses: whether they were acknowledged.
    commands: Vec<JoinHandle<bool>>,
    /// The button's value, and whether the press was acknowledged.
    presses: Vec<(String, JoinHandle<bool>)>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_answered_once_through_a_hundred_kills() {
    let team = std::sync::Arc::new(team().await);
    let (mut seeded, mut said) = (Seeded(20_261_123), Said::default());
    for round in 0..KILLS {
        let server = team.place.start();
        talk(&team, &mut seeded, &mut said, round);
        tokio::time::sleep(Duration::from_millis(100 + seeded.below(800))).await;
        server.kill();
    }
    team.slack.calm();
    let mut server = team.place.start();
    server.ready().await;
    settled(&team, &server).await;
    assert!(server.terminate().success());
    let receipts = team.slack.receipts();
    let missed = receipts.iter().filter(|r| r.elapsed.is_none()).count();
    eprintln!("{missed} of {} deliveries were not acknowledged", receipts.len());
    check_threads(&team, &said);
    check_jobs(&team, said).await;
}

async fn team() -> Team {
    let extra = "incidents: {storm_groups: 1000}\njobs: {lease: 10s, queue: 1000}\n\
        conversation: {user_starts: 1000, channel_starts: 1000, workspace_starts: 1000}\n";
    let channels: Vec<String> = (0..CHANNELS).map(alerts_in).collect();
    let options = Options { limits: Limits::none(), retries: 1_000, ..Options::default() };
    let team = Team::with_alerts_in(By::Sockets, options, extra, &channels).await;
    for number in 0..CHANNELS {
        team.slack.add_channel(&talk_in(number), &format!("talk-{number}"), &[ANN, BOB]);
    }
    let faults = vec![Fault::Status(503), Fault::ResetAfter, Fault::ResetBefore, Fault::StatusAfter(500)];
    team.slack.chaos(7, 8, faults);
    team.slack.delivery_chaos(
        7,
        8,
        vec![DeliveryFault::Twice, DeliveryFault::Twice, DeliveryFault::DropBefore, DeliveryFault::DropAfter],
    );
    team
}

fn talk_in(number: u64) -> String {
    format!("C0TALK{number}")
}

fn alerts_in(number: u64) -> String {
    format!("C0ALERTS{number}")
}

/// What is said in one round: an investigation or an alert, a question in a thread, a command, a button.
fn talk(team: &std::sync::Arc<Team>, seeded: &mut Seeded, said: &mut Said, round: u64) {
    let slack = &team.slack;
    // No more than the pace lets out: what waits for its turn at the end is waited for.
    if round.is_multiple_of(4) {
        let channel = talk_in(seeded.below(CHANNELS));
        let root = slack.mention(ANN, &channel, None, ASK);
        said.asked.push((channel, root));
    } else if round % 4 == 2 {
        let channel = alerts_in(seeded.below(CHANNELS));
        let alert = posted_about(&format!("Slow{round}"), &format!("talk{round}"));
        let root = slack.post_as_app(&channel, &alert);
        said.alerts.push((channel, root));
    }
    let (channel, root) = said.asked[usize::try_from(seeded.below(said.asked.len() as u64)).unwrap()].clone();
    let thread = slack.thread(&channel, &root);
    // Before there is an answer the thread is not known to be ours, except by name.
    if round % 2 == 1 && thread.iter().any(Message::is_own) {
        let question = ["why?", "next steps?", "show me the logs of the previous container"][index(round % 3)];
        let ts = slack.say(BOB, &channel, Some(&root), question);
        said.questions.push((channel.clone(), root, ts));
    }
    if round.is_multiple_of(8) {
        let (team, channel) = (team.clone(), channel.clone());
        said.commands.push(tokio::spawn(async move { team.slack.slash(BOB, &channel, ASK).await.is_ok() }));
    }
    if let Some(report) = thread.into_iter().find(is_report).filter(|_| round % 4 < 2) {
        let (action, value) = ["midwatch:helpful", "midwatch:again"]
            .map(|wanted| report.buttons().into_iter().find(|(action, ..)| action == wanted).unwrap())
            .map(|(action, _, value)| (action, value))[index(round / 4 % 2)]
        .clone();
        let team = team.clone();
        let press = async move { team.slack.press_seen(BOB, &report, &action).await.is_ok() };
        said.presses.push((value, tokio::spawn(press)));
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

/// Waits until everything was brought, handled and sent.
async fn settled(team: &Team, server: &Server) {
    let began = Instant::now();
    loop {
        let (_, jobs) = server.get("/api/v1/jobs?state=pending,initializing,running,completing&limit=1").await;
        let idle = jobs["jobs"].as_array().is_some_and(Vec::is_empty);
        if idle && team.slack.unsent() == 0 && nothing_waits(team).await {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "it does not come to rest: {}", team.place.logged());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Asks the store: the server's figures are looked up now and then, and are zero at its start.
async fn nothing_waits(team: &Team) -> bool {
    let store = midwatch_sqlite::SqliteStore::open_reader(&team.place.state()).unwrap();
    store.next_heard().await.unwrap().is_none() && store.load().await.unwrap().posts == 0
}

/// The hashed key that a message carries.
fn key(message: &Message) -> String {
    let metadata = message.metadata.as_ref().unwrap_or_else(|| panic!("no key: {}", message.reads()));
    metadata["event_payload"]["key"].as_str().unwrap().to_owned()
}

/// Every thread has its report, every question its answer, and no message stands twice that does not say so.
fn check_threads(team: &Team, said: &Said) {
    let slack = &team.slack;
    let mut declared = 0;
    for number in 0..CHANNELS {
        for channel in [talk_in(number), alerts_in(number)] {
            let mut seen = BTreeSet::new();
            for message in slack.own(&channel) {
                let fresh = seen.insert(key(&message));
                let says_so = message.reads().contains(DECLARED);
                declared += u32::from(says_so);
                assert!(fresh || says_so, "doubled: {}\n{}", message.reads(), thread_of(slack, &message));
            }
        }
    }
    for (channel, root) in said.asked.iter().chain(&said.alerts) {
        assert!(
            slack.thread(channel, root).iter().any(is_report),
            "no report below {root} in {channel}: {}",
            slack.told()
        );
    }
    let mut asked: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (channel, root, _) in &said.questions {
        *asked.entry((channel, root)).or_default() += 1;
    }
    for ((channel, root), questions) in asked {
        let answers: BTreeSet<String> = slack.thread(channel, root).iter().filter(|m| is_answer(m)).map(key).collect();
        // There are more words than answers: of a re-run, that something is looked up. Doubles are told by their keys.
        assert!(answers.len() >= questions, "below {root}: {}", thread(&slack.thread(channel, root)));
    }
    eprintln!("{declared} messages are declared as possible repetitions");
}

/// Neither living message nor report, nor the word that an answer follows.
fn is_answer(message: &Message) -> bool {
    let reads = message.reads();
    let announces = reads.contains("I look that up meanwhile");
    let own_kind = announces || is_report(message) || !message.before.is_empty();
    message.is_own() && !own_kind
}

fn thread_of(slack: &Slack, message: &Message) -> String {
    thread(&slack.thread(&message.channel, message.thread_ts.as_deref().unwrap_or(&message.ts)))
}

fn thread(messages: &[Message]) -> String {
    let line = |m: &Message| {
        format!("{} {:?} edits {}: {:.160}\n", m.ts, m.metadata, m.before.len(), m.reads().replace('\n', " "))
    };
    messages.iter().map(line).collect()
}

/// Every job has ended, and each thing that was asked for has one.
async fn check_jobs(team: &Team, said: Said) {
    let store = midwatch_sqlite::SqliteStore::open_reader(&team.place.state()).unwrap();
    let (mut jobs, mut filter): (Vec<Job>, _) = (Vec::new(), JobFilter { limit: 500, ..JobFilter::default() });
    loop {
        let page = store.jobs(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(last.spec.id);
        jobs.extend(page);
    }
    let mut of_request: BTreeMap<&str, usize> = BTreeMap::new();
    for job in &jobs {
        assert_eq!(job.state, JobState::Completed, "{job:?}");
        *of_request.entry(&job.spec.origin.request_id).or_default() += 1;
    }
    let doubled: Vec<_> = of_request.iter().filter(|(_, jobs)| **jobs > 1).collect();
    assert!(doubled.is_empty(), "started more than once: {doubled:?}");
    let by_mention = said.asked.iter().filter(|(c, ts)| of_request.contains_key(format!("slack:{c}:{ts}").as_str()));
    assert_eq!(by_mention.count(), said.asked.len());
    let (sent, mut acknowledged) = (said.commands.len(), 0);
    for command in said.commands {
        acknowledged += usize::from(command.await.unwrap());
    }
    let by_command = of_request.keys().filter(|id| id.starts_with("slack:command:")).count();
    assert!(
        (acknowledged..=sent).contains(&by_command),
        "{acknowledged} of {sent} were acknowledged, {by_command} ran"
    );
    let (mut pressed, buttons) = (0, said.presses.len());
    for (value, press) in said.presses {
        if !press.await.unwrap() {
            continue;
        }
        pressed += 1;
        let Button { action, job } = value.parse().unwrap();
        if action == midwatch_service::button::Action::Helpful {
            assert_eq!(store.feedback(job).await.unwrap().len(), 1, "feedback on {job}");
        }
    }
    let again = of_request.keys().filter(|id| id.starts_with("slack:press:")).count();
    eprintln!(
        "{} jobs; {} mentions, {} alerts, {} questions, {acknowledged} of {sent} commands and {pressed} of {buttons} presses acknowledged, {again} ran again",
        jobs.len(),
        said.asked.len(),
        said.alerts.len(),
        said.questions.len()
    );
    assert!(acknowledged > 0 && pressed > 0 && said.questions.len() > 10, "the conversation is too thin");
}
