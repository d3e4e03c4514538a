//! The request, with tools and calls as words.
//!
//! Must never differ in its beginning from one request of a conversation to the next. Start at [`told`].

use std::fmt::Write as _;

use crate::port::{Arguments, ChatRequest, Choice, Message, ToolCall};

/// The mark of a block of calls.
pub(super) const MARK: &str = "tool_calls";

/// How calls are written.
const PROTOCOL: &str = r#"# Tools
You can have things read by tools. To call tools, end your answer with one block in exactly this form:
```tool_calls
[{"tool": "NAME", "arguments": {"ARGUMENT": "VALUE"}}]
```
The block holds a JSON list of one or more calls. Write nothing after it: the results come with the next message. Never write
results yourself. When you need no tool, answer in plain words without such a block.

The tools, with the JSON schema of their arguments:
"#;

/// The request as a model without tool calling takes it.
pub(super) fn told(request: &ChatRequest) -> ChatRequest {
    let mut messages: Vec<Message> = Vec::new();
    for message in &request.messages {
        match message {
            Message::User { text } => add(&mut messages, text.clone()),
            Message::Tool { name, text, .. } => add(&mut messages, format!("Result of the tool {name}:\n{text}")),
            Message::Assistant { text, calls, carried } => {
                let text = if calls.is_empty() { text.clone() } else { with_calls(text, calls) };
                messages.push(Message::Assistant { text, calls: Vec::new(), carried: carried.clone() });
            }
        }
    }
    if !request.tools.is_empty() {
        match &request.choice {
            Choice::Free => {}
            Choice::Words => add(&mut messages, "Answer in plain words now; call no tool.".to_owned()),
            Choice::Must(name) => add(&mut messages, format!("Answer now with a block that calls the tool {name}.")),
        }
    }
    let system = if request.tools.is_empty() { request.system.clone() } else { with_tools(request) };
    ChatRequest { system, messages, tools: Vec::new(), choice: Choice::Free, max_output: request.max_output }
}

/// Says one more thing to the model. What is said in a row becomes one message: not every template takes two of a role.
fn add(messages: &mut Vec<Message>, text: String) {
    if let Some(Message::User { text: before }) = messages.last_mut() {
        before.push_str("\n\n");
        before.push_str(&text);
    } else {
        messages.push(Message::User { text });
    }
}

fn with_tools(request: &ChatRequest) -> String {
    let mut system = request.system.clone();
    if !system.is_empty() {
        system.push_str("\n\n");
    }
    system.push_str(PROTOCOL);
    for tool in &request.tools {
        let _ = write!(system, "\n## {}\n{}\n{}\n", tool.name, tool.description.trim(), tool.schema);
    }
    system
}

/// Its own calls, as it wrote them.
fn with_calls(text: &str, calls: &[ToolCall]) -> String {
    let name = |call: &ToolCall| serde_json::Value::from(call.name.as_str());
    let written = calls.iter().map(|call| match &call.arguments {
        Arguments::Given(value) => format!("{{\"tool\": {}, \"arguments\": {value}}}", name(call)),
        Arguments::Broken(text) => text.clone(),
    });
    let block = written.collect::<Vec<_>>().join(", ");
    let space = if text.is_empty() { "" } else { "\n" };
    format!("{text}{space}```{MARK}\n[{block}]\n```")
}
