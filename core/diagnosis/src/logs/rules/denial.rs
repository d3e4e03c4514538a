//! Refusals of the Kubernetes API, and the last resort: panics and assertions.

use super::super::signature::Signature::{AssertionOrPanic, RbacForbidden};
use super::{Rule, strong};

/// `User "U" cannot V resource "R" in API group "G" in the namespace "N"`, or at the cluster scope.
#[rustfmt::skip] // one wording a row
pub(super) const KUBERNETES: &[Rule] = &[
    strong(
        RbacForbidden,
        "cannot",
        r#"User "(?P<user>[^"]+)" cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"(?: in the namespace "(?P<scope>[^"]+)")?"#,
    ),
    strong(RbacForbidden, "cannot", r#"User "(?P<user>[^"]+)" cannot (?P<verb>[a-z]+) path "{path}"#),
    strong(RbacForbidden, "cannot", r#"is forbidden: User "(?P<user>[^"]+)" cannot (?P<verb>[a-z]+) (?P<resource>[a-z./]+)"#),
];

/// After everything else: these wrap any cause, so a line that names one is matched above.
#[rustfmt::skip] // one wording a row
pub(super) const LAST: &[Rule] = &[
    strong(AssertionOrPanic, "panic: ", r"^panic: "),
    strong(AssertionOrPanic, "panicked at", r"thread '[^']*' (?:\(\d+\) )?panicked at"),
    strong(AssertionOrPanic, "assertion", r"(?:^|\s)(?:[\w.]*\.)?AssertionError(?:$|[:\s])|AssertionError \[ERR_ASSERTION\]"),
    strong(AssertionOrPanic, "assertion", r"(?i)assertion (?:`[^`]*`|'[^']*'|\x22[^\x22]*\x22) failed|assertion failed: "),
    strong(AssertionOrPanic, "sigsegv", r"(?:signal |\[signal |received |: )SIGSEGV\b"),
    strong(AssertionOrPanic, "segmentation fault", r"(?:^|: )Segmentation fault"),
    strong(AssertionOrPanic, "fatal error: ", r"^fatal error: "),
    strong(AssertionOrPanic, "nil pointer dereference", r"invalid memory address or nil pointer dereference"),
    strong(AssertionOrPanic, "stack overflow", r"StackOverflowError|Maximum call stack size exceeded|has overflowed its stack"),
];
