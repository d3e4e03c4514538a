//! What the words of a failed pull mean.
//!
//! The words are those of containerd, CRI-O, Docker and the registries behind them. Order matters: a proxy's 429 quotes
//! the address, a "not found" may end a message about the platform.

/// Why an image cannot be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    RateLimited,
    NameNotResolved,
    TimedOut,
    Refused,
    NoRoute,
    Certificate,
    Platform,
    Denied,
    NoSpace,
    InvalidName,
    NeverPull,
    NoSuchTag,
    ServerError,
    Unknown,
}

/// Longest quotation of a pull error in a claim, in characters.
const QUOTE: usize = 220;

/// Words and what they mean, the most telling first; all lower case.
const WORDS: &[(&str, Cause)] = &[
    ("429 too many requests", Cause::RateLimited),
    ("toomanyrequests", Cause::RateLimited),
    ("rate limit", Cause::RateLimited),
    ("no such host", Cause::NameNotResolved),
    ("server misbehaving", Cause::NameNotResolved),
    ("temporary failure in name resolution", Cause::NameNotResolved),
    ("no match for platform", Cause::Platform),
    ("no matching manifest for", Cause::Platform),
    ("no image found in manifest list for architecture", Cause::Platform),
    ("x509:", Cause::Certificate),
    ("server gave http response to https client", Cause::Certificate),
    ("first record does not look like a tls handshake", Cause::Certificate),
    ("connection refused", Cause::Refused),
    ("no route to host", Cause::NoRoute),
    ("network is unreachable", Cause::NoRoute),
    ("i/o timeout", Cause::TimedOut),
    ("tls handshake timeout", Cause::TimedOut),
    ("context deadline exceeded", Cause::TimedOut),
    ("request canceled while waiting", Cause::TimedOut),
    ("connection timed out", Cause::TimedOut),
    ("pull access denied", Cause::Denied),
    ("insufficient_scope", Cause::Denied),
    ("authorization failed", Cause::Denied),
    ("401 unauthorized", Cause::Denied),
    ("403 forbidden", Cause::Denied),
    ("no basic auth credentials", Cause::Denied),
    ("authentication required", Cause::Denied),
    ("unauthorized:", Cause::Denied),
    ("denied:", Cause::Denied),
    ("no space left on device", Cause::NoSpace),
    ("invalid reference format", Cause::InvalidName),
    ("couldn't parse image", Cause::InvalidName),
    ("pull policy of never", Cause::NeverPull),
    ("manifest unknown", Cause::NoSuchTag),
    ("name unknown", Cause::NoSuchTag),
    ("repository not found", Cause::NoSuchTag),
    (": not found", Cause::NoSuchTag),
    ("not found: manifest", Cause::NoSuchTag),
    ("500 internal server error", Cause::ServerError),
    ("502 bad gateway", Cause::ServerError),
    ("503 service unavailable", Cause::ServerError),
    ("504 gateway time", Cause::ServerError),
];

impl Cause {
    /// The cause that the words name, if they name one.
    pub(super) fn read(words: &str) -> Option<Cause> {
        let lower = words.to_lowercase();
        WORDS.iter().find(|(w, _)| lower.contains(w)).map(|(_, cause)| *cause)
    }

    /// Without words the kubelet's reason may say it.
    pub(super) fn or_by_reason(self, reason: &str) -> Cause {
        match (self, reason) {
            (Cause::Unknown, "InvalidImageName") => Cause::InvalidName,
            (Cause::Unknown, "ErrImageNeverPull") => Cause::NeverPull,
            (known, _) => known,
        }
    }

    /// The part of the words that decides: from the last request or reference on.
    pub(super) fn quote(words: &str) -> Option<String> {
        Cause::read(words)?;
        let cuts = [
            "dial tcp",
            "tls: ",
            "x509:",
            "server message:",
            "unexpected status",
            "pull access denied",
            "failed to authorize",
            "failed to resolve reference",
            "rpc error:",
        ];
        let start = cuts.iter().find_map(|c| words.find(c)).unwrap_or(0);
        let text: String = words[start..].trim().chars().take(QUOTE).collect();
        Some(text)
    }

    /// The clause of a claim.
    pub(super) fn claim(self, image: &str, words: &str) -> String {
        let registry = registry_of(image);
        match self {
            Cause::RateLimited => {
                format!("the pull rate limit of registry {registry} is used up, it answers 429 Too Many Requests")
            }
            Cause::NameNotResolved => format!("the name of registry {registry} cannot be resolved"),
            Cause::TimedOut => format!("registry {registry} does not answer in time"),
            Cause::Refused => format!("registry {registry} refuses the connection"),
            Cause::NoRoute => format!("there is no route to registry {registry}"),
            Cause::Certificate => format!("the node does not accept the TLS of registry {registry}"),
            Cause::Platform => "the image has no variant for the node's platform".to_owned(),
            Cause::Denied => {
                format!("registry {registry} refuses the pull, the repository does not exist or needs credentials")
            }
            Cause::NoSpace => "the node has no space left for it".to_owned(),
            Cause::InvalidName => "it is not a valid image name".to_owned(),
            Cause::NeverPull => "it is not on the node and imagePullPolicy Never forbids pulling it".to_owned(),
            Cause::NoSuchTag if image.contains('@') => {
                format!("registry {registry} does not have this digest (not found)")
            }
            Cause::NoSuchTag => format!("registry {registry} does not have this tag (not found)"),
            Cause::ServerError => format!("registry {registry} answers with a server error"),
            Cause::Unknown if words.is_empty() => "the kubelet does not say why".to_owned(),
            Cause::Unknown => words.chars().take(QUOTE).collect(),
        }
    }
}

/// The registry of an image; without one it is Docker Hub:
/// <https://docs.docker.com/reference/cli/docker/image/tag/#description>.
pub(super) fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

/// An image without tag and digest.
pub(super) fn repository_of(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("nginx", "docker.io", "nginx")]
    #[case("bitnami/redis:7", "docker.io", "bitnami/redis")]
    #[case("reg.acme.io:5000/web@sha256:0a", "reg.acme.io:5000", "reg.acme.io:5000/web")]
    #[case("reg.acme.io:5000/web:1.2", "reg.acme.io:5000", "reg.acme.io:5000/web")]
    fn names(#[case] image: &str, #[case] registry: &str, #[case] repository: &str) {
        assert_eq!((registry_of(image), repository_of(image)), (registry, repository));
    }
}
