//! Flags of commands that read a live cluster.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, ValueHint};

/// Which live cluster, and how its metrics are read.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What to look at")]
pub(crate) struct Live {
    /// Context of the kubeconfig to read live [default: the current one, or the cluster around this process]
    #[arg(long, value_name = "CONTEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) context: Option<String>,
    /// The kubeconfig [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::FilePath)]
    pub(crate) kubeconfig: Option<String>,
    /// Base address of Prometheus, to read metrics too, such as http://localhost:9090
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) prometheus: Option<String>,
}

/// `midwatch snapshot`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true).args(["namespaces", "all_namespaces"]))]
pub(crate) struct Snapshot {
    /// A namespace to write down; may be given several times
    #[arg(short, long = "namespace", value_name = "NAMESPACE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) namespaces: Vec<String>,
    /// Every namespace that can be read
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Where to write it; the directory must not exist, or be empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output_directory: PathBuf,
    /// Leave out the logs of containers
    #[arg(long)]
    pub(crate) no_logs: bool,
    /// Context of the kubeconfig [default: the current one, or the cluster around this process]
    #[arg(long, value_name = "CONTEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) context: Option<String>,
    /// The kubeconfig [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::FilePath)]
    pub(crate) kubeconfig: Option<String>,
}
