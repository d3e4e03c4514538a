//! The program's own figures, for `/metrics`: <https://prometheus.io/docs/practices/naming/>.
//!
//! ```text
//! mod     every figure, by its meaning
//! labels  what they are told apart by
//! book    the registry, and what is in it
//! set     what is set from values that others give
//! gauges  looks at the store and the health, and keeps the gauges true
//! plain   the older text format
//! ```
//! Must never have a label whose values come from outside without a bound. A figure that is new belongs into
//! `config/deploy/METRICS.md`, which a test compares. Start at [`Metrics`].

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

mod book;
mod gauges;
mod labels;
mod plain;
mod set;

use self::book::Book;
pub use self::book::Described;
pub use self::gauges::{AskConnections, Gauges};
pub use self::labels::{
    CallLabels, DutyLabel, HealthLabels, HeardLabels, IntegrationLabel, JobLabels, ModelLabel, PackLabel,
    PlatformLabel, PostLabels, PriorityLabel, ResultLabel, RoleLabel, ThrottleLabels, TokenLabels,
};
pub use self::set::{Connections, Memory};

/// A gauge that is no whole number.
type Fraction = Gauge<f64, AtomicU64>;

/// The figures.
#[derive(Debug)]
pub struct Metrics {
    book: Book,
    /// Jobs that went into a state.
    pub jobs: Family<JobLabels, Counter>,
    /// Seconds from the start of a job's attempt to its end.
    pub execution: Family<PackLabel, Histogram>,
    /// Seconds from a job's acceptance to its start.
    pub wait: Histogram,
    /// Jobs that wait.
    pub queue: Family<PriorityLabel, Gauge>,
    /// Seconds since the oldest job that waits was accepted; 0 when none waits.
    pub queue_age: Family<PriorityLabel, Fraction>,
    /// Jobs that run, in whichever process.
    pub running: Gauge,
    /// Jobs that this process may run at the same time.
    pub slots: Gauge,
    /// Jobs that this process runs.
    pub busy: Gauge,
    /// Chat threads in which this process has a job running.
    pub threads: Gauge,
    /// (running + queued) / (slots + queue bound).
    pub utilisation: Fraction,
    /// Dead letters.
    pub dead: Gauge,
    /// Leases lost.
    pub leases_lost: Counter,
    /// Attempts that failed and were put off.
    pub retries: Counter,
    /// Messages not yet sent.
    pub outbox: Gauge,
    /// Seconds that the message which is due for longest is late; 0 when none is. One that waits for others of its thread,
    /// or is being sent, does not count.
    pub outbox_delay: Family<PlatformLabel, Fraction>,
    /// Messages sent, by platform and result.
    pub posts: Family<PostLabels, Counter>,
    /// Seconds from when a message was due to when the platform's pace let it pass. The wait behind others of its thread is
    /// in it; a message that was taken and had to be given back is due anew.
    pub post_wait: Histogram,
    /// Times that a platform asked to wait, by what has to.
    pub throttled: Family<ThrottleLabels, Counter>,
    /// Calls of others, by integration and result: one read may be several requests (pages), an answer from a cache none.
    pub requests: Family<CallLabels, Counter>,
    /// Seconds that they took.
    pub request_duration: Family<IntegrationLabel, Histogram>,
    /// Alerts received, by what became of them: `opened`, `joined`, `muted`, `heartbeat`, `refused`.
    pub alerts: Family<ResultLabel, Counter>,
    /// Incidents that are not closed.
    pub incidents: Gauge,
    /// Requests that came in, by what became of them: `ok`, `refused`, `denied`, `error`.
    pub http: Family<ResultLabel, Counter>,
    /// What was said to Midwatch, redeliveries counted.
    pub heard: Family<HeardLabels, Counter>,
    /// What was handled of it, by what became of it: `ok`, `ignored`, `denied`, `limited`, `refused`, `again`, `failed`.
    pub handled: Family<ResultLabel, Counter>,
    /// Seconds from hearing something to the end of its handling.
    pub heard_delay: Histogram,
    /// Lines of the logs of jobs, by what became of them: `logged`; `dropped`, because the log had no room.
    pub events: Family<ResultLabel, Counter>,
    /// Tokens of language models.
    pub model_tokens: Family<TokenLabels, Counter>,
    /// Requests to language models.
    pub model_requests: Family<ModelLabel, Counter>,
    /// US dollars that they took, where prices are known.
    pub model_cost: Family<ModelLabel, Counter<f64, AtomicU64>>,
    /// 1 for the state each part is in, 0 for the others.
    pub health: Family<HealthLabels, Gauge>,
    /// Times that this process said that it is there: `ok`, `error`.
    pub announcements: Family<ResultLabel, Counter>,
    /// Processes that share the store, by what they do.
    pub replicas: Family<RoleLabel, Gauge>,
    /// Those of them that take no new jobs.
    pub draining: Gauge,
    /// Processes that do what only one may do: 1, or 0 while nobody does.
    pub leaders: Family<DutyLabel, Gauge>,
    /// 1 while the kill switch is on.
    pub kill_switch: Gauge,
    /// Connections to a store that is not embedded.
    pub store_open: Gauge,
    /// Calls of it under way.
    pub store_active: Gauge,
    /// Calls that may be under way at a time.
    pub store_room: Gauge,
    /// Calls that were refused because there was no room.
    pub store_refused: Counter,
    /// Connections that were made.
    pub store_made: Counter,
    /// Writes that began anew because another writer was first.
    pub store_conflicts: Counter,
    /// Bytes of memory that the process holds.
    pub resident: Gauge,
    /// Bytes it may hold; 0 when nothing limits it.
    pub memory_limit: Gauge,
}

/// From 5 ms to about 3 min.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.005, 2.0, 16))
}

/// From 0.1 s to about 27 min: a job may take half an hour.
fn long() -> Histogram {
    Histogram::new(exponential_buckets(0.1, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            book: Book::default(),
            jobs: Family::default(),
            execution: Family::new_with_constructor(long),
            wait: seconds(),
            queue: Family::default(),
            queue_age: Family::default(),
            running: Gauge::default(),
            slots: Gauge::default(),
            busy: Gauge::default(),
            threads: Gauge::default(),
            utilisation: Fraction::default(),
            dead: Gauge::default(),
            leases_lost: Counter::default(),
            retries: Counter::default(),
            outbox: Gauge::default(),
            outbox_delay: Family::default(),
            posts: Family::default(),
            post_wait: seconds(),
            throttled: Family::default(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(seconds),
            alerts: Family::default(),
            incidents: Gauge::default(),
            http: Family::default(),
            heard: Family::default(),
            handled: Family::default(),
            heard_delay: seconds(),
            events: Family::default(),
            model_tokens: Family::default(),
            model_requests: Family::default(),
            model_cost: Family::default(),
            health: Family::default(),
            announcements: Family::default(),
            replicas: Family::default(),
            draining: Gauge::default(),
            leaders: Family::default(),
            kill_switch: Gauge::default(),
            store_open: Gauge::default(),
            store_active: Gauge::default(),
            store_room: Gauge::default(),
            store_refused: Counter::default(),
            store_made: Counter::default(),
            store_conflicts: Counter::default(),
            resident: Gauge::default(),
            memory_limit: Gauge::default(),
        };
        let mut book = Book::default();
        metrics.register_jobs(&mut book);
        metrics.register_chat(&mut book);
        metrics.register_calls(&mut book);
        metrics.register_program(&mut book);
        metrics.book = book;
        metrics
    }
}

impl Metrics {
    fn register_jobs(&self, book: &mut Book) {
        book.add("jobs", "Jobs that went into a state, by state and pack", &self.jobs);
        let help = "From the start of a job's attempt to its end, by pack";
        book.measured("job_execution", Unit::Seconds, help, &self.execution);
        book.measured("job_wait", Unit::Seconds, "From a job's acceptance to its start", &self.wait);
        book.add("queue_jobs", "Jobs that wait, by priority", &self.queue);
        let help = "How long the oldest job that waits has waited, by priority; 0 when none waits";
        book.measured("queue_age", Unit::Seconds, help, &self.queue_age);
        book.add("jobs_running", "Jobs that run, in all processes", &self.running);
        book.add("worker_slots", "Jobs that this process may run at the same time", &self.slots);
        book.add("worker_slots_busy", "Jobs that this process runs", &self.busy);
        book.add("threads_active", "Chat threads in which this process has a job running", &self.threads);
        book.add(
            "utilisation_ratio",
            "(running + queued) / (slots + queue bound), of all processes",
            &self.utilisation,
        );
        book.add("dead_letters", "Jobs that failed for good and wait for a person", &self.dead);
        book.add("leases_lost", "Leases that another worker took over", &self.leases_lost);
        book.add("retries", "Attempts that failed and were put off", &self.retries);
        book.add("events", "Lines of the logs of jobs, by what became of them", &self.events);
        book.add("alerts", "Alerts received, by what became of them", &self.alerts);
        book.add("incidents_open", "Incidents that are not closed", &self.incidents);
    }

    fn register_chat(&self, book: &mut Book) {
        book.add("outbox_messages", "Messages not yet sent, or with a newer revision", &self.outbox);
        let help = "How late the message is that is due for longest, by platform; 0 when none is late";
        book.measured("outbox_delay", Unit::Seconds, help, &self.outbox_delay);
        book.add("posts", "Messages sent, by platform and result", &self.posts);
        book.measured("post_wait", Unit::Seconds, "From a message's moment to its sending", &self.post_wait);
        book.add("posts_throttled", "Times that a platform asked to wait, by what has to", &self.throttled);
        book.add("heard", "What was said, by platform and kind; redeliveries counted", &self.heard);
        book.add("handled", "What was said and handled, by what became of it", &self.handled);
        book.measured("heard_delay", Unit::Seconds, "From hearing something to its end", &self.heard_delay);
    }

    fn register_calls(&self, book: &mut Book) {
        book.add("external_requests", "Calls of others, by integration and result", &self.requests);
        let help = "How long calls of others took, by integration";
        book.measured("external_request_duration", Unit::Seconds, help, &self.request_duration);
        book.add("http_requests", "Requests that came in, by what became of them", &self.http);
        book.add("model_tokens", "Tokens of language models, by model and kind", &self.model_tokens);
        book.add("model_requests", "Requests to language models, by model", &self.model_requests);
        book.add("model_cost_usd", "US dollars that language models took, by model", &self.model_cost);
    }

    fn register_program(&self, book: &mut Book) {
        book.add("health_status", "1 for the state that a part is in, 0 for the others", &self.health);
        let help = "Times that this process said that it is there, by result";
        book.add("announcements", help, &self.announcements);
        book.add("replicas", "Processes that share the store, by what they do", &self.replicas);
        book.add("replicas_draining", "Processes that take no new jobs", &self.draining);
        book.add("leaders", "Processes that do what only one may do; 0 while nobody does", &self.leaders);
        book.add("kill_switch", "1 while the kill switch is on", &self.kill_switch);
        book.add("store_connections", "Connections to the store; 0 for an embedded one", &self.store_open);
        book.add("store_calls_active", "Calls of the store under way", &self.store_active);
        book.add("store_calls_room", "Calls of the store that may be under way at a time", &self.store_room);
        book.add("store_calls_refused", "Calls of the store refused because there was no room", &self.store_refused);
        book.add("store_connections_made", "Connections to the store that were made", &self.store_made);
        book.add("store_conflicts", "Writes begun anew because another writer was first", &self.store_conflicts);
        let help = "Memory that the process holds (resident)";
        book.measured("process_resident_memory", Unit::Bytes, help, &self.resident);
        let help = "Memory that the process may hold by its cgroup; 0 when nothing limits it";
        book.measured("process_memory_limit", Unit::Bytes, help, &self.memory_limit);
    }

    /// Every family: what rules, dashboards and documents may name.
    pub fn families(&self) -> &[Described] {
        self.book.described()
    }

    /// All of them, in the OpenMetrics text format:
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/#overall-structure>.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut text, self.book.registry());
        text
    }

    /// The same in the text format of Prometheus, version 0.0.4.
    pub fn encode_plain(&self) -> String {
        plain::plain(&self.encode())
    }
}
