//! The command line: what can be written, and what it means. Nothing is done here.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueHint};
use jiff::Timestamp;

use crate::help;

mod live;
mod operate;
mod recorded;
mod said;
mod service;

pub(crate) use live::{Live, Snapshot};
pub(crate) use operate::{
    DeadLetter, DeadLetters, Drain, JobArtifacts, JobCancel, JobLogs, Jobs, JobsCompare, JobsList, KillSwitch, OneJob,
    Operate, Queue, QueueClear, Slow, Top, Window,
};
pub(crate) use recorded::{Case, CaseAdd, Eval, Replay};
pub(crate) use said::{Said, Server};
#[cfg(feature = "discord")]
pub(crate) use service::Discord;
pub(crate) use service::{Audit, Doctor, Pack, Serve, Slack, Store, Switch};

/// Investigates alerts and questions about Kubernetes and ends with a root-cause report
///
/// Midwatch reads a cluster, live or recorded, correlates what it sees and says why something fails, with the evidence
/// for every claim. It needs no language model and no access beyond reading, and it says so when it cannot tell.
#[derive(Debug, Parser)]
#[command(name = "midwatch", version, after_help = help::PROGRAM, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Configuration file; `midwatch config default` prints one with every setting explained
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// When to use colour
    #[arg(long, alias = "color", global = true, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    pub(crate) colour: Option<String>,
    /// How much Midwatch writes about itself to standard error: warn, info, debug, or midwatch_snapshot=debug
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find out why something fails, and on what evidence
    #[command(after_help = help::INVESTIGATE, visible_alias = "why")]
    Investigate(Investigate),
    /// Show what an investigation would read and why, without reading it
    #[command(after_help = help::PLAN)]
    Plan(Selection),
    /// Watch the investigation of a real incident that comes with the program
    Demo(Demo),
    /// Write down what a live cluster shows now, to investigate it later or elsewhere
    #[command(after_help = help::SNAPSHOT)]
    Snapshot(Snapshot),
    /// Stand the watch: take alerts and questions, investigate them, keep everything durable
    #[command(after_help = help::SERVE)]
    Serve(Serve),
    #[command(flatten)]
    Said(Said),
    #[command(flatten)]
    Operate(Operate),
    /// Check everything that Midwatch needs, and say how to mend what fails
    #[command(after_help = help::DOCTOR)]
    Doctor(Doctor),
    /// Let a program that speaks the Model Context Protocol ask: investigate, status, report, search
    #[command(after_help = help::MCP)]
    Mcp(Mcp),
    /// See and switch packs: when and how to investigate
    #[command(subcommand, after_help = help::PACK)]
    Pack(Pack),
    /// Set Midwatch up on Slack
    #[command(subcommand, after_help = help::SLACK)]
    Slack(Slack),
    /// Set Midwatch up on Discord
    #[cfg(feature = "discord")]
    #[command(subcommand, after_help = help::DISCORD)]
    Discord(Discord),
    /// Look after the store of `midwatch serve`
    #[command(subcommand, after_help = help::STORE)]
    Store(Store),
    /// Check and read the trail of who asked what
    #[command(subcommand, after_help = help::AUDIT)]
    Audit(Audit),
    /// Investigate every case of a corpus and measure how often the report is right
    #[command(after_help = help::SCORE)]
    Score(Score),
    /// Measure a language model on the corpus: what it finds, says, calls and costs
    #[command(after_help = help::EVAL)]
    Eval(Eval),
    /// Make the report of a recorded investigation again, offline
    #[command(after_help = help::REPLAY)]
    Replay(Replay),
    /// Look after the corpus
    #[command(subcommand, after_help = help::CASE)]
    Case(Case),
    /// Hide secrets in a text, or tell which there are
    #[command(after_help = help::REDACT)]
    Redact(Redact),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(Config),
    /// Print a script that completes this command line in a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What an investigation is about, and what it reads.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// A target (checkout, deploy/checkout, shop/checkout, node/worker-1) or a question in your own words
    #[arg(value_name = "TARGET OR QUESTION")]
    pub(crate) words: Vec<String>,
    /// The namespace to look in
    // `-n "$NS"` with NS unset must not silently mean every namespace, or one without a name.
    #[arg(short, long, value_name = "NAMESPACE", value_parser = NonEmptyStringValueParser::new(), help_heading = "What to look at")]
    pub(crate) namespace: Option<String>,
    /// Alertmanager webhook body or API answer with the alerts to investigate; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "What to look at")]
    pub(crate) alert: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) live: Live,
    /// Directory that `midwatch snapshot`, `kubectl cluster-info dump --output-directory` or `kubectl get -o json` wrote
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["context", "kubeconfig"], help_heading = "What to look at")]
    pub(crate) snapshot: Option<PathBuf>,
    /// What counts as now (RFC 3339) [default: the newest time in the snapshot; live, the present]
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "How far to look")]
    pub(crate) as_of: Option<Timestamp>,
    /// How far back events, changes and logs matter, such as 30m or 6h [default: 1h]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, help_heading = "How far to look")]
    pub(crate) since: Option<String>,
    /// How thorough to be [default: standard]
    #[arg(long, value_name = "DEPTH", value_parser = ["quick", "standard", "deep"], help_heading = "How far to look")]
    pub(crate) depth: Option<String>,
    /// Form of the result [default: thread]
    #[arg(short, long, value_name = "FORM", value_parser = ["thread", "markdown", "json"], help_heading = "Result")]
    pub(crate) output: Option<String>,
}

/// `midwatch investigate`.
#[derive(Debug, Args)]
pub(crate) struct Investigate {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Longest time for all reads together; what is read by then is judged [default: 2m]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, help_heading = "How far to look")]
    pub(crate) deadline: Option<String>,
    /// Keep what was asked, every answer that was read and what it came to, for `midwatch replay`; not what a language model
    /// replied
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Result")]
    pub(crate) record: Option<PathBuf>,
    /// Ask no language model, though one is configured
    #[arg(long, help_heading = "Language model")]
    pub(crate) no_model: bool,
    /// Print what would leave for the language model first, and send nothing
    #[arg(long, conflicts_with = "no_model", help_heading = "Language model")]
    pub(crate) dry_run: bool,
}

/// `midwatch mcp`.
#[derive(Debug, Args)]
pub(crate) struct Mcp {
    /// Investigate in this process, even where a server of Midwatch runs
    #[arg(long)]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) live: Live,
    /// Directory that `midwatch snapshot`, `kubectl cluster-info dump --output-directory` or `kubectl get -o json` wrote
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["context", "kubeconfig"], help_heading = "What to look at")]
    pub(crate) snapshot: Option<PathBuf>,
    /// What counts as now (RFC 3339) [default: the newest time in the snapshot; live, the present]
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "How far to look")]
    pub(crate) as_of: Option<Timestamp>,
    /// File with an API key, for a server that wants one [default: $MIDWATCH_API_KEY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// `midwatch demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Pause after each step, on a terminal, so that it can be followed
    #[arg(long)]
    pub(crate) pace: bool,
    /// Form of the result [default: thread]
    #[arg(short, long, value_name = "FORM", value_parser = ["thread", "markdown", "json"])]
    pub(crate) output: Option<String>,
}

/// `midwatch score`.
#[derive(Debug, Args)]
pub(crate) struct Score {
    /// Directory with the cases, or of one case
    #[arg(value_name = "DIR", default_value = "tests/corpus", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Form of the result
    #[arg(short, long, value_name = "FORM", value_parser = ["table", "json"], default_value = "table")]
    pub(crate) output: String,
    /// Least recall, from 0 to 1; given, failed cases alone do not fail the command
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_recall: Option<f64>,
    /// Least precision, from 0 to 1; given, failed cases alone do not fail the command
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_precision: Option<f64>,
}

/// `midwatch redact`.
#[derive(Debug, Args)]
pub(crate) struct Redact {
    /// What to read; - is standard input
    #[arg(value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Tell what would be hidden, where and why, instead of the text
    #[arg(long)]
    pub(crate) explain: bool,
}

/// `midwatch config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say what is wrong with the configuration, with file and line, or that nothing is
    Check,
    /// Print every setting, its value and where the value came from
    Show,
    /// Print the default configuration, every setting explained
    Default,
    /// Print the ClusterRole that reading a cluster needs, as the detectors of the packs have it
    #[command(after_help = help::RBAC)]
    Rbac(Rbac),
}

/// What the ClusterRole is like.
#[derive(Debug, Args)]
pub(crate) struct Rbac {
    /// Its name
    #[arg(long, value_name = "NAME", default_value = "midwatch", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    /// Leave out the rule that lets Secrets be listed
    #[arg(long)]
    pub(crate) without_secrets: bool,
    /// How it is written
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml", value_parser = ["yaml", "json"])]
    pub(crate) output: String,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "expected a time with its zone, such as 2026-11-22T04:36:31Z".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    value.ok_or_else(|| "expected a number from 0 to 1, such as 0.9".to_owned())
}
