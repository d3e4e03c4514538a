//! Cases and their look-alikes.

use super::*;

fn names(listing: &Listing) -> Vec<String> {
    listing.objects.iter().map(|o| o.entity().to_string()).collect()
}

#[test]
fn the_shapes_that_kubectl_writes() {
    let pod = r#"{"metadata":{"name":"a","namespace":"n"}}"#;
    let full = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n"}}"#;
    for (text, hint) in [
        (format!(r#"{{"kind":"PodList","items":[{pod}]}}"#), None),
        (format!(r#"{{"items":[{full}],"kind":"List"}}"#), None),
        (format!(r#"{{"items":[{pod}],"kind":"PodList"}}"#), Some(Kind::Pod)),
        (full.to_owned(), None),
        (format!("{full}\n{}", r#"{"kind":"PodList","items":null}"#), None),
    ] {
        let listing = read_list(text.as_bytes(), hint.as_ref());
        assert_eq!(names(&listing), ["Pod n/a"], "{text}: {:?}", listing.problems);
        assert!(listing.problems.is_empty(), "{text}: {:?}", listing.problems);
    }
}

#[test]
fn what_stands_before_the_cut_is_kept() {
    let text = r#"{"kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":{"na"#;
    let listing = read_list(text.as_bytes(), None);
    assert_eq!(listing.objects.len(), 1);
    assert_eq!(listing.problems.len(), 1, "{:?}", listing.problems);
}

#[test]
fn one_odd_object_costs_only_itself() {
    let text =
        r#"{"kind":"PodList","items":[{"metadata":{"name":7}},{"metadata":{"name":"b"},"spec":{"containers":null}}]}"#;
    let listing = read_list(text.as_bytes(), None);
    assert_eq!(names(&listing), ["Pod b"]);
    assert_eq!(listing.problems.len(), 1);
}

#[test]
fn secrets_keep_names_only() {
    let text = r#"{"kind":"SecretList","items":[{"metadata":{"name":"s"},"data":{"password":"aHVudGVyMg=="}}]}"#;
    let listing = read_list(text.as_bytes(), None);
    let debug = format!("{:?}", listing.objects);
    assert!(debug.contains("password") && !debug.contains("aHVudGVyMg"), "{debug}");
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let deep = "[".repeat(100_000);
    let text = format!(r#"{{"kind":"PodList","items":[{{"metadata":{{"name":"a"}},"spec":{{"affinity":{deep}"#);
    let listing = read_list(text.as_bytes(), None);
    assert!(!listing.problems.is_empty());
}

#[test]
fn an_items_own_kind_beats_the_hint_and_groups_keep_kinds_apart() {
    let text = r#"{"items":[
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}},
            {"metadata":{"name":"b"}},
            {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"c"}},
            {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"d"}}],"kind":"List"}"#;
    let wanted = ["Deployment a", "Pod b", "Service.serving.knative.dev c", "Event d"];
    assert_eq!(names(&read_list(text.as_bytes(), Some(&Kind::Pod))), wanted);
    let mut listing = Listing::default();
    decode_value(serde_json::from_str(text).unwrap(), Some(&Kind::Pod), &mut listing);
    assert_eq!(names(&listing), wanted);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = read_list(&bytes, Some(&Kind::Pod));
    }
}
