//! The OpenAPI 3.1 document, made of the handlers that the router leads to: a route cannot be in one and not in the other.
//!
//! Start at [`Group::with`], the only way in for a route.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApiBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema as _, Path};
// The macros of utoipa implement this for every handler; its own router crate reads it in the same way.
use utoipa::__dev::SchemaReferences;

use crate::app::App;
use crate::fault::Problem;

/// Routes behind one guard.
pub(crate) struct Group {
    pub(crate) router: Router<Arc<App>>,
    keys: &'static [&'static str],
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Group {
    /// A group whose callers show one of these keys; none: it is open.
    pub(crate) fn new(keys: &'static [&'static str]) -> Self {
        Self { router: Router::new(), keys, paths: Paths::new(), schemas: Vec::new() }
    }

    /// Adds a handler at the path and method that its documentation says.
    pub(crate) fn with<P, H, T>(mut self, _: P, handler: H) -> Self
    where
        P: Path + SchemaReferences,
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let mut operation = P::operation();
        operation.security = Some(self.keys.iter().map(|key| SecurityRequirement::new(*key, [""; 0])).collect());
        let problem = RefOr::Ref(Ref::from_response_name("Problem"));
        operation.responses.responses.insert("default".to_owned(), problem);
        for method in P::methods() {
            self.router = self.router.route(&P::path(), on(filter(method), handler.clone()));
        }
        self.paths.add_path_operation(P::path(), P::methods(), operation);
        P::schemas(&mut self.schemas);
        self
    }
}

/// Only what the handlers here use; anything else would be a route that no one serves, which a test would see.
fn filter(method: HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Post => MethodFilter::POST,
        _ => MethodFilter::GET,
    }
}

/// The document over all groups.
pub(crate) fn document<const N: usize>(groups: [&Group; N]) -> Bytes {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new().schema("Problem", Problem::schema());
    for group in groups {
        for (path, item) in &group.paths.paths {
            paths.paths.insert(path.clone(), item.clone());
        }
        components = components.schemas_from_iter(group.schemas.iter().cloned());
    }
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let problem = ResponseBuilder::new()
        .description("What went wrong and what to do next (RFC 9457)")
        .content("application/problem+json", problem)
        .build();
    let scheme = |scheme| SecurityScheme::Http(Http::new(scheme));
    let components = components
        .response("Problem", problem)
        .security_scheme("bearer", scheme(HttpAuthScheme::Bearer))
        .security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))))
        .security_scheme("webhook_bearer", scheme(HttpAuthScheme::Bearer))
        .security_scheme("webhook_basic", scheme(HttpAuthScheme::Basic))
        .security_scheme("metrics_bearer", scheme(HttpAuthScheme::Bearer))
        .build();
    let info = InfoBuilder::new()
        .title("Midwatch")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Alerts in, investigations out. Keys are needed unless Midwatch listens on loopback without any.",
        ))
        .build();
    let document = OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build();
    // Structs with text keys: serialising them cannot fail.
    Bytes::from(serde_json::to_vec(&document).unwrap_or_default())
}
