//! Files that are not what they should be: refusals, cuts, garbage. Never a panic, never a silent gap.

use proptest::prelude::*;

use super::*;

const REFUSED: &str = r#"Error from server (Forbidden): secrets is forbidden: User "x" cannot list resource "secrets" in API group "" in the namespace "shop""#;

fn with(file: &str, bytes: &[u8]) -> (TempDir, Snapshot) {
    let dir =
        directory(&[("nodes.json", &dump("Node", &["n"])), ("shop/services.json", &dump("Service", &["shop/s"]))]);
    write(dir.path(), file, bytes);
    let snapshot = Snapshot::open(dir.path(), Limits::default()).unwrap();
    (dir, snapshot)
}

#[tokio::test]
async fn what_stands_in_place_of_a_list() {
    for (file, text, kind, wanted) in [
        ("shop/secrets.json", REFUSED, Kind::Secret, "forbidden: Error from server (Forbidden): secrets is"),
        ("shop/x.yaml", REFUSED, Kind::Secret, "forbidden: "),
        ("shop/pods.json", "", Kind::Pod, "not readable: shop/pods.json: the file is empty"),
        ("shop/pods.json", " \r\n", Kind::Pod, "not readable: shop/pods.json: the file is empty"),
        ("shop/pods.json", "error: You must be logged in to the server (Unauthorized)", Kind::Pod, "forbidden: "),
        ("shop/pods.json", "error: something else", Kind::Pod, "not readable: error: something else"),
        (
            "shop/pods.json",
            "Unable to connect to the server: net/http: TLS handshake timeout\n",
            Kind::Pod,
            "no answer in time: ",
        ),
        ("shop/pods.json", "Unable to connect to the server: EOF", Kind::Pod, "not readable: Unable to connect"),
        ("shop/pods.json", "No resources found in shop namespace.\n", Kind::Pod, ""),
        ("shop/pods.json", "\u{0}\u{1}\u{2}", Kind::Pod, "not readable: shop/pods.json: "),
        (
            "shop/pods.json",
            "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"na",
            Kind::Pod,
            "not readable: shop/pods.json: not readable after line 1",
        ),
        (
            "shop/pods.json",
            "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"boom\"}",
            Kind::Pod,
            "not readable: shop/pods.json: the API server answered",
        ),
        ("shop/pods.json", "NAME READY\na 1/1\n", Kind::Pod, "not readable: "),
    ] {
        let (_dir, snapshot) = with(file, text.as_bytes());
        let got = names(&snapshot, kind, Some("shop")).await;
        assert!(if wanted.is_empty() { got.is_empty() } else { got.starts_with(wanted) }, "{text}: {got}");
        assert_eq!(names(&snapshot, Kind::Service, Some("shop")).await, "Service shop/s");
    }
}

#[tokio::test]
async fn a_cut_list_keeps_what_stands_before_the_cut() {
    let text = r#"{"kind":"PodList","items":[{"metadata":{"name":"a","namespace":"shop"}},{"metadata":{"na"#;
    let (_dir, snapshot) = with("shop/pods.json", text.as_bytes());
    let reading = ask(&snapshot, &Kind::Pod, Some("shop")).await.unwrap();
    assert_eq!(listed(&reading), "Pod shop/a");
    assert!(reading.gaps[0].starts_with("shop/pods.json: not readable after line 1"), "{:?}", reading.gaps);
}

#[tokio::test]
async fn a_cut_file_of_several_kinds_is_not_taken_for_the_whole() {
    let text = r#"{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop"}},{"meta"#;
    let (_dir, snapshot) = with("shop/mixed.json", text.as_bytes());
    assert_eq!(names(&snapshot, Kind::Pod, Some("shop")).await, "Pod shop/a");
    assert!(names(&snapshot, Kind::Secret, Some("shop")).await.starts_with("not readable: shop/mixed.json: "));
}

#[tokio::test]
async fn refusals_beside_data() {
    let text = format!("Warning: something is deprecated\n{}\n{REFUSED}\n", get(&["Pod shop/a"]));
    let (_dir, snapshot) = with("shop/pods-secrets.json", text.as_bytes());
    assert_eq!(names(&snapshot, Kind::Pod, Some("shop")).await, "Pod shop/a");
    assert!(names(&snapshot, Kind::Secret, Some("shop")).await.starts_with("forbidden: "));
}

#[tokio::test]
async fn marks_line_ends_and_other_shapes() {
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(get(&["Pod shop/a"]).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let lines = format!("{}\n{}\n", object("Pod shop/a"), object("Pod shop/b"));
    for (bytes, wanted) in [
        (format!("\u{feff}{}", get(&["Pod shop/a"])).into_bytes(), "Pod shop/a"),
        (get(&["Pod shop/a"]).replace(',', ",\r\n").into_bytes(), "Pod shop/a"),
        (utf16, "Pod shop/a"),
        (format!("[{}]", object("Pod shop/a")).into_bytes(), "Pod shop/a"),
        (lines.into_bytes(), "Pod shop/a Pod shop/b"),
        (
            b"{\"items\":[{\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\"}},null,7],\"kind\":null}".to_vec(),
            "Pod shop/a",
        ),
    ] {
        let (_dir, snapshot) = with("shop/pods.json", &bytes);
        assert_eq!(names(&snapshot, Kind::Pod, Some("shop")).await, wanted, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[tokio::test]
async fn deep_nesting_and_size_are_refused() {
    let deep = format!(
        r#"{{"kind":"PodList","items":[{{"metadata":{{"name":"a","namespace":"shop"}},"spec":{}"#,
        "{\"a\":".repeat(200_000)
    );
    let (dir, snapshot) = with("shop/pods.json", deep.as_bytes());
    assert!(names(&snapshot, Kind::Pod, Some("shop")).await.starts_with("not readable: "));
    let limits = Limits { json_bytes: 1024, ..Limits::default() };
    let snapshot = Snapshot::open(dir.path(), limits).unwrap();
    assert!(names(&snapshot, Kind::Pod, Some("shop")).await.contains("more than the limit"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_bytes_in_any_file_are_survived(
        files in prop::collection::vec((
            prop::sample::select(vec![
                "pods.json", "all.yaml", "shop/pods.json", "shop/events.yaml", "shop/a/logs.txt", "nodes.json", "a.log",
            ]),
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "(\\{|\\[|\"kind\":|\"PodList\"|\"items\":|,|null|\\}|\\]|\"metadata\":|\n|error: |---|- |==== START logs for container c of pod shop/a ====){0,20}"
                    .prop_map(String::into_bytes),
            ],
        ), 1..5),
    ) {
        let dir = directory(&[("services.json", &get(&["Service shop/s"]))]);
        for (path, bytes) in &files {
            write(dir.path(), path, bytes);
        }
        let snapshot = Snapshot::open(dir.path(), Limits::default()).unwrap();
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
            for kind in [Kind::Pod, Kind::Event, Kind::Node, Kind::Secret] {
                let _ = ask(&snapshot, &kind, Some("shop")).await;
                let _ = ask(&snapshot, &kind, None).await;
            }
            let _ = log(&snapshot, "shop/a/c", false).await;
            let _ = snapshot.namespaces().await;
        });
    }
}
