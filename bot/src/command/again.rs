//! Why there is no report, with the command to write instead.

use std::path::Path;

use midwatch_agent::request::NoReport;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::shell::word;
use midwatch_redact::Redacted;

use crate::cli::{Common, Selection};
use crate::failure::Failure;

/// Choices that are listed; more would not be read.
const CHOICES: usize = 15;

/// The reason in words, and what to do next.
pub(crate) fn explain(verb: &str, why: &Redacted<NoReport>, selection: &Selection, common: &Common) -> Failure {
    let reason = why.as_ref().to_string();
    let text = match why.as_ref() {
        NoReport::Ambiguous { candidates, .. } => choices(&reason, verb, candidates, selection, common),
        NoReport::NoMatch { nearest, .. } if nearest.is_empty() => {
            format!(
                "{reason}, and nothing has a name like it\n  look at everything: {}",
                line(verb, None, selection, common)
            )
        }
        NoReport::NoMatch { nearest, .. } => {
            choices(&format!("{reason}; did you mean one of these?"), verb, nearest, selection, common)
        }
        NoReport::Unreadable(_) if selection.snapshot.is_none() => {
            format!("{reason}\n  what is wrong, and how to mend it: {}", doctor(selection, common))
        }
        NoReport::Unreadable(_) | NoReport::TooLate => reason,
    };
    Failure::NoReport(text)
}

/// The command that checks the cluster that could not be read.
fn doctor(selection: &Selection, common: &Common) -> String {
    let mut words = vec!["midwatch doctor".to_owned()];
    let path = |path: &Path| path.display().to_string();
    let flags = [
        ("--context", selection.live.context.clone()),
        ("--kubeconfig", selection.live.kubeconfig.clone()),
        ("--config", common.config.as_deref().map(path)),
    ];
    let given = flags.into_iter().filter_map(|(name, value)| Some((name, value?)));
    words.extend(given.flat_map(|(name, value)| [name.to_owned(), word(&value).into_owned()]));
    words.join(" ")
}

fn choices(reason: &str, verb: &str, entities: &[EntityRef], selection: &Selection, common: &Common) -> String {
    let shown = entities.iter().take(CHOICES).zip(1..);
    let mut lines: Vec<String> = vec![reason.to_owned()];
    lines.extend(shown.map(|(entity, number)| {
        format!("  {number:>2}. {entity:<40}  {}", line(verb, Some(entity), selection, common))
    }));
    if entities.len() > CHOICES {
        lines.push(format!(
            "  and {} more: say it more exactly, or name the namespace with -n",
            entities.len() - CHOICES
        ));
    }
    lines.join("\n")
}

/// The same command about this entity.
fn line(verb: &str, entity: Option<&EntityRef>, selection: &Selection, common: &Common) -> String {
    let mut words = vec!["midwatch".to_owned(), verb.to_owned()];
    words.extend(entity.map(EntityRef::slash));
    let mut flag = |name: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), word(&value).into_owned()]));
    };
    let path = |path: &Path| path.display().to_string();
    let namespace = entity.and_then(|e| e.namespace.clone());
    flag("-n", namespace.or_else(|| selection.namespace.clone().filter(|_| entity.is_none())));
    flag("--context", selection.live.context.clone());
    flag("--kubeconfig", selection.live.kubeconfig.clone());
    flag("--prometheus", selection.live.prometheus.clone());
    flag("--snapshot", selection.snapshot.as_deref().map(path));
    flag("--as-of", selection.as_of.map(|at| at.to_string()));
    flag("--since", selection.since.clone());
    flag("--depth", selection.depth.clone());
    flag("-o", selection.output.clone());
    flag("--config", common.config.as_deref().map(path));
    words.join(" ")
}
