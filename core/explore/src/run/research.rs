//! An exploration: one conversation, or several with different briefs whose conclusions become one.
//!
//! Must never end without an opinion: what cannot be had from a model is said in it. Start at [`explain`].

use midwatch_agent::Watcher;
use midwatch_agent::request::{Depth, StepState};
use midwatch_diagnosis::report::Opinion;
use midwatch_redact::Redacted;

use super::round::Deaf;
use super::state::Exploration;
use super::track::{End, Goal, Outcome, Track};
use super::trail::sorted;
use super::{Asked, Brief, Explained, Explorer};
use crate::ground::{self, Conclusion};
use crate::port::Message;
use crate::prompt::text::Text;
use crate::prompt::{case, system};
use midwatch_agent::render::model::grouped;

/// A track of a deep exploration: its name, and what it is told beyond the case.
const TRACKS: [(&str, &str); 3] = [
    (
        "leading",
        "Your part: follow the leading hypothesis. Check each link of its chain and fill the gaps. Two colleagues look at \
         the same case in other ways; conclude for your part.",
    ),
    (
        "refuting",
        "Your part: try to refute the leading hypothesis. Look for what should be there if it were true and is not, for what \
         began before it, and for rivals that were not looked at. If it stands, say so. Two colleagues look at the same \
         case in other ways; conclude for your part.",
    ),
    (
        "beside",
        "Your part: look beside the leading hypothesis. What changed before the onset, what else fails at the same time, \
         what the neighbours say, what could not be read. Two colleagues look at the same case in other ways; conclude for \
         your part.",
    ),
];

/// The last conversation of a deep exploration.
const MERGING: &str = "merging";

/// Fewer requests than this do not bear several tracks: two rounds of each, their conclusions, the last one.
const DEEP_STEPS: u32 = 10;

/// What an exploration came to.
struct Found {
    conclusion: Option<Box<Conclusion>>,
    /// What ended it before its own end.
    cut: Option<String>,
}

/// See [`super::explain`].
pub(super) async fn explain(explorer: &Explorer, asked: Asked<'_>, brief: &Brief, watcher: Watcher<'_>) -> Explained {
    let mut exploration = Exploration::new(explorer, &asked, brief);
    exploration.say(watcher, StepState::InProgress, format!("model: {} looks further", exploration.by()));
    let found = explore(&mut exploration, &asked, brief, watcher).await;
    let by = exploration.by();
    let ended = ended(&exploration);
    let state =
        if found.conclusion.is_some() && found.cut.is_none() { StepState::Complete } else { StepState::Partial };
    exploration.say(watcher, state, ended);
    let results = exploration.results;
    let (spent, shelf) = exploration.spent();
    let opinion = match (&found.conclusion, asked.report) {
        (Some(said), Some(report)) => ground::opinion(&by, said, &shelf, report, found.cut.as_deref()),
        _ => nothing(&by, &found, results, &asked),
    };
    Explained { opinion, spent }
}

fn nothing(by: &str, found: &Found, results: usize, asked: &Asked<'_>) -> Redacted<Opinion> {
    let why = found.cut.as_deref().unwrap_or("there is no report yet that it could explain");
    let why = match results {
        0 => why.to_owned(),
        1 => format!("{why}; until then it had read 1 thing beyond the rules"),
        n => format!("{why}; until then it had read {n} things beyond the rules"),
    };
    ground::nothing(by, &why, &asked.redactor)
}

/// `model: 5 requests, 12 calls, 34,210 tokens`.
fn ended(exploration: &Exploration<'_>) -> String {
    let used = exploration.spending.used();
    let tokens = grouped(used.tokens());
    format!("model: {} requests, {} calls, {tokens} tokens", used.requests, used.calls)
}

async fn explore(exploration: &mut Exploration<'_>, asked: &Asked<'_>, brief: &Brief, watcher: Watcher<'_>) -> Found {
    let Some(report) = asked.report else { return Found { conclusion: None, cut: None } };
    let veil = &exploration.veil;
    let prefix = system::explaining(brief.depth, &brief.instructions, veil);
    let opening = case::of_report(Some(report), asked.request, veil, exploration.case_cap()).told();
    if brief.depth != Depth::Deep || exploration.spending.budget().steps < DEEP_STEPS {
        let mut tracks = [exploration.track("main", Goal::Conclude, &prefix, vec![opening])];
        follow(exploration, &mut tracks, watcher).await;
        let [main] = tracks;
        return found(main);
    }
    let mut tracks = TRACKS.map(|(name, part)| {
        let part = Redacted::fixed(part).map(|text| Message::User { text: text.clone() });
        exploration.track(name, Goal::Conclude, &prefix, vec![opening.clone(), part])
    });
    follow(exploration, &mut tracks, watcher).await;
    merge(exploration, tracks, &prefix, opening, watcher).await
}

/// Goes on until every conversation came to an end. Each round costs a request, so the budget of these ends it.
async fn follow(exploration: &mut Exploration<'_>, tracks: &mut [Track], watcher: Watcher<'_>) {
    while tracks.iter().any(Track::is_open) {
        exploration.round(tracks, &Deaf, watcher).await;
    }
}

fn found(track: Track) -> Found {
    let cut = track.end.as_ref().map(End::to_string);
    match track.outcome {
        Outcome::Concluded(conclusion, _) => Found { conclusion: Some(conclusion), cut },
        Outcome::Open | Outcome::Spoke(_) | Outcome::Silent => Found { conclusion: None, cut },
    }
}

/// Makes one conclusion of those of the tracks. Where that fails, the first of theirs counts.
async fn merge(
    exploration: &mut Exploration<'_>,
    tracks: [Track; 3],
    prefix: &Redacted<String>,
    opening: Redacted<Message>,
    watcher: Watcher<'_>,
) -> Found {
    let notes = notes(exploration, &tracks);
    let of_tracks: Vec<Found> = tracks.into_iter().map(found).collect();
    let cut = of_tracks.iter().find_map(|found| found.cut.clone());
    let Some(first) = of_tracks.into_iter().find_map(|found| found.conclusion) else {
        return Found { conclusion: None, cut };
    };
    let mut merging = [exploration.track(MERGING, Goal::Conclude, prefix, vec![opening, notes])];
    merging[0].only_conclude();
    follow(exploration, &mut merging, watcher).await;
    let [merging] = merging;
    let merged = found(merging);
    match merged.conclusion {
        Some(conclusion) => Found { conclusion: Some(conclusion), cut },
        None => Found { conclusion: Some(first), cut: cut.or(merged.cut) },
    }
}

/// What each track came to, as data, and what was read: the numbers are good in the last conversation, too.
fn notes(exploration: &Exploration<'_>, tracks: &[Track]) -> Redacted<Message> {
    let text = Text::new().ours("Three colleagues looked at the case. What each concluded:\n");
    let text = tracks.iter().fold(text, |text, track| match &track.outcome {
        Outcome::Concluded(_, said) => text.data(track.name, &sorted(said.clone()), &exploration.veil).ours("\n"),
        _ => text.ours(track.name).ours(": came to no conclusion.\n"),
    });
    let read = exploration.shelf.items().iter().filter(|item| !item.of_report);
    let text = read.fold(text.ours("\nWhat they read beyond the report:\n"), |text, item| {
        text.data(&item.id.to_string(), &item.summary, &exploration.veil).ours("\n")
    });
    text.ours(
        "\nMake one conclusion of theirs. Where they contradict each other, the better evidence counts; where it does not \
         decide, abstain. Cite the numbers that they cite. Call conclude now.\n",
    )
    .told()
}
