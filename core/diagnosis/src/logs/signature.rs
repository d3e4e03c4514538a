//! What a line can say went wrong, and the values it names.
//!
//! A signature is the wording of a known failure, not a verdict: a detector decides what it means.

use serde::{Deserialize, Serialize};

use super::digest::LogLine;

/// A failure whose wording is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// A host name has no address, or the name server did not answer.
    NameNotResolved,
    /// Nothing listens at host and port.
    ConnectionRefused,
    /// No answer in time.
    ConnectionTimedOut,
    /// The peer closed the connection.
    ConnectionReset,
    /// The network has no way to the host.
    NoRoute,
    /// Wrong or missing credentials; the peer answered.
    AuthenticationRefused,
    /// A certificate is past its end (or before its beginning).
    CertificateExpired,
    /// The issuer is not trusted.
    CertificateUntrusted,
    /// The certificate is for other names.
    CertificateWrongHost,
    /// The client's own connection pool is used up.
    PoolExhausted,
    /// The server takes no more connections.
    TooManyConnections,
    /// Another process listens on the port.
    PortInUse,
    /// No space, or a disk quota.
    DiskFull,
    /// A write to a read-only file system.
    ReadOnlyFileSystem,
    /// The operating system or a database forbids it.
    PermissionDenied,
    /// The Kubernetes API forbids it: `user`, `verb`, `resource`, `api_group` say what is missing.
    RbacForbidden,
    /// A required setting is absent; `name` is the variable or key.
    MissingConfiguration,
    /// A setting is present and wrong.
    InvalidConfiguration,
    /// Memory ran out, as the program itself says.
    OutOfMemory,
    /// The limit of open files or watches.
    TooManyOpenFiles,
    /// The command to run is not in the image; `name` or `path` says which.
    CommandNotFound,
    /// A file is absent; `path`.
    MissingFile,
    /// A library, class or module is absent; `name`.
    MissingModule,
    /// The binary is for another architecture, or no binary.
    ExecFormat,
    /// The limit of threads or processes.
    ThreadOrProcessLimit,
    /// The peer asks for fewer requests.
    RateLimited,
    /// A detected deadlock, in so many words.
    Deadlock,
    /// A database, table, column, index or topic is absent; `name`.
    SchemaMissing,
    /// A bounded queue is full.
    QueueFull,
    /// A dependency answers that it cannot serve (502, 503, 504, loading, no healthy backend).
    UpstreamUnavailable,
    /// An assertion, a panic or a crash without one of the causes above.
    AssertionOrPanic,
}

/// Values a line names. Each at most 256 bytes; absent when the line does not state it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Values {
    /// Host name or address of the peer, without brackets.
    pub host: Option<String>,
    /// Port of the peer, or the port that is in use.
    pub port: Option<u16>,
    /// User, role or full service account name.
    pub user: Option<String>,
    /// File or directory.
    pub path: Option<String>,
    /// Environment variable, configuration key, module, command, table, service account.
    pub name: Option<String>,
    /// Namespace of the service account that was refused.
    pub namespace: Option<String>,
    /// Namespace the request was for; absent at the cluster scope.
    pub scope: Option<String>,
    /// API verb.
    pub verb: Option<String>,
    /// API resource, with its subresource.
    pub resource: Option<String>,
    /// API group; the empty string is the core group.
    pub api_group: Option<String>,
    /// A limit as written: `100/100`, `5`, `30000ms`.
    pub number: Option<String>,
    /// End of a certificate's validity, as written.
    pub until: Option<String>,
}

/// All lines with the same signature and the same values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// What they say.
    pub signature: Signature,
    /// What they name.
    pub values: Values,
    /// How many lines (a stack trace counts once). Beyond 1,000 lines of one wording with changing values, the
    /// rest is counted to the values seen last.
    pub count: u64,
    /// The first line.
    pub first: LogLine,
    /// The last line.
    pub last: LogLine,
    /// A line at or after the last hit that says things work: connected, recovered, listening, serving.
    pub success_after: Option<LogLine>,
    /// The wording says it will be tried again.
    pub retried: bool,
}
