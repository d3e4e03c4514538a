//! The stream of an answer as our reply.
//!
//! Must never take a half answer for a whole one. Start at [`hear`].

use std::sync::Arc;

use futures::StreamExt as _;
use genai::chat::{ChatStream, ChatStreamEvent, ContentPart, StopReason, StreamEnd, Usage as Counted};
use midwatch_explore::port::{ChatReply, ChatRequest, Delta, Hear, ModelFailure, Stop, Usage};

use crate::calls::Calls;
use crate::carried::Kept;
use crate::failure::Failures;
use crate::options::Provider;
use crate::seen::{Found, Seen};

/// What is being heard, and by whom.
pub(crate) struct Hearing<'a> {
    pub(crate) provider: Provider,
    pub(crate) request: &'a ChatRequest,
    /// Whose answer is carried back.
    pub(crate) by: &'a str,
    /// The model that is asked; what counts when the answer names none.
    pub(crate) model: &'a str,
    pub(crate) seen: Arc<Seen>,
    pub(crate) failures: &'a Failures,
}

/// Words, thoughts and calls so far.
struct Heard {
    text: String,
    thoughts: String,
    calls: Calls,
}

/// Hears a stream to its end.
pub(crate) async fn hear(
    mut stream: ChatStream,
    hearing: Hearing<'_>,
    tell: Hear<'_>,
) -> Result<ChatReply, ModelFailure> {
    let calls = Calls::new(hearing.provider);
    let mut heard = Heard { text: String::new(), thoughts: String::new(), calls };
    while let Some(event) = stream.next().await {
        if hearing.seen.too_much() {
            return Err(ModelFailure::Garbled("an answer longer than any can be".into()));
        }
        match event {
            Ok(ChatStreamEvent::Chunk(chunk)) if !chunk.content.is_empty() => {
                tell(Delta::Text(&chunk.content));
                heard.text.push_str(&chunk.content);
            }
            Ok(ChatStreamEvent::ReasoningChunk(chunk)) => heard.thoughts.push_str(&chunk.content),
            Ok(ChatStreamEvent::ToolCallChunk(chunk)) => heard.calls.piece(chunk.tool_call),
            Ok(ChatStreamEvent::End(end)) => return finish(heard, end, &hearing),
            Ok(_) => {}
            Err(error) => return failed(error, &hearing),
        }
    }
    let found = hearing.seen.found();
    // Some servers leave out the last event of OpenAI's format.
    let end = StreamEnd { captured_stop_reason: found.finish.map(StopReason::from), ..StreamEnd::default() };
    finish(heard, end, &hearing)
}

/// A prompt that Gemini blocks is no error for us: the provider would not have it said.
fn failed(error: genai::Error, hearing: &Hearing<'_>) -> Result<ChatReply, ModelFailure> {
    let found = hearing.seen.found();
    if found.blocked.is_some() && matches!(error, genai::Error::ChatResponse { .. }) {
        let model = found.model.unwrap_or_else(|| hearing.model.to_owned());
        return Ok(ChatReply { stop: Stop::Filtered, model, ..ChatReply::default() });
    }
    Err(hearing.failures.of(error))
}

fn finish(heard: Heard, end: StreamEnd, hearing: &Hearing<'_>) -> Result<ChatReply, ModelFailure> {
    let found = hearing.seen.found();
    if !found.any {
        return Err(ModelFailure::Garbled("no stream of events: is the address that of the API?".into()));
    }
    let stop = stop(end.captured_stop_reason.as_ref(), &found)?;
    if heard.text.trim().is_empty() && heard.calls.is_empty() && stop == Stop::End {
        return Err(ModelFailure::Garbled("an empty reply".into()));
    }
    let has_calls = !heard.calls.is_empty();
    let (calls, signatures) = heard.calls.finish(hearing.request);
    let mut leading = thoughts(end.captured_content.map(genai::chat::MessageContent::into_parts));
    if matches!(hearing.provider, Provider::OpenAi | Provider::Azure) && has_calls && !heard.thoughts.is_empty() {
        // What models with open thoughts want back while tools are called; where there are none, nothing is sent.
        leading.push(ContentPart::ReasoningContent(heard.thoughts));
    }
    Ok(ChatReply {
        text: heard.text,
        calls,
        stop,
        usage: usage(end.captured_usage.as_ref()),
        model: found.model.unwrap_or_else(|| hearing.model.to_owned()),
        price: None,
        carried: Kept { leading, signatures }.carry(hearing.by),
    })
}

/// Signed thoughts, which stand before the words.
fn thoughts(parts: Option<Vec<ContentPart>>) -> Vec<ContentPart> {
    let thought = |part: &ContentPart| {
        matches!(part, ContentPart::ThoughtSignature(_) | ContentPart::ReasoningContent(_) | ContentPart::Custom(_))
    };
    parts.into_iter().flatten().filter(thought).collect()
}

/// Why it ended. Without a reason it did not end but break off.
fn stop(reason: Option<&StopReason>, found: &Found) -> Result<Stop, ModelFailure> {
    match reason {
        None if found.blocked.is_some() => Ok(Stop::Filtered),
        None => Err(ModelFailure::Unavailable { why: "the answer broke off".into(), after: None }),
        Some(StopReason::MaxTokens(_)) => Ok(Stop::Length),
        Some(StopReason::ContentFilter(_)) => Ok(Stop::Filtered),
        Some(StopReason::Other(word)) => match word.as_str() {
            "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => {
                Err(ModelFailure::Garbled("a call of a tool that the provider itself cannot read".into()))
            }
            "error" | "ERROR" | "failed" => {
                Err(ModelFailure::Unavailable { why: "the provider broke the answer off".into(), after: None })
            }
            _ => Ok(Stop::End),
        },
        Some(StopReason::Completed(_) | StopReason::ToolCall(_) | StopReason::StopSequence(_)) => Ok(Stop::End),
    }
}

fn usage(counted: Option<&Counted>) -> Usage {
    let Some(counted) = counted else { return Usage::default() };
    let number = |count: Option<i32>| count.and_then(|n| u64::try_from(n).ok());
    let input = number(counted.prompt_tokens).unwrap_or(0);
    // Gemini counts thoughts apart; where it answers nothing else, only the sum has them.
    let rest = || number(counted.total_tokens).map(|total| total.saturating_sub(input));
    let details = counted.prompt_tokens_details.as_ref();
    Usage {
        input,
        cached: number(details.and_then(|d| d.cached_tokens)).unwrap_or(0),
        cache_write: number(details.and_then(|d| d.cache_creation_tokens)).unwrap_or(0),
        output: number(counted.completion_tokens).or_else(rest).unwrap_or(0),
    }
}
