//! From flags, environment and file to settings, and from settings to what the engine takes.

use std::io::{self, IsTerminal as _};

use jiff::SignedDuration;
use midwatch_agent::request::{Depth, Limits, LogCaps};
use midwatch_config::{LEVEL_AUTO, LogFormat, OutputFormat, Settings, Sources};
use midwatch_redact::{Entropy, Policy, Redactor, SecretKind};
use secrecy::ExposeSecret as _;
use tracing_subscriber::EnvFilter;

use crate::cli::Common;
use crate::failure::Failure;

/// A flag that sets something: the setting's key, the value, the flag.
pub(crate) type Flag<'a> = (&'static str, Option<&'a String>, &'static str);

/// Loads the settings and starts Midwatch's own log.
pub(crate) fn load(common: &Common, flags: &[Flag<'_>]) -> Result<Settings, Failure> {
    let settings = loaded(common, flags).map_err(Failure::usage)?.settings;
    start_log(&settings, Command::Short)?;
    Ok(settings)
}

/// The same for the server: it tells more of itself, to a collector where there is no terminal.
pub(crate) fn load_for_server(common: &Common, flags: &[Flag<'_>]) -> Result<Settings, Failure> {
    let settings = loaded(common, flags).map_err(Failure::usage)?.settings;
    start_log(&settings, Command::Server)?;
    Ok(settings)
}

/// What `auto` in the log's settings depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    /// A person waits for its end.
    Short,
    /// It runs until it is told to end.
    Server,
}

/// The settings with the origin of each.
pub(crate) fn loaded(
    common: &Common,
    flags: &[Flag<'_>],
) -> Result<midwatch_config::Loaded, midwatch_config::ConfigErrors> {
    let env = midwatch_config::environment_of(std::env::vars_os());
    let search = midwatch_config::search_paths(&env);
    let own = [("output.colour", common.colour.as_ref(), "--colour"), ("log.level", common.log.as_ref(), "--log")];
    let given = own.iter().chain(flags).filter_map(|(key, value, flag)| Some((*key, (*value)?.clone(), *flag)));
    midwatch_config::load(&Sources { file: common.config.as_deref(), env, flags: given.collect(), search })
}

/// Libraries that log every failed request as an error. The same failures are told by whoever asked, in better words.
const TOLD_ELSEWHERE: &str = "kube_client::client=off,rustls_platform_verifier=off";

/// Libraries that log what people write, or tokens, as it comes over the wire: nobody has redacted that. Of what cannot be read
/// at all the shard tells no more than that.
const TALKS: &str = "serenity=error,serenity::gateway::shard=warn,tungstenite=error,tokio_tungstenite=error";

fn start_log(settings: &Settings, command: Command) -> Result<(), Failure> {
    let server = command == Command::Server;
    let level = match settings.log.level.as_str() {
        LEVEL_AUTO if server => format!("info,{TOLD_ELSEWHERE}"),
        LEVEL_AUTO => format!("warn,{TOLD_ELSEWHERE}"),
        level => level.to_owned(),
    };
    // Whoever names it wants it.
    // What a provider answers may hold what it was sent.
    let level = if level.contains("genai") { level } else { format!("{level},genai=off") };
    let level = if level.contains("serenity") { level } else { format!("{level},{TALKS}") };
    let filter = EnvFilter::try_new(&level)
        .map_err(|error| Failure::usage(format!("log.level `{}` cannot be used: {error}", settings.log.level)))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // A second start fails and changes nothing.
    let _ = match settings.log.format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Auto if server && !io::stderr().is_terminal() => log.json().flatten_event(true).try_init(),
        LogFormat::Auto | LogFormat::Text => log.try_init(),
    };
    Ok(())
}

/// The redactor as configured; the engine teaches it what it sees.
pub(crate) fn redactor(settings: &Settings) -> Redactor {
    let wanted = &settings.redaction;
    let policy = Policy::default();
    // What is configured is hidden however short it is; what is learned keeps the redactor's own bound.
    let shortest = wanted.extra_literals.iter().map(|secret| secret.expose_secret().len()).min();
    let mut redactor = Redactor::new(Policy {
        entropy: if wanted.entropy { Entropy::Hide } else { Entropy::Keep },
        public: wanted.keep.iter().cloned().collect(),
        secret_names: wanted.extra_names.iter().collect(),
        min_literal: shortest.map_or(policy.min_literal, |length| length.min(policy.min_literal)),
        ..policy
    });
    for secret in &wanted.extra_literals {
        redactor.learn_literal(SecretKind::Literal, secret.expose_secret());
    }
    redactor
}

/// Bounds of an investigation.
pub(crate) fn limits(settings: &Settings) -> Limits {
    let bounds = &settings.investigation;
    let count = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    Limits {
        parallel_reads: count(bounds.parallel_reads),
        max_reads: count(bounds.max_reads),
        deadline: bounds.deadline,
        pods_per_workload: count(bounds.pods_per_workload),
        previous_logs: bounds.previous_logs,
        log_caps: LogCaps { lines: Some(bounds.tail_lines), bytes: Some(bounds.max_log_bytes) },
        ..Limits::default()
    }
}

/// How far back to look.
pub(crate) fn lookback(settings: &Settings) -> SignedDuration {
    SignedDuration::try_from(settings.investigation.lookback).unwrap_or(SignedDuration::from_hours(1))
}

/// How thorough to be.
pub(crate) fn depth(settings: &Settings) -> Depth {
    match settings.investigation.depth {
        midwatch_config::Depth::Quick => Depth::Quick,
        midwatch_config::Depth::Standard => Depth::Standard,
        midwatch_config::Depth::Deep => Depth::Deep,
    }
}

/// The form of the result.
pub(crate) fn format(settings: &Settings) -> OutputFormat {
    settings.output.format
}
