//! The request's id: the caller's own when it is sane, else a new one.
//!
//! Must never let a text through that could forge a log line or a header. Start at [`RequestId::of`].

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header it comes and goes in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of an id at most.
const CAP: usize = 128;

/// An id of 1 to 128 letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The id of a request. Two ids in one request are none.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(HEADER).iter();
        let only = given.next().filter(|_| given.next().is_none());
        let sane = only.and_then(|value| value.to_str().ok()).filter(|text| is_sane(text));
        Self(sane.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a header's value.
    pub(crate) fn value(&self) -> HeaderValue {
        // The alphabet of an id is a header value's, so the conversion cannot fail.
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }
}

fn is_sane(text: &str) -> bool {
    (1..=CAP).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_ids_are_taken() {
        let of = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
            }
            RequestId::of(&headers)
        };
        let long = "x".repeat(CAP);
        for good in ["a", "req-1_2.3", long.as_str()] {
            assert_eq!(of(&[good.as_bytes()]).as_str(), good);
        }
        let longer = "x".repeat(CAP + 1);
        for bad in [&b""[..], b"a b", b"a\"b", b"a,b", b"\xffa", b"{}", longer.as_bytes()] {
            let made = of(&[bad]);
            assert!(is_sane(made.as_str()) && made.as_str().as_bytes() != bad, "{bad:?}");
        }
        assert!(!["a", "b"].contains(&of(&[b"a", b"b"]).as_str()));
        assert_ne!(of(&[]), of(&[]));
    }
}
