//! What an unanswered or refused request means to an investigation.
//!
//! Must never repeat what an exec plugin printed: its output holds credentials. Start at [`Failure`].

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::Duration;

use kube::client::AuthError;
use midwatch_diagnosis::probe::ReadFailure;
use serde::Deserialize;

/// Words of a server are kept up to here (bytes).
const WORDS_CAP: usize = 600;

/// Causes of an error that are looked at; a chain that is longer goes round in circles.
const CAUSES: usize = 16;

/// Why one request gave no answer.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The server answered that it will not, or cannot.
    Status {
        /// The HTTP status.
        code: u16,
        /// The server's own words.
        words: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// No answer within the time limit; what was waited for.
    TimedOut(String),
    /// The connection failed or broke; a repetition may help.
    Broken(String),
    /// It cannot be asked like this, and a repetition does not help.
    Unusable(String),
}

impl Failure {
    /// Whether the same request may well succeed in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            // A kubelet that does not answer makes a 500, too, and asking it again takes its whole time-out again.
            Failure::Status { code: 500, words, .. } => !words.contains(":10250/"),
            Failure::Status { code, .. } => matches!(code, 429 | 502 | 503 | 504),
            Failure::Broken(_) => true,
            Failure::TimedOut(_) | Failure::Unusable(_) => false,
        }
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        if let Failure::Status { retry_after, .. } = self { *retry_after } else { None }
    }

    /// Whether a continue token is too old.
    pub(crate) fn is_expired(&self) -> bool {
        matches!(self, Failure::Status { code: 410, .. })
    }

    /// What it means for a list of a kind.
    pub(crate) fn of_list(self) -> ReadFailure {
        match self {
            Failure::Status { code: 404, .. } => ReadFailure::NotServed,
            other => other.general(),
        }
    }

    /// What it means for a container's log. The sentences are the API server's and the kubelet's.
    pub(crate) fn of_log(self) -> ReadFailure {
        match &self {
            Failure::Status { code: 400, words, .. } if words.contains("previous terminated container") => {
                ReadFailure::NoPrevious
            }
            Failure::Status { code: 400, words, .. } if words.contains("is waiting to start") => {
                ReadFailure::NotStarted
            }
            Failure::Status { code: 400, words, .. } if words.contains("is not valid for pod") => {
                ReadFailure::NotFound(words.clone())
            }
            _ => self.general(),
        }
    }

    fn general(self) -> ReadFailure {
        match self {
            // The words stay apart from a missing permission: no RBAC rule mends this.
            Failure::Status { code: 401, words, .. } => ReadFailure::Unreadable(format!(
                "the API server does not accept the credentials ({words}): log in again, or renew the token"
            )),
            Failure::Status { code: 403, words, .. } => ReadFailure::Forbidden(words),
            Failure::Status { code: 404, words, .. } => ReadFailure::NotFound(words),
            Failure::Status { code: 429, words, .. } => {
                ReadFailure::TimedOut(format!("the API server asks to slow down: {words}"))
            }
            Failure::Status { code, words, .. } => ReadFailure::Unreadable(format!("status {code}: {words}")),
            Failure::TimedOut(words) => ReadFailure::TimedOut(words),
            Failure::Broken(words) | Failure::Unusable(words) => ReadFailure::Unreadable(words),
        }
    }

    /// What the body of a refusal says: the API's `Status`, or plain words.
    pub(crate) fn of_status(code: u16, body: &[u8], retry_after: Option<Duration>) -> Failure {
        let status: Option<Status> = serde_json::from_slice(body).ok();
        let words = match status.map(|s| s.message).filter(|m| !m.is_empty()) {
            Some(message) => message,
            None => String::from_utf8_lossy(body).lines().next().unwrap_or_default().trim().to_owned(),
        };
        let words = if words.is_empty() { format!("HTTP {code}, without words") } else { words };
        Failure::Status { code, words: cap(words), retry_after }
    }

    /// What an error of the client says.
    pub(crate) fn of_error(error: &(dyn StdError + 'static)) -> Failure {
        let (mut causes, mut last) = (vec![error], error);
        while let Some(next) = last.source().filter(|_| causes.len() < CAUSES) {
            causes.push(next);
            last = next;
        }
        for cause in &causes {
            if let Some(auth) = cause.downcast_ref::<AuthError>() {
                return Failure::Unusable(auth_words(auth));
            }
            if cause.is::<crate::readonly::Refused>() {
                return Failure::Unusable(cause.to_string());
            }
            if cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::TimedOut) {
                return Failure::TimedOut("no connection within the time limit".to_owned());
            }
        }
        let last = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
        if causes.iter().any(|c| c.is::<rustls::Error>()) || last.contains("certificate") {
            return Failure::Unusable(tls_words(&last));
        }
        Failure::Broken(cap(last))
    }
}

/// The part of the API's `Status` that is read.
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

/// The program of a command as the standard library shows one: variables with their values, which may be secrets, then
/// the program and its arguments, each in quotes.
fn program_of(shown: &str) -> &str {
    let quoted = shown.strip_prefix('"').or_else(|| shown.split_once(" \"").map(|(_, rest)| rest));
    quoted.and_then(|rest| rest.split('"').next()).unwrap_or("of the kubeconfig")
}

/// What is wrong with credentials.
pub(crate) fn auth_words(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(source) => {
            format!(
                "the exec plugin of the kubeconfig could not be started ({source}): install it, or put it into PATH"
            )
        }
        AuthError::AuthExecRun { cmd, out } => {
            let stderr = String::from_utf8_lossy(&out.stderr);
            let said = stderr.lines().find(|l| !l.trim().is_empty()).unwrap_or("nothing").trim();
            cap(format!("the exec plugin {} failed ({}) and said: {said}", program_of(cmd), out.status))
        }
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "the exec plugin of the kubeconfig gave no credentials that can be read".to_owned()
        }
        AuthError::ReadTokenFile(source, path) => format!("the token file {} cannot be read: {source}", path.display()),
        AuthError::MissingCommand => "the exec plugin of the kubeconfig names no command".to_owned(),
        AuthError::InvalidBearerToken(_) => "the token has characters that no token has".to_owned(),
        AuthError::InvalidBasicAuth(_) => "user name or password have characters that cannot be sent".to_owned(),
        _ => "the kubeconfig asks for a way to log in that is not supported, or it failed".to_owned(),
    }
}

fn tls_words(last: &str) -> String {
    let lower = last.to_lowercase();
    let hint = if lower.contains("alert") && lower.contains("expired") {
        "the client certificate of the kubeconfig has expired: renew it"
    } else if lower.contains("expired") {
        "the certificate of the API server has expired"
    } else if lower.contains("unknownissuer") || lower.contains("unknown issuer") {
        "the certificate of the API server is not signed by the kubeconfig's certificate-authority"
    } else if lower.contains("name") {
        "the certificate of the API server is for another name; see tls-server-name of the kubeconfig"
    } else {
        "no secure connection"
    };
    cap(format!("{hint} ({last})"))
}

fn cap(mut words: String) -> String {
    if words.len() > WORDS_CAP {
        let end = (0..=WORDS_CAP).rev().find(|&i| words.is_char_boundary(i)).unwrap_or(0);
        words.truncate(end);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exec_plugin_is_named_without_its_variables() {
        let shown = r#"AWS_SECRET_ACCESS_KEY="hunter2 \"x" KUBERNETES_EXEC_INFO="{\"kind\":1}" "aws-iam-authenticator" "token""#;
        assert_eq!(program_of(shown), "aws-iam-authenticator");
        assert_eq!(program_of(r#""gke-gcloud-auth-plugin""#), "gke-gcloud-auth-plugin");
        assert_eq!(program_of("A=\"b\""), "of the kubeconfig");
    }

    use rstest::rstest;

    fn status(code: u16, message: &str) -> Failure {
        let body = serde_json::json!({"kind": "Status", "message": message}).to_string();
        Failure::of_status(code, body.as_bytes(), None)
    }

    #[rstest]
    #[case(400, "previous terminated container \"api\" in pod \"api-1\" not found", ReadFailure::NoPrevious)]
    #[case(400, "container \"api\" in pod \"api-1\" is waiting to start: ContainerCreating", ReadFailure::NotStarted)]
    #[case(400, "container \"api\" in pod \"api-1\" is waiting to start: PodInitializing", ReadFailure::NotStarted)]
    #[case(
        400,
        "container \"api\" in pod \"api-1\" is waiting to start: trying and failing to pull image",
        ReadFailure::NotStarted
    )]
    #[case(
        400,
        "container x is not valid for pod api-1",
        ReadFailure::NotFound("container x is not valid for pod api-1".into())
    )]
    #[case(404, "pods \"api-1\" not found", ReadFailure::NotFound("pods \"api-1\" not found".into()))]
    #[case(403, "no", ReadFailure::Forbidden("no".into()))]
    fn sentences_about_logs(#[case] code: u16, #[case] words: &str, #[case] expected: ReadFailure) {
        assert_eq!(status(code, words).of_log(), expected);
    }

    #[test]
    fn a_kind_that_is_not_served_is_no_missing_object() {
        assert_eq!(Failure::of_status(404, b"404 page not found\n", None).of_list(), ReadFailure::NotServed);
    }

    #[test]
    fn a_dead_kubelet_is_not_asked_again() {
        let dead =
            "Get \"https://10.88.1.1:10250/containerLogs/shop/api-1/api\": dial tcp 10.88.1.1:10250: i/o timeout";
        assert!(!status(500, dead).is_transient());
        assert!(status(500, "etcdserver: leader changed").is_transient());
        assert!(!status(403, "no").is_transient());
    }

    #[test]
    fn a_login_that_expired_asks_for_no_rbac_rule() {
        let failure = status(401, "Unauthorized").of_list();
        assert!(matches!(&failure, ReadFailure::Unreadable(words) if words.contains("log in again")), "{failure}");
    }
}
