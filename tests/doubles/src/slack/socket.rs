//! Socket Mode: connections, envelopes, acknowledgements. <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, request::Parts};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::connections::{CONNECTIONS_CAP, Order};
use super::delivery::{Delivery, Kind, NotAcknowledged};
use super::faults::DeliveryFault;
use super::options::APP;
use super::shared::Shared;

/// Opens a connection for a ticket that `apps.connections.open` gave; each is good once.
pub(super) async fn open(shared: Arc<Shared>, parts: &mut Parts, ticket: &str) -> Response {
    if !shared.change(|state| state.connections.redeem(ticket)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| async move {
            let stop = shared.stop.clone();
            stop.run_until_cancelled(Connection::serve(shared, socket)).await;
        }),
        Err(refusal) => refusal.into_response(),
    }
}

/// What was sent over a connection and is not acknowledged.
struct Waiting {
    sent: Instant,
    delivery: Delivery,
}

struct Connection {
    id: u64,
    shared: Arc<Shared>,
    waiting: VecDeque<Waiting>,
}

/// Whether a connection goes on.
enum Next {
    GoOn,
    Break,
}

impl Connection {
    async fn serve(shared: Arc<Shared>, mut socket: WebSocket) {
        let (id, number) = shared.change(|state| state.connections.join());
        // What was sent and not acknowledged is sent again, however this ends.
        let mut connection = Self { id, shared, waiting: VecDeque::new() };
        if number > CONNECTIONS_CAP {
            let _ = send(&mut socket, &goodbye("too_many_websockets")).await;
            return;
        }
        let info = debug(id);
        let hello = json!({
            "type": "hello", "num_connections": number, "debug_info": info, "connection_info": {"app_id": APP},
        });
        if send(&mut socket, &hello).await.is_ok() {
            connection.run(&mut socket).await;
        }
    }

    async fn run(&mut self, socket: &mut WebSocket) {
        let mut changes = self.shared.changes();
        let within = self.shared.read(|state| state.options.acknowledge_within);
        loop {
            changes.borrow_and_update();
            if matches!(self.bring(socket).await, Next::Break) {
                return;
            }
            let late = self.waiting.front().map(|w| w.sent + within);
            tokio::select! {
                frame = socket.recv() => match frame {
                    Some(Ok(Frame::Text(text))) => self.acknowledge(&text),
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_))) => {}
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                },
                _ = changes.changed() => {}
                () = until(late) => self.give_up(within),
            }
        }
    }

    /// Obeys orders and sends what is to be sent.
    async fn bring(&mut self, socket: &mut WebSocket) -> Next {
        loop {
            let order = self.shared.change_quietly(|state| state.connections.order(self.id));
            match order {
                Some(Order::Drop) => return Next::Break,
                Some(Order::Ask(why)) => {
                    if send(socket, &goodbye(why.reason())).await.is_err() {
                        return Next::Break;
                    }
                    continue;
                }
                None => {}
            }
            let Some(delivery) = self.shared.change_quietly(|state| state.take(true, |_| true)) else {
                return Next::GoOn;
            };
            let fault = delivery.fault.clone();
            let frame = envelope(&delivery);
            let mut delivery = delivery;
            delivery.fault = None;
            if fault == Some(DeliveryFault::DropBefore) {
                self.shared.change(|state| state.backlog.push_front(delivery));
                return Next::Break;
            }
            self.waiting.push_back(Waiting { sent: Instant::now(), delivery });
            if send(socket, &frame).await.is_err() || fault == Some(DeliveryFault::DropAfter) {
                return Next::Break;
            }
        }
    }

    fn acknowledge(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        let envelope = frame["envelope_id"].as_str().unwrap_or_default();
        let at = self.waiting.iter().position(|w| w.delivery.envelope == envelope);
        let Some(Waiting { sent, delivery }) = at.and_then(|at| self.waiting.remove(at)) else { return };
        let payload = frame.get("payload").filter(|p| !p.is_null() && **p != json!({})).cloned();
        self.shared.change(|state| state.acknowledged(delivery, payload, sent.elapsed()));
    }

    /// What was not acknowledged in time is sent again, or given up.
    fn give_up(&mut self, within: Duration) {
        while self.waiting.front().is_some_and(|w| w.sent.elapsed() >= within) {
            let Some(late) = self.waiting.pop_front() else { return };
            self.shared.change(|state| state.missed(late.delivery, NotAcknowledged::Late));
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.shared.change(|state| {
            state.connections.leave(self.id);
            for lost in waiting {
                state.missed(lost.delivery, NotAcknowledged::Failed);
            }
        });
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn send(socket: &mut WebSocket, frame: &Value) -> Result<(), axum::Error> {
    socket.send(Frame::Text(frame.to_string().into())).await
}

fn debug(id: u64) -> Value {
    json!({"host": format!("applink-{id}"), "build_number": 1, "approximate_connection_time": 18_060})
}

fn goodbye(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-0"}})
}

fn envelope(delivery: &Delivery) -> Value {
    let kind = match delivery.kind {
        Kind::Event => "events_api",
        Kind::Command => "slash_commands",
        Kind::Interaction => "interactive",
    };
    let answered = delivery.kind == Kind::Command || delivery.payload["type"] == "view_submission";
    let mut frame = json!({
        "type": kind, "envelope_id": delivery.envelope, "payload": delivery.payload, "accepts_response_payload": answered,
    });
    if delivery.kind == Kind::Event {
        frame["retry_attempt"] = json!(delivery.attempt);
        frame["retry_reason"] = json!(delivery.reason.map_or("", NotAcknowledged::reason));
    }
    frame
}
