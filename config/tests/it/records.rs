//! Settings of the service: lists of records, addresses, headers, and what must go together.

use std::time::Duration;

use midwatch_config::{ApiKeySecret, describe};
use secrecy::ExposeSecret as _;

use crate::support::World;

/// SHA-256 of `correct horse battery staple`.
const HASH: &str = "c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a";

#[test]
fn api_keys_are_a_hash_or_a_file() {
    let world = World::with_file(format!(
        "server:\n  api_keys:\n    - name: ci\n      sha256: {HASH}\n    - {{name: ops, key_file: ops.key}}\n"
    ));
    world.write("ops.key", "0123456789abcdef-key\n");
    let loaded = world.load().expect("valid");
    let keys = &loaded.settings.server.api_keys;
    assert_eq!(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["ci", "ops"]);
    assert!(matches!(&keys[0].secret, ApiKeySecret::Sha256(hash) if hash[0] == 0xc4 && hash[31] == 0x8a));
    assert!(matches!(&keys[1].secret, ApiKeySecret::Key(key) if key.expose_secret() == "0123456789abcdef-key"));
    let shown = describe(&loaded).into_iter().find(|row| row.key == "server.api_keys").expect("a row").value;
    assert_eq!(shown, r#"[{name: "ci", sha256: (set)}, {name: "ops", key_file: (set)}]"#);
    assert!(!format!("{loaded:?}").contains("abcdef-key"));
}

#[test]
fn api_keys_from_a_variable() {
    let value = format!("[{{name: ci, sha256: {HASH}}}]");
    let settings = World::new().env("MIDWATCH__SERVER__API_KEYS", &value).load().expect("valid").settings;
    assert_eq!(settings.server.api_keys.len(), 1);
}

#[test]
fn every_mistake_of_a_list_is_said_with_its_place() {
    let world = World::with_file(
        "server:\n  api_keys:\n    - name: ci\n    - {nmae: x, sha256: abc}\n    - key_file: none\n      name: 5\n    - text\n    - {name: a, sha256: s, key_file: f}\n",
    );
    let expected = "\
m.yaml:3:7: item 1 of `server.api_keys` has no key
    add `key_file: FILE`, or `sha256` with what `printf %s KEY | sha256sum` prints
m.yaml:4:8: unknown key `nmae` in item 2 of `server.api_keys`
    did you mean `name`?
m.yaml:4:7: item 2 of `server.api_keys` has no `name`
    name whoever holds the key: rules and the audit trail call them so
m.yaml:4:25: `sha256` in item 2 of `server.api_keys` is no SHA-256
    write the 64 hexadecimal digits that `printf %s KEY | sha256sum` prints
m.yaml:6:13: `name` in item 3 of `server.api_keys` is not text
    put it in quotes to make it text
m.yaml:5:17: `key_file` in item 3 of `server.api_keys` cannot be used: secret file none cannot be read: No such file or directory (os error 2)
    check the path and that this user may read the file
m.yaml:7:7: item 4 of `server.api_keys` is text, expected keys and values
    valid here: `name`, `sha256`, `key_file`
m.yaml:8:7: item 5 of `server.api_keys` has both `sha256` and `key_file`
    keep one of them";
    assert_eq!(world.errors(), expected);
}

#[test]
fn keys_are_long_and_their_names_are_their_own() {
    let world = World::with_file("server:\n  api_keys: [{name: a, key_file: k}]\n");
    world.write("k", "hunter2");
    let errors = world.errors();
    assert!(errors.contains("fewer than 16 characters") && !errors.contains("hunter2"), "{errors}");
    let twice = format!("server:\n  api_keys: [{{name: a, sha256: {HASH}}}, {{name: a, sha256: {HASH}}}]\n");
    let errors = World::with_file(twice).errors();
    assert!(errors.contains("item 2 of `server.api_keys` has the name `a` of an earlier one"), "{errors}");
}

#[test]
fn rules_are_read_and_shown() {
    let text = "permissions:\n  rules:\n    - who: {platform: api, user: ci}\n      verbs: [investigate, Status]\n      namespaces: 'team-*'\n";
    let loaded = World::with_file(text).load().expect("valid");
    let rule = &loaded.settings.permissions.rules[0];
    assert_eq!((rule.who.user.as_deref(), rule.verbs.as_slice()), (Some("ci"), &["investigate", "status"][..]));
    assert_eq!((rule.namespaces.as_slice(), rule.clusters.len()), (&["team-*".to_owned()][..], 0));
    let shown = describe(&loaded).into_iter().find(|row| row.key == "permissions.rules").expect("a row").value;
    let rule = r#"{who: {platform: "api", user: "ci"}, verbs: ["investigate", "status"], namespaces: ["team-*"]}"#;
    assert_eq!(shown, format!("[{rule}]"));
    assert!(World::with_file("permissions: {rules: []}").load().expect("valid").settings.permissions.rules.is_empty());
}

#[test]
fn a_rule_for_everyone_does_not_come_by_mistake() {
    for (rule, told) in [
        ("{verbs: [ask]}", "item 1 of `permissions.rules` does not say for whom it is"),
        ("{who: {}}", "`who` of item 1 of `permissions.rules` is empty"),
        ("{who: {usr: ci}}", "unknown key `usr` in `who` of item 1 of `permissions.rules`\n    did you mean `user`?"),
        ("{who: {user: ''}}", "`user` in `who` of item 1 of `permissions.rules` is empty"),
        ("{who: {user: ci}, verbs: []}", "`verbs` in item 1 of `permissions.rules` is an empty list"),
        ("{who: {user: ci}, verbs: [investgate]}", "did you mean `investigate`?"),
        ("{who: {user: ci}, clusters: [1]}", "an item of `clusters` in item 1 of `permissions.rules` is a number"),
        ("{who: ci}", "`who` of item 1 of `permissions.rules` is text, expected keys and values"),
    ] {
        let errors = World::with_file(format!("permissions:\n  rules: [{rule}]\n")).errors();
        assert!(errors.starts_with("m.yaml:2:") && errors.contains(told), "{rule}: {errors}");
    }
}

#[test]
fn values_of_one_text() {
    for (file, told) in [
        ("prometheus: {url: prom:9090}", "begin with `http://` or `https://`"),
        ("prometheus: {url: 'http://u:hunter2@prom'}", "`prometheus.url` holds a user or a password"),
        ("prometheus: {url: 'u:hunter2@prom:9/x y'}", "`prometheus.url` holds a user or a password"),
        ("prometheus: {url: 'http://prom/graph?g0=1'}", "end it before the `?`"),
        ("server: {listen: 8080}", "add the address: `127.0.0.1:8080` for this machine only, `0.0.0.0:8080` for all"),
        ("server: {listen: ':8080'}", "add the address: `127.0.0.1:8080`"),
        ("server: {listen: localhost}", "expected an IP address and a port"),
        ("jobs: {refuse_at: 90}", "add the unit: `90%`"),
        ("jobs: {refuse_at: 5%}", "expected a share from 10% to 100%"),
        ("alertmanager: {poll: 1s}", "expected `off` or a duration from 5s to 1h"),
        ("incidents: {channel: 5}", "put it in quotes to make it text"),
        ("prometheus: {token: 12345}", "`prometheus.token` is a number, expected a text"),
        ("prometheus: {headers: {Authorization: Bearer x}}", "use `token_file`, or `user` and `password_file`"),
        ("prometheus: {headers: {'a b': x}}", "is not a header's name"),
        ("prometheus: {headers: {X-A: \"a\\nb\"}}", "has a value that cannot be sent"),
        ("prometheus: {headers: [X-A]}", "write it like `{X-Scope-OrgID: tenant-1}`"),
    ] {
        let errors = World::with_file(file).errors();
        assert!(errors.contains(told), "{file}: {errors}");
        assert!(!errors.contains("hunter2") && !errors.contains("12345"), "{errors}");
    }
}

#[test]
fn service_settings_are_typed() {
    let world = World::new()
        .env("MIDWATCH__PROMETHEUS__URL", "http://prom:9090/select/0/prometheus")
        .env("MIDWATCH__PROMETHEUS__HEADERS", "{X-Scope-OrgID: team-1}")
        .env("MIDWATCH__ALERTMANAGER__POLL", "off")
        .env("MIDWATCH__ALERTMANAGER__TOKEN", "[\"looks: like YAML")
        .env("MIDWATCH__SERVER__LISTEN", "[::]:9000")
        .env("MIDWATCH__JOBS__REFUSE_AT", "80%")
        .env("MIDWATCH__STORE__KEEP_JOBS", "7d");
    let loaded = world.load().expect("valid");
    let settings = &loaded.settings;
    assert_eq!(
        settings.prometheus.url.as_ref().map(ToString::to_string).as_deref(),
        Some("http://prom:9090/select/0/prometheus")
    );
    assert_eq!(settings.prometheus.headers.0["X-Scope-OrgID"].expose_secret(), "team-1");
    assert_eq!(settings.alertmanager.poll, None);
    assert_eq!(settings.alertmanager.token.as_ref().expect("a token").expose_secret(), "[\"looks: like YAML");
    assert_eq!((settings.server.listen.port(), settings.jobs.refuse_at), (9000, 80));
    assert_eq!(settings.store.keep_jobs, Duration::from_hours(7 * 24));
    let shown = format!("{:?} {loaded:?}", describe(&loaded));
    assert!(!shown.contains("team-1") && !shown.contains("looks"), "{shown}");
}

#[test]
fn a_secret_comes_from_its_file() {
    let world = World::with_file("alertmanager: {url: 'http://am', token_file: t}\naudit: {key_file: k}\n");
    world.write("t", "the-token\n");
    world.write("k", "k".repeat(32));
    let settings = world.load().expect("valid").settings;
    assert_eq!(settings.alertmanager.token.expect("a token").expose_secret(), "the-token");
    assert_eq!(settings.audit.key.expect("a key").expose_secret().len(), 32);
    let both = World::with_file("audit: {key: abcdefgh, key_file: k}\n").errors();
    assert!(both.contains("`audit.key` and `audit.key_file` are both set") && !both.contains("abcdefgh"), "{both}");
}

#[test]
fn what_must_go_together() {
    let table = [
        (
            "prometheus: {token: t, user: u}",
            "m.yaml:1:30: `prometheus.token` and `prometheus.user` are both set\n    a request logs in one way: keep one of them",
        ),
        (
            "alertmanager: {user: u}",
            "m.yaml:1:22: `alertmanager.user` is set and `alertmanager.password` is not\n    set both or neither",
        ),
        (
            "server: {webhook_password: p}",
            "m.yaml:1:28: `server.webhook_password` is set and `server.webhook_user` is not\n    set both or neither",
        ),
    ];
    for (file, expected) in table {
        assert_eq!(World::with_file(file).errors(), expected);
    }
    let either = "server: {webhook_token: t, webhook_user: u, webhook_password: p}";
    assert!(World::with_file(either).load().is_ok(), "a sender may do one or the other");
    let world = World::with_file("prometheus: {token: t, user: u, password_file: p}");
    world.write("p", "secret");
    assert!(world.errors().contains("are both set"));
}

#[test]
fn channels_are_told_by_id() {
    let world = World::with_file(
        "slack:\n  bot_token: xoxb-1\n  app_token: xapp-1\n  channels:\n    - {id: C0123456789, alerts: true, cluster: prod-eu}\n    - {id: G1, namespace: shop}\n",
    );
    let loaded = world.load().expect("valid");
    let [alerts, shop] = &loaded.settings.slack.channels[..] else { panic!("two") };
    assert!(alerts.alerts && alerts.cluster.as_deref() == Some("prod-eu") && alerts.namespace.is_none());
    assert!(!shop.alerts && shop.namespace.as_deref() == Some("shop"));
    let wrong = World::with_file(
        "slack:\n  channels:\n    - {id: \"#alerts\"}\n    - {alerts: true}\n    - {id: C1, alerts: maybe}\n    - {id: C1}\n",
    );
    let expected = "\
m.yaml:3:12: `id` in item 1 of `slack.channels` is a name, not an id
    copy the id (C0123456789) from the end of the channel's details in Slack
m.yaml:4:7: item 2 of `slack.channels` has no `id`
    copy the id (C0123456789) from the end of the channel's details in Slack
m.yaml:5:24: `alerts` in item 3 of `slack.channels` is text, expected true or false
    write true or false
m.yaml:6:7: item 4 of `slack.channels` has the name `C1` of an earlier one
    give each its own";
    assert_eq!(wrong.errors(), expected);
}

#[test]
fn slack_is_whole_or_not_there() {
    let world = World::with_file("slack:\n  bot_token: xoxb-1234567890\n");
    let expected = "\
m.yaml:2:14: `slack.bot_token` is set, but no event of Slack can come in
    set `slack.app_token` (Socket Mode) or `slack.signing_secret` (signed HTTP)";
    assert_eq!(world.errors(), expected);
    let world = World::with_file("slack:\n  bot_token: xapp-1\n  app_token: xoxb-1\n");
    assert_eq!(world.errors().matches("does not begin with").count(), 2, "{}", world.errors());
    assert!(!world.errors().contains("xoxb-1") && !world.errors().contains("xapp-1"), "{}", world.errors());
    let world = World::with_file("slack:\n  channel: C1\n");
    assert!(world.errors().contains("`slack.channel` is set and `slack.bot_token` is not"), "{}", world.errors());
    let good = "slack:\n  bot_token: xoxb-1234567890\n  app_token: xapp-1234567890\n  channel: C1\n";
    assert!(World::with_file(good).load().is_ok());
}

#[test]
fn discord_is_whole_or_not_there() {
    let good = "discord:\n  bot_token: abc.def\n  guild: 1180000000000000001\n  channel: \"1180000000000000002\"\n  channels:\n    \
                - {id: 1180000000000000003, alerts: true}\npermissions:\n  rules:\n    - {who: {platform: discord, group: 1180000000000000004}}\n";
    let world = World::with_file(good);
    let settings = world.load().unwrap().settings;
    assert_eq!(settings.discord.guild.as_deref(), Some("1180000000000000001"), "a number is taken as it is written");
    assert_eq!(settings.discord.channels[0].id, "1180000000000000003");
    assert_eq!(settings.permissions.rules[0].who.group.as_deref(), Some("1180000000000000004"));
    for (text, expected) in [
        ("discord:\n  bot_token: abc\n", "`discord.guild` is not"),
        ("discord:\n  guild: 1180000000000000001\n", "`discord.bot_token` is not"),
        ("discord:\n  bot_token: abc\n  guild: ops\n", "`discord.guild` is no id"),
        ("discord:\n  bot_token: abc\n  guild: 1180000000000000001\n  public_key: abc\n", "64 hexadecimal digits"),
        ("discord:\n  channels:\n    - {id: \"#alerts\"}\n", "is a name, not an id"),
        (
            "slack:\n  bot_token: xoxb-1\n  app_token: xapp-1\n  channel: C1\ndiscord:\n  bot_token: abc\n  guild: \
             1180000000000000001\n  channel: 1180000000000000002\n",
            "`slack.channel` and `discord.channel` are both set",
        ),
    ] {
        let world = World::with_file(text);
        assert!(world.errors().contains(expected), "{text}: {}", world.errors());
    }
}

#[test]
fn a_model_is_named_and_has_a_key_or_a_server_of_its_own() {
    for (yaml, expected) in [
        ("model: {provider: anthropic}", "`model.provider` is anthropic and `model.name` is not set"),
        ("model: {provider: anthropic, name: m}", "`model.provider` is anthropic and `model.key` is not set"),
        ("model: {provider: azure, name: m, key: k}", "`model.provider` is azure and `model.url` is not set"),
        ("model: {name: m}", "`model.name` is set and `model.provider` is off"),
        ("model: {provider: antropic}", "did you mean `anthropic`?"),
        ("model: {provider: openai, name: m, key: k, usd: 1}", "what tokens cost is not known"),
        ("model: {usd: '1 $'}", "expected an amount of US dollars"),
        ("model: {fallback: [{id: a, provider: off, name: m}]}", "is no provider"),
        ("model: {fallback: [{id: a, name: m}]}", "has no `provider`"),
        ("model: {fallback: [{id: a, provider: openai, name: m, input_price: 1}]}", "has one price of two"),
        ("model: {fallback: [{id: a, provider: openai, name: m, input_price: x, output_price: 1}]}", "is no amount"),
        ("mcp: {servers: [{name: g, command: x}]}", "has no `tools`"),
        ("mcp: {servers: [{name: g, command: x, url: 'http://h', tools: [t]}]}", "has both `command` and `url`"),
        ("mcp: {servers: [{name: G G, command: x, tools: [t]}]}", "is no name"),
        ("mcp: {servers: [{name: g, command: x, tools: [t], timeout: 1h}]}", "is no duration from 1s to 5m"),
    ] {
        let text = World::with_file(yaml).errors();
        assert!(text.contains(expected), "{yaml}\n{text}");
    }
    let yaml = "model: {provider: openai, name: qwen3, url: 'http://ollama:11434/v1', input_price: 0.25, fallback: [{id: b, provider: gemini, name: g}]}";
    let model = World::with_file(yaml).load().unwrap().settings.model;
    assert_eq!((model.prices.input, model.fallback.len()), (Some(250_000), 1));
}
