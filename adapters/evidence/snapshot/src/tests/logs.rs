//! Logs: whose they are, and what stands in their place.

use super::*;

fn marked(ns: &str, pod: &str, container: &str, body: &str) -> String {
    format!(
        "==== START logs for container {container} of pod {ns}/{pod} ====\n{body}==== END logs for container {container} of pod {ns}/{pod} ====\n"
    )
}

fn pod(ns: &str, name: &str, containers: &[&str]) -> String {
    let list: Vec<String> = containers.iter().map(|c| format!(r#"{{"name":"{c}"}}"#)).collect();
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"{ns}"}},"spec":{{"containers":[{}]}}}}"#,
        list.join(",")
    )
}

fn pods(list: &[String]) -> String {
    format!(r#"{{"apiVersion":"v1","items":[{}],"kind":"List"}}"#, list.join(","))
}

/// Bytes of the log, or the failure.
async fn got(snapshot: &Snapshot, whose: &str, previous: bool) -> String {
    match log(snapshot, whose, previous).await {
        Ok(reading) => format!("{} bytes", reading.bytes),
        Err(failure) => failure.to_string(),
    }
}

#[tokio::test]
async fn the_dump_has_all_containers_in_one_file() {
    let text = marked("shop", "a", "init", "")
        + &marked("shop", "a", "web", "hello\n")
        + &marked("shop", "a", "side", "no end");
    let previous = marked(
        "shop",
        "a",
        "web",
        "Error from server (BadRequest): previous terminated container \"web\" in pod \"a\" not found\n",
    );
    let (_dir, snapshot) = recording(&[
        ("shop/pods.json", &dump("Pod", &["shop/a", "shop/b"])),
        ("shop/a/logs.txt", &text),
        ("shop/a/logs-previous.txt", &previous),
        (
            "shop/b/logs.txt",
            &marked(
                "shop",
                "b",
                "web",
                "Request log error: the server rejected our request for an unknown reason (get pods b)\n",
            ),
        ),
        ("shop/c/logs.txt", &marked("shop", "c", "web", "unable to retrieve container logs for containerd://0a1b2c")),
        ("shop/d/logs.txt", ""),
    ]);
    for (whose, previous, wanted) in [
        ("shop/a/init", false, "0 bytes"),
        ("shop/a/web", false, "6 bytes"),
        ("shop/a/side", false, "6 bytes"),
        ("shop/a/other", false, "not in the recording"),
        ("shop/a/web", true, "the container has no previous run"),
        ("shop/a/side", true, "not in the recording"),
        ("shop/b/web", false, "the container has not started"),
        ("shop/b/web", true, "not in the recording"),
        ("shop/c/web", false, "not readable: unable to retrieve container logs for containerd://0a1b2c"),
        ("shop/d/web", false, "0 bytes"),
        ("shop/e/web", false, "not in the recording"),
        ("other/a/web", false, "not in the recording"),
    ] {
        assert_eq!(got(&snapshot, whose, previous).await, wanted, "{whose} {previous}");
    }
}

#[tokio::test]
async fn files_that_people_name() {
    let (_dir, snapshot) = recording(&[
        (
            "pods.json",
            &pods(&[
                pod("shop", "api", &["main", "side"]),
                pod("shop", "api-web", &["main"]),
                pod("shop", "job", &["x"]),
            ]),
        ),
        ("api.log", "of the default container\n"),
        ("api_side.log", "12345"),
        ("api-previous.log", "1234"),
        ("logs/api-web.log", "of the other pod"),
        ("logs/job.txt", "Name:         job\nNamespace:    shop\n"),
    ]);
    for (whose, previous, wanted) in [
        ("shop/api/main", false, "25 bytes"),
        ("shop/api/side", false, "5 bytes"),
        ("shop/api/main", true, "4 bytes"),
        ("shop/api/side", true, "not in the recording"),
        ("shop/api/web", false, "not in the recording"),
        ("shop/api-web/main", false, "16 bytes"),
        ("shop/job/x", false, "not in the recording"),
    ] {
        assert_eq!(got(&snapshot, whose, previous).await, wanted, "{whose} {previous}");
    }
}

#[tokio::test]
async fn kubectl_says_which_container_it_chose() {
    let (_dir, snapshot) = recording(&[
        ("pods.json", &pods(&[pod("shop", "api", &["main", "side"])])),
        ("api.log", "Defaulted container \"side\" out of: main, side\nhello\n"),
    ]);
    assert_eq!(got(&snapshot, "shop/api/main", false).await, "not in the recording");
    assert_eq!(got(&snapshot, "shop/api/side", false).await, "52 bytes");
}

#[tokio::test]
async fn a_log_without_end_is_a_gap_and_bytes_have_one_digest() {
    let start = "==== START logs for container web of pod shop/a ====\nhello\n";
    let (_dir, snapshot) = recording(&[
        ("shop/pods.json", &dump("Pod", &["shop/a"])),
        ("shop/a/logs.txt", start),
        ("shop/b/logs.txt", &marked("shop", "b", "web", "hello\n")),
    ]);
    let (a, b) =
        (log(&snapshot, "shop/a/web", false).await.unwrap(), log(&snapshot, "shop/b/web", false).await.unwrap());
    assert_eq!(a.digest, b.digest);
    assert_eq!(a.gaps, ["shop/a/logs.txt: the log of container web has no end: the file was cut"]);
    assert!(b.gaps.is_empty());
}

#[tokio::test]
async fn a_log_is_read_up_to_its_bound_and_the_rest_is_said() {
    let text = marked("shop", "a", "c", &"INFO calm\n".repeat(100_000));
    let dir = directory(&[("shop/pods.json", &pods(&[pod("shop", "a", &["c"])])), ("shop/a/logs.txt", &text)]);
    let limits = Limits { log_bytes: 64 * 1024, ..Limits::default() };
    let snapshot = Snapshot::open(dir.path(), limits).unwrap();
    let reading = log(&snapshot, "shop/a/c", false).await.unwrap();
    assert!(reading.bytes <= 64 * 1024, "{}", reading.bytes);
    assert!(reading.gaps.iter().any(|g| g.contains("only the first 65536 bytes")), "{:?}", reading.gaps);
}
