//! What the loop says to a model: when it slips, and when it is time to end.
//!
//! Must never blame without saying what to do instead. Start anywhere.

use midwatch_redact::Redacted;

use super::text::Text;

/// Said once, before the last requests.
pub(crate) const CONCLUDE_NOW: &str = "\
The budget of this exploration is nearly used up: conclude now. Call conclude with what the evidence at hand supports, and \
abstain where it does not decide. No other call is answered any more.";

/// The same, for a question.
pub(crate) const ANSWER_NOW: &str = "\
The budget for this question is nearly used up: answer now, in words, with what the evidence at hand supports. Say what you \
cannot tell. No call is answered any more.";

/// Said when it went in circles or made too many mistakes.
pub(crate) const STOP_CONCLUDE: &str = "\
This leads nowhere new: conclude now. Call conclude with what the evidence at hand supports, and abstain where it does not \
decide. No other call is answered any more.";

/// The same, for a question.
pub(crate) const STOP_ANSWER: &str = "\
This leads nowhere new: answer now, in words, with what the evidence at hand supports. Say what you cannot tell. No call is \
answered any more.";

pub(crate) const EMPTY: &str = "Your reply was empty. Call a tool, or end as you were told.";

pub(crate) const CUT_OFF: &str = "\
Your reply was cut off at its length and none of it was used. Be much shorter: fewer calls, fewer words.";

pub(crate) const FILTERED: &str = "\
Your reply was withheld by the provider's filter. Say it in other words: plain technical terms, short quotes only.";

/// Prose where a call of `conclude` was due.
pub(crate) const ONLY_CONCLUDE: &str = "\
Nobody reads what is written outside a call. Call a tool to read more, or call conclude with what you have.";

pub(crate) const NO_MORE_CALLS: &str = "Not made: no call is answered any more. End now as you were told.";

pub(crate) const NO_BUDGET: &str = "Not made: the budget of calls is used up. Go on with what was read.";

pub(crate) const TOO_MANY_AT_ONCE: &str = "Not made: too many calls at once. Ask again for what still matters.";

pub(crate) const CONCLUDE_FIRST: &str = "Not made: conclude was called beside it, and could not be taken.";

pub(crate) const PLAN_NOTED: &str = "Noted.";

/// Names the tools to one who called what is not there.
pub(crate) fn unknown_tool(names: Redacted<String>) -> Redacted<String> {
    Text::new().ours("There is no such tool. There are: ").safe(names).ours(".").done()
}

/// Arguments that are no JSON object.
pub(crate) const BROKEN_ARGUMENTS: &str = "\
Not made: the arguments are not one JSON object. Write them as the tool's schema says, complete and without comments.";

/// Of a call that cannot be made as it is written.
pub(crate) fn refused(why: Redacted<String>) -> Redacted<String> {
    Text::new().ours("Not made: ").safe(why).done()
}

/// Of a read that gave nothing.
pub(crate) fn failed(why: Redacted<String>) -> Redacted<String> {
    Text::new().ours("Nothing was read: ").safe(why).done()
}

/// Before a result that was read already.
pub(crate) const ASKED_BEFORE: &str = "You asked this already. Nothing was read anew; this is what it gave:\n";

/// Before a result that differs from a call before in nothing that matters.
pub(crate) const NEARLY_ASKED_BEFORE: &str = "\
You asked nearly this several times. Nothing was read anew; this is what the last one gave:\n";

/// Before a result that says what another one says.
pub(crate) const SAME_RESULT: &str = "This gave the very same as what was read before:\n";

/// When two calls take turns.
pub(crate) const TO_AND_FRO: &str = "\
You go to and fro between the same calls. Take another way, or end with what you have.";

/// Arguments of `conclude` that cannot be taken.
pub(crate) fn bad_conclusion(why: Redacted<String>) -> Redacted<String> {
    Text::new().ours("The conclusion cannot be taken: ").safe(why).ours("\nCall conclude again, corrected.").done()
}
