//! Settings that are absent or wrong.
//!
//! A name counts as an environment variable only when it looks like one (capitals, underscores).

use super::super::signature::Signature::{InvalidConfiguration, MissingConfiguration};
use super::{Rule, strong, weak};

/// Missing before invalid: "config error: X is not set" is missing.
#[rustfmt::skip] // one wording a row
pub(super) const SETTINGS: &[Rule] = &[
    strong(MissingConfiguration, "environment variable", r#"(?i:required|mandatory|missing)[^.;]{0,40}(?i:environment variables?):? ?["'`$]*{env}"#),
    strong(MissingConfiguration, "environment variable", r#"(?i:environment variable):? ?["'`$]*{env}["'`]* (?i:is |was |has )?(?i:not set|not defined|missing|required|undefined|unset|not found|must be set|not been set|not present|empty)"#),
    strong(MissingConfiguration, "environment variable", r#"{env}["'`]? (?i:environment variable) (?i:is |was )?(?i:not set|not defined|missing|required|undefined|unset|not found|must be set|empty)"#),
    strong(MissingConfiguration, "keyerror", r#"KeyError: ['"]{env}['"]"#),
    strong(MissingConfiguration, "environment variable not found", r#"(?i:environment variable not found): ["'`]?{env}"#),
    strong(MissingConfiguration, "must not be empty", r"The {env} setting must not be empty"),
    strong(MissingConfiguration, "missing", r#"(?i:missing)(?i: required| mandatory)?(?i: env\w*| environment| config\w*| setting)?(?i: vars?| variables?| keys?| value)?:? ["'`$]*{env}\b"#),
    strong(MissingConfiguration, "must be set", r#"{env}["'`]? (?i:must be (?:set|provided|specified|defined))"#),
    weak(MissingConfiguration, " set", r#"{env}["'`]? (?i:is |was |has )?(?i:not (?:been )?set|unset)\b"#),
    weak(MissingConfiguration, "is required", r#"(?:^|[\s"'`:]){env}["'`]? (?i:is |are )(?i:required|missing|undefined|not defined|not specified|not configured|empty)\b"#),
    weak(MissingConfiguration, "is missing", r#"(?:^|[\s"'`:]){env}["'`]? (?i:is |are )(?i:missing|undefined|empty)\b"#),
    weak(MissingConfiguration, "not defined", r#"(?:^|[\s"'`:]){env}["'`]? (?i:is |was )?(?i:not (?:defined|specified|configured|provided))\b"#),
    weak(MissingConfiguration, "is undefined", r#"(?:^|[\s"'`:]){env}["'`]? (?i:is undefined)\b"#),
    strong(MissingConfiguration, "unbound variable", r"(?P<name>[A-Za-z_]\w*): unbound variable"),
    strong(MissingConfiguration, "parameter not set", r"(?P<name>[A-Za-z_]\w*): parameter (?:not set|null or not set)"),
    strong(MissingConfiguration, "could not resolve placeholder", r"Could not resolve placeholder '(?P<name>[^']+)'"),
    strong(MissingConfiguration, "couldn't find key", r"couldn't find key (?P<name>\S+) in (?:Secret|ConfigMap)"),
    strong(MissingConfiguration, "superuser password is not", r"superuser password is not specified"),
    strong(MissingConfiguration, "database is uninitialized", r"(?i)database is uninitialized and "),
    strong(MissingConfiguration, "key not found", r#"key not found: :?"{env}""#),
    weak(MissingConfiguration, "no such key", r#"(?i)no such key:? ['"`]?(?P<name>[\w./-]+)"#),
    weak(
        MissingConfiguration,
        "missing",
        r#"(?i)missing (?:required |mandatory )?(?:config(?:uration)?|settings?|propert(?:y|ies)|options?|parameters?|env(?:ironment)? ?var\w*|env)(?: (?:key|file|value|option|setting)s?)?:? ['"`]?(?P<name>[\w./-]+)"#,
    ),
    weak(
        MissingConfiguration,
        "required",
        r#"(?i)required (?:config(?:uration)?|settings?|propert(?:y|ies)|options?|keys?|env(?:ironment)?(?: var\w*)?)(?: (?:key|value))?:? ['"`]?(?P<name>[\w./-]+?)['"`]? (?:is |was )?(?:not (?:set|found|defined|provided|specified)|missing|unset|empty)"#,
    ),
    weak(
        MissingConfiguration,
        "config",
        r#"(?i)config(?:uration)? (?:key|property|value|setting|option) ['"`]?(?P<name>[\w./-]+?)['"`]? (?:is |was )?(?:not (?:set|found|defined|provided|specified)|missing|unset|required)"#,
    ),
    strong(InvalidConfiguration, "in /etc/nginx", r"(?:\[emerg\]|nginx:) ?.*?(?P<name>(?:unknown|invalid|duplicate|unexpected)[^/]{1,80}?) in {path}"),
    strong(InvalidConfiguration, "flag provided but not defined", r"flag provided but not defined: (?P<name>\S+)"),
    strong(InvalidConfiguration, "unknown flag", r"unknown (?:shorthand )?flag: (?P<name>\S+)"),
    strong(InvalidConfiguration, "unrecognized arguments", r"error: unrecognized arguments: (?P<name>\S+)"),
    strong(InvalidConfiguration, "unrecognized option", r"unrecognized option:? ['`]?(?P<name>--?[\w-]+)"),
    strong(InvalidConfiguration, "fatal config file error", r"FATAL CONFIG FILE ERROR"),
    strong(InvalidConfiguration, "unrecognized configuration", r#"unrecognized configuration parameter "(?P<name>[^"]+)""#),
];

/// After everything else that has a cause: "config error" may wrap any of them.
#[rustfmt::skip] // one wording a row
pub(super) const VALIDATION: &[Rule] = &[
    weak(InvalidConfiguration, "invalid", r#"(?i)invalid (?:config(?:uration)?|settings?)(?: (?:for|in|key|value|file|option)\b)*:? ?['"`]?(?P<name>[\w./-]+)?"#),
    weak(InvalidConfiguration, "invalid value", r#"(?i)invalid value (?:['"`][^'"`]*['"`] )?for (?:(?:flag|option|config|setting|key|parameter|field) )?['"`]?(?P<name>[\w./-]+)"#),
    weak(
        InvalidConfiguration,
        "config",
        r#"(?i)(?:failed to|cannot|could not|can't|unable to|error) (?:load|loading|parse|parsing|read|reading|decode|unmarshal|validate)(?: the)? (?:\w+ )?config(?:uration)?(?: file)?:? ?['"`]?(?P<path>/[^\s'":,]+)?"#,
    ),
    weak(InvalidConfiguration, "config", r"(?i)config(?:uration)?(?: file)? (?:error|is invalid|invalid|validation failed)(?::|$|\s)"),
    weak(InvalidConfiguration, "yaml: ", r"yaml: (?:line (?P<number>\d+): |unmarshal errors)"),
    weak(InvalidConfiguration, "bad config", r"(?i)bad config(?:uration)?"),
];
