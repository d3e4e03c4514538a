//! Discord's markup taken off: what a person typed, or what a program meant to show.
//!
//! Pure. The rules are Discord's: <https://docs.discord.com/developers/reference#message-formatting> and what its clients do
//! with markdown. Code keeps its characters. Must never take an underscore out of a name: `kube_pod_status` is no italics.
//! Start at [`typed`] and [`shown`].

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Code, which is shown as it is: a block with the name of its language before it, or a piece of a line.
static CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"```(?:[A-Za-z0-9_+#.-]*\n)?(?s:(.*?))```|`([^`\n]+)`").ok());

/// Marks at the beginning of a line: a heading, small print, a quotation.
static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^(?:#{1,3} |-# |>>> |> )").ok());

/// Bold, struck out, hidden, underlined, and italics; an escaped mark is none, nor one inside an address.
static EMPHASIS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(\\[^0-9A-Za-z\s]|[a-z]+://[^\s<>()*|~]*)",
        r"|\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*",
        r"|~~([^\s~](?:[^~\n]*[^\s~])?)~~",
        r"|\|\|([^\s|](?:[^|\n]*[^\s|])?)\|\|",
        r"|\b__([^\s_](?:[^_\n/]*[\s][^_\n/]*)?[^\s_])__\b",
        r"|\B\*([^\s*](?:[^*\n]*[^\s*])?)\*\B",
        r"|\b_([^\s_](?:[^_\n/]*[^\s_/])?)_\b",
    ))
    .ok()
});

/// A masked link, `<...>`, or an escaped character.
static INLINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\[([^\[\]\n]+)\]\(<?([a-z]+://[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+\x22[^\x22\n]*\x22)?\)",
        r"|<([^<>\s]+|/[^<>\n]+)>",
        r"|\\([^0-9A-Za-z\s])",
    ))
    .ok()
});

/// The words as a person typed them: mentions of `me` are gone, others are names as far as `name` knows them.
pub(crate) fn typed(text: &str, me: &str, name: impl Fn(&str) -> Option<String>) -> String {
    let Some(inline) = INLINE.as_ref() else { return text.trim().to_owned() };
    let said = |found: &Captures<'_>| {
        let whole = found.get(0).map_or("", |all| all.as_str());
        let Some(what) = found.get(3) else { return whole.to_owned() };
        match user(what.as_str()) {
            Some(user) if user == me => String::new(),
            Some(user) => format!("@{}", name(user).unwrap_or_else(|| user.to_owned())),
            None => tag(what.as_str()).unwrap_or_else(|| whole.to_owned()),
        }
    };
    inline.replace_all(text, said).trim().to_owned()
}

/// Whether a text names this user.
pub(crate) fn names(text: &str, user: &str) -> bool {
    text.contains(&format!("<@{user}>")) || text.contains(&format!("<@!{user}>"))
}

/// The text as a program meant to show it: a link keeps its address behind its words.
pub(crate) fn shown(text: &str) -> String {
    let Some(code) = CODE.as_ref() else { return text.to_owned() };
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for found in code.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out += &prose(&text[at..whole.start()]);
        out += found.get(1).or_else(|| found.get(2)).map_or("", |inside| inside.as_str());
        at = whole.end();
    }
    out + &prose(&text[at..])
}

/// What is no code.
fn prose(text: &str) -> String {
    let (Some(line), Some(emphasis), Some(inline)) = (LINE.as_ref(), EMPHASIS.as_ref(), INLINE.as_ref()) else {
        return text.to_owned();
    };
    let text = line.replace_all(text, "");
    let inside = |found: &Captures<'_>| found.iter().skip(1).flatten().next().map_or("", |m| m.as_str()).to_owned();
    // Once more for what stands inside: bold italics.
    let text = emphasis.replace_all(&text, inside);
    let text = emphasis.replace_all(&text, inside);
    let said = |found: &Captures<'_>| {
        let part = |n: usize| found.get(n).map(|part| part.as_str());
        match (part(1), part(2), part(3), part(4)) {
            (Some(label), Some(to), ..) if label != to => format!("{label} ({to})"),
            (Some(_), Some(to), ..) => to.to_owned(),
            (.., Some(what), _) => tag(what).unwrap_or_else(|| format!("<{what}>")),
            (.., Some(escaped)) => escaped.to_owned(),
            _ => String::new(),
        }
    };
    inline.replace_all(&text, said).into_owned()
}

/// What stands for `<...>`; none when Discord shows it as it is.
fn tag(what: &str) -> Option<String> {
    let first = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    match what.as_bytes() {
        [b'@', b'&', id @ ..] if digits(id) => Some(format!("@{}", &what[2..])),
        [b'@' | b'#', ..] if user(what).is_some() || digits(&what.as_bytes()[1..]) => Some(what.replace('!', "")),
        [b'/', ..] if what.contains(':') => Some(first(what)),
        [b't', b':', ..] => instant(&what[2..]),
        [b'a', b':', ..] if what.matches(':').count() == 2 => Some(format!(":{}:", first(&what[2..]))),
        [b':', ..] if what.matches(':').count() == 2 => Some(format!(":{}:", first(&what[1..]))),
        _ if what.contains("://") || what.starts_with("mailto:") => {
            Some(what.strip_prefix("mailto:").unwrap_or(what).to_owned())
        }
        _ => None,
    }
}

/// The user of `@id` or `@!id`.
fn user(what: &str) -> Option<&str> {
    let id = what.strip_prefix("@!").or_else(|| what.strip_prefix('@'))?;
    digits(id.as_bytes()).then_some(id)
}

fn digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// A moment that each reader is shown in their own time zone: here in UTC.
fn instant(seconds: &str) -> Option<String> {
    let seconds = seconds.split(':').next()?.parse().ok()?;
    jiff::Timestamp::from_second(seconds).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back() {
        let name = |id: &str| (id == "2").then(|| "bob".to_owned());
        for (sent, expected) in [
            ("<@1> investigate checkout", "investigate checkout"),
            (
                "hey <@!1>, why is <https://shop.example.com/pay> slow?",
                "hey , why is https://shop.example.com/pay slow?",
            ),
            ("ask <@2> and <@3> in <#4> and <@&5>", "ask @bob and @3 in #4 and @5"),
            ("is **it** `kube_pod_status`? a < b > c", "is **it** `kube_pod_status`? a < b > c"),
            ("<", "<"),
            ("", ""),
        ] {
            assert_eq!(typed(sent, "1", name), expected, "{sent}");
        }
    }

    #[test]
    fn what_was_shown_keeps_its_links_and_loses_its_marks() {
        for (sent, expected) in [
            ("**Severity:** critical", "Severity: critical"),
            (
                "***both*** and *it* and _it_ and ~~gone~~ and ||hidden|| and __under line__",
                "both and it and it and gone and hidden and under line",
            ),
            ("[Alert](http://am/#/alerts): fires", "Alert (http://am/#/alerts): fires"),
            ("[a](<http://b/c(d)e> \"title\")", "a (http://b/c(d)e)"),
            ("[http://b](http://b) <http://c>", "http://b http://c"),
            ("# Head\n> quoted\n-# small\n - name = value\n- point", "Head\nquoted\nsmall\n - name = value\n- point"),
            (r"a\_b\* \\ C:\dir", r"a_b* \ C:\dir"),
            (r"\*\*kept\*\*", "**kept**"),
            ("```json\n{\"a\": \"**b**\"}\n```", "{\"a\": \"**b**\"}\n"),
            ("see `rate(x_y[5m]) * 2` and `_a_`", "see rate(x_y[5m]) * 2 and _a_"),
            (
                "<@1> <#2> </midwatch ask:3> <a:fire:4> <:ok:5> <t:0:R>",
                "@1 #2 /midwatch ask :fire: :ok: 1970-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(shown(sent), expected, "{sent}");
        }
    }

    #[test]
    fn names_and_formulas_are_left_alone() {
        for text in [
            "kube_pod_container_status_waiting_reason",
            " - __name__ = up_total",
            "2*3*4 and 2 * 3 * 4",
            "http://prometheus/graph?g0.expr=max_over_time%28kube_pod_x%5B5m%5D%29+%3E%3D+1&g0.tab=1",
            "https://kibana/_plugin/_search_",
            "a || b, x <= 3 and y >= 4",
            "value <no value>",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_written_makes_it_fail(text in "(?s).{0,200}") {
            let _ = (shown(&text), typed(&text, "1", |_| None));
        }
    }
}
