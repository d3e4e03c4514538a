//! One container's log, streamed into a digest.
//!
//! Must never hold a log in memory, nor take a kubelet's excuse for a line of it. Start at [`read`].

use std::hash::{DefaultHasher, Hasher as _};

use midwatch_agent::port::Reading;
use midwatch_agent::request::LogCaps;
use midwatch_diagnosis::logs::{LogDigester, LogOptions};
use midwatch_diagnosis::probe::{ContainerRef, ReadFailure};
use midwatch_diagnosis::view::Content;

use crate::call::{Ask, Caller};
use crate::options::ClusterOptions;
use crate::resource::is_name;

/// An excuse is one line, shorter than this (bytes).
const EXCUSE: usize = 4 * 1024;

/// How the kubelet begins when it answers 200 and has no log to give: the file is gone from the node.
const EXCUSES: &[&str] = &["unable to retrieve container logs for ", "failed to try resolving symlinks in path "];

/// How much of one log is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    /// Lines from its end.
    pub(crate) lines: u32,
    /// Bytes.
    pub(crate) bytes: u64,
}

impl Amount {
    /// The lines that are asked for, else as many as the options say; bytes never more than those.
    pub(crate) fn of(options: &ClusterOptions, caps: LogCaps) -> Self {
        let most = options.max_log_bytes;
        Self { lines: caps.lines.unwrap_or(options.tail_lines), bytes: caps.bytes.map_or(most, |b| b.min(most)) }
    }
}

/// Reads the end of a container's log.
pub(crate) async fn read(
    caller: &Caller,
    amount: Amount,
    of: &ContainerRef,
    previous: bool,
    options: LogOptions,
) -> Result<Reading, ReadFailure> {
    let ask = Ask { accept: "*/*", ..Ask::json(target(of, previous, amount, true)?) };
    let mut opened = caller.open(&ask).await.map_err(crate::failure::Failure::of_log)?;
    let mut digester = LogDigester::new(LogOptions { stamped: true, ..options });
    let (mut hasher, mut bytes, mut head) = (DefaultHasher::new(), 0_u64, Vec::new());
    let name = format!("{}/{} container {}", of.namespace, of.pod, of.container);
    let mut gaps = Vec::new();
    loop {
        match opened.next().await {
            Ok(Some(piece)) => {
                hasher.write(&piece);
                bytes += piece.len() as u64;
                let room = (EXCUSE + 1 - head.len()).min(piece.len());
                head.extend_from_slice(&piece[..room]);
                digester.push(&piece);
                if bytes >= amount.bytes {
                    gaps.push(format!(
                        "log of {name}: only {bytes} bytes were read (investigation.max_log_bytes), the end is missing"
                    ));
                    break;
                }
            }
            Ok(None) => break,
            Err(failure) if bytes == 0 => return Err(failure.of_log()),
            Err(failure) => {
                gaps.push(format!("log of {name}: it broke off after {bytes} bytes ({})", failure.of_log()));
                break;
            }
        }
    }
    if let Some(words) = excuse(&head) {
        return Err(ReadFailure::Unreadable(words));
    }
    let digest = digester.finish();
    if digest.lines >= u64::from(amount.lines) {
        gaps.push(format!("log of {name}: only its last {} lines were read (investigation.tail_lines)", digest.lines));
    }
    Ok(Reading { content: Content::Log(Box::new(digest)), bytes, digest: hasher.finish(), gaps })
}

/// The address of a log.
pub(crate) fn target(of: &ContainerRef, previous: bool, amount: Amount, stamped: bool) -> Result<String, ReadFailure> {
    if ![&of.namespace, &of.pod, &of.container].iter().all(|name| is_name(name)) {
        return Err(ReadFailure::NotFound(format!("no pod or container can have such a name: {}", of.pod)));
    }
    let mut target = format!(
        "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines={}&limitBytes={}",
        of.namespace, of.pod, of.container, amount.lines, amount.bytes
    );
    if stamped {
        target.push_str("&timestamps=true");
    }
    if previous {
        target.push_str("&previous=true");
    }
    Ok(target)
}

/// The kubelet's words, when they stand where a log was expected.
pub(crate) fn excuse(head: &[u8]) -> Option<String> {
    if head.len() > EXCUSE {
        return None;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim();
    (!text.contains('\n') && EXCUSES.iter().any(|e| text.starts_with(e))).then(|| text.to_owned())
}
