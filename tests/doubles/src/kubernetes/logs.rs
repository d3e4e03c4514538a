//! Logs as the kubelet hands them out: the last lines, with the time of each when asked.

use jiff::Timestamp;

use super::world::Log;

/// What is asked of a log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) tail: Option<usize>,
    pub(super) limit: Option<usize>,
    pub(super) stamped: bool,
}

/// The text of a log, or the refusal's code and words.
pub(super) fn answer(log: &Log, asked: Asked) -> Result<String, (u16, String)> {
    let (text, from) = match log {
        Log::Text { text, from } => (text, *from),
        Log::Refused { code, message } => return Err((*code, message.clone())),
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let skip = asked.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    let mut out = String::new();
    let mut at = from.unwrap_or(Timestamp::UNIX_EPOCH);
    // The kubelet's own words stand alone, without a time.
    let excuse = text.starts_with("unable to retrieve container logs for ");
    for (number, line) in lines.iter().enumerate() {
        at = own_time(line).unwrap_or(at);
        if number >= skip {
            if asked.stamped && !excuse {
                out.push_str(&format!("{at:.9} "));
            }
            out.push_str(line);
        }
    }
    if let Some(limit) = asked.limit.filter(|limit| out.len() > *limit) {
        let end = (0..=limit).rev().find(|&i| out.is_char_boundary(i)).unwrap_or(0);
        out.truncate(end);
    }
    Ok(out)
}

/// The time that a line states near its beginning.
fn own_time(line: &str) -> Option<Timestamp> {
    let head: String = line.chars().take(64).collect();
    let starts = head.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let text: String = head[at..].chars().take(19).collect();
        let shaped = text.len() == 19 && matches!(&text[4..5], "-" | "/") && matches!(&text[10..11], "T" | " ");
        let iso = text.replace('/', "-").replace(' ', "T");
        if shaped { format!("{iso}Z").parse().ok() } else { None }
    })
}
