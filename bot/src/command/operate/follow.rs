//! `midwatch jobs logs` and `jobs watch`: what happens inside a job, as it happens.
//!
//! Lines come as server-sent events, steps of the job's life are looked for beside them. Must never end a watch before the job
//! did, but for an error that lasts, and never show a line twice. Start at [`watch`].

use std::process::ExitCode;
use std::time::Duration;

use midwatch_agent::render::clean;
use midwatch_config::Settings;
use midwatch_redact::Redactor;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::cli::{JobLogs, OneJob, Server};
use crate::client::{Client, ClientError};
use crate::failure::Failure;
use crate::{output, settings};

use super::jobs::named;
use super::shown::{items, moment, text};
use super::sse::{Event, Parser};
use super::way::Way;

/// How often steps are looked for, and how long a server that was away is left alone.
const EVERY: Duration = Duration::from_secs(1);

/// A server that says nothing for so long is away: it says that it is there every 15 s.
const SILENCE: Duration = Duration::from_secs(45);

/// Tries in vain after which a watch gives up: a server that restarts is back sooner.
const PATIENCE: u32 = 60;

/// Pages of one reading: more lines than are kept of a job.
const PAGES: usize = 100;

/// One job that is followed.
struct Followed {
    way: Way,
    id: String,
    redactor: Redactor,
    json: bool,
    /// The place of the last line that was shown.
    cursor: Option<String>,
    /// Steps of the job's life that were shown; none when they are not wanted.
    steps: Option<usize>,
}

/// Shows the lines of a job, and goes on with `--follow`.
pub(super) async fn logs(settings: &Settings, args: &JobLogs) -> Result<ExitCode, Failure> {
    let mut followed = Followed::open(settings, &args.server, &args.job, false).await?;
    if args.follow {
        followed.until_it_ends().await?;
    } else if followed.pages().await? == 0 && !followed.json {
        output::tell("this job has no lines yet, or they are not kept any longer");
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the steps and lines of a job until it ends. One that ended without a report or an answer is the code 1.
pub(super) async fn watch(settings: &Settings, args: &OneJob) -> Result<ExitCode, Failure> {
    let mut followed = Followed::open(settings, &args.server, &args.job, true).await?;
    let state = followed.until_it_ends().await?;
    if !["completed", "failed", "timeout", "cancelled"].contains(&state.as_str()) {
        output::tell(&format!("the job is {state}, and no server runs that would go on with it"));
    }
    Ok(if state == "completed" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why a stream ended.
enum Broken {
    /// It may go on: the server went away, or ended the stream.
    Again(String),
    /// It will not.
    Failed(Failure),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Broken::Failed(failure)
    }
}

impl From<ClientError> for Broken {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable { .. } => Broken::Again(error.to_string()),
            ClientError::Refused { status, .. } if status.is_server_error() => Broken::Again(error.to_string()),
            other => Broken::Failed(Failure::no_report(other)),
        }
    }
}

impl Followed {
    async fn open(settings: &Settings, server: &Server, part: &str, steps: bool) -> Result<Self, Failure> {
        let way = Way::open(settings, server).await?;
        let id = named(&way, part).await?;
        let (redactor, json) = (settings::redactor(settings), server.output == "json");
        let mut followed = Self { way, id, redactor, json, cursor: None, steps: steps.then_some(0) };
        // Whether there is such a job is said at once.
        followed.new_steps().await?;
        Ok(followed)
    }

    /// Follows until the job has ended, or nothing goes on with it; the state that it is in then.
    async fn until_it_ends(&mut self) -> Result<String, Failure> {
        let mut in_vain = 0;
        while !self.way.is_still() {
            let before = self.cursor.clone();
            match self.stream().await {
                Ok(()) => break,
                Err(Broken::Failed(failure)) => return Err(failure),
                Err(Broken::Again(why)) => {
                    in_vain = if self.cursor == before { in_vain + 1 } else { 1 };
                    if in_vain > PATIENCE {
                        return Err(Failure::no_report(why));
                    }
                    if in_vain == 1 {
                        output::tell(&format!("the stream broke off and is taken up again: {why}"));
                    }
                    tokio::time::sleep(EVERY).await;
                }
            }
        }
        self.pages().await?;
        self.new_steps().await
    }

    /// Shows what comes until the server says that the job has ended.
    async fn stream(&mut self) -> Result<(), Broken> {
        let Way::Server(client) = &self.way else { return Ok(()) };
        let mut response = begin(client, &self.id, self.cursor.as_deref()).await?;
        let mut parser = Parser::default();
        let (mut heard, mut look) = (Instant::now(), Instant::now() + EVERY);
        loop {
            tokio::select! {
                piece = response.chunk() => {
                    let piece = piece.map_err(|error| Broken::Again(error.without_url().to_string()))?;
                    let piece = piece.ok_or_else(|| Broken::Again("the server ended it".to_owned()))?;
                    heard = Instant::now();
                    let events = parser.feed(&piece).map_err(|error| Broken::Failed(Failure::no_report(error)))?;
                    for event in events {
                        if self.event(&event)? {
                            return Ok(());
                        }
                    }
                }
                () = sleep_until(heard + SILENCE) => return Err(Broken::Again("the server is silent".to_owned())),
                () = sleep_until(look), if self.steps.is_some() => {
                    self.new_steps().await.map_err(|failure| match failure {
                        Failure::NoReport(why) => Broken::Again(why),
                        other => Broken::Failed(other),
                    })?;
                    look = Instant::now() + EVERY;
                }
            }
        }
    }

    /// Shows an event; whether it was the last one.
    fn event(&mut self, event: &Event) -> Result<bool, Failure> {
        if event.name == "line" {
            self.line(&serde_json::from_str(&event.data).unwrap_or_default())?;
        }
        Ok(event.name == "end")
    }

    /// Shows the lines that were not shown yet, read in pages; how many.
    async fn pages(&mut self) -> Result<usize, Failure> {
        let mut shown = 0;
        for _ in 0..PAGES {
            let after: Vec<(&str, &str)> = self.cursor.iter().map(|cursor| ("after", cursor.as_str())).collect();
            let page = self.way.read(&["api", "v1", "jobs", &self.id, "events"], &after).await?;
            for line in items(&page["events"]) {
                self.line(line)?;
                shown += 1;
            }
            if !page["next"].is_string() {
                break;
            }
        }
        Ok(shown)
    }

    /// Shows the steps that were not shown yet; the state that the job is in.
    async fn new_steps(&mut self) -> Result<String, Failure> {
        let job = self.way.read(&["api", "v1", "jobs", &self.id], &[]).await?;
        let Some(shown) = self.steps else { return Ok(text(&job["state"])) };
        let all: Vec<&Value> = items(&job["history"]).collect();
        for step in all.iter().skip(shown) {
            let told = format!("{}  == {}: {}", moment(&step["at"]), text(&step["to"]), text(&step["reason"]));
            self.say(step, "state", &told)?;
        }
        self.steps = Some(all.len().max(shown));
        Ok(text(&job["state"]))
    }

    fn line(&mut self, line: &Value) -> Result<(), Failure> {
        self.cursor = line["cursor"].as_str().map(str::to_owned).or(self.cursor.take());
        let level = match line["level"].as_str() {
            Some("warn") => "warning: ",
            Some("error") => "error: ",
            _ => "",
        };
        let step = line["step"].as_str().map(|step| format!("[{step}] ")).unwrap_or_default();
        let told = format!("{}  {step}{level}{}", moment(&line["at"]), text(&line["text"]));
        self.say(line, "line", &told)
    }

    /// A line on standard output, as it comes: whoever pipes it sees it at once.
    fn say(&self, value: &Value, kind: &str, told: &str) -> Result<(), Failure> {
        if !self.json {
            return output::print(&self.redactor.redact_text(&clean::line(told)));
        }
        let mut whole = json!({"kind": kind});
        if let (Some(whole), Some(value)) = (whole.as_object_mut(), value.as_object()) {
            whole.extend(value.clone());
        }
        output::print(&self.redactor.seal(whole).map(Value::to_string))
    }
}

async fn begin(client: &Client, id: &str, after: Option<&str>) -> Result<reqwest::Response, ClientError> {
    let after: Vec<(&str, &str)> = after.map(|cursor| ("after", cursor)).into_iter().collect();
    client.follow(&["api", "v1", "jobs", id, "events", "stream"], &after).await
}
