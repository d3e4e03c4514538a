//! How much a report says of what is asked, and the words around it. Pure.

use super::words::{Phrase, Token, tokens};

/// A word of the headline counts as much as so many of the text.
const HEADLINE: u32 = 4;

/// So many times a word is said is half as good as any number of times: one that is said over and over does not drown the
/// others (the saturation of BM25, with its usual 1.2).
const ENOUGH: f64 = 1.2;

/// Words of a snippet.
const SNIPPET: usize = 24;

/// A report that says what is asked.
#[derive(Debug, PartialEq)]
pub(super) struct Weighed {
    /// Greater is more of it.
    pub(super) weight: f64,
    /// The words around it.
    pub(super) snippet: String,
}

/// How much a report says of every phrase; none when it lacks one.
pub(super) fn weigh(question: &[Phrase], headline: &str, text: &str) -> Option<Weighed> {
    let (head, body) = (tokens(headline), tokens(text));
    let mut weight = 0.0;
    let (mut in_head, mut in_body) = (Vec::new(), Vec::new());
    for phrase in question {
        let said = in_head.len();
        in_head.extend(phrase.places(&head));
        let headlines = in_head.len() - said;
        let said = in_body.len();
        in_body.extend(phrase.places(&body));
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let times = count(headlines).saturating_mul(HEADLINE).saturating_add(count(in_body.len() - said));
        if times == 0 {
            return None;
        }
        weight += f64::from(times) / (f64::from(times) + ENOUGH);
    }
    let snippet =
        if in_body.len() >= in_head.len() { around(text, &body, in_body) } else { around(headline, &head, in_head) };
    Some(Weighed { weight, snippet })
}

/// The part of a text with the most of these places; what is left out is told by dots.
fn around(text: &str, tokens: &[Token], mut places: Vec<usize>) -> String {
    places.sort_unstable();
    let within = |first: usize| places.iter().filter(|place| (first..first + SNIPPET).contains(place)).count();
    // Of equals the first.
    let best = places.iter().copied().rev().max_by_key(|first| within(*first)).unwrap_or(0);
    let last = places.iter().copied().filter(|place| *place < best + SNIPPET).max().unwrap_or(best);
    let begin = best.saturating_sub((SNIPPET - (last - best + 1)) / 2).min(tokens.len().saturating_sub(SNIPPET));
    let end = (begin + SNIPPET).min(tokens.len());
    let from = tokens.get(begin).filter(|_| begin > 0).map_or(0, |token| token.begin);
    let to = tokens.get(end.saturating_sub(1)).filter(|_| end < tokens.len()).map_or(text.len(), |token| token.end);
    let dots = |cut: bool| if cut { "..." } else { "" };
    let part = text.get(from..to).unwrap_or_default();
    format!("{}{}{}", dots(begin > 0), part, dots(end < tokens.len()))
}

#[cfg(test)]
mod tests {
    use super::super::words::question;
    use super::*;

    fn weight(asked: &str, headline: &str, text: &str) -> Option<f64> {
        weigh(&question(asked), headline, text).map(|weighed| weighed.weight)
    }

    #[test]
    fn every_word_must_be_said() {
        assert_eq!(weight("disk full", "the disk", "is slow"), None);
        assert!(weight("disk full", "the disk", "is full").is_some(), "wherever it is");
    }

    #[test]
    fn the_headline_counts_more_and_repeating_less_and_less() {
        assert!(weight("disk", "disk", "x") > weight("disk", "x", "disk disk"));
        assert!(weight("disk", "x", "disk disk") > weight("disk", "x", "disk"));
        let both = weight("disk full", "x", "disk full");
        assert!(both > weight("disk full", "x", &format!("full {}", "disk ".repeat(9))).map(|one| one - 0.6));
        assert_eq!(weight("disk", "disk", "full"), weight("disk", "disk", "empty"), "equals are equal");
    }

    #[test]
    fn a_snippet_is_the_part_that_says_most() {
        let snippet = |asked: &str, text: &str| weigh(&question(asked), "", text).unwrap().snippet;
        assert_eq!(snippet("code", "exit code 137"), "exit code 137", "a short one is told whole");
        let long = format!("needle {} one needle two needle {}", "hay ".repeat(50), "hay ".repeat(50));
        let part = snippet("needle", &long);
        assert!(part.contains("one needle two needle") && part.starts_with("...") && part.ends_with("..."), "{part}");
        assert_eq!(tokens(&part).len(), SNIPPET);
        assert!(snippet("needle", &format!("{}needle", "hay ".repeat(50))).ends_with("hay needle"));
    }
}
