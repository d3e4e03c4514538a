//! Language models behind the port of `midwatch-explore`: Anthropic, OpenAI and what speaks its API, Azure, Gemini.
//!
//! ```text
//! options    what an operator says about a model
//! address    where a request goes, and the headers that it carries
//! provided   the port over genai: one request, within its time
//! asking     our request as genai's
//! hearing    the stream of an answer as our reply; calls puts the calls of tools together
//! room       the thread on which genai works: so that its time limit holds
//! seen       what genai does not tell: the raw events
//! carried    what a provider wants back
//! failure    why there is no reply; waiting reads when to come again
//! ```
//! Must never retry, choose another model, send anything but the request it is given, follow a redirect, or let a key into
//! an error or a log.
//!
//! genai reads and writes the formats. What it does otherwise than we need, and how that is met here:
//! * It reads meaning out of names: `qwen-max` is sent as `qwen` with an effort, what stands before `::` is cut off, and
//!   tokens are limited by a field that depends on the name. So it is told a name without meaning, and the real one, with
//!   the limit, is merged into the body afterwards; the address is ours as well (`asking`, `address`).
//! * Its own gathering of OpenAI's calls makes room for whatever index the server names, and gives up what cannot be read.
//!   It is off; `calls` gathers, bounded.
//! * A stream that ends without an end is no error for it, and a Gemini stream that breaks off ends like a whole one.
//!   A reply without a reason to end is a failure here (`hearing`).
//! * It makes the same id twice for calls of Gemini, which have none (`calls` numbers them through the conversation),
//!   and does not tell which model answered or why a prompt was blocked (`seen`).
//! * It bounds neither the body of an error nor one event of a stream, and reads an endless event without giving its
//!   thread back. It has a thread of its own (`room`); there the time limit bounds those. What whole events come to is
//!   bounded here (`seen`). Compression is off, so that no small answer grows large.
//! * It logs what providers say, unredacted, at `error`: whoever sets up the log turns its target `genai` off.

mod address;
mod asking;
mod calls;
mod carried;
mod failure;
mod hearing;
mod options;
mod provided;
mod room;
mod seen;
mod waiting;

pub use options::{ModelOptions, OpenError, Provider};
pub use provided::open;
