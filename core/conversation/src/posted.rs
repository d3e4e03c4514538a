//! Posts of other programs in an alert channel, as every platform can give them, and the alerts they tell of.
//!
//! One reader for each program; the first that recognises a post reads it. Must never take chatter for an alert, and never
//! invent a label: what is told without its name stays a value. Whatever is read is bounded. Start at [`read`].

mod cloudwatch;
mod datadog;
mod grafana;
mod json;
mod labels;
mod listing;
mod opsgenie;
mod pagerduty;
mod plain;
mod prometheus;
mod sentry;
mod sheet;
mod title;

use std::collections::BTreeMap;

use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

pub use self::labels::is_severity;
use self::sheet::Sheet;
pub use self::title::{is_replica, title_key, tokens};

/// Alerts that are read of one post; more are counted where the post says how many there are.
pub const ALERTS_CAP: usize = 100;

/// A post as it was read: the platform's own markup and escapes are taken off, links are kept as `text (URL)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Post {
    /// What the program calls itself: `Alertmanager`, `Grafana`.
    pub author: Option<String>,
    /// The text beside everything else.
    pub text: String,
    /// Its attachments, embeds, or groups of blocks, in order.
    pub sections: Vec<Section>,
}

/// An attachment of a message, an embed, or the text of its blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Section {
    /// Words before it.
    pub pretext: String,
    /// Its title.
    pub title: String,
    /// Where the title leads.
    pub link: Option<String>,
    /// Its text.
    pub text: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
    /// Words below it.
    pub footer: String,
    /// Its colour: `danger`, `good`, or six hexadecimal digits without `#`, in lower case.
    pub colour: Option<String>,
    /// Plain text for those who cannot show the rest.
    pub fallback: String,
}

/// What a post tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedAlerts {
    /// Which kind of program: `alertmanager`, `grafana`, `pagerduty`, `datadog`, `opsgenie`, `sentry`, `cloudwatch`, `text`.
    pub source: String,
    /// The alerts.
    pub alerts: Vec<PostedAlert>,
    /// How many it says fire (`[FIRING:2]`), when it says so.
    pub count: Option<u64>,
    /// What its program calls the same trouble in every post about it: an incident's number, the values of a group's
    /// labels.
    pub group: Option<String>,
    /// Whether the alerts stand for a whole group whose labels they share, as a title without a list does.
    pub summary: bool,
}

/// An alert as far as a post tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedAlert {
    /// Its name.
    pub name: String,
    /// Whether it still fires.
    pub firing: bool,
    /// Labels that are told by name, `alertname` included.
    pub labels: BTreeMap<String, String>,
    /// Label values that are told without their names, as Alertmanager's default title does, in order.
    pub values: Vec<String>,
    /// Annotations, and what else is told for people: `summary`, `description`, `runbook_url`.
    pub annotations: BTreeMap<String, String>,
    /// Where it leads.
    pub link: Option<String>,
}

impl Redact for Post {
    fn redact(&mut self, redactor: &Redactor) {
        self.author.redact(redactor);
        self.text.redact(redactor);
        for section in &mut self.sections {
            section.redact(redactor);
        }
    }
}

impl Redact for Section {
    fn redact(&mut self, redactor: &Redactor) {
        for text in [&mut self.pretext, &mut self.title, &mut self.text, &mut self.footer, &mut self.fallback] {
            text.redact(redactor);
        }
        self.link.redact(redactor);
        for (name, value) in &mut self.fields {
            name.redact(redactor);
            value.redact(redactor);
        }
    }
}

type Reader = fn(&Sheet) -> Option<PostedAlerts>;

/// The readers, the most certain first: whoever names its program before those that go by the form alone.
const READERS: [Reader; 9] = [
    json::read,
    pagerduty::read,
    opsgenie::read,
    cloudwatch::read,
    prometheus::read,
    grafana::read,
    datadog::read,
    sentry::read,
    plain::read,
];

/// What a post tells; none when it is no alert that anyone would recognise.
pub fn read(post: &Post) -> Option<PostedAlerts> {
    let own = post.author.as_deref().is_some_and(|author| author.eq_ignore_ascii_case("midwatch"));
    if own {
        return None;
    }
    let by_section: Vec<PostedAlerts> = Sheet::of_sections(post).iter().filter_map(read_sheet).collect();
    let mut posted = match by_section.into_iter().reduce(together) {
        Some(posted) => posted,
        // The state often stands above what it is the state of.
        None => read_sheet(&Sheet::whole(post))?,
    };
    posted.alerts.truncate(ALERTS_CAP);
    posted.alerts.iter_mut().for_each(labels::bound);
    Some(posted).filter(|posted| !posted.alerts.is_empty())
}

fn read_sheet(sheet: &Sheet) -> Option<PostedAlerts> {
    READERS.iter().find_map(|reader| reader(sheet))
}

/// Two sections of one post.
fn together(mut one: PostedAlerts, mut other: PostedAlerts) -> PostedAlerts {
    one.alerts.append(&mut other.alerts);
    one.count = one.count.zip(other.count).map(|(a, b)| a.saturating_add(b));
    one.group = one.group.filter(|group| other.group.as_ref() == Some(group));
    one.summary &= other.summary;
    one
}
