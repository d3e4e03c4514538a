//! `midwatch jobs logs` and `jobs watch`: what happens inside a job, as it happens.
//!
//! Must never end a watch before the job did, but for an error that lasts. Start at [`watch`].

use std::process::ExitCode;
use std::time::Duration;

use midwatch_agent::render::clean;
use midwatch_config::Settings;
use midwatch_redact::Redactor;
use serde_json::{Value, json};

use crate::cli::{JobLogs, OneJob};
use crate::failure::Failure;
use crate::{output, settings};

use super::jobs::named;
use super::shown::{items, moment, text};
use super::way::Way;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// Looks in vain after which a watch gives up: a server that restarts is back sooner.
const PATIENCE: u32 = 60;

/// Pages of one look: more lines than are kept of a job.
const PAGES: usize = 100;

/// One job that is followed.
struct Followed {
    way: Way,
    id: String,
    redactor: Redactor,
    json: bool,
    /// The place of the last line that was shown.
    cursor: Option<String>,
    /// Steps of the job's life that were shown.
    steps: usize,
}

/// Shows the lines of a job, and goes on with `--follow`.
pub(super) async fn logs(settings: &Settings, args: &JobLogs) -> Result<ExitCode, Failure> {
    let mut followed = Followed::open(settings, &args.server, &args.job).await?;
    if args.follow && !followed.way.is_still() {
        followed.to_the_end(false).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if followed.lines().await? == 0 && !followed.json {
        output::tell("this job has no lines yet, or they are not kept any longer");
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the steps and lines of a job until it ends. One that ended without a report or an answer is the code 1.
pub(super) async fn watch(settings: &Settings, args: &OneJob) -> Result<ExitCode, Failure> {
    let mut followed = Followed::open(settings, &args.server, &args.job).await?;
    let job = followed.to_the_end(true).await?;
    let state = text(&job["state"]);
    if followed.way.is_still() && !is_final(&state) {
        output::tell(&format!("the job is {state}, and no server runs that would go on with it"));
        return Ok(ExitCode::FAILURE);
    }
    Ok(if state == "completed" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_final(state: &str) -> bool {
    ["completed", "failed", "timeout", "cancelled"].contains(&state)
}

impl Followed {
    async fn open(settings: &Settings, server: &crate::cli::Server, part: &str) -> Result<Self, Failure> {
        let way = Way::open(settings, server).await?;
        let id = named(&way, part).await?;
        let (redactor, json) = (settings::redactor(settings), server.output == "json");
        Ok(Self { way, id, redactor, json, cursor: None, steps: 0 })
    }

    /// Follows until the job has ended; the job as it is then.
    async fn to_the_end(&mut self, steps: bool) -> Result<Value, Failure> {
        let mut in_vain = 0;
        loop {
            match self.look(steps).await {
                Ok(job) if is_final(&text(&job["state"])) || self.way.is_still() => return Ok(job),
                Ok(_) => in_vain = 0,
                Err(Failure::NoReport(why)) if in_vain < PATIENCE && self.steps > 0 => {
                    if in_vain == 0 {
                        output::tell(&format!("the server does not answer just now: {why}"));
                    }
                    in_vain += 1;
                }
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// One look: new lines, then new steps, so that the end comes last.
    async fn look(&mut self, steps: bool) -> Result<Value, Failure> {
        let job = self.way.read(&["api", "v1", "jobs", &self.id], &[]).await?;
        self.lines().await?;
        let all: Vec<&Value> = items(&job["history"]).collect();
        for step in all.iter().skip(self.steps).filter(|_| steps) {
            self.step(step)?;
        }
        self.steps = all.len().max(self.steps);
        Ok(job)
    }

    /// Shows the lines that were not shown yet; how many.
    async fn lines(&mut self) -> Result<usize, Failure> {
        let mut shown = 0;
        for _ in 0..PAGES {
            let after: Vec<(&str, &str)> = self.cursor.iter().map(|cursor| ("after", cursor.as_str())).collect();
            let page = self.way.read(&["api", "v1", "jobs", &self.id, "events"], &after).await?;
            for line in items(&page["events"]) {
                self.cursor = line["cursor"].as_str().map(str::to_owned).or(self.cursor.take());
                self.line(line)?;
                shown += 1;
            }
            if !page["next"].is_string() {
                break;
            }
        }
        Ok(shown)
    }

    fn line(&self, line: &Value) -> Result<(), Failure> {
        let level = match line["level"].as_str() {
            Some("warn") => "warning: ",
            Some("error") => "error: ",
            _ => "",
        };
        let step = line["step"].as_str().map(|step| format!("[{step}] ")).unwrap_or_default();
        let told = format!("{}  {step}{level}{}", moment(&line["at"]), text(&line["text"]));
        self.say(line, "line", &told)
    }

    fn step(&self, step: &Value) -> Result<(), Failure> {
        let told = format!("{}  == {}: {}", moment(&step["at"]), text(&step["to"]), text(&step["reason"]));
        self.say(step, "state", &told)
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
