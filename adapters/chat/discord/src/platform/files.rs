//! The files beside a message: its own, and the whole page of a report that does not fit.
//!
//! They go in the message's own call, so they land with it or not at all. Pure. Start at [`files`].

use midwatch_agent::render;
use midwatch_conversation::answer::File;
use midwatch_diagnosis::report::Report;
use midwatch_redact::Redacted;
use midwatch_service::post::PostBody;

/// Files of one message: <https://docs.discord.com/developers/resources/message#create-message>.
const FILES: usize = 10;

/// Bytes of all files of a message; Discord takes 10 MiB for each, but all of it has to be sent within the time of one call.
/// <https://docs.discord.com/developers/reference#uploading-files>
const BYTES: usize = 8 * 1024 * 1024;

/// Characters of a file's name.
const NAME_CAP: usize = 80;

/// Characters of what a file is described with; Discord takes 1,024.
const TITLE_CAP: usize = 1_000;

/// Those of a message as it is sent: cut to size, with names that Discord leaves as they are.
pub(super) fn files(own: Vec<File>, wants_page: bool, body: &Redacted<PostBody>) -> Vec<File> {
    let report = body.map(page_of).transpose().filter(|_| wants_page);
    let page = report.map(|report| render::markdown(&report).into_inner());
    let page = page.map(|text| File { name: "report.md".to_owned(), title: "The whole report".to_owned(), text });
    let mut all: Vec<File> = page.into_iter().chain(own).collect();
    if all.len() > FILES {
        tracing::warn!(files = all.len(), "a message has more files than Discord takes; the last are left out");
        all.truncate(FILES);
    }
    let cap = BYTES / all.len().max(1);
    all.into_iter().map(|file| fitted(file, cap)).collect()
}

fn page_of(body: &PostBody) -> Option<Report> {
    if let PostBody::Report { report, .. } = body { Some((**report).clone()) } else { None }
}

fn fitted(file: File, cap: usize) -> File {
    let title = render::clean::shorten(&render::clean::line(&file.title), TITLE_CAP).into_owned();
    File { name: named(&file.name), title, text: cut(file.text, cap) }
}

fn named(name: &str) -> String {
    let clean: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect();
    let (stem, ending) = clean.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((&clean, "txt"));
    let stem: String = stem.trim_start_matches('.').chars().take(NAME_CAP).collect();
    let ending: String = ending.chars().take(10).collect();
    format!("{}.{ending}", if stem.is_empty() { "file" } else { &stem })
}

fn cut(mut text: String, cap: usize) -> String {
    const MARK: &str = "\n... cut here: the file is too long\n";
    if text.len() > cap {
        text.truncate(text.floor_char_boundary(cap.saturating_sub(MARK.len())));
        text.push_str(MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use midwatch_redact::Redactor;

    use super::*;

    fn file(name: &str, bytes: usize) -> File {
        File { name: name.to_owned(), title: "x".repeat(5_000), text: "ñ".repeat(bytes / 2) }
    }

    #[test]
    fn names_are_left_as_they_are() {
        for (name, expected) in [
            ("checkout-previous.log", "checkout-previous.log"),
            ("noending", "noending.txt"),
            ("../../odd name.txt", "-..-odd-name.txt"),
            (".hidden", "hidden.txt"),
            ("", "file.txt"),
        ] {
            assert_eq!(named(name), expected);
        }
    }

    #[test]
    fn all_of_it_fits_into_one_call() {
        let body = Redactor::default().seal(PostBody::Notice { text: String::new() });
        let own = (0..12).map(|n| file(&format!("{n}.log"), BYTES / 4)).collect();
        let all = files(own, true, &body);
        assert_eq!(all.len(), FILES);
        assert!(all.iter().map(|file| file.text.len()).sum::<usize>() <= BYTES);
        assert!(all.iter().all(|file| file.text.ends_with("too long\n") && file.title.chars().count() <= 1_024));
        let short = files(vec![file("a.log", 10)], false, &body);
        assert_eq!(short[0].text, "ñ".repeat(5));
    }
}
