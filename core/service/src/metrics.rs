//! The program's own figures, for `/metrics`: <https://prometheus.io/docs/practices/naming/>.
//!
//! Must never have a label whose values come from outside without a bound. Start at [`Metrics`].

use std::sync::atomic::AtomicU64;

use midwatch_agent::request::ModelUse;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// A job's state and pack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct JobLabels {
    /// The state it went into.
    pub state: &'static str,
    /// Its pack: as many values as there are packs.
    pub pack: String,
}

/// What was asked of whom, and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CallLabels {
    /// `kubernetes`, `prometheus`, `alertmanager`, `console`: a name of our own.
    pub integration: &'static str,
    /// `ok`, `error`, `timeout`, `denied`, `unknown`.
    pub result: &'static str,
}

/// What was said, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HeardLabels {
    /// The platform: one of those that are configured, or `other`.
    pub platform: String,
    /// `command`, `mention`, `message`, `post`, `unreadable`, `press`.
    pub kind: &'static str,
}

/// A platform that asked to wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ThrottleLabels {
    /// `console`, `slack`: a name of our own.
    pub integration: &'static str,
    /// What has to wait: `message`, `channel`, `method`, `workspace`.
    pub scope: &'static str,
}

/// Tokens of a language model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TokenLabels {
    /// As the configuration calls it: as many values as there are models.
    pub model: String,
    /// `input`, `cached` (of the input), `output`.
    pub kind: &'static str,
}

/// One language model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ModelLabel {
    /// As the configuration calls it.
    pub model: String,
}

/// One name of our own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct NameLabel {
    /// The name.
    pub name: &'static str,
}

/// The figures.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Jobs that went into a state.
    pub jobs: Family<JobLabels, Counter>,
    /// Seconds from the start of a job's attempt to its end.
    pub execution: Histogram,
    /// Seconds from a job's acceptance to its start.
    pub wait: Histogram,
    /// Jobs that wait.
    pub pending: Gauge,
    /// Jobs that run.
    pub running: Gauge,
    /// (running + queued) / (slots + queue bound).
    pub utilisation: Gauge<f64, AtomicU64>,
    /// Dead letters.
    pub dead: Gauge,
    /// Leases lost.
    pub leases_lost: Counter,
    /// Attempts that failed and were put off.
    pub retries: Counter,
    /// Lines of the logs of jobs, by what became of them: `logged`, `dropped`.
    pub events: Family<NameLabel, Counter>,
    /// Messages not yet sent.
    pub outbox: Gauge,
    /// Messages sent, by platform and result.
    pub posts: Family<CallLabels, Counter>,
    /// Seconds from when a message was due to when the platform's pace let it pass. The wait behind others of its thread is
    /// in it; a message that was taken and had to be given back is due anew.
    pub post_wait: Histogram,
    /// Times that a platform asked to wait, by what has to.
    pub throttled: Family<ThrottleLabels, Counter>,
    /// Reads from others, by integration and result: one read may be several requests (pages), an answer from a cache none.
    pub requests: Family<CallLabels, Counter>,
    /// Alerts received, by what became of them: `opened`, `joined`, `muted`, `heartbeat`, `refused`.
    pub alerts: Family<NameLabel, Counter>,
    /// Incidents that are not closed.
    pub incidents: Gauge,
    /// Requests that came in, by what became of them: `ok`, `refused`, `denied`, `error`.
    pub http: Family<NameLabel, Counter>,
    /// What was said to Midwatch, redeliveries counted.
    pub heard: Family<HeardLabels, Counter>,
    /// What was handled of it, by what became of it: `ok`, `ignored`, `denied`, `limited`, `refused`, `again`, `failed`.
    pub handled: Family<NameLabel, Counter>,
    /// Seconds from hearing something to the end of its handling.
    pub heard_delay: Histogram,
    /// Tokens of language models.
    pub model_tokens: Family<TokenLabels, Counter>,
    /// Requests to language models.
    pub model_requests: Family<ModelLabel, Counter>,
    /// US dollars that they took, where prices are known.
    pub model_cost: Family<ModelLabel, Counter<f64, AtomicU64>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.005, 2.0, 16));
        let mut metrics = Self {
            registry: Registry::with_prefix("midwatch"),
            jobs: Family::default(),
            execution: seconds(),
            wait: seconds(),
            pending: Gauge::default(),
            running: Gauge::default(),
            utilisation: Gauge::default(),
            dead: Gauge::default(),
            leases_lost: Counter::default(),
            retries: Counter::default(),
            events: Family::default(),
            outbox: Gauge::default(),
            posts: Family::default(),
            post_wait: seconds(),
            throttled: Family::default(),
            requests: Family::default(),
            alerts: Family::default(),
            incidents: Gauge::default(),
            http: Family::default(),
            heard: Family::default(),
            handled: Family::default(),
            heard_delay: seconds(),
            model_tokens: Family::default(),
            model_requests: Family::default(),
            model_cost: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("jobs", "Jobs that went into a state, by pack", self.jobs.clone());
        r.register_with_unit("job_execution", "From a job's start to its end", Unit::Seconds, self.execution.clone());
        r.register_with_unit("job_wait", "From a job's acceptance to its start", Unit::Seconds, self.wait.clone());
        r.register("jobs_pending", "Jobs that wait", self.pending.clone());
        r.register("jobs_running", "Jobs that run", self.running.clone());
        r.register("utilisation_ratio", "(running + queued) / (slots + queue bound)", self.utilisation.clone());
        r.register("dead_letters", "Jobs that failed for good and wait for a person", self.dead.clone());
        r.register("leases_lost", "Leases that another worker took over", self.leases_lost.clone());
        r.register("retries", "Attempts that failed and were put off", self.retries.clone());
        r.register("events", "Lines of the logs of jobs, by what became of them", self.events.clone());
        r.register("outbox_messages", "Messages not yet sent, or with a newer revision", self.outbox.clone());
        r.register("posts", "Messages sent, by platform and result", self.posts.clone());
        r.register_with_unit(
            "post_wait",
            "From a message's moment to its sending",
            Unit::Seconds,
            self.post_wait.clone(),
        );
        r.register("posts_throttled", "Times that a platform asked to wait, by what has to", self.throttled.clone());
        r.register("external_requests", "Requests to others, by integration and result", self.requests.clone());
        r.register("alerts", "Alerts received, by what became of them", self.alerts.clone());
        r.register("incidents_open", "Incidents that are not closed", self.incidents.clone());
        r.register("http_requests", "Requests that came in, by what became of them", self.http.clone());
        r.register("heard", "What was said, by platform and kind; redeliveries counted", self.heard.clone());
        r.register("handled", "What was said and handled, by what became of it", self.handled.clone());
        r.register_with_unit(
            "heard_delay",
            "From hearing something to its end",
            Unit::Seconds,
            self.heard_delay.clone(),
        );
        r.register("model_tokens", "Tokens of language models", self.model_tokens.clone());
        r.register("model_requests", "Requests to language models", self.model_requests.clone());
        r.register("model_cost_usd", "US dollars that language models took", self.model_cost.clone());
    }

    /// Counts what a request to a language model took.
    pub fn model(&self, model: &str, used: &ModelUse) {
        let label = || ModelLabel { model: model.to_owned() };
        self.model_requests.get_or_create(&label()).inc_by(u64::from(used.requests));
        for (kind, tokens) in [("input", used.input), ("cached", used.cached), ("output", used.output)] {
            self.model_tokens.get_or_create(&TokenLabels { model: model.to_owned(), kind }).inc_by(tokens);
        }
        if let Some(cost) = used.micro_usd.and_then(|cost| u32::try_from(cost).ok()) {
            self.model_cost.get_or_create(&label()).inc_by(f64::from(cost) / 1_000_000.0);
        }
    }

    /// All of them, in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
