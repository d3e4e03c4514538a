//! With a server: it is asked over its API, as the verbs of the command line ask it.
//!
//! Start at [`Remote`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_mcp::server::{Backend, Found, Investigate, Reported, Standing, Tell, Trouble};
use midwatch_redact::{Redacted, Redactor};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::client::{Client, ClientError};

/// Time between two looks at a job.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time beyond a job's own deadline: it may wait in the queue first.
const QUEUED: Duration = Duration::from_mins(10);

/// States in which a job stays.
const FINAL: [&str; 4] = ["completed", "failed", "timeout", "cancelled"];

/// Jobs of the status.
const JOBS: &str = "20";

/// A running server.
pub(super) struct Remote {
    client: Arc<Client>,
    redactor: Redactor,
}

impl Remote {
    pub(super) fn new(client: Client, redactor: Redactor) -> Self {
        Self { client: Arc::new(client), redactor }
    }

    fn trouble(&self, error: &ClientError) -> Trouble {
        Trouble(self.redactor.redact_text(&error.to_string()))
    }

    async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.client.read(path, query).await.map_err(|error| self.trouble(&error))
    }

    /// Waits for the end of a job, telling each of its steps.
    async fn wait(&self, job: &str, tell: Tell<'_>) -> Result<(), Trouble> {
        let mut told = 0;
        let mut end = None;
        loop {
            let look = self.read(&["api", "v1", "jobs", job], &[]).await?;
            let steps = look["history"].as_array().map(Vec::as_slice).unwrap_or_default();
            for step in steps.iter().skip(told) {
                let reason = step["reason"].as_str().filter(|reason| !reason.is_empty());
                let words = [step["to"].as_str(), reason].into_iter().flatten().collect::<Vec<_>>().join(": ");
                tell(self.redactor.redact_text(&words));
            }
            told = steps.len();
            if look["state"].as_str().is_some_and(|state| FINAL.contains(&state)) {
                return Ok(());
            }
            let limit = Duration::from_secs(look["deadline_seconds"].as_u64().unwrap_or_default()) + QUEUED;
            if Instant::now() >= *end.get_or_insert_with(|| Instant::now() + limit) {
                return Err(Trouble::fixed("the server did not end this investigation in time; `status` shows it"));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn reported(&self, job: &str) -> Result<Reported, Trouble> {
        let report = self.read(&["api", "v1", "jobs", job, "report"], &[]).await?;
        let markdown = self.client.text(&["api", "v1", "jobs", job, "report.md"]).await;
        let markdown = markdown.map_err(|error| self.trouble(&error))?;
        Ok(Reported {
            job: job.to_owned(),
            markdown: self.redactor.redact_text(&markdown),
            json: self.redactor.redact_text(&report.to_string()),
        })
    }
}

/// Stops a job of the server that nobody waits for any longer.
struct Stop {
    client: Arc<Client>,
    job: Option<String>,
}

impl Drop for Stop {
    fn drop(&mut self) {
        let Some(job) = self.job.take() else { return };
        let client = self.client.clone();
        // Within the client's own time limit, and only as long as the process lives.
        tokio::spawn(async move {
            let reason = json!({"reason": "stopped over MCP"});
            if let Err(error) = client.send(&["api", "v1", "jobs", &job, "cancel"], &reason).await {
                tracing::warn!(%job, "a job could not be stopped: {error}");
            }
        });
    }
}

#[async_trait]
impl Backend for Remote {
    async fn investigate(&self, wanted: Investigate, tell: Tell<'_>) -> Result<Reported, Trouble> {
        if wanted.depth.is_some() {
            let words = "the server that runs decides the depth by its packs; leave `depth` out, or start `midwatch mcp --local`";
            return Err(Trouble::fixed(words));
        }
        let mut question = json!({"text": wanted.question, "wait": "0s"});
        if let Some(namespace) = wanted.namespace {
            question["namespace"] = namespace.into();
        }
        if let Some(minutes) = wanted.since_minutes {
            question["lookback"] = format!("{minutes}m").into();
        }
        let asked = self.client.send(&["api", "v1", "analyze"], &question).await;
        let asked = asked.map_err(|error| self.trouble(&error))?;
        let job = asked["id"].as_str().unwrap_or_default().to_owned();
        if job.is_empty() {
            return Err(Trouble::fixed("what the server answered names no job; it may be another version"));
        }
        let mut stop = Stop { client: self.client.clone(), job: Some(job.clone()) };
        self.wait(&job, tell).await?;
        stop.job = None;
        self.reported(&job).await
    }

    async fn status(&self) -> Result<Redacted<Vec<Standing>>, Trouble> {
        let jobs = self.read(&["api", "v1", "jobs"], &[("limit", JOBS)]).await?;
        let jobs = jobs["jobs"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(self.redactor.seal(jobs.iter().map(standing).collect()))
    }

    async fn report(&self, job: Option<&str>) -> Result<Reported, Trouble> {
        if let Some(job) = job {
            return self.reported(job).await;
        }
        let jobs = self.read(&["api", "v1", "jobs"], &[("state", "completed"), ("limit", "50")]).await?;
        let jobs = jobs["jobs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let newest = jobs.iter().find(|job| job["result"].is_object()).and_then(|job| job["id"].as_str());
        let newest = newest.ok_or_else(|| Trouble::fixed("there is no report yet"))?;
        self.reported(newest).await
    }

    async fn search(&self, words: &str, limit: usize) -> Result<Redacted<Vec<Found>>, Trouble> {
        let found = self.read(&["api", "v1", "reports"], &[("q", words), ("limit", &limit.to_string())]).await?;
        let found = found["reports"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(self.redactor.seal(found.iter().map(found_report).collect()))
    }
}

fn standing(job: &Value) -> Standing {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let alerts =
        job["alerts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let result = job["result"]["headline"].as_str().or_else(|| job["error"]["message"].as_str());
    Standing {
        job: text(&job["id"]),
        state: text(&job["state"]),
        about: job["question"].as_str().map_or(alerts, str::to_owned),
        outcome: result.map(str::to_owned),
        since: text(&job["created_at"]),
    }
}

fn found_report(report: &Value) -> Found {
    let text = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
    Found {
        job: text("job"),
        at: text("at"),
        verdict: text("verdict"),
        headline: text("headline"),
        snippet: text("snippet"),
    }
}
