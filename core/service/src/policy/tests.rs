//! What is allowed, and above all what is not.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("", "", false)]
#[case("", "a", false)]
#[case("*", "", false)]
#[case("*", "a", true)]
#[case("**", "a", true)]
#[case("a", "a", true)]
#[case("a", "A", false)]
#[case("a", "ab", false)]
#[case("a*", "a", true)]
#[case("a*", "ba", false)]
#[case("*a", "ba", true)]
#[case("*a", "ab", false)]
#[case("a*a", "a", false)]
#[case("a*a", "aa", true)]
#[case("ab*ba", "aba", false)]
#[case("a*b*c", "abc", true)]
#[case("a*b*c", "a-b-b-c", true)]
#[case("a*b*c", "abcd", false)]
#[case("a*b*c", "acb", false)]
#[case("a*bc*c", "abc", false)]
#[case("*ab*ab*", "ababab", true)]
#[case("*ab*ab*", "aab", false)]
#[case("größe-*", "größe-1", true)]
#[case("*ß", "ö", false)]
#[case("shop-*", "shop", false)]
#[case("s.op", "shop", false)]
fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
    assert_eq!(fits(pattern, text), expected);
}

fn actor() -> Actor {
    Actor {
        platform: "slack".into(),
        workspace: Some("acme".into()),
        user: "U1".into(),
        groups: vec!["sre".into(), "oncall".into()],
        channel: Some("shop-alerts".into()),
    }
}

fn rules(yaml: &str) -> Vec<Rule> {
    serde_saphyr::from_str(yaml).unwrap()
}

fn allows(yaml: &str, actor: &Actor, verb: Verb, cluster: Option<&str>, namespaces: &[&str]) -> bool {
    Policy::new(rules(yaml)).decide(actor, Wish { verb, cluster, namespaces }) == Decision::Allowed
}

#[rstest]
// whom it is for
#[case("[{who: {user: U1}}]", &["shop"], true)]
#[case("[{who: {user: u1}}]", &["shop"], false)]
#[case("[{who: {user: U1, platform: discord}}]", &["shop"], false)]
#[case("[{who: {user: 'U*', platform: slack, workspace: acme, channel: 'shop-*'}}]", &["shop"], true)]
#[case("[{who: {group: oncall}}]", &["shop"], true)]
#[case("[{who: {group: 'on*'}}]", &["shop"], true)]
#[case("[{who: {group: 'sre,oncall'}}]", &["shop"], false)]
#[case("[{who: {user: '*'}}]", &[], true)]
// verbs
#[case("[{who: {user: U1}, verbs: [status]}]", &["shop"], false)]
#[case("[{who: {user: U1}, verbs: [status, investigate]}]", &["shop"], true)]
#[case("[{who: {user: U1}, verbs: '*'}]", &["shop"], true)]
#[case("[{who: {user: U1}, verbs: ['*', status]}]", &["shop"], true)]
// clusters
#[case("[{who: {user: U1}, clusters: [prod]}]", &["shop"], true)]
#[case("[{who: {user: U1}, clusters: [test, prod-*]}]", &["shop"], false)]
// namespaces
#[case("[{who: {user: U1}, namespaces: [shop]}]", &["shop"], true)]
#[case("[{who: {user: U1}, namespaces: [shop]}]", &["shop", "pay"], false)]
#[case("[{who: {user: U1}, namespaces: [shop, pay]}]", &["shop", "pay"], true)]
#[case("[{who: {user: U1}, namespaces: [shop]}]", &[], false)]
#[case("[{who: {user: U1}, namespaces: ['*']}]", &["shop", "pay"], true)]
#[case("[{who: {user: U1}, namespaces: ['*']}]", &[], false)]
#[case("[{who: {user: U1}, namespaces: ['*']}]", &[""], false)]
#[case("[{who: {user: U1}}]", &[], true)]
// rights are not pieced together
#[case("[{who: {user: U1}, namespaces: [shop]}, {who: {user: U1}, namespaces: [pay]}]", &["shop", "pay"], false)]
#[case("[{who: {user: U1}, verbs: [status]}, {who: {user: U1}, verbs: [investigate], clusters: [x]}]", &["shop"], false)]
#[case("[]", &["shop"], false)]
fn investigating_in_prod(#[case] yaml: &str, #[case] namespaces: &[&str], #[case] expected: bool) {
    assert_eq!(allows(yaml, &actor(), Verb::Investigate, Some("prod"), namespaces), expected);
}

#[test]
fn what_is_not_known_of_someone_fits_nothing() {
    let nobody = Actor::default();
    for who in ["user: '*'", "platform: '*'", "workspace: '*'", "group: '*'", "channel: '*'"] {
        assert!(!allows(&format!("[{{who: {{{who}}}}}]"), &nobody, Verb::Status, None, &[]), "{who}");
    }
    let prod = "[{who: {user: U1}, clusters: ['*']}]";
    assert!(!allows(prod, &actor(), Verb::Investigate, None, &["shop"]), "no cluster is named");
    assert!(allows("[]", &nobody, Verb::Help, None, &[]));
}

#[rstest]
#[case("[{}]", "who")]
#[case("[{who: {}}]", "`who` is empty")]
#[case("[{who: {user: ''}}]", "fits no name")]
#[case("[{who: {user: 'U1 '}}]", "fits no name")]
#[case("[{who: {usr: U1}}]", "usr")]
#[case("[{who: {user: U1}, verb: [ask]}]", "verb")]
#[case("[{who: {user: U1}, verbs: []}]", "an empty list")]
#[case("[{who: {user: U1}, verbs: [aks]}]", "there is no verb `aks`")]
#[case("[{who: {user: U1}, verbs: [Ask]}]", "there is no verb `Ask`")]
#[case("[{who: {user: U1}, namespaces: []}]", "an empty list")]
#[case("[{who: {user: U1}, namespaces: ['']}]", "fits no name")]
#[case("[{who: {user: U1}, clusters: {a: b}}]", "list of texts")]
fn a_rule_that_could_mean_two_things_is_refused(#[case] yaml: &str, #[case] says: &str) {
    let told = serde_saphyr::from_str::<Vec<Rule>>(yaml).unwrap_err().to_string();
    assert!(told.contains(says), "{told}");
}

#[test]
fn a_refusal_says_who_what_and_where() {
    let wish = Wish { verb: Verb::Stop, cluster: Some("prod"), namespaces: &["shop", "pay"] };
    let Decision::Denied(words) = Policy::default().decide(&actor(), wish) else { panic!("allowed") };
    assert_eq!(
        words,
        "slack U1 may not `stop` in namespace shop: no rule of `permissions` allows it; ask whoever configures Midwatch"
    );
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "ab", "a*", "*b", "*"]).prop_map(str::to_owned)
}

fn rule() -> impl Strategy<Value = Rule> {
    let maybe = || prop::option::weighted(0.3, name());
    let who = (maybe(), maybe(), maybe(), maybe(), maybe())
        .prop_map(|(platform, workspace, user, group, channel)| Who { platform, workspace, user, group, channel });
    let names = || prop::collection::vec(name(), 0..3);
    (who, prop::collection::vec(prop::sample::select(Verb::ALL.to_vec()), 0..3), names(), names())
        .prop_map(|(who, verbs, clusters, namespaces)| Rule { who, verbs, clusters, namespaces })
}

fn someone() -> impl Strategy<Value = Actor> {
    let plain = || prop::sample::select(vec!["", "a", "b", "ab"]).prop_map(str::to_owned);
    (plain(), prop::option::of(plain()), plain(), prop::collection::vec(plain(), 0..3), prop::option::of(plain()))
        .prop_map(|(platform, workspace, user, groups, channel)| Actor { platform, workspace, user, groups, channel })
}

proptest! {
    #[test]
    fn rules_only_ever_add_and_each_allows_by_itself(
        rules in prop::collection::vec(rule(), 0..5),
        more in rule(),
        actor in someone(),
        verb in prop::sample::select(Verb::ALL.to_vec()),
        cluster in prop::option::of(prop::sample::select(vec!["", "a", "b"])),
        namespaces in prop::collection::vec(prop::sample::select(vec!["", "a", "b", "ab"]), 0..3),
    ) {
        let wish = Wish { verb, cluster, namespaces: &namespaces };
        let allowed = |rules: Vec<Rule>| Policy::new(rules).decide(&actor, wish) == Decision::Allowed;
        let before = allowed(rules.clone());
        let single = rules.iter().any(|rule| allowed(vec![rule.clone()]));
        prop_assert_eq!(before, single || verb == Verb::Help);
        let grown = [rules, vec![more]].concat();
        prop_assert!(!before || allowed(grown));
        prop_assert_eq!(allowed(Vec::new()), verb == Verb::Help);
    }

    #[test]
    fn a_pattern_fits_as_its_expression_does(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
        let expression = regex::Regex::new(&format!("^(?:{})$", pattern.replace('*', ".*"))).unwrap();
        prop_assert_eq!(fits(&pattern, &text), !text.is_empty() && expression.is_match(&text));
    }

    #[test]
    fn a_rule_that_is_written_reads_back(mut rule in rule()) {
        rule.who.user = Some("U1".to_owned());
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }
}
