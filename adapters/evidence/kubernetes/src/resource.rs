//! Where a kind is served: group, version and plural, and the paths made of them.
//!
//! Only paths of the API's list form are made here; see <https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris>.

use midwatch_diagnosis::entity::Kind;

/// A resource of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// The API group, empty for the core group.
    pub(crate) group: String,
    /// The version that is asked for.
    pub(crate) version: String,
    /// The plural.
    pub(crate) plural: String,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
}

impl Resource {
    /// Where a built-in kind is served; none for custom ones.
    pub(crate) fn known(kind: &Kind) -> Option<Resource> {
        if matches!(kind, Kind::Other(_)) {
            return None;
        }
        // Every kind that the engine reads has been stable for years; autoscaling alone is at its second version.
        let version = if *kind == Kind::HorizontalPodAutoscaler { "v2" } else { "v1" };
        Some(Resource {
            group: kind.group().to_owned(),
            version: version.to_owned(),
            plural: kind.plural(),
            namespaced: kind.namespaced(),
        })
    }

    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The path of a list, in one namespace or everywhere.
    pub(crate) fn list_path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let api = self.api_version();
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/{api}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{api}/{}", self.plural),
        }
    }
}

/// Whether a text can stand as a name in a path: an RFC 1123 subdomain, which needs no escaping.
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>
pub(crate) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= 253
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_lists() {
        let path = |kind, ns| Resource::known(&kind).map(|r| r.list_path(ns));
        assert_eq!(path(Kind::Pod, Some("shop")).as_deref(), Some("/api/v1/namespaces/shop/pods"));
        assert_eq!(path(Kind::Pod, None).as_deref(), Some("/api/v1/pods"));
        assert_eq!(path(Kind::Node, Some("shop")).as_deref(), Some("/api/v1/nodes"));
        let hpa = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";
        assert_eq!(path(Kind::HorizontalPodAutoscaler, Some("shop")).as_deref(), Some(hpa));
        assert_eq!(path(Kind::Other("Robot".into()), None), None);
    }

    #[test]
    fn names_need_no_escaping() {
        for good in ["shop", "api-7d9f.x", "0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "A", "a%2fb", "-a", "a?b", "a b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
