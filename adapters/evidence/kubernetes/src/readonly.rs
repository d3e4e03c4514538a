//! The layer that every request to a cluster passes: reads of lists and logs, and questions about one's own permissions.
//!
//! Must never let anything else through. Denied by default: a request passes only when its path is a word of the small
//! grammar below, so exec, attach, port-forward and proxy (which are GETs) and values of Secrets are refused without
//! being listed. Nothing is decoded here: a path with an escape in it is not a word of the grammar. Start at [`check`].
//!
//! ```text
//! GET  /version | /apis
//! GET  /api/v1/[namespaces/NS/]PLURAL              PLURAL of a kind that the engine knows
//! GET  /apis/GROUP/VERSION/[namespaces/NS/]PLURAL  the same, or any of a group that Kubernetes does not define itself
//! GET  /api/v1/namespaces/NS/pods/POD/log
//! GET  .../secrets                                 only as a table, which holds names, types and counts
//! POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews | selfsubjectrulesreviews
//! ```

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use futures::future::Either;
use http::header::{ACCEPT, UPGRADE};
use http::{HeaderMap, Method, Request, Uri};
use midwatch_diagnosis::entity::Kind;
use tower::{BoxError, Layer, Service};

use crate::resource::is_name;

/// How Secrets are asked for: a table has their names, types and the number of their keys, with metadata, without values.
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>
pub const AS_TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

/// What may be asked of a list. `watch`, `includeObject` and the like are left out on purpose.
const LIST_WORDS: &[&str] = &["limit", "continue"];

/// What may be asked of a log. `follow` is left out: it does not end.
const LOG_WORDS: &[&str] = &["container", "previous", "tailLines", "limitBytes", "timestamps"];

/// Groups below `k8s.io` that are installed as custom resources.
const CUSTOM_BELOW_K8S_IO: &[&str] = &["gateway.networking.k8s.io", "snapshot.storage.k8s.io"];

/// The built-in resources that may be listed, as group and plural.
static KNOWN: LazyLock<BTreeSet<(&'static str, String)>> =
    LazyLock::new(|| Kind::KNOWN.iter().map(|k| (k.group(), k.plural())).collect());

/// A request that does not only read, or reads what must not be read.
#[derive(Debug, thiserror::Error)]
#[error("refused before it left: {method} {path}: {why}")]
pub struct Refused {
    /// Its method.
    pub method: Method,
    /// Its path, without the query.
    pub path: String,
    /// Why.
    pub why: &'static str,
}

/// Judges one request by its method, address and headers.
///
/// # Errors
/// When it is not one of the few that this program makes.
pub fn check(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
    let refuse = |why| Refused { method: method.clone(), path: uri.path().to_owned(), why };
    if uri.authority().is_some() {
        return Err(refuse("it names a host of its own"));
    }
    if headers.contains_key(UPGRADE) {
        return Err(refuse("it asks for another protocol"));
    }
    let words: Vec<&str> = uri.path().strip_prefix('/').unwrap_or_default().split('/').collect();
    match *method {
        Method::GET => get(&words, uri.query(), headers).map_err(refuse),
        Method::POST => post(&words, uri.query()).map_err(refuse),
        _ => Err(refuse("it is no read")),
    }
}

fn post(words: &[&str], query: Option<&str>) -> Result<(), &'static str> {
    match words {
        ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews" | "selfsubjectrulesreviews"]
            if query.is_none() =>
        {
            Ok(())
        }
        _ => Err("it is no question about one's own permissions"),
    }
}

fn get(words: &[&str], query: Option<&str>, headers: &HeaderMap) -> Result<(), &'static str> {
    match words {
        ["version" | "apis"] => asks(query, &[]),
        ["api", "v1", "namespaces", ns, "pods", pod, "log"] if is_name(ns) && is_name(pod) => asks(query, LOG_WORDS),
        ["api", "v1", rest @ ..] => list("", rest, query, headers),
        ["apis", group, version, rest @ ..] if is_name(group) && is_version(version) => {
            list(group, rest, query, headers)
        }
        _ => Err("its path is not one that this program reads"),
    }
}

fn list(group: &str, rest: &[&str], query: Option<&str>, headers: &HeaderMap) -> Result<(), &'static str> {
    let plural = match rest {
        [plural] => plural,
        ["namespaces", ns, plural] if is_name(ns) => plural,
        _ => return Err("its path is no list"),
    };
    let custom = is_custom(group) && is_plural(plural);
    if !custom && !KNOWN.contains(&(group, (*plural).to_owned())) {
        return Err("its resource is not one that this program reads");
    }
    if *plural == "secrets" && !only_a_table(headers) {
        return Err("values of Secrets are never read");
    }
    asks(query, LIST_WORDS)
}

/// Whether Kubernetes itself does not define the group, so that its resources are custom ones.
pub(crate) fn is_custom(group: &str) -> bool {
    is_name(group) && group.contains('.') && (!group.ends_with(".k8s.io") || CUSTOM_BELOW_K8S_IO.contains(&group))
}

fn is_plural(text: &str) -> bool {
    is_name(text) && !text.contains('.') && !matches!(text, "secrets" | "watch" | "proxy" | "namespaces")
}

/// `v1`, `v2beta1`.
fn is_version(text: &str) -> bool {
    text.len() <= 16
        && text.strip_prefix('v').is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// Whether a table is the only form that the answer may have.
fn only_a_table(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    accepted.next().is_some_and(|value| value == AS_TABLE) && accepted.next().is_none()
}

/// Whether only these things are asked.
fn asks(query: Option<&str>, words: &[&str]) -> Result<(), &'static str> {
    let mut names = query.into_iter().flat_map(|q| q.split('&')).map(|pair| pair.split('=').next().unwrap_or_default());
    if names.all(|name| words.contains(&name)) { Ok(()) } else { Err("it asks for more than this program does") }
}

/// The layer; it goes outside of everything that kube adds.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOnly;

impl<S> Layer<S> for ReadOnly {
    type Service = ReadOnlyService<S>;
    fn layer(&self, inner: S) -> Self::Service {
        ReadOnlyService { inner }
    }
}

/// A service behind the layer.
#[derive(Clone, Debug)]
pub struct ReadOnlyService<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for ReadOnlyService<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<
        futures::future::MapErr<S::Future, fn(S::Error) -> BoxError>,
        futures::future::Ready<Result<S::Response, BoxError>>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        use futures::TryFutureExt as _;
        match check(request.method(), request.uri(), request.headers()) {
            Ok(()) => {
                let boxed: fn(S::Error) -> BoxError = Into::into;
                Either::Left(self.inner.call(request).map_err(boxed))
            }
            Err(refused) => Either::Right(futures::future::ready(Err(refused.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
