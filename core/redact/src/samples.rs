//! Made-up secrets for tests: the same thousand go through every output of the program.
//!
//! Must never hold anything that is or was a secret: every value is made from a seed, so the same
//! seed gives the same values. Start at [`seeded_secrets`].

use crate::kind::SecretKind;

const WORD: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CAPITAL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8] = b"0123456789abcdef";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGIT: &[u8] = b"0123456789";
const SIGN: &[u8] = b"!*+-_.~^";

/// Secrets of all kinds, `n` of them. Passwords are the only ones without a form of their own:
/// they are found under a name, in an address, or when they were learned.
pub fn seeded_secrets(seed: u64, n: usize) -> Vec<(SecretKind, String)> {
    let mut dice = Dice::new(seed);
    (0..n).map(|i| MAKERS[i % MAKERS.len()](&mut dice)).collect()
}

type Maker = fn(&mut Dice) -> (SecretKind, String);

const MAKERS: &[Maker] = &[
    |dice| (SecretKind::Password, password(dice)),
    |dice| (SecretKind::Token, format!("ghp_{}", dice.text(WORD, 36))),
    |dice| (SecretKind::Jwt, jwt(dice)),
    |dice| (SecretKind::Key, format!("AKIA{}", dice.text(CAPITAL, 16))),
    |dice| (SecretKind::Entropy, dice.mixed(BASE64, 40)),
    |dice| (SecretKind::Password, password(dice)),
    |dice| {
        (SecretKind::Token, format!("xoxb-{}-{}-{}", dice.text(DIGIT, 12), dice.text(DIGIT, 12), dice.text(WORD, 24)))
    },
    |dice| (SecretKind::Token, format!("glpat-{}", dice.text(URL_SAFE, 20))),
    |dice| (SecretKind::Key, format!("sk_live_{}", dice.text(WORD, 24))),
    |dice| (SecretKind::Key, format!("sk-ant-api03-{}", dice.text(URL_SAFE, 80))),
    |dice| (SecretKind::Password, password(dice)),
    |dice| (SecretKind::Key, format!("sk-proj-{}", dice.text(URL_SAFE, 60))),
    |dice| (SecretKind::Key, format!("AIza{}", dice.text(URL_SAFE, 35))),
    |dice| (SecretKind::Token, format!("npm_{}", dice.mixed(WORD, 36))),
    |dice| (SecretKind::Token, format!("hvs.{}", dice.text(WORD, 90))),
    |dice| (SecretKind::Password, password(dice)),
    |dice| (SecretKind::Token, format!("dop_v1_{}", dice.text(HEX, 64))),
    |dice| (SecretKind::Token, format!("hf_{}", dice.mixed(WORD, 34))),
    |dice| (SecretKind::Hash, format!("$2b$12${}", dice.text(WORD, 53))),
    |dice| (SecretKind::Token, format!("{}:AA{}", dice.text(b"123456789", 10), dice.text(URL_SAFE, 33))),
    |dice| (SecretKind::Password, password(dice)),
    |dice| (SecretKind::Key, format!("SG.{}.{}", dice.text(URL_SAFE, 22), dice.text(URL_SAFE, 43))),
    |dice| (SecretKind::Token, format!("github_pat_{}_{}", dice.text(WORD, 22), dice.text(WORD, 59))),
    |dice| (SecretKind::Entropy, dice.mixed(WORD, 32)),
    |dice| (SecretKind::Key, pem(dice)),
];

fn password(dice: &mut Dice) -> String {
    let (lower, capital) = (dice.text(LOWER, 4), dice.text(&WORD[..26], 3));
    format!("{lower}{}{capital}{}{}", dice.text(DIGIT, 2), dice.text(SIGN, 1), dice.text(WORD, 4))
}

fn jwt(dice: &mut Dice) -> String {
    format!("eyJ{}.eyJ{}.{}", dice.text(URL_SAFE, 33), dice.text(URL_SAFE, 80), dice.text(URL_SAFE, 43))
}

fn pem(dice: &mut Dice) -> String {
    let lines: Vec<String> = (0..4).map(|_| dice.mixed(BASE64, 64)).collect();
    format!("-----BEGIN {0}-----\n{1}\n-----END {0}-----", "EC PRIVATE KEY", lines.join("\n"))
}

/// Xorshift: small, seeded, good enough for tests, of no use for real keys.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self((seed ^ 0x9E37_79B9_7F4A_7C15).max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[(self.next() >> 16) as usize % alphabet.len()])).collect()
    }

    /// Capitals, small letters and digits are all in it, as in nearly every random text.
    fn mixed(&mut self, alphabet: &[u8], length: usize) -> String {
        let text = self.text(alphabet, length - 3);
        format!("{}{text}{}{}", self.text(&WORD[26..52], 1), self.text(DIGIT, 1), self.text(&WORD[..26], 1))
    }
}
