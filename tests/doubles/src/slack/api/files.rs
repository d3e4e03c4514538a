//! Files, in three steps: ask for a URL, upload, share. <https://docs.slack.dev/messaging/working-with-files>

use axum::body::Bytes;
use serde_json::{Value, json};

use super::chat;
use crate::slack::args::{Answer, Args, Refusal};
use crate::slack::message::{File, Message};
use crate::slack::options::{BOT, BOT_USER};
use crate::slack::server::Reply;
use crate::slack::state::{Outcome, State};
use crate::slack::world::Upload;

pub(crate) fn get_url(state: &mut State, args: &Args) -> Answer {
    let name = args.must("filename")?.to_owned();
    let Some(length) = args.number("length").filter(|l| *l > 0) else {
        return Err(Refusal::told("invalid_arguments", &["missing required field: length".to_owned()]));
    };
    let id = state.id("F");
    let file = File { id: id.clone(), title: name.clone(), name, content: Vec::new() };
    state.world.uploads.insert(id.clone(), Upload { file, length, uploaded: false });
    Ok(json!({"upload_url": format!("{}/upload/{id}", state.origin), "file_id": id}))
}

/// What is sent to an upload URL.
pub(crate) fn upload(state: &mut State, id: &str, body: &Bytes) -> Reply {
    let said = |status, body: String| Reply { outcome: Outcome::Ok, status, body };
    match state.world.uploads.get_mut(id) {
        None => Reply { outcome: Outcome::Refused("not_found".to_owned()), ..said(404, "not found".to_owned()) },
        Some(upload) if upload.length != body.len() => {
            let wrong = format!("{} bytes were announced, {} came", upload.length, body.len());
            Reply { outcome: Outcome::Refused("wrong_length".to_owned()), ..said(400, wrong) }
        }
        Some(upload) => {
            upload.file.content = body.to_vec();
            upload.uploaded = true;
            said(200, format!("OK - {}", body.len()))
        }
    }
}

pub(crate) fn complete(state: &mut State, args: &Args) -> Answer {
    let Some(Value::Array(asked)) = args.structured("files")? else {
        return Err(Refusal::told("invalid_arguments", &["missing required field: files".to_owned()]));
    };
    let channel = args.text("channel_id").map(str::to_owned).or_else(|| args.list("channels").first().cloned());
    let place = match &channel {
        Some(channel) => {
            let joined = state.joined(channel)?;
            Some((joined.id.clone(), chat::thread(joined, args.text("thread_ts"))?))
        }
        None => None,
    };
    let mut files = Vec::new();
    for one in &asked {
        let id = one["id"].as_str().unwrap_or_default();
        let upload = state.world.uploads.get(id).filter(|u| u.uploaded).ok_or_else(|| Refusal::of("file_not_found"))?;
        let title = one["title"].as_str().unwrap_or(&upload.file.title).to_owned();
        files.push(File { title, ..upload.file.clone() });
    }
    for file in &files {
        state.world.uploads.remove(&file.id);
    }
    let told: Vec<Value> = files.iter().map(File::told).collect();
    if let Some((channel, root)) = place {
        share(state, channel, root, files, args.text("initial_comment").unwrap_or_default());
    }
    Ok(json!({"files": told}))
}

/// The message that shows files.
fn share(state: &mut State, channel: String, root: Option<String>, files: Vec<File>, comment: &str) {
    let message = Message {
        ts: state.ts(),
        channel,
        thread_ts: root,
        user: Some(BOT_USER.to_owned()),
        bot_id: Some(BOT.to_owned()),
        subtype: Some("file_share".to_owned()),
        text: comment.to_owned(),
        files,
        ..Message::default()
    };
    state.place(message);
}
