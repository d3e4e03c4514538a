//! What is wrong, away or not allowed is said in words, with the exit code that belongs to it.

use super::{fails, investigated, told};
use crate::support::{CASE, OPS, Place, SHOP};

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_is_refused_in_words() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let unknown = "0199d2c4a81f7b62a1c4e1f0a7c3b5d2";
    for command in ["show", "history", "logs", "artifacts", "watch", "cancel", "retry"] {
        let (code, err) = fails(&place, &["jobs", command, unknown], &[]).await;
        assert!(code == 1 && err.contains("there is no job"), "{command}: {err}");
        for bad in ["../../etc/passwd", "\x1b[2Jabcd", "abc", "%2e%2e", "0199d2c4-zzzz", ""] {
            let (code, err) = fails(&place, &["jobs", command, bad], &[]).await;
            assert!(code == 2 && !err.contains('\x1b'), "{command} {bad:?}: {err:?}");
        }
        let (code, err) = fails(&place, &["jobs", command, "ffffffff"], &[]).await;
        assert!(code == 1 && err.contains("ffffffff"), "{command}: {err}");
    }
    for command in ["show", "replay", "discard"] {
        assert_eq!(fails(&place, &["dead-letter", command, unknown], &[]).await.0, 1, "{command}");
    }
    for (command, option) in
        [("stats", "--last"), ("slow", "--last"), ("errors", "--last"), ("spend", "--last"), ("slow", "--threshold")]
    {
        for bad in ["99999d", "-1h", "1", "", "1h1h", "99999999999999999999d", "1m&last=1h"] {
            if option == "--threshold" && bad == "99999d" {
                continue;
            }
            let (code, err) = fails(&place, &[command, option, bad], &[]).await;
            assert!(code == 1 && err.contains("refused"), "{command} {option} {bad:?}: {err}");
        }
    }
    for bad in [&["jobs", "list", "--limit", "0"][..], &["jobs", "list", "--limit", "501"], &["top", "--every", "0"]] {
        assert_eq!(fails(&place, bad, &[]).await.0, 2, "{bad:?}");
    }
    let (code, err) = fails(&place, &["jobs", "list", "--state", "done"], &[]).await;
    assert!(code == 1 && err.contains("there are: pending"), "{err}");
    let (code, err) = fails(&place, &["drain", "no-such-worker", "--reason", "x"], &[]).await;
    assert!(code == 1 && err.contains("there is no worker `no-such-worker`"), "{err}");
    let (code, err) = fails(&place, &["top"], &[]).await;
    assert!(code == 2 && err.contains("needs a terminal") && err.contains("queue stats"), "{err}");
    let id = investigated(&server, "A").await;
    let (code, err) = fails(&place, &["jobs", "artifacts", &id, "../report"], &[]).await;
    assert!(code == 1 && err.contains("keeps no artifact"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_runs_and_nothing_is_kept_it_says_so() {
    let place = Place::new(CASE, "").await;
    for args in [&["jobs", "list"][..], &["queue", "stats"], &["stats"], &["health"], &["workers"], &["spend"]] {
        let (code, err) = fails(&place, args, &[]).await;
        assert!(code == 1 && err.contains("MIDWATCH__SERVER__LISTEN"), "{args:?}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_the_store_and_cannot_be_reached_is_not_read_around() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let (code, err) = fails(&place, &["jobs", "list"], &[("server__listen", "127.0.0.1:1")]).await;
    assert!(code == 1 && err.contains("answers at 127.0.0.1:1"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_rights_decide() {
    let mut place = Place::new(CASE, "").await;
    let keys = place.two_keys();
    place.more(
        "permissions: {rules: [{who: {user: ops}}, {who: {user: shop}, verbs: [list, status], namespaces: [shop]}, \
         {who: {platform: webhook}, verbs: [investigate]}]}\n",
    );
    let settings = [("server__api_keys", keys.as_str())];
    let mut server = place.start_with(&settings);
    server.ready().await;
    let (code, err) = fails(&place, &["queue", "stats"], &settings).await;
    assert!(code == 1 && err.contains("wants an API key") && err.contains("--api-key-file"), "{err}");
    let wrong = place.file("wrong.key", "nobody-has-this-key");
    let (code, err) = fails(&place, &["queue", "stats", "--api-key-file", &wrong], &settings).await;
    assert!(code == 1 && err.contains("does not know this API key") && !err.contains("nobody-has"), "{err}");
    let (ops, shop) = (place.file("ops.key", OPS), place.file("shop.key", SHOP));
    for args in [
        &["queue", "stats"][..],
        &["queue", "move-stuck"],
        &["queue", "clear", "--pack", "crash", "--confirm"],
        &["kill-switch", "on", "--reason", "x"],
        &["workers"],
        &["stats"],
        &["spend"],
        &["health"],
    ] {
        let with_key = |key| args.iter().copied().chain(["--api-key-file", key]).collect::<Vec<_>>();
        let (code, err) = fails(&place, &with_key(&shop), &settings).await;
        assert!(code == 1 && err.contains("403") && err.contains("permissions"), "{args:?}: {err}");
        let (code, out, err) = place.run(&with_key(&ops), &settings).await;
        assert_eq!(code, Some(0), "{args:?}: {out}{err}");
    }
    let (code, out, _) = place.run(&["jobs", "list", "-o", "json", "--api-key-file", &shop], &settings).await;
    assert!(code == Some(0) && out.contains("\"jobs\": []"), "what they may see is theirs: {out}");
    assert!(server.terminate().success());
    // Who may read the files may read the store.
    assert_eq!(told(&place, &["queue", "stats"]).await["pending"], 0);
}
