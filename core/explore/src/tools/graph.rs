//! The entity graph: what stands next to an object, and who else is hit.

use async_trait::async_trait;
use midwatch_agent::followup::session::{Fits, Needs};
use midwatch_conversation::question::Question;
use midwatch_diagnosis::graph::{Edge, neighbours};
use midwatch_diagnosis::shell::word;
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads};
use crate::tool::{ToolError, ToolResult};

/// Edges of one relation that are told; a node runs hundreds of pods.
const EDGES: usize = 150;

/// `get_neighbours`.
pub(super) struct Neighbours;

/// Of what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The object: `deployment/checkout`, `service/db`, `node/worker-1`.
    object: String,
    /// Its namespace. Leave out when the name is clear without.
    #[serde(default)]
    namespace: Option<String>,
}

#[async_trait]
impl Reads for Neighbours {
    type Asked = Asked;
    const NAME: &'static str = "get_neighbours";
    const SET: &'static str = "graph";
    const DESCRIPTION: &'static str = "Gives what stands next to an object in the cluster: owner, pods, node, Services and Ingresses that reach it, ConfigMaps, Secrets and \
         volumes that it names, what it calls and what calls it. Use it to walk from a symptom towards its cause. Calls are read out of \
         settings: a name in a setting is a hint, no proof.";

    async fn read(desk: &Desk, asked: Asked) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let found = open.find(Some(&asked.object), asked.namespace.as_deref(), Needs::Objects, Fits::Anything).await?;
        let Some(entity) = found.into_iter().next() else {
            return Err(ToolError::Arguments("name one object, like `deployment/checkout`".to_owned()));
        };
        let bounds = open.session.bounds();
        let mut edges = neighbours(open.view()?, &entity);
        let outside =
            |edge: &Edge| edge.to.namespace.as_ref().is_some_and(|ns| !bounds.is_empty() && !bounds.contains(ns));
        let all = edges.len();
        edges.retain(|edge| !outside(edge));
        let hidden = all - edges.len();
        let mut lines: Vec<String> = Vec::new();
        let mut relations: Vec<&str> = edges.iter().map(|edge| edge.relation).collect();
        relations.dedup();
        for relation in relations {
            let of: Vec<&Edge> = edges.iter().filter(|edge| edge.relation == relation).collect();
            lines.extend(of.iter().take(EDGES).map(|edge| line(edge)));
            if of.len() > EDGES {
                lines.push(format!("{relation} {} more", of.len() - EDGES));
            }
        }
        if hidden > 0 {
            lines.push(format!("{hidden} more in namespaces that this investigation may not read"));
        }
        let place = entity.namespace.as_ref().map(|ns| format!("-n {} ", word(ns))).unwrap_or_default();
        let command = format!("kubectl {place}describe {}", entity.slash());
        Ok(open.result(format!("{} neighbours of {entity}", edges.len()), lines.join("\n"), command, Some(entity)))
    }
}

fn line(edge: &Edge) -> String {
    let note = if edge.note.is_empty() { String::new() } else { format!(" ({})", edge.note) };
    let unseen = if edge.seen { "" } else { " - not among what was read" };
    format!("{} {}{note}{unseen}", edge.relation, edge.to)
}

/// `who_else_is_hit`.
pub(super) struct WhoElse;

/// Where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedWhoElse {
    /// A namespace to look at. Leave out for everything that may be read.
    #[serde(default)]
    namespace: Option<String>,
}

#[async_trait]
impl Reads for WhoElse {
    type Asked = AskedWhoElse;
    const NAME: &'static str = "who_else_is_hit";
    const SET: &'static str = "graph";
    const DESCRIPTION: &'static str = "Tells who else is hit: Services, Ingresses and callers of what the investigation is about, and what else fails, with a mark where it \
         fails in the same way. Use it to tell a local cause from a shared one.";

    async fn read(desk: &Desk, asked: AskedWhoElse) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        if let Some(namespace) = &asked.namespace {
            open.permits(namespace).await?;
        }
        let place = asked.namespace.as_ref().map(|ns| format!(" in {ns}")).unwrap_or_default();
        open.answer(&Question::WhoElse { place: asked.namespace }, &format!("who else is hit{place}")).await
    }
}
