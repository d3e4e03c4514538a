//! How all looks are shown: for a person, and for a program. Start at [`text`].

use midwatch_service::check::{Check, Outcome};

/// One line for each, the fix indented below.
pub(super) fn text(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for Check { name, result, what, fix } in checks {
        let mark = match result {
            Outcome::Ok => "ok  ",
            Outcome::Warn => "warn",
            Outcome::Fail => "FAIL",
        };
        out.push_str(&format!("{mark}  {name:<width$}  {what}\n"));
        for line in fix.iter().flat_map(|fix| fix.lines()) {
            out.push_str(&format!("{:indent$}{line}\n", "", indent = width + 8));
        }
    }
    let of = |wanted: Outcome| checks.iter().filter(|check| check.result == wanted).count();
    out.push_str(&match (of(Outcome::Fail), of(Outcome::Warn)) {
        (0, 0) => "everything is fine\n".to_owned(),
        (0, warned) => format!("nothing failed; warnings: {warned}\n"),
        (failed, warned) => format!("failed: {failed}; warnings: {warned}\n"),
    });
    out
}

/// For a program.
pub(super) fn json(checks: &[Check]) -> String {
    let failed = checks.iter().filter(|check| check.result == Outcome::Fail).count();
    format!("{:#}\n", serde_json::json!({"failed": failed, "checks": checks}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_stand_below_what_they_mend() {
        let checks = [Check::ok("store", "writable"), Check::fail("a cluster", "no answer", "look\nagain")];
        let expected = "\
ok    store      writable
FAIL  a cluster  no answer
                 look
                 again
failed: 1; warnings: 0
";
        assert_eq!(text(&checks), expected);
        let json: serde_json::Value = serde_json::from_str(&json(&checks)).unwrap();
        assert_eq!((&json["failed"], &json["checks"][1]["fix"]), (&1.into(), &"look\nagain".into()));
        assert_eq!(json["checks"][0].get("fix"), None);
    }
}
