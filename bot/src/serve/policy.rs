//! The permissions, from the rules as they are written.

use midwatch_config::{PermissionRule, PermissionSettings};
use midwatch_service::policy::{Policy, Rule, Verb, Who};

/// The rules that apply.
pub(super) fn policy(settings: &PermissionSettings) -> Policy {
    Policy::new(settings.rules.iter().map(rule).collect())
}

fn rule(written: &PermissionRule) -> Rule {
    let who = &written.who;
    Rule {
        who: Who {
            platform: who.platform.clone(),
            workspace: who.workspace.clone(),
            user: who.user.clone(),
            group: who.group.clone(),
            channel: who.channel.clone(),
        },
        verbs: written.verbs.iter().filter_map(|word| verb(word)).collect(),
        clusters: written.clusters.clone(),
        namespaces: written.namespaces.clone(),
    }
}

fn verb(word: &str) -> Option<Verb> {
    Verb::ALL.into_iter().find(|verb| verb.as_str() == word)
}

#[cfg(test)]
mod tests {
    use midwatch_config::VERBS;
    use midwatch_service::job::Actor;
    use midwatch_service::policy::{Decision, Wish};

    use super::*;

    /// A word that is taken and stands for no verb would make a rule allow everything.
    #[test]
    fn every_word_is_a_verb_and_every_verb_a_word() {
        assert_eq!(VERBS, Verb::ALL.map(Verb::as_str));
    }

    #[test]
    fn by_default_webhooks_investigate_and_key_holders_do_everything() {
        let policy = policy(&PermissionSettings::default());
        let may = |platform: &str, verb| {
            let actor = Actor { platform: platform.to_owned(), user: "u".to_owned(), ..Actor::default() };
            policy.decide(&actor, Wish { verb, cluster: None, namespaces: &[] }) == Decision::Allowed
        };
        assert!(may("webhook", Verb::Investigate) && !may("webhook", Verb::Stop) && !may("webhook", Verb::List));
        assert!(Verb::ALL.into_iter().all(|verb| may("api", verb)));
        assert!(may("slack", Verb::Help) && !may("slack", Verb::Investigate));
    }
}
