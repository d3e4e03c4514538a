//! The HTTP side's settings, from ours.

use midwatch_config::{ApiKeySecret, Settings};
use midwatch_http::{ApiKey, HttpSettings, KeyHash, Limits, WebhookKey};

use super::clusters;

/// Who may come in, and within which bounds.
pub(crate) fn http_settings(settings: &Settings) -> HttpSettings {
    let server = &settings.server;
    let bytes = usize::try_from(server.max_body).unwrap_or(usize::MAX);
    let defaults = Limits::default();
    HttpSettings {
        api_keys: server.api_keys.iter().map(api_key).collect(),
        webhooks: webhooks(settings),
        wait: settings.investigation.deadline,
        wait_most: HttpSettings::default().wait_most.max(settings.investigation.deadline),
        clusters: clusters::names(settings),
        limits: Limits {
            body: server.request_timeout,
            answer: server.request_timeout,
            drain: server.grace,
            webhook_bytes: bytes,
            // One body of the largest size must always fit.
            bodies_bytes: defaults.bodies_bytes.max(bytes),
            ..defaults
        },
        ..HttpSettings::default()
    }
}

fn api_key(key: &midwatch_config::ApiKey) -> ApiKey {
    let sha256 = match &key.secret {
        ApiKeySecret::Sha256(hash) => KeyHash::new(*hash),
        ApiKeySecret::Key(key) => KeyHash::of(key),
    };
    ApiKey { name: key.name.clone(), sha256 }
}

fn webhooks(settings: &Settings) -> Vec<WebhookKey> {
    let server = &settings.server;
    let bearer = server.webhook_token.as_ref().map(WebhookKey::bearer);
    let basic = server.webhook_user.as_ref().zip(server.webhook_password.as_ref());
    bearer.into_iter().chain(basic.map(|(user, password)| WebhookKey::basic(user, password))).collect()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use midwatch_config::ApiKey as Configured;
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn keys_and_credentials_open_the_door_beyond_loopback() {
        let mut settings = Settings::default();
        let open: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        assert!(http_settings(&settings).check(open).unwrap_err().contains("neither"));
        let secret = ApiKeySecret::Key(SecretString::from("0123456789abcdef"));
        settings.server.api_keys.push(Configured { name: "ci".to_owned(), secret });
        assert!(http_settings(&settings).check(open).unwrap_err().contains("webhook"));
        settings.server.webhook_user = Some("am".to_owned());
        assert_eq!(http_settings(&settings).webhooks.len(), 0, "a user without a password opens nothing");
        settings.server.webhook_password = Some(SecretString::from("secret"));
        assert_eq!(http_settings(&settings).check(open), Ok(()));
    }

    #[test]
    fn one_body_of_the_largest_size_fits() {
        let mut settings = Settings::default();
        settings.server.max_body = 64 << 20;
        let limits = http_settings(&settings).limits;
        assert!(limits.bodies_bytes >= limits.webhook_bytes && limits.webhook_bytes == 64 << 20);
    }
}
