//! `kill -9` at seeded points of a conversation on Slack and Discord at once: what was taken is answered, once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use midwatch_doubles::{discord, slack};
use midwatch_service::button::Button;
use midwatch_service::port::store::Store as _;
use tokio::task::JoinHandle;

use crate::accounts::Accounts;
use crate::chat::ASK;
use crate::crowd::{Both, CHANNELS, Crowd};
use crate::figures;
use crate::kill::Seeded;
use crate::support::Server;

/// Points at which it is killed.
const KILLS: u64 = 100;
/// How long everything may take to be answered after the last start. A bound for a test that fails, not a goal.
const PATIENCE: Duration = Duration::from_mins(4);

/// A question in a thread.
pub(crate) struct Question {
    pub(crate) channel: String,
    pub(crate) root: String,
    pub(crate) message: String,
}

/// What was said and pressed on one platform.
#[derive(Default)]
pub(crate) struct Said {
    /// Channel and message of each investigation that was asked for by a mention.
    pub(crate) asked: Vec<(String, String)>,
    /// Channel and message of each alert.
    pub(crate) alerts: Vec<(String, String)>,
    /// In the order they were asked.
    pub(crate) questions: Vec<Question>,
    /// Commands: how long until they were acknowledged.
    pub(crate) commands: Vec<JoinHandle<Option<Duration>>>,
    /// What the button carries, and how long until the press was acknowledged.
    pub(crate) presses: Vec<(Button, JoinHandle<Option<Duration>>)>,
}

/// What is drawn for one round: the same on both platforms.
struct Round {
    number: u64,
    channel: u64,
    thread: u64,
    /// Whether it is said to a server that listens, not to one that only starts.
    waits: bool,
    /// When someone gives a command or presses, after the rest was said.
    moment: Duration,
    lives: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_answered_once_through_a_hundred_kills() {
    let both = both().await;
    let mut seeded = Seeded(20_261_123);
    let mut said = [Said::default(), Said::default()];
    for number in 0..KILLS {
        let server = both.place.start();
        let round = Round {
            number,
            channel: seeded.below(CHANNELS),
            thread: seeded.below(KILLS),
            waits: seeded.below(2) == 0,
            moment: Duration::from_millis(seeded.below(500)),
            lives: Duration::from_millis(100 + seeded.below(900)),
        };
        if round.waits {
            both.listened_to().await;
        }
        for (crowd, said) in both.crowds.iter().zip(&mut said) {
            talk(crowd, said, &round);
        }
        tokio::time::sleep(round.lives).await;
        server.kill();
    }
    for crowd in &both.crowds {
        crowd.calm();
    }
    let mut server = both.place.start();
    server.ready().await;
    let began = Instant::now();
    settled(&both, &said, &server).await;
    eprintln!("after the last start everything was said within {:?}", began.elapsed());
    assert!(server.terminate().success());
    let accounts = Accounts::of(&both.place).await;
    let mut figures = Vec::new();
    for (crowd, said) in both.crowds.iter().zip(said) {
        figures.push(accounts.check(crowd.as_ref(), said).await);
    }
    figures::print(&figures);
}

async fn both() -> Both {
    let extra = "incidents: {storm_groups: 1000}\njobs: {lease: 10s, queue: 1000}\n\
        conversation: {user_starts: 1000, channel_starts: 1000, workspace_starts: 1000}\n";
    let both = Both::new(extra).await;
    both.slack.chaos(7, 8, {
        use slack::Fault::{ResetAfter, ResetBefore, Status, StatusAfter, TooMany};
        vec![Status(503), ResetAfter, ResetBefore, StatusAfter(500), TooMany(1)]
    });
    both.slack.delivery_chaos(7, 8, {
        use slack::DeliveryFault::{DropAfter, DropBefore, Twice};
        vec![Twice, Twice, DropBefore, DropAfter]
    });
    both.discord.chaos(7, 8, {
        use discord::Fault::{ResetAfter, ResetBefore, Status, StatusAfter, TooMany};
        vec![Status(503), ResetAfter, ResetBefore, StatusAfter(500), TooMany { seconds: 1, global: false }]
    });
    both.discord.delivery_chaos(7, 8, {
        use discord::DeliveryFault::{DropAfter, DropBefore, Twice};
        vec![Twice, Twice, DropBefore, DropAfter]
    });
    both
}

/// What is said in one round: an investigation or an alert, a question in a thread, a command, a button.
fn talk(crowd: &Arc<dyn Crowd>, said: &mut Said, round: &Round) {
    let number = round.number;
    // No more than the pace lets out: what waits for its turn at the end is waited for.
    if number.is_multiple_of(4) {
        let channel = crowd.talk(round.channel);
        let root = crowd.mention(&channel, ASK);
        said.asked.push((channel, root));
    } else if number % 4 == 2 {
        let channel = crowd.alerts(round.channel);
        // On both it would be one incident, with a thread on one of them.
        let service = format!("{}{number}", crowd.name());
        let root = crowd.alert(&channel, &format!("Slow{number}"), &service);
        said.alerts.push((channel, root));
    }
    let (channel, root) = said.asked[index(round.thread) % said.asked.len()].clone();
    let thread = crowd.thread(&channel, &root);
    // Before there is an answer the thread is not known to be ours, except by name.
    if number % 2 == 1 && !thread.is_empty() {
        let question = ["why?", "next steps?", "show me the logs of the previous container"][index(number % 3)];
        let message = crowd.say(&channel, &root, question);
        said.questions.push(Question { channel: channel.clone(), root, message });
    }
    let moment = round.moment;
    if number.is_multiple_of(8) {
        let crowd = crowd.clone();
        said.commands.push(tokio::spawn(async move {
            tokio::time::sleep(moment).await;
            crowd.investigate(&channel).await
        }));
    }
    if let Some(report) = thread.into_iter().find(|message| message.is_report).filter(|_| number % 4 < 2) {
        let action = ["helpful", "again"][index(number / 4 % 2)];
        let carried = report.buttons.iter().find(|button| button.contains(&format!(":{action}:"))).unwrap().clone();
        let (crowd, button) = (crowd.clone(), carried.parse().unwrap());
        let press = async move {
            tokio::time::sleep(moment).await;
            crowd.press(&report, &carried).await
        };
        said.presses.push((button, tokio::spawn(press)));
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

/// Waits until everything was brought, handled and sent.
async fn settled(both: &Both, said: &[Said], server: &Server) {
    let began = Instant::now();
    loop {
        let (_, jobs) = server.get("/api/v1/jobs?state=pending,initializing,running,completing&limit=1").await;
        let idle = jobs["jobs"].as_array().is_some_and(Vec::is_empty);
        let still = idle && both.crowds.iter().all(|crowd| crowd.is_still()) && nothing_waits(both).await;
        let mut missing = Vec::new();
        if still {
            // What is read again after a start is brought by nobody: that it was read is seen by what it leads to.
            let accounts = Accounts::of(&both.place).await;
            let all = both.crowds.iter().zip(said);
            missing = all.flat_map(|(crowd, said)| accounts.missing(crowd.as_ref(), said)).collect();
            if missing.is_empty() {
                return;
            }
        }
        assert!(began.elapsed() < PATIENCE, "it does not come to rest: {missing:#?}\n{}", both.place.logged());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Asks the store: the server's figures are looked up now and then, and are zero at its start.
async fn nothing_waits(both: &Both) -> bool {
    let store = midwatch_sqlite::SqliteStore::open_reader(&both.place.state()).unwrap();
    store.next_heard().await.unwrap().is_none() && store.load().await.unwrap().posts == 0
}
