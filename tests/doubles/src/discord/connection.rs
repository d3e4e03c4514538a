//! A connection of the gateway: HELLO, heartbeats, IDENTIFY or RESUME, then what happens.
//! <https://docs.discord.com/developers/events/gateway>

use std::sync::Arc;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::faults::DeliveryFault;
use super::opening;
use super::options::BOT_TOKEN;
use super::sessions::{Order, Sessions};
use super::state::Shared;

/// Opens a connection.
pub(super) async fn open(shared: Arc<Shared>, parts: &mut Parts) -> Response {
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let asked = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let good = asked("v").as_deref() == Some("10") && asked("encoding").is_none_or(|encoding| encoding == "json");
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |mut socket| async move {
            if !good {
                return close(&mut socket, 4012).await;
            }
            let stop = shared.stop.clone();
            stop.run_until_cancelled(Connection::serve(shared, socket)).await;
        }),
        Err(refusal) => refusal.into_response(),
    }
}

struct Connection {
    id: u64,
    shared: Arc<Shared>,
    session: Option<String>,
}

/// Whether a connection goes on.
enum Next {
    GoOn,
    Break,
    Close(u16),
}

impl Connection {
    async fn serve(shared: Arc<Shared>, mut socket: WebSocket) {
        let id = shared.change(|state| state.sessions.join());
        // However this ends, the connection is counted out.
        let mut connection = Self { id, shared, session: None };
        if let Next::Close(code) = connection.run(&mut socket).await {
            close(&mut socket, code).await;
        }
    }

    async fn run(&mut self, socket: &mut WebSocket) -> Next {
        let mut changes = self.shared.changes();
        let every = self.shared.read(|state| state.options.heartbeat);
        let interval = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        if send(socket, &json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": interval}})).await.is_err()
        {
            return Next::Break;
        }
        let mut alive = Instant::now();
        loop {
            changes.borrow_and_update();
            match self.bring(socket).await {
                Next::GoOn => {}
                end => return end,
            }
            tokio::select! {
                frame = socket.recv() => match frame {
                    Some(Ok(Frame::Text(text))) => {
                        let Ok(frame) = serde_json::from_str::<Value>(&text) else { return Next::Close(4002) };
                        if frame["op"] == 1 {
                            alive = Instant::now();
                        }
                        match self.hear(socket, &frame).await {
                            Next::GoOn => {}
                            end => return end,
                        }
                    }
                    Some(Ok(Frame::Close(frame))) => return self.left(frame.as_ref()),
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_))) => {}
                    Some(Err(_)) | None => return Next::Break,
                },
                _ = changes.changed() => {}
                // A little longer than one interval: the first heartbeat comes at a random moment of the first.
                () = tokio::time::sleep_until(alive + every + every / 2) => return Next::Close(4009),
            }
        }
    }

    /// A client that closes with 1000 or 1001 ends its session.
    fn left(&self, frame: Option<&CloseFrame>) -> Next {
        if let (Some(session), Some(1000 | 1001)) = (&self.session, frame.map(|frame| frame.code)) {
            self.shared.change(|state| state.sessions.end(session));
        }
        Next::Break
    }

    /// Obeys orders and sends what is to be sent.
    async fn bring(&mut self, socket: &mut WebSocket) -> Next {
        loop {
            match self.shared.change_quietly(|state| state.sessions.order(self.id)) {
                Some(Order::Drop) => return Next::Break,
                Some(Order::Close(code)) => return Next::Close(code),
                Some(Order::CloseBare) => {
                    let _ = socket.send(Frame::Close(None)).await;
                    return Next::Break;
                }
                Some(Order::Reconnect) if send(socket, &json!({"op": 7, "d": null})).await.is_err() => {
                    return Next::Break;
                }
                Some(Order::Invalid(resumable)) => match self.invalid(socket, resumable).await {
                    Next::GoOn => continue,
                    end => return end,
                },
                Some(Order::Reconnect) => continue,
                None => {}
            }
            let Some(session) = self.session.clone() else { return Next::GoOn };
            let Some((frame, fault)) = self.shared.change_quietly(|state| state.sessions.next(&session)) else {
                return Next::GoOn;
            };
            if fault == Some(DeliveryFault::DropBefore) {
                return Next::Break;
            }
            if send(socket, &frame).await.is_err() || fault == Some(DeliveryFault::DropAfter) {
                return Next::Break;
            }
            self.shared.change(|_| ());
        }
    }

    /// The session is no more, or has to be resumed.
    async fn invalid(&mut self, socket: &mut WebSocket, resumable: bool) -> Next {
        if let Some(session) = self.session.take() {
            self.shared.change(|state| {
                if !resumable {
                    state.sessions.end(&session);
                }
            });
        }
        match send(socket, &json!({"op": 9, "d": resumable})).await {
            Ok(()) => Next::GoOn,
            Err(_) => Next::Break,
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, frame: &Value) -> Next {
        match frame["op"].as_u64() {
            Some(1) => match send(socket, &json!({"op": 11})).await {
                Ok(()) => Next::GoOn,
                Err(_) => Next::Break,
            },
            Some(2 | 6) if self.session.is_some() => Next::Close(4005),
            Some(2) => self.identify(&frame["d"]),
            Some(6) => self.resume(socket, &frame["d"]).await,
            Some(3 | 4 | 8) if self.session.is_none() => Next::Close(4003),
            Some(3 | 4 | 8) => Next::GoOn,
            _ => Next::Close(4001),
        }
    }

    fn identify(&mut self, asked: &Value) -> Next {
        if !is_token(&asked["token"]) {
            return Next::Close(4004);
        }
        let Some(intents) = asked["intents"].as_u64() else { return Next::Close(4013) };
        self.shared.change(|state| {
            if let Some(code) = Sessions::refuses(intents, state.options.message_content) {
                return Next::Close(code);
            }
            let session = format!("session-{}", state.snowflake());
            state.sessions.begin(&session, intents, self.id);
            opening::begin(state, &session, &asked["shard"]);
            self.session = Some(session);
            Next::GoOn
        })
    }

    async fn resume(&mut self, socket: &mut WebSocket, asked: &Value) -> Next {
        if !is_token(&asked["token"]) {
            return Next::Close(4004);
        }
        let (session, after) = (asked["session_id"].as_str().unwrap_or_default(), asked["seq"].as_u64().unwrap_or(0));
        match self.shared.change(|state| state.sessions.resume(session, after, self.id)) {
            Ok(()) => {
                self.session = Some(session.to_owned());
                Next::GoOn
            }
            Err(Some(code)) => Next::Close(code),
            Err(None) => self.invalid(socket, false).await,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.change(|state| state.sessions.leave(self.id));
    }
}

/// Some libraries put the word of the REST API before it, and Discord lets them.
fn is_token(given: &Value) -> bool {
    given.as_str().is_some_and(|token| token.trim_start_matches("Bot ") == BOT_TOKEN)
}

async fn send(socket: &mut WebSocket, frame: &Value) -> Result<(), axum::Error> {
    socket.send(Frame::Text(frame.to_string().into())).await
}

async fn close(socket: &mut WebSocket, code: u16) {
    let reason = match code {
        4001 => "Unknown opcode.",
        4002 => "Error while decoding payload.",
        4003 => "Not authenticated.",
        4004 => "Authentication failed.",
        4005 => "Already authenticated.",
        4007 => "Invalid seq.",
        4009 => "Session timed out.",
        4012 => "Invalid API version.",
        4013 => "Invalid intent(s).",
        4014 => "Disallowed intent(s).",
        _ => "Discord says goodbye.",
    };
    let _ = socket.send(Frame::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}
