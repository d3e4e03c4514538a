//! Posts of other programs in an alert channel, as every platform can give them, and the alerts they tell of.
//!
//! Start at [`Post`].

use std::collections::BTreeMap;

use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

/// A post as it was read: the platform's own markup and escapes are taken off, links are kept as `text (URL)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
