//! Alerts of which a post tells only values, as Alertmanager's title does: `KubePodCrashLooping shop (prod-eu checkout
//! warning)`.
//!
//! Pure. Must never take a word for the name of something that is not there: a namespace is one that can be read, an object
//! one that was read. Start at [`completed`].

use midwatch_diagnosis::alert::{Alert, VALUES};

use super::namespace_of;
use crate::request::Request;

/// The values that are told without the names of their labels.
pub(super) fn values(alert: &Alert) -> impl Iterator<Item = &str> {
    alert.annotations.get(VALUES).map(String::as_str).unwrap_or_default().split(' ').filter(|value| !value.is_empty())
}

/// The request with the namespaces that its alerts tell without saying so: the one value that is a namespace which can be
/// read. Where several are, none is certain.
pub(crate) fn completed(request: &Request, readable: &[String]) -> Request {
    let mut request = request.clone();
    for alert in request.alerts.iter_mut().filter(|alert| namespace_of(alert).is_none()) {
        let mut namespaces: Vec<String> =
            values(alert).filter(|value| readable.iter().any(|name| name == value)).map(str::to_owned).collect();
        namespaces.sort();
        namespaces.dedup();
        if let [only] = &namespaces[..] {
            alert.labels.insert("namespace".to_owned(), only.clone());
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &str) -> Request {
        let annotations = [(VALUES.to_owned(), values.to_owned())].into();
        let alert = Alert { name: "KubePodCrashLooping".to_owned(), annotations, firing: true, ..Alert::default() };
        Request { alerts: vec![alert], ..Request::default() }
    }

    #[test]
    fn the_one_value_that_is_a_namespace_is_taken_for_it() {
        let readable = ["monitoring", "shop"].map(str::to_owned);
        for (values, expected) in [
            ("shop prod-eu checkout monitoring/k8s warning", Some("shop")),
            ("shop shop warning", Some("shop")),
            ("shop monitoring warning", None),
            ("Shop prod-eu", None),
            ("", None),
        ] {
            let request = completed(&told(values), &readable);
            assert_eq!(request.alerts[0].label("namespace"), expected, "{values}");
        }
        let mut labelled = told("monitoring");
        labelled.alerts[0].labels.insert("namespace".to_owned(), "shop".to_owned());
        assert_eq!(completed(&labelled, &readable), labelled, "what is said is not changed");
    }
}
