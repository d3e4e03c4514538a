//! The wording of real programs: settings, files, limits, the Kubernetes API, generic phrases.

const ROWS: &[(&str, &str)] = &[
    // settings
    (
        "2026 FATAL config error: required environment variable DATABASE_URL is not set",
        "MissingConfiguration name=DATABASE_URL",
    ),
    ("KeyError: 'DATABASE_URL'", "MissingConfiguration name=DATABASE_URL"),
    ("missing required env REDIS_URL", "MissingConfiguration name=REDIS_URL"),
    ("Error: API_TOKEN must be set", "MissingConfiguration name=API_TOKEN"),
    ("panic: environment variable \"PAYMENT_KEY\" not set", "MissingConfiguration name=PAYMENT_KEY"),
    ("/entrypoint.sh: line 3: DB_HOST: unbound variable", "MissingConfiguration name=DB_HOST"),
    ("ERROR missing config key \"a.b\"", "MissingConfiguration name=a.b"),
    (
        "Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder 'db.url' in value \"${db.url}\"",
        "MissingConfiguration name=db.url",
    ),
    ("config error: yaml: line 3: mapping values are not allowed in this context", "InvalidConfiguration"),
    ("flag provided but not defined: -listen", "InvalidConfiguration name=-listen"),
    (
        "nginx: [emerg] unknown directive \"servr\" in /etc/nginx/nginx.conf:3",
        "InvalidConfiguration path=/etc/nginx/nginx.conf name=unknown directive \"servr\"",
    ),
    // files, commands, modules
    ("OSError: [Errno 98] Address already in use", "PortInUse"),
    ("OSError: [Errno 28] No space left on device: '/data/x'", "DiskFull path=/data/x"),
    ("OSError: [Errno 30] Read-only file system: '/x'", "ReadOnlyFileSystem path=/x"),
    ("PermissionError: [Errno 13] Permission denied: '/data/x'", "PermissionDenied path=/data/x"),
    ("FileNotFoundError: [Errno 2] No such file or directory: '/etc/app.yaml'", "MissingFile path=/etc/app.yaml"),
    ("ModuleNotFoundError: No module named 'flask'", "MissingModule name=flask"),
    ("Error: Cannot find module 'express'", "MissingModule name=express"),
    ("Error: ENOSPC: no space left on device, write", "DiskFull"),
    ("Error: EROFS: read-only file system, open '/x'", "ReadOnlyFileSystem path=/x"),
    ("Error: EACCES: permission denied, open '/x'", "PermissionDenied path=/x"),
    ("open /etc/app/config.yaml: no such file or directory", "MissingFile path=/etc/app/config.yaml"),
    ("open /data/x: permission denied", "PermissionDenied path=/data/x"),
    ("write /data/wal/0001: no space left on device", "DiskFull path=/data/wal/0001"),
    ("/bin/sh: foo: not found", "CommandNotFound name=foo"),
    ("sh: 1: foo: not found", "CommandNotFound name=foo"),
    ("bash: line 1: foo: command not found", "CommandNotFound name=foo"),
    ("exec: \"foo\": executable file not found in $PATH", "CommandNotFound name=foo"),
    ("exec /app/server: no such file or directory", "CommandNotFound path=/app/server"),
    ("sh: can't create /x: Read-only file system", "ReadOnlyFileSystem path=/x"),
    ("sh: can't create /data/x: Permission denied", "PermissionDenied path=/data/x"),
    ("cat: /etc/x: No such file or directory", "MissingFile path=/etc/x"),
    ("exec /app/server: exec format error", "ExecFormat path=/app/server"),
    ("accept tcp [::]:8080: accept4: too many open files", "TooManyOpenFiles"),
    // memory and threads
    ("java.lang.OutOfMemoryError: Java heap space", "OutOfMemory name=Java heap space"),
    (
        "Exception in thread \"main\" java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached",
        "ThreadOrProcessLimit",
    ),
    (
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "OutOfMemory name=JavaScript heap",
    ),
    ("RuntimeError: can't start new thread", "ThreadOrProcessLimit"),
    ("MemoryError", "OutOfMemory"),
    // Kubernetes
    (
        "pods is forbidden: User \"system:serviceaccount:shop:api\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
        "RbacForbidden user=system:serviceaccount:shop:api name=api namespace=shop scope=shop verb=list resource=pods group=",
    ),
    (
        "E1122 04:28:49.123456 1 reflector.go:147] Failed to watch *v1.Node: nodes is forbidden: User \"system:serviceaccount:ops:agent\" cannot list resource \"nodes\" in API group \"\" at the cluster scope",
        "RbacForbidden user=system:serviceaccount:ops:agent name=agent namespace=ops verb=list resource=nodes group=",
    ),
    (
        r#"{"level":"error","error":"deployments.apps is forbidden: User \"system:serviceaccount:ops:agent\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"shop\""}"#,
        "RbacForbidden user=system:serviceaccount:ops:agent name=agent namespace=ops scope=shop verb=patch resource=deployments group=apps",
    ),
    // generic
    ("ERROR pool exhausted 100/100", "PoolExhausted number=100/100"),
    ("level=error msg=\"connection pool exhausted\" max=20", "PoolExhausted"),
    ("timed out waiting for a connection from the pool", "PoolExhausted"),
    ("ERROR could not resolve host db.internal", "NameNotResolved host=db.internal"),
    ("ERROR certificate expired on 2026-11-01", "CertificateExpired until=2026-11-01"),
    ("WARN authentication failed", "AuthenticationRefused"),
    ("ERROR login failed", "AuthenticationRefused"),
    ("ERROR disk full", "DiskFull"),
    ("ERROR payment API answered 401 Unauthorized", "AuthenticationRefused number=401"),
    ("level=error msg=\"charge failed: invalid api key\"", "AuthenticationRefused"),
    ("ERROR token expired", "AuthenticationRefused"),
    ("WARN got 429 Too Many Requests from https://rates.example/v1", "RateLimited host=rates.example"),
    (
        "ERROR upstream http://rates:8080/v1 returned 503 Service Unavailable",
        "UpstreamUnavailable host=rates port=8080 number=503",
    ),
    ("ERROR queue \"orders\" is full (1000/1000)", "QueueFull name=orders number=1000/1000"),
    ("panic: runtime error: index out of range [5] with length 3", "AssertionOrPanic"),
    ("thread 'main' panicked at src/main.rs:10:5:", "AssertionOrPanic"),
    // clients and frameworks
    (
        "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: http://rates:8080/v1",
        "UpstreamUnavailable host=rates port=8080 number=503",
    ),
    (
        "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://api.pay.example/v1",
        "AuthenticationRefused host=api.pay.example number=401",
    ),
    (
        "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host api:8080 ssl:default [Connect call failed ('10.0.0.1', 8080)]",
        "ConnectionRefused host=api port=8080",
    ),
    (
        "details = \"failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:50051: Failed to connect to remote host: Connection refused\"",
        "ConnectionRefused host=10.0.0.1 port=50051",
    ),
    ("Error: P1001: Can't reach database server at `postgres`:`5432`", "UpstreamUnavailable host=postgres port=5432"),
    (
        "PrismaClientInitializationError: Environment variable not found: DATABASE_URL.",
        "MissingConfiguration name=DATABASE_URL",
    ),
    (
        "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
        "MissingConfiguration name=SECRET_KEY",
    ),
    (
        "failed to load config: open /etc/app/config.yaml: no such file or directory",
        "MissingFile path=/etc/app/config.yaml",
    ),
    ("python: can't open file '/app/main.py': [Errno 2] No such file or directory", "MissingFile path=/app/main.py"),
    ("/docker-entrypoint.sh: exec: line 47: foo: not found", "CommandNotFound name=foo"),
    ("ERROR Failed to bind to 0.0.0.0:8080: Address already in use (os error 98)", "PortInUse port=8080"),
    ("[ERROR] Connection in use: ('0.0.0.0', 8000)", "PortInUse port=8000"),
    ("Error: listen EACCES: permission denied 0.0.0.0:80", "PermissionDenied port=80"),
    (
        "level=error msg=\"request failed\" status=503 upstream=http://payments:8080",
        "UpstreamUnavailable host=payments port=8080 number=503",
    ),
    ("level=error msg=\"acquire conn: context deadline exceeded\" pool_size=10", "PoolExhausted"),
    ("level=warn msg=\"429 from api.github.com, backing off 30s\"", "RateLimited host=api.github.com number=429"),
    (
        "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)",
        "ReadOnlyFileSystem path=/var/cache/nginx/client_temp",
    ),
    ("java.io.FileNotFoundException: /data/out.log (Permission denied)", "PermissionDenied path=/data/out.log"),
    (
        "io.lettuce.core.RedisConnectionException: Unable to connect to redis/<unresolved>:6379",
        "NameNotResolved host=redis port=6379",
    ),
    (
        "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: \"http://minio:9000/bucket\"",
        "UpstreamUnavailable host=minio port=9000",
    ),
    (
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
        "MissingModule name=libGL.so.1",
    ),
    ("runtime: failed to create new OS thread (have 2 already; errno=11)", "ThreadOrProcessLimit"),
    ("fork/exec /bin/ls: resource temporarily unavailable", "ThreadOrProcessLimit"),
    ("remote error: tls: expired certificate", "CertificateExpired"),
    ("amqp: Exception (403) Reason: \"username or password not allowed\"", "AuthenticationRefused"),
];

#[test]
fn wording_is_recognised() {
    super::check(ROWS);
}
