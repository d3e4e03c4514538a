//! What was counted on the platforms, side by side.

/// What people did that somebody had to acknowledge at once.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// How often.
    pub(crate) given: usize,
    /// How much of it was acknowledged in time; the rest was lost, and they saw that.
    pub(crate) acknowledged: usize,
    /// What came of it: commands that ran, feedback that was kept.
    pub(crate) came: usize,
}

/// What was counted on one platform.
pub(crate) struct Figures {
    pub(crate) platform: &'static str,
    pub(crate) asked: usize,
    pub(crate) alerts: usize,
    pub(crate) questions: usize,
    pub(crate) commands: Taken,
    pub(crate) presses: Taken,
    pub(crate) jobs: usize,
    pub(crate) messages: usize,
    pub(crate) edits: usize,
    /// Messages that say that they may be there twice.
    pub(crate) declared: usize,
    /// Answers that overtook the answer to an earlier question.
    pub(crate) swapped: usize,
    pub(crate) calls: usize,
    /// Calls that met a fault.
    pub(crate) faults: usize,
}

/// One line for each platform.
pub(crate) fn print(all: &[Figures]) {
    for it in all {
        let Figures { platform, asked, alerts, questions, commands, presses, jobs, messages, edits, .. } = it;
        eprintln!(
            "{platform:<8} {asked} mentions, {alerts} alerts, {questions} questions; {} commands, {} acknowledged, {} ran; \
             {} presses, {} acknowledged, {} kept as feedback; {jobs} jobs; {messages} messages, {edits} edits, {} declared, \
             {} answers out of order; {} calls, {} met a fault",
            commands.given,
            commands.acknowledged,
            commands.came,
            presses.given,
            presses.acknowledged,
            presses.came,
            it.declared,
            it.swapped,
            it.calls,
            it.faults
        );
    }
    let thick = |it: &Figures| it.commands.acknowledged > 0 && it.presses.acknowledged > 0 && it.questions > 10;
    assert!(all.iter().all(thick), "the conversation is too thin");
}
