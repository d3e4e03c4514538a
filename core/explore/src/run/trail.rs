//! What left and what came back, for the audit trail and the artifact of the job.
//!
//! Must never hold more than what left: everything here is as redacted and masked as the requests were. Start at [`Trail`].

use std::fmt::Write as _;

use midwatch_redact::Redacted;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Sent;
use crate::port::{Carried, ChatRequest, Message, ModelFacts, Stop, Usage};
use midwatch_agent::render::model::grouped;

/// Of one exploration. Its conversations are told apart by their names.
#[derive(Default)]
pub(crate) struct Trail {
    sent: Vec<Sent>,
    lines: Vec<Redacted<String>>,
    /// The last request of each conversation: only what is new is written again.
    written: Vec<(&'static str, Redacted<ChatRequest>)>,
}

/// A request that is about to leave.
pub(crate) struct Outgoing {
    /// As the gate is shown it.
    pub(crate) sent: Sent,
    digest: [u8; 32],
}

impl Outgoing {
    pub(crate) fn new(facts: &ModelFacts, request: &Redacted<ChatRequest>) -> Self {
        let body = sorted(json!(**request));
        let digest: [u8; 32] = Sha256::digest(&body).into();
        let to = format!("{}, model {}", facts.provider, facts.model);
        Self { sent: Sent { to, bytes: body.len() as u64, digest: hex(&digest), outcome: String::new() }, digest }
    }
}

/// A call of another server's tool that is about to leave, as the gate is shown it.
pub(crate) fn foreign(server: &str, tool: &str, arguments: &Value) -> Sent {
    let body = sorted(arguments.clone());
    let digest: [u8; 32] = Sha256::digest(&body).into();
    let to = format!("MCP server {server}, tool {tool}");
    Sent { to, bytes: body.len() as u64, digest: hex(&digest), outcome: String::new() }
}

/// How a reply came.
#[derive(Clone, Copy)]
pub(crate) struct Came {
    pub(crate) stop: Stop,
    pub(crate) usage: Usage,
}

impl Trail {
    /// Writes down a request that leaves, and gives its place in the list.
    pub(crate) fn leaves(&mut self, of: &'static str, outgoing: Outgoing, request: &Redacted<ChatRequest>) -> usize {
        let before = self.written.iter().position(|(name, _)| *name == of).map(|at| self.written.remove(at).1);
        let pair = before.unwrap_or_default().zip(request.clone());
        let settings = (of, self.sent.len() + 1, outgoing.digest);
        self.lines.push(pair.map_with(settings, |(of, number, digest), (before, request)| {
            request_line(of, number, &hex(&digest), before, request)
        }));
        self.sent.push(outgoing.sent);
        self.written.push((of, request.clone()));
        self.sent.len() - 1
    }

    /// One of the requests.
    pub(crate) fn sent(&self, place: usize) -> Option<&Sent> {
        self.sent.get(place)
    }

    /// What came back.
    pub(crate) fn came(&mut self, place: usize, reply: &Redacted<Message>, came: Came) {
        self.lines.push(reply.map_with((place + 1, came), |(number, came), message| {
            json!({ "reply": number, "stop": came.stop, "usage": came.usage, "message": readable(message) }).to_string()
        }));
        let Usage { input, output, .. } = came.usage;
        self.ended(place, format!("{} tokens in, {} out", grouped(input), grouped(output)));
    }

    /// Why nothing came back.
    pub(crate) fn failed(&mut self, place: usize, why: &Redacted<String>) {
        self.lines.push(why.map_with(place + 1, |number, why| json!({ "reply": number, "failed": why }).to_string()));
        self.ended(place, why.to_string());
    }

    fn ended(&mut self, place: usize, outcome: String) {
        if let Some(sent) = self.sent.get_mut(place) {
            sent.outcome = outcome;
        }
    }

    /// The requests, and all of the conversations, a JSON line each.
    pub(crate) fn done(self) -> (Vec<Sent>, Redacted<String>) {
        let transcript = Redacted::gather(self.lines).map(|lines| {
            let whole = lines.iter().map(|line| line.len() + 1).sum();
            lines.iter().fold(String::with_capacity(whole), |all, line| all + line + "\n")
        });
        (self.sent, transcript)
    }
}

/// A request as far as it differs from the one before it in its conversation: `keeps` messages are the same.
fn request_line(of: &str, number: usize, digest: &str, before: &ChatRequest, request: &ChatRequest) -> String {
    let same = before.messages.iter().zip(&request.messages).take_while(|(a, b)| a == b).count();
    let messages: Vec<Message> = request.messages[same..].iter().map(readable).collect();
    let mut line = json!({
        "request": number, "of": of, "sha256": digest, "keeps": same, "messages": messages,
        "choice": request.choice, "max_output": request.max_output,
    });
    if before.system != request.system {
        line["system"] = json!(request.system);
    }
    if before.tools != request.tools {
        line["tools"] = json!(request.tools);
    }
    line.to_string()
}

/// A message without what only its provider can read: that must go back as it came, so it is not redacted.
fn readable(message: &Message) -> Message {
    match message {
        Message::Assistant { text, calls, carried: Some(Carried(carried)) } => {
            let bytes = serde_json::to_vec(carried).map_or(0, |bytes| bytes.len());
            let carried = Some(Carried(json!({ "bytes_left_out": bytes })));
            Message::Assistant { text: text.clone(), calls: calls.clone(), carried }
        }
        other => other.clone(),
    }
}

/// A JSON value with sorted keys and no blanks: the same value gives the same bytes.
pub(crate) fn sorted(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_provider_reads_is_not_kept() {
        let carried = Some(Carried(json!({"thinking": "the password is hunter2secret"})));
        let said = Message::Assistant { text: "so".into(), calls: Vec::new(), carried };
        let request = ChatRequest { messages: vec![said], ..ChatRequest::default() };
        let line = request_line("one", 1, "", &ChatRequest::default(), &request);
        assert!(line.contains("bytes_left_out") && !line.contains("hunter2secret"), "{line}");
    }

    #[test]
    fn the_order_of_members_does_not_show() {
        let out = sorted(json!({"b": [1, {"z": null, "a": "\"x\""}], "a": {}}));
        assert_eq!(out, r#"{"a":{},"b":[1,{"a":"\"x\"","z":null}]}"#);
    }
}
