//! The wording of real programs: names, connections, certificates, credentials, pools.

const ROWS: &[(&str, &str)] = &[
    // Go
    ("dial tcp: lookup db.shop.svc on 10.96.0.10:53: no such host", "NameNotResolved host=db.shop.svc"),
    ("2026/11/22 04:28:49 dial tcp: lookup db on 10.96.0.10:53: server misbehaving", "NameNotResolved host=db"),
    (
        "dial tcp: lookup db on 10.96.0.10:53: read udp 10.0.0.5:4711->10.96.0.10:53: i/o timeout",
        "NameNotResolved host=db",
    ),
    (
        r#"level=error msg="query failed" err="dial tcp 10.0.0.1:5432: connect: connection refused""#,
        "ConnectionRefused host=10.0.0.1 port=5432",
    ),
    (
        r#"{"level":"error","ts":1795321729.1,"msg":"query failed","error":"dial tcp 10.0.0.1:5432: connect: connection refused"}"#,
        "ConnectionRefused host=10.0.0.1 port=5432",
    ),
    (
        r#"{"level":"warn","msg":"x","error":"Post \"http://api.shop:8080/v1\": dial tcp: lookup api.shop: no such host"}"#,
        "NameNotResolved host=api.shop port=8080",
    ),
    ("dial tcp 10.0.0.1:5432: i/o timeout", "ConnectionTimedOut host=10.0.0.1 port=5432"),
    ("dial tcp 10.0.0.1:443: connect: connection timed out", "ConnectionTimedOut host=10.0.0.1 port=443"),
    (
        r#"Get "http://rates:8080/v1": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
        "ConnectionTimedOut host=rates port=8080",
    ),
    (
        "read tcp 10.0.0.2:3312->10.0.0.1:5432: read: connection reset by peer",
        "ConnectionReset host=10.0.0.1 port=5432",
    ),
    ("dial tcp 10.0.0.1:5432: connect: no route to host", "NoRoute host=10.0.0.1 port=5432"),
    (
        "x509: certificate has expired or is not yet valid: current time 2026-11-22T04:28:49Z is after 2026-11-01T00:00:00Z",
        "CertificateExpired until=2026-11-01T00:00:00Z",
    ),
    (
        r#"Get "https://api.shop:8443/": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
        "CertificateUntrusted host=api.shop port=8443",
    ),
    (
        "x509: certificate is valid for a.shop, b.shop, not c.shop",
        "CertificateWrongHost host=c.shop name=a.shop, b.shop",
    ),
    ("listen tcp :8080: bind: address already in use", "PortInUse port=8080"),
    (
        "failed to connect to `host=db user=app database=shop`: dial error (dial tcp 10.0.0.1:5432: connect: connection refused)",
        "ConnectionRefused host=10.0.0.1 port=5432",
    ),
    ("redis: connection pool timeout", "PoolExhausted"),
    // Python
    ("socket.gaierror: [Errno -2] Name or service not known", "NameNotResolved"),
    ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "NameNotResolved"),
    ("ConnectionRefusedError: [Errno 111] Connection refused", "ConnectionRefused"),
    (
        "ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.1', 5432)",
        "ConnectionRefused host=10.0.0.1 port=5432",
    ),
    (
        r#"psycopg2.OperationalError: could not translate host name "db" to address: Name or service not known"#,
        "NameNotResolved host=db",
    ),
    (
        "psycopg2.OperationalError: could not connect to server: Connection refused\n\tIs the server running on host \"db\" (10.0.0.1) and accepting\n\tTCP/IP connections on port 5432?\n",
        "ConnectionRefused host=db port=5432",
    ),
    (
        r#"psycopg2.OperationalError: connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused"#,
        "ConnectionRefused host=db port=5432",
    ),
    (
        r#"psycopg.OperationalError: connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  password authentication failed for user "app""#,
        "AuthenticationRefused host=10.0.0.1 port=5432 user=app",
    ),
    (
        "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
        "PoolExhausted number=5 overflow 10",
    ),
    (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1129)",
        "CertificateExpired",
    ),
    (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
        "CertificateUntrusted",
    ),
    (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'api.shop'. (_ssl.c:1129)",
        "CertificateWrongHost host=api.shop",
    ),
    (
        "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.",
        "ConnectionRefused host=redis port=6379",
    ),
    (
        "redis.exceptions.ConnectionError: Error -2 connecting to redis:6379. Name or service not known.",
        "NameNotResolved host=redis port=6379",
    ),
    (
        "redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.",
        "AuthenticationRefused",
    ),
    (
        "redis.exceptions.ResponseError: WRONGPASS invalid username-password pair or user is disabled.",
        "AuthenticationRefused",
    ),
    ("(error) NOAUTH Authentication required.", "AuthenticationRefused"),
    (
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='api', port=8080): Max retries exceeded with url: /v1 (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))",
        "ConnectionRefused host=api port=8080",
    ),
    (
        "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api', port=443): Max retries exceeded with url: /v1 (Caused by NameResolutionError(\"<x>: Failed to resolve 'api' ([Errno -2] Name or service not known)\"))",
        "NameNotResolved host=api port=443",
    ),
    // Java
    ("java.net.UnknownHostException: db", "NameNotResolved host=db"),
    ("Caused by: java.net.UnknownHostException: db: Name or service not known", "NameNotResolved host=db"),
    ("java.net.ConnectException: Connection refused", "ConnectionRefused"),
    (
        "Caused by: org.postgresql.util.PSQLException: Connection to db:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
        "ConnectionRefused host=db port=5432",
    ),
    (
        "org.apache.http.conn.HttpHostConnectException: Connect to api:8080 [api/10.0.0.1] failed: Connection refused (Connection refused)",
        "ConnectionRefused host=api port=8080",
    ),
    (
        "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms (total=10, active=10, idle=0, waiting=25)",
        "PoolExhausted name=HikariPool-1 number=total=10, active=10, idle=0, waiting=25",
    ),
    ("com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure", "UpstreamUnavailable"),
    (
        "java.sql.SQLException: Access denied for user 'app'@'10.0.0.9' (using password: YES)",
        "AuthenticationRefused user=app",
    ),
    ("java.net.BindException: Address already in use", "PortInUse"),
    (
        "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
        "CertificateUntrusted",
    ),
    (
        "Caused by: java.security.cert.CertificateExpiredException: NotAfter: Sun Nov 01 00:00:00 UTC 2026",
        "CertificateExpired until=Sun Nov 01 00:00:00 UTC 2026",
    ),
    ("java.net.SocketTimeoutException: connect timed out", "ConnectionTimedOut"),
    // Node
    ("Error: getaddrinfo ENOTFOUND db.internal", "NameNotResolved host=db.internal"),
    (
        "botocore.exceptions.ClientError: An error occurred (ExpiredToken) when calling the PutObject operation: The provided token has expired.",
        "AuthenticationRefused name=ExpiredToken",
    ),
    ("Error: getaddrinfo EAI_AGAIN redis", "NameNotResolved host=redis"),
    (
        r#"{"level":40,"msg":"cache","err":{"message":"getaddrinfo ENOTFOUND cach","code":"ENOTFOUND","hostname":"cach"}}"#,
        "NameNotResolved host=cach",
    ),
    ("Error: connect ECONNREFUSED 10.0.0.1:6379", "ConnectionRefused host=10.0.0.1 port=6379"),
    ("Error: connect ECONNREFUSED ::1:6379", "ConnectionRefused host=::1 port=6379"),
    ("Error: connect ETIMEDOUT 10.0.0.1:6379", "ConnectionTimedOut host=10.0.0.1 port=6379"),
    ("Error: listen EADDRINUSE: address already in use :::8080", "PortInUse port=8080"),
    ("Error: certificate has expired code: 'CERT_HAS_EXPIRED'", "CertificateExpired"),
    ("MongoServerError: Authentication failed.", "AuthenticationRefused"),
    // nginx and Envoy
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "PortInUse port=80"),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "PermissionDenied port=80"),
    (
        "nginx: [emerg] host not found in upstream \"api\" in /etc/nginx/conf.d/default.conf:3",
        "NameNotResolved host=api",
    ),
    (
        "2026/11/22 04:28:49 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: _, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.1:8080/\", host: \"shop\"",
        "ConnectionRefused host=10.0.0.1 port=8080",
    ),
    (
        "2026/11/22 04:28:49 [error] 7#7: *1 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 10.0.0.9, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.1:8080/\"",
        "ConnectionTimedOut host=10.0.0.1 port=8080",
    ),
    (
        "2026/11/22 04:28:49 [error] 7#7: *1 no live upstreams while connecting to upstream, client: 10.0.0.9, upstream: \"http://api/\"",
        "UpstreamUnavailable host=api",
    ),
    // curl, wget
    ("curl: (6) Could not resolve host: api.shop", "NameNotResolved host=api.shop"),
    (
        "curl: (7) Failed to connect to api.shop port 80 after 2 ms: Couldn't connect to server",
        "ConnectionRefused host=api.shop port=80",
    ),
    ("curl: (60) SSL certificate problem: certificate has expired", "CertificateExpired"),
    ("curl: (60) SSL certificate problem: unable to get local issuer certificate", "CertificateUntrusted"),
    ("wget: bad address 'api.shop:8080'", "NameNotResolved host=api.shop port=8080"),
    ("wget: can't connect to remote host (10.0.0.1): Connection refused", "ConnectionRefused host=10.0.0.1"),
    // databases and brokers
    ("FATAL:  sorry, too many clients already", "TooManyConnections"),
    ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "TooManyConnections"),
    ("FATAL:  role \"app\" does not exist", "AuthenticationRefused user=app"),
    ("FATAL:  database \"shop\" does not exist", "SchemaMissing name=shop"),
    ("ERROR:  relation \"orders\" does not exist at character 15", "SchemaMissing name=orders"),
    (
        "FATAL:  no pg_hba.conf entry for host \"10.0.0.9\", user \"app\", database \"shop\", no encryption",
        "AuthenticationRefused host=10.0.0.9 user=app",
    ),
    (
        "ERROR 1045 (28000): Access denied for user 'app'@'10.0.0.9' (using password: YES)",
        "AuthenticationRefused user=app",
    ),
    ("ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (111)", "ConnectionRefused host=db port=3306"),
    ("(error) ERR max number of clients reached", "TooManyConnections"),
    (
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "UpstreamUnavailable name=MISCONF",
    ),
    ("OOM command not allowed when used memory > 'maxmemory'.", "OutOfMemory"),
    ("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.", "AuthenticationRefused"),
    (
        "[2026-11-22 04:28:49,123] WARN [Producer clientId=p] Connection to node -1 (kafka/10.0.0.1:9092) could not be established. Broker may not be available. (org.apache.kafka.clients.NetworkClient)",
        "ConnectionRefused host=kafka port=9092",
    ),
    (
        "%3|1795321729.1|FAIL|rdkafka#producer-1| [thrd:kafka:9092/bootstrap]: kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused",
        "ConnectionRefused host=kafka port=9092",
    ),
    ("ERROR: deadlock detected", "Deadlock"),
];

#[test]
fn wording_is_recognised() {
    super::check(ROWS);
}
