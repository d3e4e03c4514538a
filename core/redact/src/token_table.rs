//! The table of tokens that are known by their form: a fixed beginning and a body of certain
//! characters.
//!
//! Must never hold a form that turns up in ordinary names. Facts about forms come from the
//! vendors' pages, among them
//! <https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github>,
//! <https://docs.gitlab.com/security/tokens/>, <https://api.slack.com/authentication/token-types>,
//! <https://docs.stripe.com/keys>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>,
//! <https://developer.hashicorp.com/vault/docs/concepts/tokens>. Start at [`TOKENS`].

use crate::hit::Rule;
use crate::kind::SecretKind::{self, Hash, Jwt, Key, Token};

/// One form.
pub(crate) struct TokenRule {
    /// What it begins with.
    pub(crate) prefix: &'static str,
    /// How much of the beginning stays readable: the address of a webhook without its secret.
    pub(crate) keep: usize,
    pub(crate) body: Body,
    /// Fewest characters of the body.
    pub(crate) min: usize,
    pub(crate) kind: SecretKind,
    pub(crate) rule: Rule,
}

/// What the body is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// Letters, digits, `_` and `-`.
    Word,
    /// The same, and the beginning must not be in the middle of a word, and a digit is needed:
    /// the beginning is short enough to turn up in names.
    Apart,
    /// The same with dots.
    Dotted,
    /// The same with slashes.
    Path,
    /// Exactly so many capitals and digits, standing apart.
    Capitals,
    /// Exactly so many hex digits.
    Hex,
    /// The characters of password hashes.
    Crypt,
    /// Base64url in three parts.
    Jwt,
}

const fn token(prefix: &'static str, body: Body, min: usize, name: &'static str, why: &'static str) -> TokenRule {
    TokenRule { prefix, keep: 0, body, min, kind: Token, rule: Rule { name, why } }
}

const fn key(prefix: &'static str, body: Body, min: usize, name: &'static str, why: &'static str) -> TokenRule {
    TokenRule { prefix, keep: 0, body, min, kind: Key, rule: Rule { name, why } }
}

const fn hash(prefix: &'static str, min: usize) -> TokenRule {
    let rule = Rule { name: "password-hash", why: "It has the form of a password hash." };
    TokenRule { prefix, keep: 0, body: Body::Crypt, min, kind: Hash, rule }
}

const fn webhook(prefix: &'static str) -> TokenRule {
    let rule = Rule { name: "webhook-address", why: "Whoever knows this address can post to the channel." };
    TokenRule { prefix, keep: prefix.len(), body: Body::Path, min: 16, kind: Token, rule }
}

const fn jwt() -> TokenRule {
    let rule = Rule { name: "jwt", why: "It has the form of a JSON web token." };
    TokenRule { prefix: "eyJ", keep: 0, body: Body::Jwt, min: 17, kind: Jwt, rule }
}

const GITHUB: &str = "It has the form of a GitHub token.";
const GITLAB: &str = "It has the form of a GitLab token.";
const SLACK: &str = "It has the form of a Slack token.";
const STRIPE: &str = "It has the form of a Stripe key.";
const AWS: &str = "It has the form of an AWS access key id.";
const VAULT: &str = "It has the form of a Vault token.";
const GRAFANA: &str = "It has the form of a Grafana token.";

/// Every form with a fixed beginning.
#[rustfmt::skip] // one form a line
pub(crate) const TOKENS: &[TokenRule] = &[
    jwt(),
    token("ghp_", Body::Word, 20, "github", GITHUB),
    token("gho_", Body::Word, 20, "github", GITHUB),
    token("ghu_", Body::Word, 20, "github", GITHUB),
    token("ghs_", Body::Word, 20, "github", GITHUB),
    token("ghr_", Body::Word, 20, "github", GITHUB),
    token("github_pat_", Body::Word, 20, "github", GITHUB),
    token("glpat-", Body::Dotted, 16, "gitlab", GITLAB),
    token("glrt-", Body::Dotted, 16, "gitlab", GITLAB),
    token("gldt-", Body::Dotted, 16, "gitlab", GITLAB),
    token("glptt-", Body::Dotted, 16, "gitlab", GITLAB),
    token("xoxb-", Body::Word, 10, "slack", SLACK),
    token("xoxp-", Body::Word, 10, "slack", SLACK),
    token("xoxa-", Body::Word, 10, "slack", SLACK),
    token("xoxs-", Body::Word, 10, "slack", SLACK),
    token("xoxr-", Body::Word, 10, "slack", SLACK),
    token("xoxe-", Body::Word, 10, "slack", SLACK),
    token("xoxe.", Body::Word, 10, "slack", SLACK),
    token("xapp-", Body::Word, 10, "slack", SLACK),
    webhook("hooks.slack.com/services/"),
    webhook("hooks.slack.com/workflows/"),
    webhook("discord.com/api/webhooks/"),
    webhook("discordapp.com/api/webhooks/"),
    webhook("webhook.office.com/webhookb2/"),
    key("sk_live_", Body::Word, 10, "stripe", STRIPE),
    key("sk_test_", Body::Word, 10, "stripe", STRIPE),
    key("rk_live_", Body::Word, 10, "stripe", STRIPE),
    key("rk_test_", Body::Word, 10, "stripe", STRIPE),
    key("whsec_", Body::Path, 16, "stripe", STRIPE),
    key("AKIA", Body::Capitals, 16, "aws-access-key-id", AWS),
    key("ASIA", Body::Capitals, 16, "aws-access-key-id", AWS),
    key("AIza", Body::Word, 30, "google-api-key", "It has the form of a Google API key."),
    token("ya29.", Body::Dotted, 20, "google-oauth", "It has the form of a Google access token."),
    key("GOCSPX-", Body::Word, 20, "google-oauth", "It has the form of a Google client secret."),
    key("SG.", Body::Dotted, 40, "sendgrid", "It has the form of a SendGrid key."),
    key("key-", Body::Hex, 32, "mailgun", "It has the form of a Mailgun key."),
    token("npm_", Body::Apart, 30, "npm", "It has the form of an npm token."),
    token("pypi-", Body::Apart, 40, "pypi", "It has the form of a PyPI token."),
    token("hvs.", Body::Word, 20, "vault", VAULT),
    token("hvb.", Body::Word, 20, "vault", VAULT),
    token("hvr.", Body::Word, 20, "vault", VAULT),
    token("dop_v1_", Body::Word, 32, "digitalocean", "It has the form of a DigitalOcean token."),
    token("doo_v1_", Body::Word, 32, "digitalocean", "It has the form of a DigitalOcean token."),
    key("sk-ant-", Body::Word, 20, "anthropic", "It has the form of an Anthropic key."),
    key("sk-proj-", Body::Word, 20, "openai", "It has the form of an OpenAI key."),
    key("sk-", Body::Apart, 32, "openai", "It has the form of an OpenAI key."),
    token("hf_", Body::Apart, 30, "hugging-face", "It has the form of a Hugging Face token."),
    token("glsa_", Body::Word, 20, "grafana", GRAFANA),
    token("glc_", Body::Apart, 32, "grafana", GRAFANA),
    token("shpat_", Body::Word, 20, "shopify", "It has the form of a Shopify token."),
    token("sntrys_", Body::Path, 20, "sentry", "It has the form of a Sentry token."),
    token("lin_api_", Body::Word, 20, "linear", "It has the form of a Linear key."),
    token("NRAK-", Body::Word, 20, "new-relic", "It has the form of a New Relic key."),
    token("ATATT3", Body::Word, 40, "atlassian", "It has the form of an Atlassian token."),
    token("dapi", Body::Hex, 32, "databricks", "It has the form of a Databricks token."),
    key("AGE-SECRET-KEY-1", Body::Word, 40, "age", "It has the form of an age private key."),
    hash("$2a$", 20),
    hash("$2b$", 20),
    hash("$2y$", 20),
    hash("$argon2", 20),
    hash("$apr1$", 10),
    hash("$6$", 20),
    hash("$5$", 20),
    hash("$1$", 16),
    hash("$y$", 20),
    hash("{SHA}", 20),
    hash("{SSHA}", 20),
    hash("pbkdf2_", 30),
    hash("pbkdf2:", 30),
];
