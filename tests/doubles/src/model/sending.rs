//! Brings a reply in pieces, or what the fault makes of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::{Stream, StreamExt as _};

use super::asked::Asked;
use super::fault::{Fault, Refusal};
use super::server::Shared;
use super::turn::Turn;

/// The connection is broken instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("reset on purpose")]
pub(super) struct Reset;

/// Time between the last piece and the end of a connection that breaks, so that the piece is on its way.
const BREAK: Duration = Duration::from_millis(20);

/// What comes of a body.
enum Piece {
    Bytes(String),
    Wait(Duration),
    Break,
    Silence,
    Endless,
}

/// Sends what the turn says, or what its fault makes of it.
pub(super) async fn send(shared: &Arc<Shared>, turn: &Turn, asked: &Asked) -> Result<Response, Reset> {
    let waiting = Waiting { shared: Some(Arc::clone(shared)) };
    if let Some(held) = &turn.held {
        held.notified().await;
    }
    tokio::time::sleep(turn.delay).await;
    let (status, kind, body) = match &turn.fault {
        Some(Fault::Reset) => {
            waiting.done();
            return Err(Reset);
        }
        Some(Fault::Silent) => match std::future::pending::<Infallible>().await {},
        Some(Fault::Refused(refusal)) => refused(*refusal, asked),
        Some(Fault::OverloadedMidway) if !asked.streams => refused(Refusal::Overloaded, asked),
        Some(Fault::Status(status, body)) => {
            let kind = if body.starts_with('{') { "application/json" } else { "text/html" };
            (*status, kind, vec![Piece::Bytes(body.clone())])
        }
        Some(Fault::Garbage) => {
            (200, "text/html", vec![Piece::Bytes("<html><body>Welcome to nginx!</body></html>".to_owned())])
        }
        Some(Fault::Nothing) => (200, kind_of(asked), Vec::new()),
        _ => (200, kind_of(asked), body_of(turn, asked)),
    };
    let mut response = Response::new(Body::from_stream(stream(waiting, body)));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    for (name, value) in &turn.headers {
        let name: http::HeaderName = name.parse().expect("a header's name");
        response.headers_mut().insert(name, value.parse().expect("a header's value"));
    }
    Ok(response)
}

/// A short answer without a turn.
pub(super) fn plain(status: u16, kind: &'static str, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    response
}

fn kind_of(asked: &Asked) -> &'static str {
    if asked.streams { "text/event-stream" } else { "application/json" }
}

fn refused(refusal: Refusal, asked: &Asked) -> (u16, &'static str, Vec<Piece>) {
    let (status, body) = asked.wire.refusal(refusal, asked);
    (status, "application/json", vec![Piece::Bytes(body.to_string())])
}

/// The pieces of an answer: events of a stream, or the JSON as one.
fn body_of(turn: &Turn, asked: &Asked) -> Vec<Piece> {
    let whole: Vec<String> = if asked.streams {
        asked.wire.events(turn, asked).iter().map(super::wire::Event::bytes).collect()
    } else {
        let json = asked.wire.whole(turn, asked).to_string();
        let middle = (0..=json.len() / 2).rev().find(|at| json.is_char_boundary(*at)).unwrap_or(0);
        vec![json[..middle].to_owned(), json[middle..].to_owned()]
    };
    let half = whole.len().div_ceil(2);
    let paced = |text: String| {
        let wait = (!turn.pace.is_zero()).then_some(Piece::Wait(turn.pace));
        wait.into_iter().chain([Piece::Bytes(text)])
    };
    let (kept, end) = match &turn.fault {
        None => (whole.len(), None),
        Some(Fault::CutOff) => (half, None),
        Some(Fault::ResetMidway) => (half, Some(vec![Piece::Wait(BREAK), Piece::Break])),
        Some(Fault::SilentMidway) => (half, Some(vec![Piece::Silence])),
        Some(Fault::Endless) => (half, Some(vec![Piece::Endless])),
        Some(Fault::OverloadedMidway) => (half, Some(vec![Piece::Bytes(asked.wire.overloaded(asked).bytes())])),
        Some(Fault::Unreadable) if asked.streams => {
            (half, Some(vec![Piece::Bytes("event: message_delta\ndata: {\"choices\": [\u{1}<\n\n".to_owned())]))
        }
        Some(Fault::Unreadable) => (1, None),
        Some(other) => unreachable!("{other:?} has no body of its own"),
    };
    let pieces = whole.into_iter().take(kept).flat_map(paced);
    pieces.chain(end.into_iter().flatten()).collect()
}

fn stream(waiting: Waiting, pieces: Vec<Piece>) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let state = (Some(waiting), std::collections::VecDeque::from(pieces));
    let next = async |(mut waiting, mut pieces): (Option<Waiting>, std::collections::VecDeque<Piece>)| {
        let sent = loop {
            match pieces.pop_front() {
                None => {
                    if let Some(waiting) = waiting.take() {
                        waiting.done();
                    }
                    return None;
                }
                Some(Piece::Bytes(text)) => break Ok(Bytes::from(text)),
                Some(Piece::Wait(time)) => tokio::time::sleep(time).await,
                Some(Piece::Silence) => match std::future::pending::<Infallible>().await {},
                Some(Piece::Break) => {
                    if let Some(waiting) = waiting.take() {
                        waiting.done();
                    }
                    break Err(std::io::Error::other("reset"));
                }
                Some(Piece::Endless) => {
                    pieces.push_front(Piece::Endless);
                    break Ok(Bytes::from_static(&[b'x'; 16 * 1024]));
                }
            }
        };
        Some((sent, (waiting, pieces)))
    };
    futures::stream::unfold(state, next).boxed()
}

/// An answer that is not sent yet. Dropped before its end, the client went away.
struct Waiting {
    shared: Option<Arc<Shared>>,
}

impl Waiting {
    fn done(mut self) {
        self.shared = None;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.change(|state| state.abandoned += 1);
        }
    }
}
