//! Healthy lines that look like trouble: no hit, and no error.

use super::digest;

const ROWS: &[&str] = &[
    "0 errors",
    "INFO build finished: 0 errors, 0 warnings",
    "error_count=0",
    "ts=2026-11-22T04:28:46.291Z level=info msg=\"requests served\" total=60 errors=0",
    "failover ok",
    "connection refused count: 0",
    "no connection refused errors",
    "connection_refused_total=0",
    "certificate will expire in 80 days",
    "INFO certificate expires 2031-01-01",
    "WARN certificate for shop.example will expire in 20 days",
    "pool 3/100",
    "INFO pool size 100/100 idle",
    "permission denied rules loaded",
    "INFO password authentication enabled",
    "readonly replica",
    "INFO connected to readonly replica redis-1:6379",
    "listening on :8080",
    "error handler registered",
    "loaded error_pages",
    "INFO loaded error pages for 502 Bad Gateway",
    "test: should handle ECONNREFUSED",
    "docs: see /errors/enospc",
    "10.0.0.9 - - [22/Nov/2026:04:28:49 +0000] \"GET /connection-refused HTTP/1.1\" 200 512",
    "GET /connection-refused 200",
    "handled request status=200 msg=\"no such host header\"",
    "INFO rate limit configured: 100 requests per second",
    "INFO retrying on connection refused is enabled",
    "DEBUG too many connections handler installed",
    "INFO deadlock detector started",
    "INFO out of memory killer disabled",
    "INFO disk full threshold 90%",
    "[INFO] 10.0.0.9:3312 - 1 \"A IN api.shop. udp 40 false 512\" NXDOMAIN qr,rd 127 0.0001s",
    "{\"level\":\"info\",\"msg\":\"request\",\"path\":\"/errors/permission denied\",\"status\":200}",
    "{\"level\":30,\"msg\":\"ready\",\"errors\":0}",
    "INFO token expires in 3600s",
    "INFO using connection pool with max 10",
    "LOG:  database system is ready to accept connections",
    "1:M 22 Nov 2026 04:28:49.123 * Ready to accept connections tcp",
    "I1122 04:28:49.123456       1 leaderelection.go:260] successfully acquired lease kube-system/x",
    "KeyError handler: 'user_id' mapped",
    "Checking file system: no errors found",
    "2026/11/22 04:28:49 PORT is not set, using default 8080",
    "INFO SENTRY_DSN not set, error reporting disabled",
    "WARN METRICS_TOKEN is not set, metrics are off",
    "WARN certificate expires in 3 days",
    "connected to redis 10.0.0.1:6379",
    "INFO cleaned up: no space left on device errors resolved",
    "INFO Using default timeout: connection timed out after 30s will be retried",
    "LOG:  could not receive data from client: Connection reset by peer",
    "INFO connection pool stats exhausted=0 in_use=3 max=100",
    "INFO certificate rotated; previous certificate expired 2026-11-01",
    "INFO rejecting connections: 0, too many connections: 0",
    "{\"level\":\"info\",\"msg\":\"slow query\",\"query\":\"SELECT * FROM errors WHERE msg = 'permission denied'\"}",
    "INFO authentication failed for user bob (wrong password)",
    "ERROR_RATE=0.0 FAILURES=0",
    "Failed: 0, Passed: 12",
    "INFO http: panic recovery middleware enabled",
    "Successfully recovered from panic: none",
];

#[test]
fn healthy_lines_are_silent() {
    let silent = |line: &&&str| {
        let digest = digest(line);
        digest.hits.is_empty() && (digest.levels.error, digest.levels.fatal, digest.first_error) == (0, 0, None)
    };
    let loud: Vec<_> = ROWS.iter().filter(|line| !silent(line)).map(|line| (line, super::hits(line))).collect();
    assert!(loud.is_empty(), "{loud:#?}");
}

#[test]
fn a_key_error_of_data_is_no_configuration() {
    assert!(digest("KeyError: 'user_id'").hits.is_empty());
}

#[test]
fn a_retry_that_worked_is_marked() {
    let digest = digest("WARN connection refused by redis:6379, retrying... connected to redis:6379\n");
    assert!(digest.hits.iter().all(|hit| hit.retried && hit.success_after.is_some()));
}
