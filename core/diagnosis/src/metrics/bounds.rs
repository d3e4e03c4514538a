//! An expression that somebody else wrote, bound to namespaces: each of its selectors gets one more matcher.
//!
//! No parser of PromQL: words that are neither functions nor keywords are taken for metrics. What is taken for one without
//! being one makes an expression that the server refuses, never one that reads more. Must never leave a selector unbound.
//! Start at [`within`].

use std::collections::BTreeSet;

use super::expr::{any_of, is_word, string, string_len};

/// Words that select nothing: <https://prometheus.io/docs/prometheus/latest/querying/operators/>.
const KEYWORDS: &[&str] = &["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"];

/// Words after which labels stand in brackets.
const BEFORE_LABELS: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The expression with every selector bound to these namespaces, or to series that have no namespace at all, as those of
/// nodes. None when its quotes and brackets do not match, with comments, and with what servers read in different ways: labels
/// in quotes after `by`, `or` between matchers, escapes and letters beyond ASCII in names.
pub fn within(expr: &str, namespaces: &BTreeSet<String>) -> Option<String> {
    let names = any_of(namespaces.iter().map(String::as_str));
    let matcher = format!("namespace=~{}", string(&format!("|{names}")));
    let mut bound = Bound { expr, matcher, out: String::with_capacity(expr.len() * 2), open: Vec::new() };
    let mut at = 0;
    while at < expr.len() {
        at += bound.step(at)?;
    }
    bound.open.is_empty().then_some(bound.out)
}

/// An expression on its way through.
struct Bound<'a> {
    expr: &'a str,
    matcher: String,
    out: String,
    open: Vec<u8>,
}

impl Bound<'_> {
    /// Takes what stands here, and says how many bytes that is.
    fn step(&mut self, at: usize) -> Option<usize> {
        let bytes = self.expr.as_bytes();
        let in_matchers = matches!(self.open.last(), Some(b'{' | b'['));
        let len = match bytes[at] {
            quote @ (b'"' | b'\'' | b'`') => self.text(at, quote)?,
            // VictoriaMetrics reads escapes and letters of all scripts in names, Prometheus does not.
            b'#' | b'\\' | 0x80.. => return None,
            open @ (b'(' | b'[') => self.opened(open),
            b'{' => {
                self.opened(b'{');
                self.out.push('{');
                self.out.push_str(&self.matcher);
                self.out.push_str(if self.next(at + 1) == Some(b'}') { "" } else { "," });
                return Some(1);
            }
            close @ (b')' | b']' | b'}') => {
                let pair = matches!((self.open.pop()?, close), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
                pair.then_some(1)?
            }
            c if is_word(c) && !in_matchers => return self.word(at),
            c if is_word(c) => self.word_of_matchers(at)?,
            _ => 1,
        };
        self.out.push_str(&self.expr[at..at + len]);
        Some(len)
    }

    fn opened(&mut self, bracket: u8) -> usize {
        self.open.push(bracket);
        1
    }

    /// A string. Whether a backslash escapes in backticks depends on the server: one before the last backtick is refused.
    fn text(&self, at: usize, quote: u8) -> Option<usize> {
        let len = string_len(&self.expr.as_bytes()[at..], quote)?;
        (quote != b'`' || !self.expr[at..at + len].ends_with("\\`")).then_some(len)
    }

    /// A word between braces. `or` begins other matchers, which ours do not bind:
    /// <https://docs.victoriametrics.com/victoriametrics/keyconcepts/#filtering-by-multiple-or-filters>.
    fn word_of_matchers(&self, at: usize) -> Option<usize> {
        let len = self.expr.as_bytes()[at..].iter().take_while(|c| is_word(**c)).count();
        (!self.expr[at..at + len].eq_ignore_ascii_case("or")).then_some(len)
    }

    /// A word outside of matchers: a number, a keyword, a function, or a metric.
    fn word(&mut self, at: usize) -> Option<usize> {
        let bytes = self.expr.as_bytes();
        let mut len = bytes[at..].iter().take_while(|c| is_word(**c)).count();
        let word = &self.expr[at..at + len];
        let lower = word.to_lowercase();
        let next = self.next(at + len);
        if BEFORE_LABELS.contains(&lower.as_str()) && next == Some(b'(') {
            len += labels_len(&self.expr[at + len..])?;
        } else if self.is_metric(word, &lower, at + len, next) {
            self.out.push_str(word);
            if next != Some(b'{') {
                self.out.push('{');
                self.out.push_str(&self.matcher);
                self.out.push('}');
            }
            return Some(len);
        }
        self.out.push_str(&self.expr[at..at + len]);
        Some(len)
    }

    fn is_metric(&self, word: &str, lower: &str, end: usize, next: Option<u8>) -> bool {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        let rest = self.expr[end..].trim_start().to_lowercase();
        let aggregates = ["by", "without"]
            .iter()
            .any(|word| rest.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('(')));
        let is_keyword = KEYWORDS.contains(&lower) || BEFORE_LABELS.contains(&lower);
        !(is_number || is_keyword || aggregates || next == Some(b'('))
    }

    /// The next byte that is no blank.
    fn next(&self, from: usize) -> Option<u8> {
        self.expr.as_bytes().get(from..)?.iter().copied().find(|c| !c.is_ascii_whitespace())
    }
}

/// Length of a list of plain labels in brackets.
fn labels_len(rest: &str) -> Option<usize> {
    let end = rest.find(')')?;
    let labels = rest[..end].trim_ascii_start().strip_prefix('(')?;
    let is_plain = |c: u8| is_word(c) || c == b',' || c.is_ascii_whitespace();
    labels.bytes().all(is_plain).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> BTreeSet<String> {
        BTreeSet::from(["shop".to_owned()])
    }

    #[rstest::rstest]
    #[case::metric("up", "up{NS}")]
    #[case::matchers("up {job=\"a\"}", "up {NS,job=\"a\"}")]
    #[case::empty_matchers("up{ }", "up{NS }")]
    #[case::no_name("{__name__=~\".+\"}", "{NS,__name__=~\".+\"}")]
    #[case::function("rate(x[5m])", "rate(x{NS}[5m])")]
    #[case::aggregate(
        "sum by (pod, container) (rate(x{a=\"b\"}[5m])) > 0.5",
        "sum by (pod, container) (rate(x{NS,a=\"b\"}[5m])) > 0.5"
    )]
    #[case::aggregate_last("topk(3, x) by (pod)", "topk(3, x{NS}) by (pod)")]
    #[case::matching("a / on (pod) group_left (node) b", "a{NS} / on (pod) group_left (node) b{NS}")]
    #[case::set("a and on() b unless c", "a{NS} and on() b{NS} unless c{NS}")]
    #[case::offset("x offset 5m - x @ 1609746000", "x{NS} offset 5m - x{NS} @ 1609746000")]
    #[case::at("x @ end()", "x{NS} @ end()")]
    #[case::subquery("max_over_time(rate(x[5m])[1h:30s])", "max_over_time(rate(x{NS}[5m])[1h:30s])")]
    #[case::rule("job:errors:rate5m > 1e3", "job:errors:rate5m{NS} > 1e3")]
    #[case::text(
        "label_replace(x, \"a\", \"$1 up\", \"b\", \"(.*)\")",
        "label_replace(x{NS}, \"a\", \"$1 up\", \"b\", \"(.*)\")"
    )]
    #[case::number("vector(1) + Inf", "vector(1) + Inf")]
    #[case::asks_for_another("x{namespace=\"bank\"}", "x{NS,namespace=\"bank\"}")]
    #[case::keyword_as_name("offset{a=\"b\"}", "offset{NS,a=\"b\"}")]
    fn every_selector_is_bound(#[case] expr: &str, #[case] wanted: &str) {
        assert_eq!(within(expr, &shop()), Some(wanted.replace("NS", "namespace=~\"|shop\"")));
    }

    #[rstest::rstest]
    #[case("up{")]
    #[case("up)")]
    #[case("up{a=\"b}")]
    #[case("up # {")]
    #[case("sum by (pod")]
    #[case::bracket_in_a_label("sum by (\"x)\") (kube_pod_info{namespace='bank'}) # \"")]
    #[case::bracket_in_a_label_without_comment("sum by (\"x)\") (kube_pod_info{namespace='bank'} + \"1\")")]
    #[case::or_of_matchers("x{pod!=\"\" or namespace=\"bank\"}")]
    #[case::or_in_capitals("x{pod!=\"\"OR namespace=\"bank\"}")]
    #[case::escaped_backtick("x{a=`\\`,b=~`}) or kube_pod_info or (x{a=`\\`}")]
    #[case::escaped_name("\\3_up")]
    #[case::letters("\u{e9}")]
    fn what_does_not_match_is_refused(#[case] expr: &str) {
        assert_eq!(within(expr, &shop()), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(expr in "\\PC{0,80}") {
            let _ = within(&expr, &shop());
        }
    }
}
