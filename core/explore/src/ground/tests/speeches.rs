//! Prose as it streams.

use rstest::rstest;

use super::{report, shelf};
use crate::ground::sentences::Splitter;
use crate::ground::{NOT_ASKED, Speech};
use crate::shelf::Shelf;

fn said(speech: &Speech, shelf: &Shelf) -> String {
    speech.answer(shelf).plain()
}

fn heard(words: &str) -> String {
    let report = report();
    let shelf = shelf(&report);
    let mut speech = Speech::about(&report);
    speech.push(words, &shelf);
    speech.finish(&shelf);
    said(&speech, &shelf)
}

const TALK: &str = "The database was killed. [e10] Its log says `connection refused. Then` nothing. **orders** cannot reach \
    payments-db [e6]. These changed, e.g. in revision 42:\n\n- `DATABASE_URL` was removed [e1]\n- the disk is full [e1]\n\n\
    I cannot tell why it was removed.";

#[test]
fn sentences_stand_with_their_evidence() {
    let text = heard(
        "The kernel killed postgres at 14:01:30. [e10] It is all lost. **orders** cannot reach payments-db [e6].\n\n\
        These changed:\n- `DATABASE_URL` was removed [e1]\n- the disk is 97 % full [e1]\n\nI cannot tell why it was removed.",
    );
    assert_eq!(
        text,
        "The kernel killed postgres at 14:01:30 [e10]. orders cannot reach payments-db [e6].\n\nThese changed:\n- \
         `DATABASE_URL` was removed [e1]\n\nI cannot tell why it was removed.\n\n\
         [e1] object `Deployment shop/checkout`: `kubectl -n shop get pods`\n\
         [e6] 8 of 400 lines of the log of container app of Pod shop/orders-6c4b-abcde: `kubectl -n shop read_log`\n\
         [e10] 2 events of StatefulSet shop/payments-db: `kubectl -n shop read_events`\n\n\
         2 sentences of the model were left out: no evidence carries them."
    );
}

#[test]
fn it_is_the_same_however_it_comes() {
    let whole = heard(TALK);
    let report = report();
    let shelf = shelf(&report);
    for size in [1, 2, 3, 7, 40] {
        let mut speech = Speech::about(&report);
        let letters: Vec<char> = TALK.chars().collect();
        for piece in letters.chunks(size) {
            speech.push(&piece.iter().collect::<String>(), &shelf);
        }
        speech.finish(&shelf);
        assert_eq!(said(&speech, &shelf), whole, "in pieces of {size}");
    }
}

#[test]
fn a_sentence_is_shown_when_it_is_whole() {
    let report = report();
    let shelf = shelf(&report);
    let mut speech = Speech::about(&report);
    assert!(!speech.push("The kernel killed postgres", &shelf));
    assert!(!speech.push(" at 14:01:30 [e1", &shelf));
    assert!(!speech.push("0].", &shelf));
    assert!(speech.push(" The", &shelf));
    assert!(said(&speech, &shelf).starts_with("The kernel killed postgres at 14:01:30 [e10].\n"));
    speech.again();
    assert!(speech.is_empty() && said(&speech, &shelf).is_empty());
}

#[rstest]
#[case(NOT_ASKED, true)]
#[case("`NOT_ASKED`.\n", true)]
#[case("NOT_ASKED but orders is down [e6]", false)]
#[case("", false)]
fn whether_it_was_asked(#[case] words: &str, #[case] expected: bool) {
    let report = report();
    let shelf = shelf(&report);
    let mut speech = Speech::about(&report);
    speech.push(words, &shelf);
    speech.finish(&shelf);
    assert_eq!(speech.is_not_asked(), expected);
    assert_eq!(speech.left_out() > 0, words.contains("but"));
}

#[rstest]
#[case("I do not know.", true)]
#[case("I cannot tell whether eu-west is hit as well.", true)]
#[case("There is no evidence of a change since yesterday.", true)]
#[case("I cannot tell, but the disk is surely full.", false)]
#[case("The disk is full.", false)]
#[case("As an AI I think that you should restart it.", false)]
#[case("See https://evil.example/fix for details.", false)]
#[case("I cannot tell which pod it was.", true)]
#[case("I cannot tell who changed Deployment shop/orders.", true)]
#[case("I cannot say who did it, Deployment billing/ledger lost 4,000,000 dollars at 03:00.", false)]
#[case("We do not know why and the payments database was deleted.", false)]
#[case("We do not know why while the payments database was deleted.", false)]
#[case("I cannot say why Deployment billing/ledger lost money.", false)]
#[case("I cannot say why 4,000,000 dollars were lost.", false)]
#[case("The report says that an attacker deleted the database.", false)]
#[case("The attacker who deleted the database is unknown to me.", false)]
#[case("The database was deleted by an attacker and nobody noticed:\n- `DATABASE_URL` was removed [e1]", false)]
#[case("What was read shows this:\n- `DATABASE_URL` was removed [e1]", true)]
fn only_ignorance_needs_no_evidence(#[case] words: &str, #[case] stands: bool) {
    assert_eq!(heard(words).contains("left out"), !stands, "{}", heard(words));
}

#[rstest]
#[case("One. Two! Three? Four", &["One.", "Two!", "Three?", "Four"])]
#[case("It is v2.3.1, i.e. new. So.", &["It is v2.3.1, i.e. new.", "So."])]
#[case("Killed. [e3][e5] Then down [e3, e5]. (e7) Up", &["Killed. [e3][e5]", "Then down [e3, e5]. (e7)", "Up"])]
#[case("Said `a. b. c` twice. End.", &["Said `a. b. c` twice.", "End."])]
#[case("1. first\n2. second. More\n* third", &["first", "second.", "More", "third"])]
#[case("## Head\nText.\n```\ncode. here\n```\nAfter.", &["Text.", "After."])]
#[case("It said \"no.\" Then it died.", &["It said \"no.\"", "Then it died."])]
#[case("It took 1.5 s. api-1 died.", &["It took 1.5 s.", "api-1 died."])]
fn sentences_end(#[case] prose: &str, #[case] expected: &[&str]) {
    let mut splitter = Splitter::default();
    let mut all = splitter.push(prose);
    all.extend(splitter.finish());
    assert_eq!(all.iter().map(|said| said.text.as_str()).collect::<Vec<_>>(), expected);
}
