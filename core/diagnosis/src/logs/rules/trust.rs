//! Certificates and credentials: what the peer or the client does not accept.

use super::super::signature::Signature::{
    AuthenticationRefused, CertificateExpired, CertificateUntrusted, CertificateWrongHost, TooManyConnections,
};
use super::{Rule, strong, weak};

/// TLS. "will expire" and "expires" are announcements, not failures, and match nothing here.
#[rustfmt::skip] // one wording a row
pub(super) const CERTIFICATES: &[Rule] = &[
    strong(
        CertificateExpired,
        "expired or is not yet valid",
        r"certificate has expired or is not yet valid(?:: current time \S+ is (?:after|before) (?P<until>[0-9TZ:+-]+))?",
    ),
    strong(CertificateExpired, "cert_has_expired", r"\bCERT_HAS_EXPIRED\b"),
    strong(CertificateExpired, "certificateexpiredexception", r"CertificateExpiredException(?:: NotAfter: (?P<until>[^\n\x22]{4,40}))?"),
    strong(CertificateExpired, "certificate expired", r"(?:alert|peer|invalid peer certificate:|TLS:?) certificate expired"),
    strong(CertificateExpired, "certificate: expired", r"(?i)invalid peer certificate: (?:certificate )?expired"),
    strong(CertificateExpired, "expired certificate", r"tls: expired certificate"),
    strong(CertificateExpired, "certificate has expired", r"(?:CERTIFICATE_VERIFY_FAILED\].*|problem: |verify failed.*|error.*)certificate has expired"),
    weak(CertificateExpired, "certificate", r"(?i)certificate(?: (?:for|of|from) ['\x22]?{host}['\x22]?)? (?:has |is |already )?expired(?: on| at| since)? ?(?P<until>\d{4}-\d\d-\d\d\S*)?"),
    strong(CertificateUntrusted, "unknown authority", r"certificate signed by unknown authority"),
    strong(CertificateUntrusted, "pkix path building failed", r"PKIX path building failed"),
    strong(CertificateUntrusted, "unable to get local issuer", r"unable to get (?:local )?issuer certificate"),
    strong(CertificateUntrusted, "unable_to_", r"\bUNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)\b"),
    strong(CertificateUntrusted, "self_signed", r"\b(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)\b"),
    strong(CertificateUntrusted, "unable to verify the first", r"unable to verify the first certificate"),
    strong(CertificateUntrusted, "unknownissuer", r"\bUnknownIssuer\b"),
    strong(CertificateUntrusted, "unknown ca", r"(?i)alert unknown ca|tlsv1 alert unknown ca"),
    strong(CertificateUntrusted, "self", r"(?i)(?:verify failed|verification failed|problem|error)[^;]*?self[- ]signed certificate"),
    strong(CertificateWrongHost, "certificate is valid for", r"certificate is valid for (?P<name>.{1,200}?), not {host}"),
    strong(CertificateWrongHost, "certificate is not valid for", r"certificate is not valid for (?:any names[^']*|name )?['\x22]?{host}"),
    strong(CertificateWrongHost, "altname_invalid", r"ERR_TLS_CERT_ALTNAME_INVALID(?:.*Host: {host}\.? is not in)?"),
    strong(CertificateWrongHost, "altnames", r"does not match certificate's altnames: Host: {host}\.? is not in"),
    strong(CertificateWrongHost, "no subject alternative", r"No subject alternative (?:DNS )?names?(?: matching(?: IP address)? {host})?"),
    strong(CertificateWrongHost, "no alternative certificate", r"no alternative certificate subject name matches target host ?name '{host}'"),
    strong(CertificateWrongHost, "doesn't contain any ip sans", r"cannot validate certificate for {host} because it doesn't contain any IP SANs"),
    strong(CertificateWrongHost, "doesn't match", r"hostname '{host}' doesn't match"),
    strong(CertificateWrongHost, "notvalidforname", r"\bNotValidForName\b"),
];

/// Accounts, and the server's own limit, which its clients see as a refusal.
#[rustfmt::skip] // one wording a row
pub(super) const CREDENTIALS: &[Rule] = &[
    strong(TooManyConnections, "too many clients", r"sorry, too many clients already"),
    strong(TooManyConnections, "remaining connection slots", r"remaining connection slots are reserved"),
    strong(TooManyConnections, "max number of clients", r"max number of clients reached"),
    strong(TooManyConnections, "too many connections for", r#"too many connections for (?:role|database) "(?P<user>[^"]+)""#),
    strong(TooManyConnections, "max_user_connections", r"User (?P<user>\S+) already has more than 'max_user_connections'"),
    strong(TooManyConnections, "too many connections", r"(?:[:\]] |^|ERROR 1040 .*)Too many connections"),
    weak(TooManyConnections, "too many connections", r"(?i)too many connections"),
    weak(TooManyConnections, "connection limit", r"(?i)connection limit (?:exceeded|reached)"),
    strong(AuthenticationRefused, "password authentication failed", r#"password authentication failed for user "(?P<user>[^"]+)""#),
    strong(AuthenticationRefused, "access denied for user", r"Access denied for user '(?P<user>[^']*)'"),
    strong(AuthenticationRefused, "pg_hba.conf", r#"no pg_hba\.conf entry for host "[^"]*", user "(?P<user>[^"]+)""#),
    strong(AuthenticationRefused, "does not exist", r#"[Rr]ole "(?P<user>[^"]+)" does not exist"#),
    strong(AuthenticationRefused, "wrongpass", r"\bWRONGPASS\b"),
    strong(AuthenticationRefused, "noauth", r"\bNOAUTH\b"),
    strong(AuthenticationRefused, "authenticationerror", r"\b(?:[\w.]+\.)?AuthenticationError\b: ?"),
    strong(AuthenticationRefused, "access_refused", r"\bACCESS_REFUSED\b(?:.*?user '(?P<user>[^']+)')?"),
    strong(AuthenticationRefused, "sasl", r"(?i)SASL\w*(?: \S+)? authentication failed|SaslAuthenticationException|SCRAM authentication failed|bad auth : authentication failed"),
    strong(AuthenticationRefused, "mongoservererror", r"MongoServerError: Authentication failed"),
    strong(AuthenticationRefused, "username or password not allowed", r"username or password not allowed"),
    strong(AuthenticationRefused, "login failed for user", r"Login failed for user '(?P<user>[^']+)'"),
    strong(AuthenticationRefused, "invalid api key", r"(?i)(?:error|401|Unauthorized|incorrect)\W.{0,40}(?:invalid|incorrect) api key"),
    strong(AuthenticationRefused, "client error", r"(?P<number>40[13]) Client Error: .*for url: "),
    strong(AuthenticationRefused, "no password is provided", r"(?i)fe_sendauth: no password supplied|no password (?:is|was) provided"),
    strong(AuthenticationRefused, "no password supplied", r"fe_sendauth: no password supplied"),
    weak(AuthenticationRefused, "authentication failed", r#"(?i)authentication (?:failed|failure)(?: for (?:user )?["']?(?P<user>[\w.@-]+))?"#),
    weak(AuthenticationRefused, "failed to authenticate", r"(?i)(?:failed|unable) to authenticate"),
    weak(AuthenticationRefused, "login failed", r"(?i)login failed"),
    weak(AuthenticationRefused, "invalid", r"(?i)(?:invalid|wrong|bad|incorrect) (?:api[ _-]?key|credentials|password|(?:access |auth |bearer )?token|username or password)"),
    strong(
        AuthenticationRefused,
        "an error occurred (",
        r"An error occurred \((?P<name>ExpiredToken(?:Exception)?|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|AuthFailure)\)",
    ),
    strong(AuthenticationRefused, "expiredtoken", r"\b(?P<name>ExpiredToken(?:Exception)?)\b"),
    strong(AuthenticationRefused, "invalidaccesskeyid", r"\b(?P<name>InvalidAccessKeyId)\b"),
    weak(AuthenticationRefused, "token", r"(?i)token (?:has |is )?expired"),
    weak(AuthenticationRefused, "unauthorized", r"(?i)\b(?:HTTP/?\S* |status(?: code)?:? ?)?(?P<number>401)\W{1,3}Unauthorized|Unauthorized \((?P<status>401)\)"),
    weak(AuthenticationRefused, "forbidden", r"(?i)\b(?P<number>403)\W{1,3}Forbidden"),
    weak(AuthenticationRefused, "status", r"(?i)(?:returned|responded|answered|got|received|unexpected|failed with|response)[^.;]{0,24}?\b(?:http )?(?:status|code)(?: code)?:? ?(?P<number>40[13])\b"),
];
