//! The store that replicas share, and what each of them does: what fits together and what does not.

use midwatch_config::StoreMode;

use crate::support::World;

const KEY: &str = "audit:\n  key: 6f1c0a9be2d44d0f8a3e5b7c9d1f2a4e\n";

/// A file, and a part of what is said about it.
const WRONG: &[(&str, &str)] = &[
    ("store:\n  url: redis://r:6379\n", "set `audit.key_file`"),
    ("store:\n  url: http://r:6379\n", "begin with `redis://` or `rediss://`"),
    ("store:\n  url: redis://u:p@r:6379\n", "`username` and `password_file` are settings beside it"),
    ("server:\n  roles: [gatway]\n", "`gatway`, which is no role"),
    ("server:\n  roles: []\n", "would do nothing"),
    ("server:\n  roles: [worker]\n", "the embedded store is for one process"),
    ("store:\n  url: redis://r:6379\n  mode: cluster\n  database: 1\n", "a Cluster has only 0"),
    ("store:\n  url: redis://r:6379\n  nodes: [\"s:1\"]\n", "one server has no further nodes"),
    ("store:\n  url: redis://r:6379\n  mode: cluster\n  nodes: [s]\n", "no host and port"),
    ("store:\n  url: redis://r:6379\n  prefix: \"{a}\"\n", "a brace or a blank"),
    ("store:\n  password: hunter2-hunter2\n", "the store is embedded"),
];

#[test]
fn a_redis_is_described_by_its_settings() {
    let file = format!(
        "{KEY}server:\n  roles: [api]\nstore:\n  url: rediss://sentinel-0:26379\n  mode: sentinel\n  nodes: \
         [\"sentinel-1:26379\"]\n  master: watch\n  username: midwatch\n  password: hunter2-hunter2\n  timeout: 2s\n"
    );
    let settings = World::with_file(file).load().expect("right settings").settings;
    let store = &settings.store;
    assert_eq!(store.url.as_ref().map(ToString::to_string).as_deref(), Some("rediss://sentinel-0:26379"));
    assert_eq!((store.mode, store.master.as_str(), store.nodes.len()), (StoreMode::Sentinel, "watch", 1));
    assert_eq!(settings.server.roles, ["api"]);
}

#[test]
fn what_does_not_fit_is_said() {
    for (file, said) in WRONG {
        let shown = World::with_file(file).errors();
        assert!(shown.contains(said), "{said}: {shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
