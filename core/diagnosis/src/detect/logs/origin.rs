//! Where a value comes from that a container uses: its environment, its arguments, a ConfigMap.
//!
//! Start at [`origin`]. Values are searched for whole words, so that `db` is not found in `db-admin`. Secret values are
//! never known: for them only the name of the variable speaks ([`credential`]).

use crate::entity::{EntityRef, Kind};
use crate::evidence::{Evidence, object};
use crate::kube::Container;

use crate::detect::pods::container::Case;

/// Values up to this many characters are shown with the variable; longer ones and such with credentials are not.
const SHOWN: usize = 80;

/// A place where a value is written down.
pub(super) struct Origin {
    /// The object to change.
    pub(super) object: EntityRef,
    /// As a claim says it: `env DB_HOST=dbb`, `key host of ConfigMap shop/api`.
    pub(super) text: String,
    /// What says so.
    pub(super) evidence: Evidence,
}

/// Where a word of a container's configuration is written.
pub(super) fn origin(case: &Case<'_>, word: &str) -> Option<Origin> {
    literal(case, word).or_else(|| config_map(case, word))
}

fn literal(case: &Case<'_>, word: &str) -> Option<Origin> {
    let unit = case.unit();
    let path = format!("spec.containers[{}]", case.spec.name);
    if let Some(var) = case.spec.env.iter().find(|e| e.value.as_deref().is_some_and(|v| holds(v, word))) {
        let value = var.value.as_deref().unwrap_or_default();
        let shown =
            if value.len() <= SHOWN && !value.contains('@') { format!("={value}") } else { format!(" (with {word})") };
        let text = format!("env {}{shown}", var.name);
        return Some(Origin {
            evidence: object(&unit, format!("{path}.env: {}{shown}", var.name)),
            object: unit,
            text,
        });
    }
    let args = case.spec.command.iter().chain(&case.spec.args).find(|a| a.len() <= SHOWN && holds(a, word))?;
    let text = format!("argument {args}");
    Some(Origin { evidence: object(&unit, format!("{path}.args: {args}")), object: unit, text })
}

fn config_map(case: &Case<'_>, word: &str) -> Option<Origin> {
    let ns = case.ns();
    for (name, only) in config_maps(case) {
        let Some(map) = case.view.config_maps.get(ns, &name) else { continue };
        let mut entries = map.data.iter().filter(|(k, _)| only.as_ref().is_none_or(|o| o == *k));
        if let Some((key, value)) = entries.find(|(_, v)| holds(v, word)) {
            let entity = EntityRef::new(Kind::ConfigMap, ns, name);
            let line = value.lines().find(|l| holds(l, word)).unwrap_or_default().trim();
            let shown = if line.len() <= SHOWN && !line.contains('@') { format!(" ({line})") } else { String::new() };
            let text = format!("key {key} of {entity}{shown}");
            return Some(Origin {
                evidence: object(&entity, format!("data.{key}: {}", if shown.is_empty() { word } else { line })),
                object: entity,
                text,
            });
        }
    }
    None
}

/// The ConfigMaps that a container reads, with the key where only one is read.
pub(super) fn config_maps(case: &Case<'_>) -> Vec<(String, Option<String>)> {
    let refs = case.spec.env.iter().filter_map(|e| e.value_from.as_ref()?.config_map_key_ref.as_ref());
    let keys = refs.map(|r| (r.name.clone(), Some(r.key.clone())));
    let whole = case.spec.env_from.iter().filter_map(|e| e.config_map_ref.as_ref()).map(|r| (r.name.clone(), None));
    let mounted =
        case.spec.volume_mounts.iter().filter_map(|m| case.pod.spec.volumes.iter().find(|v| v.name == m.name));
    let volumes = mounted.flat_map(|v| {
        let projected = v.projected.iter().flat_map(|p| p.sources.iter().filter_map(|s| s.config_map.as_ref()));
        v.config_map.iter().chain(projected).map(|c| (c.name.clone(), None)).collect::<Vec<_>>()
    });
    keys.chain(whole).chain(volumes).collect()
}

/// A Secret that a container takes a credential from: the Secret, its key and the variable.
pub(super) struct Credential {
    pub(super) secret: EntityRef,
    pub(super) text: String,
}

/// The Secret that holds the credential for a peer: by the variable's name, one that also names the peer first.
pub(super) fn credential(case: &Case<'_>, peer: Option<&str>) -> Option<Credential> {
    let ns = case.ns();
    let refs =
        case.spec.env.iter().filter_map(|e| Some((e.name.as_str(), e.value_from.as_ref()?.secret_key_ref.as_ref()?)));
    let best = refs.max_by_key(|(name, _)| (likely(name), peer.is_some_and(|p| shares_word(name, p))));
    if let Some((name, key)) = best.filter(|(name, _)| likely(name) > 0) {
        let secret = EntityRef::new(Kind::Secret, ns, key.name.clone());
        let text = format!("env {name} from key {} of {secret}", key.key);
        return Some(Credential { secret, text });
    }
    let whole = case
        .spec
        .env_from
        .iter()
        .find_map(|e| e.secret_ref.as_ref())
        .map(|r| (r.name.clone(), "all its keys as environment"));
    let mounted = || mounted_secrets(case.spec, case).into_iter().next().map(|name| (name, "mounted as files"));
    let (name, how) = whole.or_else(mounted)?;
    let secret = EntityRef::new(Kind::Secret, ns, name);
    Some(Credential { text: format!("{secret}, {how}"), secret })
}

/// The Secrets that a container mounts.
pub(super) fn mounted_secrets(container: &Container, case: &Case<'_>) -> Vec<String> {
    let mounted =
        container.volume_mounts.iter().filter_map(|m| case.pod.spec.volumes.iter().find(|v| v.name == m.name));
    mounted.filter_map(|v| v.secret.as_ref()).map(|s| s.secret_name.clone()).collect()
}

/// How likely a variable holds a credential.
fn likely(name: &str) -> u8 {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    match () {
        () if has(&["pass", "pwd", "token", "secret"]) => 3,
        () if has(&["url", "uri", "dsn", "conn"]) => 2,
        () if has(&["user", "key", "auth", "cred"]) => 1,
        () => 0,
    }
}

fn shares_word(name: &str, peer: &str) -> bool {
    let name = name.to_lowercase();
    peer.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|w| w.len() > 1 && name.contains(w))
}

/// Whether a text holds a word that is not part of a longer name.
pub(crate) fn holds(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back().is_some_and(|c| inside(c) || c == '.');
            let mut after = text[at + word.len()..].chars();
            let next = after.next();
            let longer =
                next.is_some_and(inside) || (next == Some('.') && after.next().is_some_and(char::is_alphanumeric));
            !before && !longer
        })
}

#[cfg(test)]
mod tests {
    #[rstest::rstest]
    #[case("postgres://u@dbb:5432/x", "dbb", true)]
    #[case("dbb", "dbb", true)]
    #[case("db-admin", "db", false)]
    #[case("db.shop", "db", false)]
    #[case("host = db.", "db", true)]
    #[case("x", "", false)]
    fn words(#[case] text: &str, #[case] word: &str, #[case] expected: bool) {
        assert_eq!(super::holds(text, word), expected);
    }
}
