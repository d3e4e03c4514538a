//! Tokens that are known by their form.
//!
//! Must never need context: these hold wherever they stand. Start at [`at`].

use crate::hit::Rule;
use crate::kind::SecretKind::Token;
use crate::quoting;
use crate::scan::Scan;
use crate::token_table::{Body, TOKENS, TokenRule};

/// Looks for the form whose beginning was seen.
pub(crate) fn at(scan: &mut Scan<'_>, index: usize, start: usize) {
    let Some(rule) = TOKENS.get(index) else {
        return;
    };
    let bytes = scan.bytes;
    let from = start + rule.prefix.len();
    let known = scan.is_hidden(start, rule.rule) || (rule.body == Body::Jwt && start < scan.no_jwt);
    if known || bytes.get(start..from) != Some(rule.prefix.as_bytes()) || !rule.may_begin(bytes, start) {
        return;
    }
    let limit = bytes.len().min(from + rule.longest());
    let length = bytes[from..limit].iter().take_while(|byte| rule.body.has(**byte)).count();
    let end = trimmed(bytes, from, from + length);
    if rule.fits(&bytes[from..end]) {
        scan.hit(start + rule.keep..end, rule.kind, rule.rule);
    } else if rule.body == Body::Jwt {
        scan.no_jwt = end;
    }
}

/// Without the full stop of a sentence.
fn trimmed(bytes: &[u8], from: usize, end: usize) -> usize {
    end - bytes[from..end].iter().rev().take_while(|byte| **byte == b'.').count()
}

impl Body {
    fn has(self, byte: u8) -> bool {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        match self {
            Self::Word | Self::Apart => word,
            Self::Dotted | Self::Jwt => word || byte == b'.',
            Self::Path => word || byte == b'/' || byte == b'+' || byte == b'=',
            Self::Capitals => byte.is_ascii_alphanumeric(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Crypt => byte.is_ascii_alphanumeric() || b"./$+=,:_".contains(&byte),
        }
    }
}

impl TokenRule {
    /// Whether the beginning may stand here: some are short enough to turn up inside names.
    fn may_begin(&self, bytes: &[u8], start: usize) -> bool {
        let anywhere = !matches!(self.body, Body::Apart | Body::Capitals | Body::Hex);
        anywhere || start == 0 || !quoting::is_ident(bytes[start - 1]) || quoting::ends_escape(bytes, start)
    }

    /// How much of the body is read; one more than is right shows that it is too long.
    fn longest(&self) -> usize {
        if matches!(self.body, Body::Capitals | Body::Hex) { self.min + 1 } else { quoting::MAX_VALUE }
    }

    fn fits(&self, body: &[u8]) -> bool {
        if body.len() < self.min {
            return false;
        }
        match self.body {
            Body::Apart => {
                body.iter().any(u8::is_ascii_digit) && (body.len() > 60 || body.iter().any(u8::is_ascii_uppercase))
            }
            Body::Capitals => body.len() == self.min && !body.iter().any(u8::is_ascii_lowercase),
            Body::Hex => body.len() == self.min,
            Body::Jwt => {
                let dots = body.split(|byte| *byte == b'.').count() - 1;
                dots >= 2 || (dots == 1 && body.len() >= 40)
            }
            _ => true,
        }
    }
}

const TELEGRAM: Rule = Rule { name: "telegram", why: "It has the form of a Telegram bot token." };

/// A Telegram bot token: a number, a colon, 35 characters of which the first are `AA`; see
/// <https://core.telegram.org/bots/api#authorizing-your-bot>.
pub(crate) fn telegram(scan: &mut Scan<'_>, colon: usize) {
    let bytes = scan.bytes;
    let digits = bytes[..colon].iter().rev().take(12).take_while(|byte| byte.is_ascii_digit()).count();
    let body = bytes[colon + 1..].iter().take(64).take_while(|byte| Body::Word.has(**byte)).count();
    if (8..=11).contains(&digits) && (33..=40).contains(&body) {
        scan.hit(colon - digits..colon + 1 + body, Token, TELEGRAM);
    }
}
