//! What came of a conversation: told from the store, and counted in what people see.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use midwatch_service::button::{Action, Button};
use midwatch_service::id::ThreadId;
use midwatch_service::job::{Job, JobState, Task};
use midwatch_service::port::store::{JobFilter, Store as _};
use midwatch_sqlite::SqliteStore;

use crate::crowd::{CHANNELS, Crowd, Shown};
use crate::figures::{Figures, Taken};
use crate::support::Place;
use crate::talk_kill::{Question, Said};

/// The words under a message that may be there twice.
const DECLARED: &str = "This may be a repetition";

/// Every job, and the store they are in.
pub(crate) struct Accounts {
    store: SqliteStore,
    jobs: Vec<Job>,
}

/// Our messages on one platform by the hash of their key, each in the order they came.
struct Seen<'a> {
    crowd: &'a dyn Crowd,
    by_tag: BTreeMap<String, Vec<Shown>>,
}

impl Seen<'_> {
    fn of(crowd: &dyn Crowd) -> Seen<'_> {
        let mut by_tag: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
        for channel in (0..CHANNELS).flat_map(|number| [crowd.talk(number), crowd.alerts(number)]) {
            for message in crowd.own(&channel) {
                by_tag.entry(message.tag.clone()).or_default().push(message);
            }
        }
        Seen { crowd, by_tag }
    }

    /// The first with this key.
    fn first(&self, key: &str) -> Option<&Shown> {
        self.by_tag.get(&self.crowd.tag(key))?.first()
    }
}

impl Accounts {
    /// Reads the store.
    pub(crate) async fn of(place: &Place) -> Accounts {
        let store = SqliteStore::open_reader(&place.state()).unwrap();
        let (mut jobs, mut filter) = (Vec::new(), JobFilter { limit: 500, ..JobFilter::default() });
        loop {
            let page = store.jobs(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.before = Some(last.spec.id);
            jobs.extend(page);
        }
        Accounts { store, jobs }
    }

    /// What was asked and is not answered.
    pub(crate) fn missing(&self, crowd: &dyn Crowd, said: &Said) -> Vec<String> {
        let seen = Seen::of(crowd);
        let reported = |(channel, root): &&(String, String)| crowd.thread(channel, root).iter().any(|m| m.is_report);
        let roots = said.asked.iter().chain(&said.alerts).filter(|root| !reported(root));
        let roots = roots.map(|(channel, root)| format!("{}: no report below {root} in {channel}", crowd.name()));
        let open = said.questions.iter().filter(|question| seen.first(&self.answer(crowd, question)).is_none());
        let open = open.map(|it| format!("{}: no answer to {} below {}", crowd.name(), it.message, it.root));
        roots.chain(open).collect()
    }

    /// The key of the answer to a question: of the job that read for it, or of what was told at once.
    fn answer(&self, crowd: &dyn Crowd, question: &Question) -> String {
        let heard = crowd.heard(&question.channel, Some(&question.root), &question.message);
        let job = self.jobs.iter().find(|job| job.spec.origin.request_id == heard);
        job.map_or_else(|| told(&heard), |job| format!("job:{}:answer", job.spec.id))
    }

    /// Everything that must hold on one platform.
    pub(crate) async fn check(&self, crowd: &dyn Crowd, said: Said) -> Figures {
        let (seen, missing) = (Seen::of(crowd), self.missing(crowd, &said));
        assert!(missing.is_empty(), "{missing:#?}\n{}", crowd.told());
        let jobs = self.jobs_of(crowd).await;
        let declared = doubled(&seen);
        self.accounted_for(&seen, &jobs, &said);
        in_order(&seen, &jobs);
        let swapped = swapped(&seen, &said.questions);
        assert!(swapped == 0 || crowd.redelivers(), "{swapped} answers overtook another in their thread");
        let messages = seen.by_tag.values().flatten();
        let (calls, faults) = crowd.calls();
        Figures {
            platform: crowd.name(),
            asked: said.asked.len(),
            alerts: said.alerts.len(),
            questions: said.questions.len(),
            jobs: jobs.len(),
            messages: messages.clone().count(),
            edits: messages.map(|message| message.edits).sum(),
            declared,
            swapped,
            commands: commands(&jobs, crowd, &said.asked, said.commands).await,
            presses: self.pressed(said.presses).await,
            calls,
            faults,
        }
    }

    /// The jobs that are shown on a platform: each has ended, and none was started twice.
    async fn jobs_of(&self, crowd: &dyn Crowd) -> Vec<&Job> {
        let (mut jobs, mut by_request) = (Vec::new(), BTreeMap::<&str, usize>::new());
        for job in &self.jobs {
            assert_eq!(job.state, JobState::Completed, "{job:?}");
            let thread = self.store.thread(job.spec.thread.unwrap()).await.unwrap().unwrap();
            if thread.platform == crowd.name() {
                jobs.push(job);
                *by_request.entry(&job.spec.origin.request_id).or_default() += 1;
            }
        }
        let doubled: Vec<_> = by_request.iter().filter(|(_, jobs)| **jobs > 1).collect();
        assert!(doubled.is_empty(), "started more than once: {doubled:?}");
        jobs
    }

    /// There is what each job ends in, and nothing that nobody asked for.
    fn accounted_for(&self, seen: &Seen<'_>, jobs: &[&Job], said: &Said) {
        let mut expected = BTreeSet::new();
        for job in jobs {
            let end = end_of(job);
            assert!(seen.first(&end).is_some(), "{end} is not there: {job:?}");
            expected.insert(end);
            expected.extend(["opening", "living"].map(|what| part(job.spec.thread.unwrap(), what)));
        }
        for question in &said.questions {
            expected.insert(self.answer(seen.crowd, question));
            // That it is looked up while an investigation still runs.
            expected.insert(told(&heard(seen.crowd, question)));
        }
        let expected: BTreeSet<String> = expected.iter().map(|key| seen.crowd.tag(key)).collect();
        let strange: Vec<_> = seen.by_tag.iter().filter(|(tag, _)| !expected.contains(*tag)).collect();
        assert!(strange.is_empty(), "nobody asked for these: {strange:#?}");
    }

    /// What was pressed, and how many of what was acknowledged told that a report helped: each is kept.
    async fn pressed(&self, presses: Vec<(Button, Pending)>) -> Taken {
        let mut taken = Taken { given: presses.len(), ..Taken::default() };
        for (Button { action, job }, press) in presses {
            if press.await.unwrap().is_none() {
                continue;
            }
            taken.acknowledged += 1;
            if action == Action::Helpful {
                assert_eq!(self.store.feedback(job).await.unwrap().len(), 1, "feedback on {job}");
                taken.came += 1;
            }
        }
        taken
    }
}

type Pending = tokio::task::JoinHandle<Option<Duration>>;

fn heard(crowd: &dyn Crowd, question: &Question) -> String {
    crowd.heard(&question.channel, Some(&question.root), &question.message)
}

fn told(heard: &str) -> String {
    format!("heard:{heard}:answer")
}

fn part(thread: ThreadId, what: &str) -> String {
    format!("thread:{thread}:{what}")
}

/// The key of the message that a job ends in.
fn end_of(job: &Job) -> String {
    let what = if job.spec.task == Task::Investigate { "report" } else { "answer" };
    format!("job:{}:{what}", job.spec.id)
}

/// No message stands twice that does not say so; how many say so.
fn doubled(seen: &Seen<'_>) -> usize {
    for same in seen.by_tag.values() {
        let silent = same.iter().skip(1).find(|message| !message.reads.contains(DECLARED));
        assert!(silent.is_none(), "doubled on {}: {same:#?}", seen.crowd.name());
    }
    seen.by_tag.values().flatten().filter(|message| message.reads.contains(DECLARED)).count()
}

/// A thread is opened, then tells how it goes, then what came out.
fn in_order(seen: &Seen<'_>, jobs: &[&Job]) {
    for job in jobs.iter().filter(|job| job.spec.task == Task::Investigate) {
        let thread = job.spec.thread.unwrap();
        let living = seen.first(&part(thread, "living")).map(|message| message.id);
        let opening = seen.first(&part(thread, "opening")).map(|message| message.id);
        let report = seen.first(&end_of(job)).map(|message| message.id);
        assert!(living.is_some() && living < report, "{living:?}, {report:?}: {job:?}");
        assert!(opening.is_none() || opening < living, "{opening:?}, {living:?}: {job:?}");
    }
}

/// Answers that were told at once and stand before the answer to an earlier question of their thread.
fn swapped(seen: &Seen<'_>, questions: &[Question]) -> usize {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut swapped = 0;
    for question in questions {
        let Some(answer) = seen.first(&told(&heard(seen.crowd, question))) else { continue };
        let before = last.entry(&question.root).or_default();
        swapped += usize::from(answer.id < *before);
        *before = answer.id.max(*before);
    }
    swapped
}

/// Commands: none ran that was not given, all ran that were acknowledged.
async fn commands(jobs: &[&Job], crowd: &dyn Crowd, asked: &[(String, String)], commands: Vec<Pending>) -> Taken {
    let mut taken = Taken { given: commands.len(), ..Taken::default() };
    for command in commands {
        taken.acknowledged += usize::from(command.await.unwrap().is_some());
    }
    let mentions: BTreeSet<String> = asked.iter().map(|(channel, root)| crowd.heard(channel, None, root)).collect();
    let mentioned = jobs.iter().filter(|job| mentions.contains(&job.spec.origin.request_id));
    assert_eq!(mentioned.clone().count(), asked.len());
    let theirs: BTreeSet<_> = mentioned.map(|job| job.spec.thread).collect();
    // What was pressed again is in the thread of a mention; a command opens one of its own.
    let by_command = |job: &&&Job| job.spec.origin.actor.platform == crowd.name() && !theirs.contains(&job.spec.thread);
    taken.came = jobs.iter().filter(by_command).count();
    assert!((taken.acknowledged..=taken.given).contains(&taken.came), "{taken:?}");
    taken
}
