//! What callers say, as types that cannot hold anything else: names, times, texts.
//!
//! Must never pass on what was not checked: names end up in requests to a cluster. Start at [`Lookback`] and [`Namespace`].

use std::time::Duration;

use serde::Deserialize;

/// Units of a duration, from large to small, as in the configuration.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// How far back one may look.
const LOOKBACK: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

/// How far back figures may be asked for: longer than that ended jobs are hardly kept.
const WINDOW: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24 * 31);

/// Characters of a question at most.
const QUESTION_CAP: usize = 2000;

/// Characters of a fingerprint or a cluster's name at most. Alertmanager's fingerprints have 16; names of contexts hold
/// whole ARNs.
const NAME_CAP: usize = 256;

/// A text that was checked, made by `TryFrom<String>` so that serde says where a wrong one stands.
macro_rules! checked {
    ($($(#[$doc:meta])* $name:ident($kind:ty) = $check:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(pub(crate) $kind);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                $check(text).map(Self)
            }
        }
    )* };
}

checked! {
    /// How far back to look: `1h`, `90m`, `1h30m`.
    Lookback(Duration) = lookback;
    /// How far back figures go: `1h`, `7d`.
    Window(Duration) = window;
    /// A time that something took: `60s`.
    Threshold(Duration) = duration;
    /// How long to wait for the report: `30s`, `0s` for an answer at once.
    Wait(Duration) = duration;
    /// A namespace: a DNS-1123 label.
    Namespace(String) = label;
    /// A pod's name: a DNS-1123 subdomain.
    PodName(String) = subdomain;
    /// A cluster, as the configuration or the kubeconfig calls it.
    Cluster(String) = name;
    /// An alert's fingerprint.
    Fingerprint(String) = name;
    /// A question in words, or a target.
    Question(String) = question;
}

/// A duration in whole seconds: units from large to small, each at most once. The configuration's form: a number without
/// a unit means minutes to one reader and seconds to the next.
fn duration(text: String) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time; write it like `90s`, `30m` or `1h30m`");
    let mut units = UNITS.iter();
    let (mut rest, mut seconds) = (text.as_str(), 0_u64);
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (digits, tail) = rest.split_at(end);
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        let (unit, factor) = units.find(|(unit, _)| tail.starts_with(*unit)).ok_or_else(wrong)?;
        seconds = number.checked_mul(*factor).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = tail.strip_prefix(*unit).unwrap_or_default();
        if rest.is_empty() {
            return Ok(Duration::from_secs(seconds));
        }
    }
}

fn lookback(text: String) -> Result<Duration, String> {
    let length = duration(text)?;
    let fits = LOOKBACK.contains(&length);
    if fits { Ok(length) } else { Err("the time to look back is from `1m` to `24h`".to_owned()) }
}

fn window(text: String) -> Result<Duration, String> {
    let length = duration(text)?;
    let fits = WINDOW.contains(&length);
    if fits { Ok(length) } else { Err("the window is from `1m` to `31d`".to_owned()) }
}

fn label(text: String) -> Result<String, String> {
    let fits = text.len() <= 63 && is_label(&text);
    if fits { Ok(text) } else { Err(format!("`{text}` is not a name of Kubernetes: {DNS}, at most 63 characters")) }
}

fn subdomain(text: String) -> Result<String, String> {
    let fits = text.len() <= 253 && text.split('.').all(is_label);
    if fits {
        Ok(text)
    } else {
        Err(format!("`{text}` is not a name of Kubernetes: {DNS} and `.`, at most 253 characters"))
    }
}

/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.
const DNS: &str = "lower-case letters, digits, and `-` inside";

fn is_label(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

fn name(text: String) -> Result<String, String> {
    let fits = (1..=NAME_CAP).contains(&text.chars().count()) && !text.contains(|c: char| c.is_control());
    if fits {
        Ok(text)
    } else {
        Err(format!("a name has 1 to {NAME_CAP} characters, none of them a control character"))
    }
}

fn question(text: String) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= QUESTION_CAP;
    if fits { Ok(text) } else { Err(format!("a question has 1 to {QUESTION_CAP} characters")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_the_configuration() {
        let table = [
            ("90s", Some(90)),
            ("1h30m", Some(5400)),
            ("1d2h3m4s", Some(93_784)),
            ("0s", Some(0)),
            ("", None),
            ("1", None),
            ("0", None),
            ("h", None),
            ("1m1h", None),
            ("1h1h", None),
            ("-1h", None),
            ("1.5h", None),
            ("1h ", None),
            ("1H", None),
            ("1ms", None),
            ("99999999999999999999h", None),
            ("9999999999999999999h", None),
            ("١h", None),
        ];
        for (text, seconds) in table {
            assert_eq!(duration(text.to_owned()).ok(), seconds.map(Duration::from_secs), "{text:?}");
        }
        for (text, fits) in [("59s", false), ("1m", true), ("24h", true), ("1d", true), ("24h1s", false)] {
            assert_eq!(lookback(text.to_owned()).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn names_of_kubernetes() {
        let long = ["a".repeat(63), "a".repeat(64), "a.".repeat(126) + "a", "a.".repeat(127)];
        for (text, as_label, as_subdomain) in [
            ("shop", true, true),
            ("a-1", true, true),
            ("kube.system", false, true),
            ("", false, false),
            ("-a", false, false),
            ("a-", false, false),
            ("a..b", false, false),
            ("A", false, false),
            ("a/b", false, false),
            ("a b", false, false),
            ("ä", false, false),
            ("../x", false, false),
            (&long[0], true, true),
            (&long[1], false, true),
            (&long[2], false, true),
            (&long[3], false, false),
        ] {
            let found = (label(text.to_owned()).is_ok(), subdomain(text.to_owned()).is_ok());
            assert_eq!(found, (as_label, as_subdomain), "{text}");
        }
    }

    #[test]
    fn questions_and_names_are_bounded() {
        for bad in ["", "  \n", &"x".repeat(QUESTION_CAP + 1)] {
            assert!(question(bad.to_owned()).is_err());
        }
        for bad in ["", "a\nb", &"x".repeat(NAME_CAP + 1)] {
            assert!(name(bad.to_owned()).is_err());
        }
        assert!(name("arn:aws:eks:eu-west-1:1:cluster/prod".to_owned()).is_ok());
    }
}
