//! PromQL as text: strings and patterns written safely, and the threshold of an alert's expression split off where that is sure.
//!
//! This is no parser of PromQL. What is not plainly `LEFT op NUMBER` at the top level is left whole, and evaluated whole.
//! Start at [`threshold`].

/// A string of PromQL: <https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals>.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A pattern that matches exactly these texts, as RE2 reads it (Prometheus anchors it at both ends).
pub fn any_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(quote).collect::<Vec<_>>().join("|")
}

/// A text with the characters escaped that mean something to RE2: <https://github.com/google/re2/wiki/Syntax>.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A comparison with a number, at the top of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold<'a> {
    /// What is compared.
    pub left: &'a str,
    /// `>`, `>=`, `<`, `<=`, `==`, `!=`.
    pub op: &'a str,
    /// What it is compared with.
    pub than: f64,
}

/// Splits `LEFT op NUMBER`. None when the expression is anything else: sets of vectors (`and`, `or`, `unless`), several
/// comparisons, a comparison of two vectors, `bool`, or text whose quotes and brackets do not match.
pub fn threshold(expr: &str) -> Option<Threshold<'_>> {
    let expr = bare(expr);
    let mut found: Option<(usize, usize)> = None;
    for piece in top_level(expr)? {
        match piece {
            Piece::Compares { at, len } => match found {
                None => found = Some((at, len)),
                Some(_) => return None,
            },
            Piece::Word(word) if ["and", "or", "unless", "bool"].iter().any(|w| word.eq_ignore_ascii_case(w)) => {
                return None;
            }
            Piece::Word(_) => {}
        }
    }
    let (at, len) = found?;
    let (left, op, right) = (expr[..at].trim(), &expr[at..at + len], expr[at + len..].trim());
    let than = literal(right)?;
    (!left.is_empty() && literal(left).is_none()).then_some(Threshold { left, op, than })
}

/// A plain number of PromQL. Rust's own words for infinity are not PromQL's, hexadecimal numbers are not read.
fn literal(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    text.parse::<f64>().ok().filter(|v| text.chars().all(plain) && v.is_finite())
}

/// Without brackets around the whole.
fn bare(expr: &str) -> &str {
    let expr = expr.trim();
    match expr.strip_prefix('(').and_then(|e| e.strip_suffix(')')) {
        // `(a) > (b)` begins and ends with brackets that are not a pair: then the inside does not match.
        Some(inside) if top_level(inside).is_some() => bare(inside),
        _ => expr,
    }
}

/// What stands outside of brackets and strings.
enum Piece<'a> {
    /// A comparison, by its place in bytes.
    Compares { at: usize, len: usize },
    /// A name or keyword.
    Word(&'a str),
}

/// The pieces at the top level; none when brackets or quotes do not match, or with comments (which end with their line).
fn top_level(expr: &str) -> Option<Vec<Piece<'_>>> {
    let bytes = expr.as_bytes();
    let mut pieces = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let len = match bytes[at] {
            quote @ (b'"' | b'\'' | b'`') => string_len(&bytes[at..], quote)?,
            b'#' => return None,
            b'(' | b'[' | b'{' => {
                open.push(bytes[at]);
                1
            }
            close @ (b')' | b']' | b'}') => {
                let pair = matches!((open.pop()?, close), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
                pair.then_some(1)?
            }
            b'>' | b'<' | b'=' | b'!' if open.is_empty() => {
                let len = if bytes.get(at + 1) == Some(&b'=') { 2 } else { 1 };
                // `=`, `!` and `=~` are matchers of labels and stand in braces only.
                (len == 2 || matches!(bytes[at], b'>' | b'<')).then_some(())?;
                pieces.push(Piece::Compares { at, len });
                len
            }
            c if is_word(c) => {
                let len = bytes[at..].iter().take_while(|c| is_word(**c)).count();
                if open.is_empty() {
                    pieces.push(Piece::Word(&expr[at..at + len]));
                }
                len
            }
            _ => 1,
        };
        at += len;
    }
    open.is_empty().then_some(pieces)
}

pub(super) fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b':'
}

/// Bytes of the string that begins here, its quotes included.
pub(super) fn string_len(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote != b'`' => at += 2,
            c if c == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::plain("rate(x[5m]) > 0.9", Some(("rate(x[5m])", ">", 0.9)))]
    #[case::equal("up{job=\"a\"} == 0", Some(("up{job=\"a\"}", "==", 0.0)))]
    #[case::without_spaces("x>=-1.5e3", Some(("x", ">=", -1500.0)))]
    #[case::in_brackets("((a / b) > 25 )", Some(("(a / b)", ">", 25.0)))]
    #[case::several_lines("sum by (pod) (\n  rate(x[1m])\n)\n  /\nsum(y)\n<\n1", Some(("sum by (pod) (\n  rate(x[1m])\n)\n  /\nsum(y)", "<", 1.0)))]
    #[case::operators_in_strings(r#"x{a="b > 3", c!="d", e=~'\'>'} != 1"#, Some((r#"x{a="b > 3", c!="d", e=~'\'>'}"#, "!=", 1.0)))]
    #[case::raw_string("x{a=`\\`} > 1", Some(("x{a=`\\`}", ">", 1.0)))]
    #[case::inner_comparison("count(x > 3) > 2", Some(("count(x > 3)", ">", 2.0)))]
    #[case::two_vectors("a > b", None)]
    #[case::set("a > 1 and b > 2", None)]
    #[case::set_of_one("a > 1 unless b", None)]
    #[case::chain("a > 1 < 3", None)]
    #[case::with_bool("a > bool 1", None)]
    #[case::number_left("0.9 < a", None)]
    #[case::arithmetic_right("a > 2 * 3", None)]
    #[case::no_comparison("absent(up)", None)]
    #[case::pair_that_is_none("(a) > (b)", None)]
    #[case::unclosed("(a > 1", None)]
    #[case::crossed("x{a[} > 1", None)]
    #[case::open_string("x{a=\"b} > 1", None)]
    #[case::comment("a # > 1\n > 2", None)]
    #[case::words_of_rust("a > inf", None)]
    #[case::nothing("", None)]
    #[case::only_an_operator("> 1", None)]
    fn thresholds(#[case] expr: &str, #[case] want: Option<(&str, &str, f64)>) {
        let want = want.map(|(left, op, than)| Threshold { left, op, than });
        assert_eq!(threshold(expr), want);
    }

    #[test]
    fn strings_and_patterns_mean_what_they_say() {
        assert_eq!(string("a\"b\\c\nd\u{7}"), r#""a\"b\\c\nd\u0007""#);
        assert_eq!(any_of(["api-0", "a.b|c"]), r"api-0|a\.b\|c");
        let pattern = any_of(["x.y", "(z)"]);
        let anchored = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
        assert!(anchored.is_match("x.y") && anchored.is_match("(z)") && !anchored.is_match("xay"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_the_splitter(text in ".{0,80}") {
            if let Some(split) = threshold(&text) {
                proptest::prop_assert!(text.contains(split.left) && split.than.is_finite());
            }
        }

        #[test]
        fn a_quoted_text_is_one_string(text in "[ -~\n]{0,40}") {
            let quoted = string(&text);
            proptest::prop_assert_eq!(string_len(quoted.as_bytes(), b'"'), Some(quoted.len()));
        }
    }
}
