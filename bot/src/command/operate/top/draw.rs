//! How the screen looks.
//!
//! Pure: what was seen becomes cells. Every text of the outside is on one line and without signs that act. Start at [`draw`].

use midwatch_agent::render::clean;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};
use serde_json::{Map, Value};

use super::seen::{Answered, Seen};
use crate::command::operate::shown::{about, ago, items, joined, lasting, percent, short, text};

/// Rows that a list shows at most where there is room for more.
const WORKERS: u16 = 8;

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, seen: &Seen, address: &str, colour: bool) {
    let ink = Ink { colour };
    let workers = rows(&seen.workers, "workers").min(WORKERS) + 3;
    let [head, upper, middle, lower, parts, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(7),
        Constraint::Length(workers),
        Constraint::Min(4),
        Constraint::Length(parts_height(&seen.health)),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let [left, right] = Layout::horizontal([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(upper);
    frame.render_widget(Paragraph::new(headline(seen, address, ink)), head);
    queue(frame, left, seen, ink);
    rates(frame, right, seen, ink);
    fleet(frame, middle, seen, ink);
    running(frame, lower, seen, ink);
    health(frame, parts, seen, ink);
    frame.render_widget(Paragraph::new("q quits").style(FAINT), foot);
}

/// What is read second.
const FAINT: Style = Style::new().add_modifier(Modifier::DIM);

/// Colour, where it is wanted.
#[derive(Clone, Copy)]
struct Ink {
    colour: bool,
}

impl Ink {
    fn of(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    fn bad(self) -> Style {
        self.of(Color::Red).add_modifier(Modifier::BOLD)
    }

    fn warn(self) -> Style {
        self.of(Color::Yellow)
    }

    fn of_state(self, state: &str) -> Style {
        match state {
            "down" => self.bad(),
            "degraded" | "starting" => self.warn(),
            _ => Style::new(),
        }
    }
}

fn headline(seen: &Seen, address: &str, ink: Ink) -> Line<'static> {
    let at = seen.at.strftime("%H:%M:%SZ");
    let mut line = Line::from(format!("midwatch {address}  {at}"));
    if let Ok(queue) = &seen.queue {
        line.push_span(format!("  utilisation {}", percent(&queue["utilisation"])));
        if let Some(by) = queue["kill_switch"]["by"]["user"].as_str() {
            let why = text(&queue["kill_switch"]["reason"]);
            line.push_span(Span::styled(format!("  KILL SWITCH ON by {by}: {why}"), ink.bad()));
        }
    }
    if seen.nothing().is_some() {
        line.push_span(Span::styled("  the server does not answer", ink.bad()));
    }
    cleaned(line)
}

fn cleaned(line: Line<'static>) -> Line<'static> {
    line.spans.into_iter().map(|span| Span::styled(clean::line(&span.content).into_owned(), span.style)).collect()
}

fn queue(frame: &mut Frame<'_>, area: Rect, seen: &Seen, ink: Ink) {
    let block = Block::bordered().title("queue");
    let Some(queue) = answered(frame, area, block.clone(), &seen.queue, ink) else { return };
    let row = |one: &Value| line([text(&one["priority"]), text(&one["jobs"]), lasting(&one["oldest_seconds"])]);
    let mut all: Vec<Row<'static>> = items(&queue["waiting"]).map(row).collect();
    all.push(line(["all".to_owned(), text(&queue["pending"]), String::new()]));
    let widths = [Constraint::Length(9), Constraint::Length(9), Constraint::Min(8)];
    let table = Table::new(all, widths).header(head(["priority", "waiting", "oldest"])).block(block);
    frame.render_widget(table, area);
}

fn rates(frame: &mut Frame<'_>, area: Rect, seen: &Seen, ink: Ink) {
    let block = Block::bordered().title("last 15 minutes");
    let Some(stats) = answered(frame, area, block.clone(), &seen.stats, ink) else { return };
    let total = &stats["total"];
    let failed = total["failed"].as_u64().unwrap_or(0) + total["timeout"].as_u64().unwrap_or(0);
    let spread = |of: &Value| match of {
        Value::Null => "-".to_owned(),
        of => format!("{} {} {}", lasting(&of["p50"]), lasting(&of["p95"]), lasting(&of["p99"])),
    };
    let per_hour = total["jobs_per_hour"].as_f64().unwrap_or(0.0);
    let errors = format!("errors   {failed}  {}", percent(&total["error_share"]));
    let queue = seen.queue.as_ref().unwrap_or(&Value::Null);
    let dead = text(&queue["dead_letters"]);
    let bad = if failed > 0 { ink.warn() } else { Style::new() };
    let buried = if dead.is_empty() || dead == "0" { Style::new() } else { ink.bad() };
    let lines = vec![
        Line::from(format!("jobs     {}  {per_hour:.1} per hour", text(&total["jobs"]))),
        Line::styled(errors, bad),
        Line::from(format!("ran      {}  (p50 p95 p99)", spread(&total["execution"]))),
        Line::from(format!("waited   {}", spread(&total["waiting"]))),
        Line::styled(format!("dead letters {dead}  messages to send {}", text(&queue["outbox_messages"])), buried),
    ];
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn fleet(frame: &mut Frame<'_>, area: Rect, seen: &Seen, ink: Ink) {
    let block = Block::bordered().title("workers");
    let Some(list) = answered(frame, area, block.clone(), &seen.workers, ink) else { return };
    let row = |one: &Value| {
        let draining = one["draining"] == true;
        let style = if draining { ink.warn() } else { Style::new() };
        let state = if draining { "draining" } else { "takes jobs" };
        line([
            text(&one["id"]),
            joined(&one["roles"]),
            format!("{}/{}", text(&one["running"]), text(&one["slots"])),
            state.to_owned(),
            ago(&one["seen_at"], seen.at),
            joined(&one["leads"]),
        ])
        .style(style)
    };
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(20),
        Constraint::Length(6),
        Constraint::Length(10),
        Constraint::Length(6),
        Constraint::Fill(1),
    ];
    let names = head(["worker", "roles", "jobs", "state", "seen", "leads"]);
    frame.render_widget(Table::new(items(&list["workers"]).map(row), widths).header(names).block(block), area);
}

fn running(frame: &mut Frame<'_>, area: Rect, seen: &Seen, ink: Ink) {
    let block = Block::bordered().title("running");
    let Some(list) = answered(frame, area, block.clone(), &seen.activity, ink) else { return };
    let row = |one: &Value| {
        let job = &one["job"];
        let step = match text(&one["step"]) {
            step if step.is_empty() => text(&job["state"]),
            step => step,
        };
        line([short(&job["id"]), text(&job["pack"]), lasting(&one["seconds"]), step, about(job)])
    };
    let widths = [
        Constraint::Length(8),
        Constraint::Length(16),
        Constraint::Length(6),
        Constraint::Fill(2),
        Constraint::Fill(2),
    ];
    let names = head(["job", "pack", "age", "step", "about"]);
    frame.render_widget(Table::new(items(&list["jobs"]).map(row), widths).header(names).block(block), area);
}

fn health(frame: &mut Frame<'_>, area: Rect, seen: &Seen, ink: Ink) {
    let block = Block::bordered().title("health");
    let Some(told) = answered(frame, area, block.clone(), &seen.health, ink) else { return };
    let (ill, well) = parts(told);
    let told = |name: &str, part: &Value| {
        let latency = part["latency_ms"].as_u64().map(|ms| format!(" {ms} ms")).unwrap_or_default();
        format!("{name}{latency}")
    };
    let mut lines: Vec<Line<'static>> = vec![match well.as_slice() {
        [] => Line::from("nothing is up"),
        well => Line::from(format!(
            "up: {}",
            well.iter().map(|(name, part)| told(name, part)).collect::<Vec<_>>().join(", ")
        )),
    }];
    for (name, part) in ill {
        let state = text(&part["status"]);
        let style = ink.of_state(&state);
        lines.push(Line::styled(format!("{state}: {}: {}", told(name, part), text(&part["reason"])), style));
    }
    let lines: Vec<_> = lines.into_iter().map(cleaned_styled).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn cleaned_styled(line: Line<'static>) -> Line<'static> {
    let style = line.style;
    cleaned(line).style(style)
}

/// Parts with their names.
type Parts<'a> = Vec<(&'a String, &'a Value)>;

/// The parts that are ill, and those that are well.
fn parts(told: &Value) -> (Parts<'_>, Parts<'_>) {
    let all = told["components"].as_object().into_iter().flat_map(Map::iter);
    all.partition(|(_, part)| part["status"] != "up")
}

fn parts_height(health: &Answered) -> u16 {
    let ill = health.as_ref().map_or(0, |told| parts(told).0.len());
    u16::try_from(ill.min(8)).unwrap_or(8) + 3
}

fn rows(answered: &Answered, list: &str) -> u16 {
    let count = answered.as_ref().map_or(0, |value| items(&value[list]).count());
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The answer; where there is none the block says why.
fn answered<'a>(
    frame: &mut Frame<'_>,
    area: Rect,
    block: Block<'static>,
    answered: &'a Answered,
    ink: Ink,
) -> Option<&'a Value> {
    match answered {
        Ok(value) => Some(value),
        Err(why) => {
            let line = Line::styled(clean::line(why).into_owned(), ink.bad());
            frame.render_widget(Paragraph::new(line).block(block), area);
            None
        }
    }
}

fn line<const N: usize>(cells: [String; N]) -> Row<'static> {
    Row::new(cells.map(|cell| Cell::new(clean::line(&cell).into_owned())))
}

fn head<const N: usize>(names: [&'static str; N]) -> Row<'static> {
    Row::new(names).style(FAINT)
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    use super::*;

    fn seen() -> Seen {
        let order = json!({"by": {"platform": "api", "user": "ops"}, "reason": "the API server is slow", "at": "2026-11-22T04:00:00Z"});
        let job = json!({"id": "0199d2c4a81f7b62a1c4e1f0a7c3b5d2", "pack": "crash@1.0.0", "state": "running",
            "alerts": ["KubePodCrashLooping"], "namespace": "shop"});
        let asked = json!({"id": "0199d2c4a81f7b62a1c4e1f00c7f90aa", "pack": "standard@1.0.0", "state": "initializing",
            "alerts": [], "question": "why is checkout\x1b[2J slow\nin shop", "namespace": null});
        Seen {
            at: "2026-11-22T04:05:06Z".parse().unwrap(),
            queue: Ok(
                json!({"pending": 12, "running": 2, "dead_letters": 3, "outbox_messages": 1, "utilisation": 0.14,
                "waiting": [{"priority": "high", "jobs": 2, "oldest_seconds": 4.2}, {"priority": "normal", "jobs": 10, "oldest_seconds": 200.0}],
                "kill_switch": order}),
            ),
            workers: Ok(json!({"workers": [
                {"id": "node-7-1a2b3c4d", "roles": ["gateway", "worker", "api"], "running": 2, "slots": 5, "draining": false,
                 "seen_at": "2026-11-22T04:05:05Z", "leads": ["send:slack", "sweep"]},
                {"id": "node-8-5e6f7a8b", "roles": ["worker"], "running": 0, "slots": 5, "draining": true,
                 "seen_at": "2026-11-22T04:05:01Z", "leads": []}]})),
            activity: Ok(json!({"jobs": [{"step": "Reading logs of 3 pods", "seconds": 12.3, "job": job},
                {"step": null, "seconds": 0.4, "job": asked}]})),
            stats: Ok(
                json!({"total": {"jobs": 40, "jobs_per_hour": 160.0, "failed": 1, "timeout": 1, "error_share": 0.0625,
                "execution": {"p50": 1.2, "p95": 45.0, "p99": 110.0}, "waiting": null}}),
            ),
            health: Ok(json!({"components": {"store": {"status": "up", "latency_ms": 3, "reason": ""},
                "worker": {"status": "up", "latency_ms": null, "reason": ""},
                "prometheus": {"status": "down", "latency_ms": 5000, "reason": "no answer within 5 s"}}})),
        }
    }

    fn drawn(seen: &Seen, width: u16, height: u16) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, seen, "127.0.0.1:8080", false)).unwrap();
        terminal
    }

    #[test]
    fn everything_is_on_the_screen() {
        insta::assert_snapshot!(drawn(&seen(), 120, 30).backend());
    }

    #[test]
    fn a_small_terminal_loses_rows_and_breaks_nothing() {
        insta::assert_snapshot!(drawn(&seen(), 60, 24).backend());
        for (width, height) in [(1, 1), (10, 3), (200, 5), (5, 100)] {
            drawn(&seen(), width, height);
        }
    }

    #[test]
    fn a_server_that_is_away_is_told_where_its_answers_were() {
        let gone = || Err("nothing that speaks HTTP answers at 127.0.0.1:8080 (connection refused)".to_owned());
        let seen = Seen { queue: gone(), workers: gone(), activity: gone(), stats: gone(), health: gone(), ..seen() };
        insta::assert_snapshot!(drawn(&seen, 120, 24).backend());
    }

    #[test]
    fn answers_of_another_shape_are_no_panic() {
        for strange in
            [json!(null), json!([1]), json!({"workers": {"a": 1}, "jobs": "x", "components": [1], "waiting": 7})]
        {
            let all = || Ok(strange.clone());
            let seen = Seen { queue: all(), workers: all(), activity: all(), stats: all(), health: all(), ..seen() };
            drawn(&seen, 80, 24);
        }
    }
}
