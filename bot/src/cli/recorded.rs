//! What is done with recordings of investigations, and how a language model is measured on the corpus.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::help;

/// `midwatch replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Recording of an investigation: artifact `bundle` of a job; - is standard input
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::FilePath)]
    pub(crate) bundle: PathBuf,
    /// Form of the result [default: thread]
    #[arg(short, long, value_name = "FORM", value_parser = ["thread", "markdown", "json"])]
    pub(crate) output: Option<String>,
}

/// `midwatch case`.
#[derive(Debug, Subcommand)]
pub(crate) enum Case {
    /// Make a case of the corpus of a recorded investigation
    #[command(after_help = help::CASE)]
    Add(CaseAdd),
}

/// `midwatch case add`.
#[derive(Debug, Args)]
pub(crate) struct CaseAdd {
    /// Recording of an investigation; - is standard input
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::FilePath)]
    pub(crate) bundle: PathBuf,
    /// The corpus
    #[arg(long, value_name = "DIR", default_value = "tests/corpus", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// The case's name: small letters, digits, - [default: recorded- and the report's id]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) id: Option<String>,
}

/// `midwatch eval`.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Directory with the cases, or of one case
    #[arg(value_name = "DIR", default_value = "tests/corpus", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Ask this one of the configured models [default: the first, with its fallback]
    #[arg(long, value_name = "NAME", conflicts_with = "replies")]
    pub(crate) model: Option<String>,
    /// Mark the replies that lie beside each case as replies.jsonl, and ask nobody
    #[arg(long)]
    pub(crate) replies: bool,
    /// All cases, not only those that expect something of a model
    #[arg(long, conflicts_with = "replies")]
    pub(crate) all: bool,
    /// An earlier run, as -o json wrote it: say what got better and what worse
    #[arg(long, value_name = "RUN.json", value_hint = ValueHint::FilePath)]
    pub(crate) compare: Option<PathBuf>,
    /// Form of the result
    #[arg(short, long, value_name = "FORM", value_parser = ["table", "json", "markdown"], default_value = "table")]
    pub(crate) output: String,
}

/// Longest name of a case.
const NAME_CAP: usize = 80;

fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !text.is_empty() && text.len() <= NAME_CAP && text.chars().all(fits) && !text.starts_with('-');
    if good {
        Ok(text.to_owned())
    } else {
        Err("expected small letters, digits and -, such as orders-config".to_owned())
    }
}
