//! Bytes of a file before they are data: byte order marks, UTF-16, and messages of kubectl around the data.
//!
//! Must never lose data: what is taken away is returned. Start at [`to_utf8`] and [`part`].

use crate::words;

/// Lines of messages that are looked at before and after the data.
const LINES: usize = 50;

/// Bytes as UTF-8 where a mark says that they are not; PowerShell writes UTF-16 when output is redirected.
pub(crate) fn to_utf8(bytes: Vec<u8>) -> Vec<u8> {
    let order: fn([u8; 2]) -> u16 = match bytes.as_slice() {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return bytes,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

/// The data of a file, and what kubectl said before and after it (`2>&1` puts that into the same file).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    /// The data.
    pub(crate) data: &'a [u8],
    /// The messages, a line each.
    pub(crate) messages: Vec<String>,
}

/// Parts messages from data.
pub(crate) fn part(bytes: &[u8]) -> Parts<'_> {
    let mut messages = Vec::new();
    let mut data = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    while messages.len() < LINES {
        let end = memchr::memchr(b'\n', data).map_or(data.len(), |at| at + 1);
        let Some(line) = as_message(&data[..end]) else { break };
        messages.push(line);
        data = data[end..].trim_ascii_start();
    }
    data = data.trim_ascii_end();
    while messages.len() < 2 * LINES {
        let start = memchr::memrchr(b'\n', data).map_or(0, |at| at + 1);
        let Some(line) = as_message(&data[start..]) else { break };
        messages.push(line);
        data = data[..start].trim_ascii_end();
    }
    Parts { data, messages }
}

fn as_message(line: &[u8]) -> Option<String> {
    // A message begins with a letter; data in JSON never does, and no line of it is worth decoding.
    line.first().filter(|b| b.is_ascii_alphabetic())?;
    let line = std::str::from_utf8(line.get(..line.len().min(4096))?).ok()?.trim();
    words::is_message(line).then(|| line.to_owned())
}

/// Whether data is JSON; kubectl's other format is YAML.
pub(crate) fn is_json(data: &[u8]) -> bool {
    matches!(data.first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_messages_are_taken_off() {
        let text = b"\xef\xbb\xbfWarning: v1 ComponentStatus is deprecated in v1.19+\r\n{\"a\":\r\n1}\r\nError from server (Forbidden): x\r\n";
        let parts = part(text);
        assert_eq!(parts.data, b"{\"a\":\r\n1}");
        assert_eq!(parts.messages.len(), 2);
        assert!(is_json(parts.data));
    }

    #[test]
    fn utf16_of_both_orders() {
        let text = "{\"\u{e4}\":1}";
        let le: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(to_utf8(le), text.as_bytes());
        assert_eq!(to_utf8(be), text.as_bytes());
        assert_eq!(to_utf8(b"plain".to_vec()), b"plain");
    }

    #[test]
    fn a_file_of_messages_has_no_data() {
        let parts = part(b"Error from server (Forbidden): secrets is forbidden\n");
        assert!(parts.data.is_empty() && parts.messages.len() == 1);
        assert_eq!(part(b""), Parts { data: b"", messages: vec![] });
    }
}
