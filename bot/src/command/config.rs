//! `midwatch config`.

use std::process::ExitCode;

use midwatch_config::{Loaded, Origin};
use midwatch_diagnosis::entity::Kind;
use midwatch_kubernetes::rbac::{PolicyRule, rules};
use serde_json::json;

use crate::cli::{Common, Config, Rbac};
use crate::command::load_packs;
use crate::failure::Failure;
use crate::{output, settings};

/// Checks or shows.
pub(crate) fn run(args: &Config, common: &Common) -> Result<ExitCode, Failure> {
    match args {
        Config::Default => output::print_own(midwatch_config::default_yaml())?,
        Config::Check => output::print_own(&checked(&load(common)?))?,
        Config::Show => output::print_own(&shown(&load(common)?))?,
        Config::Rbac(wish) => output::print_own(&rbac(wish, &load(common)?)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Here a mistake is the answer to the question and not wrong usage, so the code is 1.
fn load(common: &Common) -> Result<Loaded, Failure> {
    settings::loaded(common, &[]).map_err(Failure::no_report)
}

fn checked(loaded: &Loaded) -> String {
    let place = match &loaded.file {
        Some(path) => path.display().to_string(),
        None => "no configuration file, so the defaults apply".to_owned(),
    };
    let set: Vec<String> = midwatch_config::describe(loaded)
        .into_iter()
        .filter(|one| one.origin != Origin::Default)
        .map(|one| format!("  {}: {}  ({})\n", one.key, one.value, one.origin))
        .collect();
    let changed = if set.is_empty() { "  nothing differs from the defaults\n".to_owned() } else { set.concat() };
    format!("configuration is valid: {place}\n{changed}")
}

fn shown(loaded: &Loaded) -> String {
    let rows = midwatch_config::describe(loaded);
    let key = rows.iter().map(|row| row.key.len()).max().unwrap_or(0);
    let value = rows.iter().map(|row| row.value.chars().count()).max().unwrap_or(0).min(40);
    rows.iter()
        .map(|row| format!("{:<key$}  {:<value$}  {}\n", row.key, row.value, row.origin))
        .collect::<Vec<_>>()
        .concat()
}

/// The ClusterRole for what the packs look for.
fn rbac(wish: &Rbac, loaded: &Loaded) -> Result<String, Failure> {
    let packs = load_packs(&loaded.settings)
        .map_err(|errors| Failure::no_report(format!("packs cannot be used:\n{errors}")))?;
    let mut kinds = packs.kinds();
    if wish.without_secrets {
        kinds.remove(&Kind::Secret);
    }
    let rules = rules(&kinds);
    Ok(if wish.output == "json" {
        let (version, metadata) = ("rbac.authorization.k8s.io/v1", json!({"name": wish.name}));
        let role = json!({"apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": rules});
        format!("{role:#}\n")
    } else {
        role_yaml(&wish.name, &rules)
    })
}

/// By hand, in the manner of manifests. Every text is quoted as JSON does, which YAML reads the same.
fn role_yaml(name: &str, rules: &[PolicyRule]) -> String {
    let list = |texts: &[String]| json!(texts).to_string().replace(',', ", ");
    let mut text = format!(
        "# What the detectors of the packs read: `midwatch config rbac`.\napiVersion: rbac.authorization.k8s.io/v1\n\
         kind: ClusterRole\nmetadata:\n  name: {}\nrules:\n",
        json!(name)
    );
    for rule in rules {
        let verbs: Vec<String> = rule.verbs.iter().map(|verb| (*verb).to_owned()).collect();
        if rule.resources == [Kind::Secret.plural()] {
            text +=
                "  # Names, types and names of keys, as a table without values. Who may list may read values, too.\n";
        }
        text += &format!("  - apiGroups: {}\n", list(&rule.api_groups));
        text += "    resources:\n";
        for resource in &rule.resources {
            text += &format!("      - {resource}\n");
        }
        text += &format!("    verbs: {}\n", list(&verbs));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_role_say_the_same() {
        let kinds = [Kind::Pod, Kind::Secret, Kind::Deployment].into_iter().collect();
        let rules = rules(&kinds);
        let yaml: serde_json::Value = serde_saphyr::from_str(&role_yaml("mid: watch", &rules)).unwrap();
        assert_eq!(yaml["metadata"]["name"], "mid: watch");
        assert_eq!(yaml["rules"], json!(rules));
    }
}
