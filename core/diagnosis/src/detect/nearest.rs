//! Near names: what somebody may have meant who wrote a name that does not exist.
//!
//! Start at [`nearest`]. It never invents: the answer is one of the candidates, or nothing.

/// Names at least this alike (Jaro-Winkler, 1 is equal) are a plausible slip of the pen. Below it short
/// unrelated names (`api`, `app`) begin to match.
const ALIKE: f64 = 0.88;

/// Names that share at least this part of their words (`rates-config`, `rates-api-config`) are related.
const SHARED_WORDS: f64 = 0.6;

/// The candidate that is most like a name, if any is like it. Equal names are no candidates; ties go to the first in order.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        if candidate == name {
            continue;
        }
        let score = likeness(name, candidate);
        let better = best.is_none_or(|(s, c)| score > s || (score.total_cmp(&s).is_eq() && candidate < c));
        if score > 0.0 && better {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// How alike two names are; 0 when they are not alike enough to be named in one breath.
pub(crate) fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let spelled = strsim::jaro_winkler(&a, &b);
    let typed = strsim::osa_distance(&a, &b);
    // In three letters one other letter is another word, one letter more or less a slip.
    let longest = a.len().max(b.len());
    let slip = typed <= 2 && (typed * 4 <= longest || (typed == 1 && a.len() != b.len()));
    let words = shared_words(&a, &b);
    let trim = |s: &str| s.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let (short, long) = if a.len() < b.len() { (trim(&a), &b) } else { (trim(&b), &a) };
    let begins = short.len() >= 4 && long.starts_with(&short);
    if slip || begins || spelled >= ALIKE || words >= SHARED_WORDS { spelled.max(words) } else { 0.0 }
}

fn shared_words(a: &str, b: &str) -> f64 {
    let split = |s: &str| -> std::collections::BTreeSet<String> {
        s.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let (a, b) = (split(a), split(b));
    let both = a.intersection(&b).count();
    let all = a.union(&b).count();
    if all == 0 {
        0.0
    } else {
        f64::from(u32::try_from(both).unwrap_or(0)) / f64::from(u32::try_from(all).unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("rates-api-config", &["kube-root-ca.crt", "rates-config"], Some("rates-config"))]
    #[case("dbb", &["api", "db", "web"], Some("db"))]
    #[case("postgers", &["postgres", "redis"], Some("postgres"))]
    #[case("DATABSE_URL", &["DATABASE_URL", "PORT"], Some("DATABASE_URL"))]
    #[case("payments", &["checkout", "web"], None)]
    #[case("password", &["pass_", "username"], Some("pass_"))]
    #[case("api", &["app", "web"], None)]
    #[case("password", &["password"], None)]
    fn near_names(#[case] name: &str, #[case] among: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(nearest(name, among.iter().copied()), expected);
    }
}
