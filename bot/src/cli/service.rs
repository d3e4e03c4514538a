//! Commands around `midwatch serve`: standing the watch, and looking after it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use url::Url;

/// `midwatch serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// What this process does, of what several share: gateway (chat), worker (jobs), api (webhooks and REST) [default: all]
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',', value_parser = ["gateway", "worker", "api"])]
    pub(crate) roles: Vec<String>,
}

/// `midwatch doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Form of the result
    #[arg(short, long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
    pub(crate) output: String,
    /// Context of the kubeconfig [default: those of the configuration, else the current one]
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
    /// The kubeconfig [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) kubeconfig: Option<String>,
    /// Base address of Prometheus
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) prometheus: Option<String>,
}

/// `midwatch pack`.
#[derive(Debug, Subcommand)]
pub(crate) enum Pack {
    /// List the packs: what each is for, and whether it is on
    List {
        /// Form of the result
        #[arg(short, long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
        output: String,
    },
    /// Show one pack as it applies
    Show {
        /// Its name
        name: String,
        /// Form of the result
        #[arg(short, long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
        output: String,
    },
    /// Say what is wrong with pack files, with file and line, or that nothing is
    Check {
        /// Files to check [default: those of the configured directory]
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Let a pack take jobs again
    Enable(Switch),
    /// Stop a pack: no new jobs, and those that run end and say so in their threads
    Disable(Switch),
}

/// `midwatch pack enable` and `midwatch pack disable`.
#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// Its name
    pub(crate) name: String,
    /// File with an API key, for a server that wants one [default: $MIDWATCH_API_KEY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// `midwatch slack`.
#[derive(Debug, Subcommand)]
pub(crate) enum Slack {
    /// Print the manifest of the Slack app, with the least scopes
    Manifest {
        /// Events come by signed HTTP to this address of the server, not by Socket Mode
        #[arg(long, value_name = "URL", value_hint = ValueHint::Url, value_parser = address)]
        http: Option<Url>,
        /// The app's and the bot's name
        #[arg(long, value_name = "NAME", default_value = "midwatch")]
        name: String,
    },
}

/// `midwatch discord`.
#[cfg(feature = "discord")]
#[derive(Debug, Subcommand)]
pub(crate) enum Discord {
    /// Print the link that brings the bot into the server, with the least permissions
    Invite,
    /// Register /midwatch with the server, at first and after an update
    Register,
}

/// `midwatch store`.
#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Copy the store into a file, also while a server writes it
    Backup {
        /// The copy; must not exist
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// `midwatch audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that no entry was changed, removed or forged
    Verify {
        /// Checkpoints that were kept elsewhere: they show that the end was not cut off [default: those beside the store]
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        checkpoints: Option<PathBuf>,
        /// Form of the result
        #[arg(short, long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
        output: String,
    },
    /// Print the newest entries, oldest first
    List {
        /// How many
        #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        /// Form of the result
        #[arg(short, long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
        output: String,
    },
}

/// An address that Slack can reach: it sends to `https` only.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host());
    url.ok_or_else(|| "expected an address that Slack can reach, such as https://midwatch.example.com".to_owned())
}
