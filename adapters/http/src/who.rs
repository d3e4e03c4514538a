//! Who asks and what they may see: what the guard and the frame found out, as extractors; and the policy's word.
//!
//! Must never answer before the policy was asked. Start at [`Who`] and [`Sight`].

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use midwatch_service::id::JobId;
use midwatch_service::job::{Actor, Origin};
use midwatch_service::policy::{Decision, Policy, Verb, Wish};
use serde::de::DeserializeOwned;

use crate::fault::Fault;
use crate::guard::Caller;
use crate::request_id::RequestId;

/// Who asks, and by which request.
pub(crate) struct Who(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        // Only a route without its guard has no caller, and such a route lets nobody in.
        let caller = parts.extensions.get::<Caller>().ok_or_else(|| Fault::denied("nobody may do this"))?;
        Ok(Self(Origin { actor: caller.0.clone(), request_id: request_id(parts) }))
    }
}

/// The id of a request.
pub(crate) fn request_id(parts: &Parts) -> String {
    parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default()
}

/// The query of a request, with words for what is wrong.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let found = Query::<T>::from_request_parts(parts, state).await;
        found.map(|Query(value)| Self(value)).map_err(|error: QueryRejection| Fault::invalid(error.body_text()))
    }
}

/// The job that a path names.
pub(crate) struct Named(pub(crate) JobId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error: PathRejection| Fault::invalid(error.body_text()))?;
        text.parse().map(Self).map_err(|error| Fault::invalid(format!("`{text}`: {error}")))
    }
}

/// The job that a path names, and something of it.
pub(crate) struct NamedPart(pub(crate) JobId, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for NamedPart {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let Path((id, part)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|error: PathRejection| Fault::invalid(error.body_text()))?;
        let id = id.parse().map_err(|error| Fault::invalid(format!("`{id}`: {error}")))?;
        Ok(Self(id, part))
    }
}

/// What an actor may see by one verb: everything, or some places.
pub(crate) struct Sight<'a> {
    policy: &'a Policy,
    actor: &'a Actor,
    verb: Verb,
    all: bool,
}

impl<'a> Sight<'a> {
    /// Of an actor who may see something.
    ///
    /// # Errors
    /// When no rule lets them see anything, which an empty list would hide.
    pub(crate) fn of(policy: &'a Policy, actor: &'a Actor, verb: Verb) -> Result<Self, Fault> {
        let all = policy.decide(actor, Wish { verb, cluster: None, namespaces: &[] }) == Decision::Allowed;
        match policy.decide_somewhere(actor, verb) {
            Decision::Allowed => Ok(Self { policy, actor, verb, all }),
            Decision::Denied(why) => Err(Fault::denied(why)),
        }
    }

    /// Whether they see what is in this place.
    pub(crate) fn covers(&self, cluster: Option<&str>, namespaces: &[&str]) -> bool {
        self.all || self.decide(cluster, namespaces) == Decision::Allowed
    }

    /// The same, with the words for the person.
    ///
    /// # Errors
    /// When they do not.
    pub(crate) fn require(&self, cluster: Option<&str>, namespaces: &[&str]) -> Result<(), Fault> {
        match self.decide(cluster, namespaces) {
            Decision::Denied(why) if !self.all => Err(Fault::denied(why)),
            _ => Ok(()),
        }
    }

    fn decide(&self, cluster: Option<&str>, namespaces: &[&str]) -> Decision {
        self.policy.decide(self.actor, Wish { verb: self.verb, cluster, namespaces })
    }
}
