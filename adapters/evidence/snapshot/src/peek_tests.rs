//! A look at any text: objects, messages, nothing.

use super::*;

fn peek(text: &str) -> Peek {
    Peek::of_parts(text.as_bytes().to_vec(), text.as_bytes())
}

#[test]
fn lists_objects_and_strangers() {
    let names = |p: &Peek| p.namespaces.iter().cloned().collect::<Vec<_>>().join(",");
    for (text, listed, first, namespaces) in [
        (
            r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"n","ownerReferences":[{"kind":"ReplicaSet"}]}}"#,
            Some(Kind::Pod),
            None,
            "n",
        ),
        (
            r#"{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"m"}},{"metadata":{"namespace":"n"}}],"kind":"List"}"#,
            None,
            Some(Kind::Pod),
            "m,n",
        ),
        (
            "apiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    name: a\n    namespace: n\nkind: List\n",
            None,
            Some(Kind::Deployment),
            "n",
        ),
        (
            "apiVersion: v1\nitems:\n- metadata:\n    name: a\n    namespace: n\n    ownerReferences:\n    - kind: Job\n  spec: {}\nkind: PodList\n",
            Some(Kind::Pod),
            None,
            "n",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: n\nspec:\n",
            None,
            Some(Kind::Service),
            "n",
        ),
        (r#"[{"kind":"Pod","metadata":{"namespace":"n"}}]"#, None, Some(Kind::Pod), "n"),
    ] {
        let p = peek(text);
        assert_eq!((p.listed.clone(), p.first.clone(), names(&p)), (listed, first, namespaces.to_owned()), "{text}");
        assert!(p.kubernetes, "{text}");
    }
    assert!(!peek(r#"{"status":"firing","alerts":[{"kind":"Pod"}]}"#).kubernetes);
    assert!(!peek("id: oom\nscope:\n  kind: Deployment\n").kubernetes);
    assert!(!peek("\u{0}\u{1}binary").kubernetes);
}

#[test]
fn messages_and_nothing() {
    let refusal = peek(
        r#"Error from server (Forbidden): x is forbidden: User "x" cannot list resource "secrets" in API group """#,
    );
    assert!(refusal.no_data && refusal.refused == [Kind::Secret]);
    assert!(peek("").no_data);
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in ".{0,200}", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        peek(&text);
        peek(&format!("{{{text}"));
        Peek::of_parts(bytes.clone(), &bytes);
    }
}
