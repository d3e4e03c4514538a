//! `midwatch top`: the queue, the workers and what runs on one screen.
//!
//! Must never leave the terminal other than it was, however it ends, and never draw text that could act on it. Start at
//! [`run`]; what is drawn is in [`draw`].

mod draw;
mod seen;

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::Duration;

use midwatch_config::Settings;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::cli::{Server, Top};
use crate::failure::Failure;
use crate::{output, settings};

use super::way;
use seen::Seen;

/// How often keys are looked for.
const KEYS: Duration = Duration::from_millis(50);

/// Shows the screen until somebody ends it.
pub(super) async fn run(settings: &Settings, args: &Top) -> Result<ExitCode, Failure> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(Failure::usage(
            "this needs a terminal\n  without one: `midwatch queue stats`, `workers`, `jobs list`, `stats` and `health` tell the \
             same, also with -o json",
        ));
    }
    let server = Server { output: "text".to_owned(), api_key_file: args.api_key_file.clone() };
    let client = way::server(settings, &server).await?;
    let redactor = settings::redactor(settings);
    let (address, colour) = (client.address().to_string(), output::look(settings).colour);
    // The first look before the screen is taken: who may not see it is told in words.
    let first = Seen::look(&client, &redactor).await;
    if let Some(why) = first.nothing() {
        return Err(Failure::no_report(why));
    }
    let (news, mut seen) = watch::channel(first);
    let every = Duration::from_secs(u64::from(args.every));
    let _looking = AbortOnDropHandle::new(tokio::spawn(async move {
        while !news.is_closed() {
            tokio::time::sleep(every).await;
            news.send_replace(Seen::look(&client, &redactor).await);
        }
    }));
    let mut screen = Screen::take()?;
    let mut term = signal(SignalKind::terminate()).map_err(Failure::no_report)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::no_report)?;
    let mut keys = tokio::time::interval(KEYS);
    let mut fresh = true;
    loop {
        if fresh {
            screen.show(&seen.borrow_and_update(), &address, colour)?;
        }
        fresh = tokio::select! {
            _ = keys.tick() => match pressed()? {
                Pressed::End => return Ok(ExitCode::SUCCESS),
                Pressed::Other => true,
                Pressed::Nothing => false,
            },
            changed = seen.changed() => {
                changed.map_err(|_| Failure::no_report("the server is not asked any longer"))?;
                true
            }
            _ = term.recv() => return Err(Failure::Interrupted),
            _ = hangup.recv() => return Err(Failure::Interrupted),
        };
    }
}

/// What came from the keyboard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pressed {
    Nothing,
    /// Another key, or the terminal has another size.
    Other,
    End,
}

/// Everything that came since the last look; waits for nothing.
fn pressed() -> Result<Pressed, Failure> {
    let mut pressed = Pressed::Nothing;
    while event::poll(Duration::ZERO)? {
        pressed = match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Press => {
                let end = match key.code {
                    KeyCode::Char('c') => key.modifiers.contains(KeyModifiers::CONTROL),
                    KeyCode::Char('q') | KeyCode::Esc => true,
                    _ => false,
                };
                if end {
                    return Ok(Pressed::End);
                }
                Pressed::Other
            }
            _ => Pressed::Other,
        };
    }
    Ok(pressed)
}

/// The terminal, taken; given back when dropped, and by a hook when something panics.
struct Screen(DefaultTerminal);

impl Screen {
    fn take() -> Result<Self, Failure> {
        ratatui::try_init().map(Self).map_err(|error| {
            ratatui::restore();
            Failure::no_report(format!("the terminal cannot be used: {error}"))
        })
    }

    fn show(&mut self, seen: &Seen, address: &str, colour: bool) -> Result<(), Failure> {
        self.0.draw(|frame| draw::draw(frame, seen, address, colour))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}
