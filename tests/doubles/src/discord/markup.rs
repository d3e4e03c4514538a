//! Discord's markup, as far as it matters what a person reads, and what of it acts.
//! <https://support.discord.com/hc/en-us/articles/210298617>

/// What a person reads: a backslash before a sign is not shown, but in code.
pub(super) fn read(markup: &str) -> String {
    pieces(markup)
        .into_iter()
        .map(|piece| if piece.code { piece.text.to_owned() } else { without(piece.text, true) })
        .collect()
}

/// What may act: not code, and not what stands behind a backslash.
pub(super) fn live(markup: &str) -> String {
    let plain = pieces(markup).into_iter().filter(|piece| !piece.code);
    plain.map(|piece| without(piece.text, false)).collect::<Vec<_>>().join(" ")
}

struct Piece<'a> {
    code: bool,
    text: &'a str,
}

/// Text and code in turn; code keeps its ticks.
fn pieces(markup: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut begun, mut at) = (0, 0);
    while let Some(next) = markup[at..].find(['\\', '`']).map(|found| at + found) {
        if markup[next..].starts_with('\\') {
            let escaped = markup[next + 1..].chars().next().map_or(0, char::len_utf8);
            at = next + 1 + escaped;
            continue;
        }
        let ticks = markup[next..].len() - markup[next..].trim_start_matches('`').len();
        let Some(end) = closing(markup, next + ticks, ticks) else {
            at = next + ticks;
            continue;
        };
        found.push(Piece { code: false, text: &markup[begun..next] });
        found.push(Piece { code: true, text: &markup[next..end] });
        (begun, at) = (end, end);
    }
    found.push(Piece { code: false, text: &markup[begun..] });
    found
}

/// Where the code ends that began with so many ticks: behind as many.
fn closing(markup: &str, from: usize, ticks: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let begin = at + markup[at..].find('`')?;
        let run = markup[begin..].len() - markup[begin..].trim_start_matches('`').len();
        at = begin + run;
        if run == ticks {
            return Some(at);
        }
    }
}

/// Text without its backslashes; with or without what they stand before.
fn without(text: &str, keep: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match signs.next_if(|next| sign == '\\' && next.is_ascii_punctuation()) {
            Some(escaped) if keep => out.push(escaped),
            Some(_) => {}
            None => out.push(sign),
        }
    }
    out
}
