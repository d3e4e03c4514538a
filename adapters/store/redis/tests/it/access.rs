//! Who may in: passwords, users with few rights, encrypted connections.

use midwatch_doubles::redis::{Certificates, Redis, Settings};
use midwatch_redis::{Login, Mode, Options, RedisStore, Tls};
use midwatch_service::port::store::{Store as _, StoreError};

use crate::support::{hand_in, options};

fn login(name: Option<&str>, password: &str) -> Login {
    Login { username: name.map(str::to_owned), password: Some(password.into()) }
}

#[tokio::test]
async fn a_password_is_asked_for_and_never_told() {
    let redis = Redis::with(Settings { password: Some("pass word".to_owned()), ..Settings::default() }).await;
    let with = |login| Options { login, ..options(&[redis.port()], Mode::Single) };
    let error = RedisStore::open(with(Login::default())).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error}");
    let options = with(login(None, "wr0ng-one"));
    assert!(!format!("{options:?}").contains("wr0ng-one"));
    let error = RedisStore::open(options).await.unwrap_err();
    assert!(error.to_string().contains("store.password") && !error.to_string().contains("wr0ng-one"), "{error}");
    let store = RedisStore::open(with(login(None, "pass word"))).await.unwrap();
    hand_in(&store).await.unwrap();
}

#[tokio::test]
async fn a_user_with_the_rights_that_the_documentation_names_is_enough() {
    let redis = Redis::start().await;
    let rules = midwatch_redis::RIGHTS.split(' ');
    let words: Vec<&str> = ["ACL", "SETUSER", "midwatch", "reset", "on", ">secret"].into_iter().chain(rules).collect();
    redis.ask(&words).await;
    let user = |prefix: &str| Options {
        login: login(Some("midwatch"), "secret"),
        prefix: prefix.to_owned(),
        ..options(&[redis.port()], Mode::Single)
    };
    let store = RedisStore::open(user("midwatch")).await.unwrap();
    hand_in(&store).await.unwrap();
    store.check().await.unwrap();
    let kept = store.durability().await.unwrap();
    assert_eq!((kept.aof, kept.policy.as_deref()), (Some(false), Some("noeviction")));
    assert_eq!(kept.fsync, None, "it may not read the configuration, and does not need to");
    let error = RedisStore::open(user("other")).await.unwrap_err();
    assert!(error.to_string().contains("which rights"), "{error}");
}

#[tokio::test]
async fn what_redis_promises_is_known() {
    let redis = Redis::with(Settings {
        files: midwatch_doubles::redis::Files::Always,
        more: vec!["--maxmemory".to_owned(), "64mb".to_owned()],
        ..Settings::default()
    })
    .await;
    let kept = RedisStore::open(options(&[redis.port()], Mode::Single)).await.unwrap().durability().await.unwrap();
    assert_eq!((kept.aof, kept.fsync.as_deref()), (Some(true), Some("always")));
    assert_eq!((kept.max_memory, kept.replicas, kept.min_replicas), (Some(64 << 20), Some(0), Some(0)));
    assert_eq!(kept.cluster, Some(false));
}

#[tokio::test]
async fn a_server_without_memory_refuses_whole_writes_and_says_what_to_do() {
    let redis = Redis::start().await;
    let store = RedisStore::open(options(&[redis.port()], Mode::Single)).await.unwrap();
    let before = hand_in(&store).await.unwrap();
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let error = hand_in(&store).await.unwrap_err();
    assert!(error.to_string().contains("maxmemory"), "{error}");
    assert!(store.job(before).await.unwrap().is_some(), "reads go on");
    redis.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    hand_in(&store).await.unwrap();
    assert_eq!(store.load().await.unwrap().pending, 2, "nothing of the one that was refused");
}

#[tokio::test]
async fn encrypted_connections_trust_the_given_authority_alone() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (ours, another) = (Certificates::new(), Certificates::new());
    let redis = Redis::with(Settings { tls: Some(ours.files()), ..Settings::default() }).await;
    let trusting = |authority: &Certificates| Options {
        tls: Some(Tls { ca: Some(authority.ca().as_bytes().to_vec()) }),
        ..options(&[redis.tls_port().unwrap()], Mode::Single)
    };
    let store = RedisStore::open(trusting(&ours)).await.unwrap();
    hand_in(&store).await.unwrap();
    let error = RedisStore::open(trusting(&another)).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
}
