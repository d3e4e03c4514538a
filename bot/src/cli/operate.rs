//! Commands of whoever operates Midwatch: what is under way, what went wrong, who works, what it takes; and steering it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::said::Server;
use crate::help;

/// Seeing and steering.
#[derive(Debug, Subcommand)]
pub(crate) enum Operate {
    /// See and steer jobs: list, show, history, logs, artifacts, watch, cancel, retry, compare
    #[command(subcommand, after_help = help::JOBS)]
    Jobs(Jobs),
    /// See and clear the queue
    #[command(subcommand, after_help = help::QUEUE)]
    Queue(Queue),
    /// See and settle dead letters: jobs that failed for good
    #[command(subcommand, after_help = help::DEAD_LETTER)]
    DeadLetter(DeadLetter),
    /// See the processes that share the store: what each does, runs and leads
    #[command(after_help = help::WORKERS)]
    Workers(Server),
    /// Let a process finish what it runs and take nothing new
    #[command(after_help = help::DRAIN)]
    Drain(Drain),
    /// Stop everything, on all processes, until it is lifted
    #[command(subcommand, after_help = help::KILL_SWITCH)]
    KillSwitch(KillSwitch),
    /// See figures by pack: rate, errors, how long jobs wait and run
    #[command(after_help = help::STATS)]
    Stats(Window),
    /// See the jobs that took longest
    #[command(after_help = help::SLOW)]
    Slow(Slow),
    /// See errors by code and pack, with examples
    #[command(after_help = help::ERRORS)]
    Errors(Window),
    /// See how the server, its store, its queue and everything it asks do, with latency
    #[command(after_help = help::HEALTH)]
    Health(Server),
    /// See what language models took, by day, user and model
    #[command(after_help = help::SPEND)]
    Spend(Window),
    /// Watch all of it on a screen that refreshes by itself
    #[command(after_help = help::TOP)]
    Top(Top),
}

/// `midwatch jobs`.
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// List jobs, newest first
    List(JobsList),
    /// Show one job: what it is about, who asked, where it is, what came out
    Show(OneJob),
    /// Show every step of a job's life
    History(OneJob),
    /// Show what happened inside a job, line by line
    Logs(JobLogs),
    /// List what a job read or made, or print one of it
    Artifacts(JobArtifacts),
    /// Follow a job until it ends
    Watch(OneJob),
    /// Ask a job to stop
    Cancel(JobCancel),
    /// Do once more what an ended job did
    Retry(OneJob),
    /// Show how the reports of two jobs differ
    Compare(JobsCompare),
}

/// `midwatch jobs list`.
#[derive(Debug, Args)]
pub(crate) struct JobsList {
    /// Only in these states, with commas between them: pending, running, completed, failed, timeout, cancelled
    #[arg(long, value_name = "STATES")]
    pub(crate) state: Option<String>,
    /// Only of this pack
    #[arg(long, value_name = "PACK")]
    pub(crate) pack: Option<String>,
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    /// Only those older than this job
    #[arg(long, value_name = "JOB")]
    pub(crate) before: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// A command about one job.
#[derive(Debug, Args)]
pub(crate) struct OneJob {
    /// The job: its id, or the beginning or end of it
    pub(crate) job: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch jobs logs`.
#[derive(Debug, Args)]
pub(crate) struct JobLogs {
    /// The job: its id, or the beginning or end of it
    pub(crate) job: String,
    /// Go on until the job ends
    #[arg(short, long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch jobs artifacts`.
#[derive(Debug, Args)]
pub(crate) struct JobArtifacts {
    /// The job: its id, or the beginning or end of it
    pub(crate) job: String,
    /// The artifact to print, as it is kept
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch jobs cancel`.
#[derive(Debug, Args)]
pub(crate) struct JobCancel {
    /// The job: its id, or the beginning or end of it
    pub(crate) job: String,
    /// Why, for whoever reads the thread
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch jobs compare`.
#[derive(Debug, Args)]
pub(crate) struct JobsCompare {
    /// One job
    pub(crate) one: String,
    /// The other job
    pub(crate) other: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch queue`.
#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// See how full the queue is, and what waits for how long
    Stats(Server),
    /// Take jobs back from workers that went silent, so that they are due at once
    MoveStuck(Server),
    /// Stop everything that waits of one pack; what runs goes on
    Clear(QueueClear),
}

/// `midwatch queue clear`.
#[derive(Debug, Args)]
pub(crate) struct QueueClear {
    /// The pack
    #[arg(long, value_name = "PACK")]
    pub(crate) pack: String,
    /// That this is meant: what is stopped does not come back by itself
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Why, for whoever reads the threads
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch dead-letter`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetter {
    /// List dead letters, newest first
    List(DeadLetters),
    /// Show one: what it is about, and why it failed each time
    Show(OneJob),
    /// Try one again, from its first attempt
    Replay(OneJob),
    /// Put one away: it stays among the jobs that failed
    Discard(OneJob),
}

/// `midwatch dead-letter list`.
#[derive(Debug, Args)]
pub(crate) struct DeadLetters {
    /// Only of this pack
    #[arg(long, value_name = "PACK")]
    pub(crate) pack: Option<String>,
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch drain`.
#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// The process: its id, the beginning of it, or its host where only one runs there
    pub(crate) worker: String,
    /// Why, for the audit trail and whoever finds it drained
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    pub(crate) reason: Option<String>,
    /// Let it take jobs again
    #[arg(long, conflicts_with = "reason")]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch kill-switch`.
#[derive(Debug, Subcommand)]
pub(crate) enum KillSwitch {
    /// Stop what runs, and take no job until it is lifted
    On(KillSwitchOn),
    /// Lift it
    Off(Server),
    /// See whether it is on, by whom and why
    Show(Server),
}

/// `midwatch kill-switch on`.
#[derive(Debug, Args)]
pub(crate) struct KillSwitchOn {
    /// Why, for the audit trail and whoever finds it on
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// A command about the time until now.
#[derive(Debug, Args)]
pub(crate) struct Window {
    /// How far back, such as 1h or 7d
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(crate) last: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `midwatch slow`.
#[derive(Debug, Args)]
pub(crate) struct Slow {
    /// The last attempt took so long at least [default: 60s]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(crate) threshold: Option<String>,
    #[command(flatten)]
    pub(crate) window: Window,
}

/// `midwatch top`.
#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=60))]
    pub(crate) every: u8,
    /// File with an API key, for a server that wants one [default: $MIDWATCH_API_KEY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) api_key_file: Option<PathBuf>,
}
