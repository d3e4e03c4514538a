//! Objects as a person is told of them: listed, described, what happened to them, what changed, what is like what.

use async_trait::async_trait;
use midwatch_agent::followup::session::{Fits, Group, Needs, moment};
use midwatch_conversation::question::Question;
use midwatch_diagnosis::shell::word;
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads, table};
use super::moments::{brief, past};
use crate::tool::{ToolError, ToolResult};

/// `describe_object`.
pub(super) struct Describe;

/// An object that is meant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    /// The object: `deployment/checkout`, `pod/api-7d9f`, `node/worker-1`, or a name alone.
    object: String,
    /// Its namespace. Leave out when the name is clear without.
    #[serde(default)]
    namespace: Option<String>,
}

#[async_trait]
impl Reads for Describe {
    type Asked = Target;
    const NAME: &'static str = "describe_object";
    const SET: &'static str = "kubernetes";
    const DESCRIPTION: &'static str = "Describes one Kubernetes object: state, conditions, containers with images, resources, probes and last exits, owner, node, \
         revisions, its pods, its last events. Start here for anything that is named. Shows names of variables and keys, no values: \
         for values use get_fields.";

    async fn read(desk: &Desk, asked: Target) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let found = open.find(Some(&asked.object), asked.namespace.as_deref(), Needs::Objects, Fits::Anything).await?;
        let target = open.words(Some(&asked.object), asked.namespace.as_deref()).await?;
        let about = found.into_iter().next();
        let what = about.as_ref().map_or_else(|| asked.object.clone(), ToString::to_string);
        let mut result = open.answer(&Question::Describe { target }, &format!("{what}, described")).await?;
        result.about = about;
        Ok(result)
    }
}

/// `list_events`.
pub(super) struct Events;

/// Which events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedEvents {
    /// Events of this object and of what belongs to it: `deployment/checkout`. Leave out for all of the namespace.
    #[serde(default)]
    object: Option<String>,
    /// The namespace. Leave out for the one that the investigation is about.
    #[serde(default)]
    namespace: Option<String>,
    /// Only warnings.
    #[serde(default)]
    warnings_only: Option<bool>,
    /// Only events that were last seen since then: a time as RFC 3339, or how long ago as `30m`, `2h`.
    #[serde(default)]
    since: Option<String>,
}

#[async_trait]
impl Reads for Events {
    type Asked = AskedEvents;
    const NAME: &'static str = "list_events";
    const SET: &'static str = "kubernetes";
    const DESCRIPTION: &'static str = "Lists Kubernetes events, repeats together with their count, the newest last, messages whole: scheduling, image pulls, probes, \
         mounts, evictions, scaling. Clusters forget events, most after an hour: that there is none proves nothing.";

    async fn read(desk: &Desk, asked: AskedEvents) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let since = asked.since.as_deref().map(past).transpose()?;
        let targets = match &asked.object {
            Some(object) => {
                open.find(Some(object), asked.namespace.as_deref(), Needs::Workloads, Fits::Anything).await?
            }
            None => open.place(asked.namespace.as_deref()).await?,
        };
        let now = open.view()?.now();
        let from = since.map(|since| moment(now, since));
        let (mut groups, kept) = open.session.events(&targets, from);
        let only = asked.warnings_only.unwrap_or_default();
        let here = |group: &Group| {
            asked.object.is_some() || asked.namespace.is_none() || group.about.namespace == asked.namespace
        };
        groups.retain(|group| (group.warning || !only) && here(group));
        let count = groups.iter().map(|group| group.count).sum::<u64>();
        let whom = match (&asked.object, &asked.namespace) {
            (Some(object), _) => object.clone(),
            (None, Some(namespace)) => format!("namespace {namespace}"),
            (None, None) => "what the investigation is about".to_owned(),
        };
        let what = if only { "warning events" } else { "events" };
        let summary = format!("{count} {what} of {whom}, {} different ones. {kept}", groups.len());
        let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
        let text = if rows.is_empty() { String::new() } else { table(HEAD, &rows) };
        let namespace = asked.namespace.or_else(|| targets.first().and_then(|t| t.namespace.clone()));
        let place = namespace.or_else(|| open.home()).map_or("-A".to_owned(), |ns| format!("-n {}", word(&ns)));
        let command = format!("kubectl {place} get events --sort-by=.lastTimestamp");
        let about = if asked.object.is_some() { targets.into_iter().next() } else { None };
        Ok(open.result(summary, text, command, about))
    }
}

const HEAD: &[&str] = &["last (UTC)", "first (UTC)", "type", "reason", "object", "count", "message"];

fn row(group: &Group) -> Vec<String> {
    let at = |at: Option<jiff::Timestamp>| at.map_or_else(|| "unknown".to_owned(), |at| at.to_string());
    vec![
        at(group.last),
        at(group.first),
        if group.warning { "Warning" } else { "Normal" }.to_owned(),
        group.reason.clone(),
        group.about.to_string(),
        group.count.to_string(),
        group.message.split_whitespace().collect::<Vec<_>>().join(" "),
    ]
}

/// `list_changes`.
pub(super) struct Changes;

/// Which changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedChanges {
    /// Changes of this object and of what it uses. Leave out for what the investigation is about.
    #[serde(default)]
    object: Option<String>,
    /// Its namespace.
    #[serde(default)]
    namespace: Option<String>,
    /// Since then: a time as RFC 3339, or how long ago as `2h`, `1d`. Leave out for the window of the investigation.
    #[serde(default)]
    since: Option<String>,
}

#[async_trait]
impl Reads for Changes {
    type Asked = AskedChanges;
    const NAME: &'static str = "list_changes";
    const SET: &'static str = "kubernetes";
    const DESCRIPTION: &'static str = "Lists what changed, the newest last: rollouts with what they changed in the pod template, edits of ConfigMaps, Secrets and other \
         objects with who and when, scaling, nodes. Use it to find what came before the trouble. What an edit changed is not recorded by \
         Kubernetes, only who made it and when.";

    async fn read(desk: &Desk, asked: AskedChanges) -> Result<ToolResult, ToolError> {
        let since = asked.since.as_deref().map(past).transpose()?;
        let mut open = desk.open().await;
        let target = open.target(asked.object.as_deref(), asked.namespace.as_deref()).await?;
        let whose = target.as_deref().unwrap_or("what the investigation is about");
        let what = format!("what changed of {whose}");
        open.answer(&Question::Changed { target: target.clone(), since }, &what).await
    }
}

/// `compare_with_past`.
pub(super) struct Compare;

/// With when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedCompare {
    /// The moment to compare with: RFC 3339, or how long ago as `2h`, `1d`.
    with: String,
}

#[async_trait]
impl Reads for Compare {
    type Asked = AskedCompare;
    const NAME: &'static str = "compare_with_past";
    const SET: &'static str = "kubernetes";
    const DESCRIPTION: &'static str = "Compares what the investigation is about now with a moment of the past: revisions, pods, restarts, warnings, memory, and the \
         changes in between. What a cluster does not keep is said to be unknown.";

    async fn read(desk: &Desk, asked: AskedCompare) -> Result<ToolResult, ToolError> {
        let with = past(&asked.with)?;
        let what = format!("now compared with {}", brief(&asked.with));
        desk.open().await.answer(&Question::Compare { with }, &what).await
    }
}
