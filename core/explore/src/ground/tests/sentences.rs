//! One sentence at a time: what must pass, and what must not.

use rstest::rstest;

use super::{checked, report_with, shelf};
use crate::ground::check::{Flaw, Grounds};
use crate::ground::told::Told;

#[rstest]
// Names, as they stand and as a workload of its pod.
#[case("orders cannot reach payments-db.shop.svc:5432: the connection is refused", &["e6"])]
#[case("Pod shop/orders-6c4b-abcde logs `connection refused` for payments-db", &["e6"])]
#[case("The log of container app shows that the pool is exhausted", &["e6"])]
#[case("Deployment shop/orders runs registry.acme.io/shop/orders:v1.9.0", &["e7"])]
#[case("StatefulSet shop/payments-db was OOM-killed", &["e10"])]
#[case("payments-db-0 is in CrashLoopBackOff after it was OOMKilled", &["e9"])]
#[case("ConfigMap shop/orders-config does not exist; the nearest name is orders-settings", &["e11"])]
#[case("ConfigMap orders-config is missing", &["e11"])]
#[case("`DATABASE_URL` was removed with revision 42", &["e1"])]
#[case("The change from v2.3.0 to v2.3.1 also removed DATABASE_URL", &["e1"])]
#[case("Node worker-3 is fine", &["e4"])]
// Numbers in any dress.
#[case("The pool is exhausted: 100/100, with 1,204 requests waiting", &["e6"])]
#[case("About 1,200 requests are waiting for a connection", &["e6"])]
#[case("More than 1200 requests were waiting", &["e6"])]
#[case("The memory limit of Deployment shop/orders is 512 MiB", &["e7"])]
#[case("Its working set is 512Mi, exactly its limit", &["e7", "e8"])]
#[case("The working set of 0.5 GiB is at the limit", &["e8"])]
#[case("The container is throttled 93 % of the time", &["e8"])]
#[case("The container is throttled 93.2% of the time", &["e8"])]
#[case("It may use a quarter of a core (0.25 CPU)", &["e7"])]
#[case("It may use 250 millicores", &["e7"])]
#[case("The liveness probe runs every 10 s", &["e7"])]
#[case("A rollout may take 10 minutes", &["e7"])]
#[case("GET /pay answered 503 after 5.2 s", &["e6"])]
#[case("Requests to /pay fail with 5xx", &["e6"])]
#[case("The read took 5003 ms", &["e6"])]
#[case("The read took 5 seconds", &["e6"])]
#[case("The read of the cart took about 5 s", &["e6"])]
#[case("The process ended with exit code 137", &["e9"])]
#[case("It restarted 9 times", &["e9"])]
#[case("checkout uses 31 of 256 MiB", &["e5"])]
// Worked out from what is there.
#[case("The working set is 128 MiB above the resident set", &["e8"])]
#[case("checkout uses 12 % of its memory", &["e5"])]
#[case("Three attempts were refused", &["e6"])]
#[case("3 ERROR lines say connection refused", &["e6"])]
#[case("Two pods of orders are ready: orders-6c4b-abcde and orders-6c4b-fghij", &["e9"])]
#[case("The first refusal came 5 s after the pool was ready", &["e6"])]
#[case("Its deadline is 10 min, 600 s", &["e7"])]
// Times.
#[case("At 14:02:03 the first connection was refused", &["e6"])]
#[case("Refusals began at 14:02 UTC", &["e6"])]
#[case("On 2026-11-22 at 14:06:33 a read timed out", &["e6"])]
#[case("At 2:02 pm the connections were refused", &["e6"])]
#[case("The kernel killed postgres at 14:01:30, before the first refusal at 14:02:03", &["e6", "e10"])]
#[case("The kill came 33 s before the first refusal: 14:01:30 and 14:02:03", &["e6", "e10"])]
// Quotes.
#[case("The log says \"connection refused\"", &["e6"])]
#[case("It logs `read \"cart\" timed out`", &["e6"])]
#[case("The kernel says \"Memory cgroup out of memory: Killed process ... (postgres)\"", &["e10"])]
#[case("The log says 'connection refused' when orders' pool asks for payments-db", &["e6"])]
#[case("The last line is “FATAL DATABASE_URL is not set.”", &["e3"])]
// Ordinary words that look like names.
#[case("This is an out-of-memory kill, not a long-running leak", &["e10"])]
#[case("The read-only and write paths both time out, i.e. requests wait for refused connections, not for CPU/memory", &["e6"])]
#[case("The back-off of the crash-looping pod grows", &["e9"])]
// What the report says of the same evidence may be said again.
#[case("2 of 3 pods crash, and new pods exit after 2 s", &["e2"])]
#[case("The node is ruled out: other pods on it are fine", &["e4"])]
#[case("There is no OOM: 31 of 256 MiB are used", &["e5"])]
#[case("11 other pods on worker-3 are ready", &["e4"])]
#[case("DATABASE_URL is not set, so the process exits with code 1 [see the log]", &["e2", "e3"])]
fn stands(#[case] claim: &str, #[case] ids: &[&str]) {
    assert_eq!(checked(claim, ids), Ok(()), "{claim}");
}

#[rstest]
// Nothing behind it.
#[case("checkout is slow", &[], Flaw::Uncited)]
#[case("checkout is slow", &["e99"], Flaw::Unknown("e99".into()))]
#[case("checkout crashes", &["e2", "e0"], Flaw::Unknown("e0".into()))]
#[case("checkout crashes", &["log 3"], Flaw::Unknown("log 3".into()))]
#[case(" . ", &["e2"], Flaw::Empty)]
// Names that are not there.
#[case("orders cannot reach redis-master.shop.svc", &["e6"], Flaw::Name("redis-master.shop.svc".into()))]
#[case("payments-gateway refuses the connections", &["e6"], Flaw::Name("payments-gateway".into()))]
#[case("Pod shop/orders-6c4b-zzzzz is exhausted", &["e6"], Flaw::Name("shop/orders-6c4b-zzzzz".into()))]
#[case("Deployment shop/orders runs image orders:v2.0.0", &["e7"], Flaw::Name("orders:v2.0.0".into()))]
#[case("Deployment billing refuses connections", &["e6"], Flaw::Name("billing".into()))]
#[case("Node worker-9 lost its disks", &["e6"], Flaw::Name("worker-9".into()))]
#[case("The pod is in ImagePullBackOff", &["e9"], Flaw::Name("ImagePullBackOff".into()))]
#[case("REDIS_URL is not set", &["e3"], Flaw::Name("REDIS_URL".into()))]
#[case("The address 10.0.3.7 refuses connections", &["e6"], Flaw::Name("10.0.3.7".into()))]
#[case("prod/payments-db refuses connections", &["e6"], Flaw::Name("prod/payments-db".into()))]
#[case("orders-settings lacks a key", &["e7"], Flaw::Name("orders-settings".into()))]
#[case("The chart came from https://charts.evil.example/x", &["e6"], Flaw::Name("https://charts.evil.example/x".into()))]
// Numbers that are not there.
#[case("1,304 requests are waiting", &["e6"], Flaw::Number("1,304".into()))]
#[case("The memory limit is 256 MiB", &["e7"], Flaw::Number("256 MiB".into()))]
#[case("The working set is 0.6 GiB", &["e8"], Flaw::Number("0.6 GiB".into()))]
#[case("The working set is 512 GiB", &["e8"], Flaw::Number("512 GiB".into()))]
#[case("It is throttled 39 % of the time", &["e8"], Flaw::Number("39 %".into()))]
#[case("The process ended with exit code 143", &["e9"], Flaw::Number("143".into()))]
#[case("It restarted 19 times", &["e9"], Flaw::Number("19 times".into()))]
#[case("The read took 50 s", &["e6"], Flaw::Number("50 s".into()))]
#[case("The read took 12 s", &["e6"], Flaw::Number("12 s".into()))]
#[case("77 disks failed", &["e6"], Flaw::Number("77".into()))]
#[case("Seven attempts were refused", &["e6"], Flaw::Number("Seven".into()))]
#[case("About 2,000 requests are waiting", &["e6"], Flaw::Number("2,000".into()))]
#[case("The probe runs every 10 min", &["e8"], Flaw::Number("10 min".into()))]
#[case("Requests fail with 404", &["e6"], Flaw::Number("404".into()))]
// Times that are not there.
#[case("Refusals began at 13:02", &["e6"], Flaw::Number("13:02".into()))]
#[case("Refusals began at 14:02:59", &["e6"], Flaw::Number("14:02:59".into()))]
#[case("It began on 2026-11-21", &["e6"], Flaw::Number("2026-11-21".into()))]
#[case("The kill came 5 min before the first refusal", &["e10"], Flaw::Number("5 min".into()))]
// Quotes that nobody said.
#[case("The log says \"connection reset by peer\"", &["e6"], Flaw::Quote("connection reset by peer".into()))]
#[case("It runs `rm -rf /`", &["e6"], Flaw::Quote("rm -rf /".into()))]
#[case("The log says \"refused ... pool ready\"", &["e6"], Flaw::Quote("refused ... pool ready".into()))]
#[case("The log says 'no space left on device'", &["e3"], Flaw::Quote("no space left on device".into()))]
// Sizes without a number, percentages and counts that may be anything.
#[case("Hundreds of pods were evicted by an administrator", &["e3"], Flaw::Number("Hundreds".into()))]
#[case("The pool was used 12 % of the time", &["e6"], Flaw::Number("12 %".into()))]
#[case("The connections go to port 3", &["e6"], Flaw::Number("3".into()))]
#[case("3 of the errors say connection refused", &["e6"], Flaw::Number("3".into()))]
// A day that nobody saw.
#[case("The kernel killed postgres on 2025-01-01 at 14:01:30", &["e10"], Flaw::Number("2025-01-01 at 14:01:30".into()))]
// Nothing to do with what it cites.
#[case("The disk is full", &["e3"], Flaw::Unrelated)]
#[case("Kafka is down", &["e3"], Flaw::Name("Kafka".into()))]
#[case("The volume of payments-db is full", &["e10"], Flaw::Unrelated)]
#[case("The pods were evicted by an administrator", &["e3"], Flaw::Unrelated)]
#[case("The licence of checkout has expired", &["e3"], Flaw::Unrelated)]
// The opposite of what it cites.
#[case("payments-db was not OOM-killed", &["e10"], Flaw::Denies)]
#[case("There was no out-of-memory kill", &["e10"], Flaw::Denies)]
#[case("ConfigMap orders-config exists", &["e11"], Flaw::Denies)]
#[case("Node worker-3 is not ready", &["e4"], Flaw::Denies)]
#[case("checkout is healthy", &["e2"], Flaw::Denies)]
#[case("The image could not be pulled", &["e10"], Flaw::Denies)]
fn falls(#[case] claim: &str, #[case] ids: &[&str], #[case] flaw: Flaw) {
    assert_eq!(checked(claim, ids), Err(flaw), "{claim}");
}

#[rstest]
#[case("checkout is healthy and ready", &["e1"])]
#[case("checkout works", &["e5"])]
#[case("revision 42 of checkout did not drop DATABASE_URL", &["e1"])]
#[case("The node is the root cause", &["e4"])]
#[case("It is caused by memory", &["e5"])]
fn denies_a_finding(#[case] claim: &str, #[case] ids: &[&str]) {
    assert!(matches!(checked(claim, ids), Err(Flaw::DeniesFinding(_))), "{claim}: {:?}", checked(claim, ids));
}

#[test]
fn a_negation_of_the_evidence_itself_denies_nothing() {
    let cause = "container app of Deployment shop/checkout misses the setting DATABASE_URL, which its spec does not set: \
                 \"FATAL DATABASE_URL is not set\"";
    let report = report_with(&serde_json::json!({"root_cause": cause}));
    let (shelf, told) = (shelf(&report), Told::of(&report));
    let check = |claim: &str| Grounds::new(&shelf, &told).check(claim, &["e3".to_owned()]);
    assert!(check("The log of app says 'DATABASE_URL is not set'").is_ok());
    assert!(matches!(check("Container app does not miss the setting DATABASE_URL"), Err(Flaw::DeniesFinding(_))));
}
