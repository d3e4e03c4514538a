//! Just enough of Redis' protocol to ask a server something in a test (redis.io, RESP2).

use std::io;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a server on this machine, each command on a connection of its own after the one that says who asks; the words of the
/// last answer, flattened.
pub(super) async fn ask(port: u16, commands: &[&[&str]]) -> io::Result<Vec<String>> {
    let talk = async {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
        let mut answer = Vec::new();
        for words in commands {
            let mut line = format!("*{}\r\n", words.len());
            for word in *words {
                line += &format!("${}\r\n{word}\r\n", word.len());
            }
            stream.write_all(line.as_bytes()).await?;
            answer.clear();
            read(&mut stream, &mut answer).await?;
        }
        Ok(answer)
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn read<'a>(stream: &'a mut BufReader<TcpStream>, words: &'a mut Vec<String>) -> BoxFuture<'a, io::Result<()>> {
    Box::pin(async move {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        let Some((kind, rest)) = line.split_at_checked(1) else { return Err(io::ErrorKind::InvalidData.into()) };
        match kind {
            "-" => return Err(io::Error::other(rest.to_owned())),
            "$" => {
                if let Ok(length) = rest.parse::<usize>() {
                    let mut bytes = vec![0; length + 2];
                    stream.read_exact(&mut bytes).await?;
                    bytes.truncate(length);
                    words.push(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
            "*" => {
                for _ in 0..rest.parse::<i64>().unwrap_or(0) {
                    read(stream, words).await?;
                }
            }
            _ => words.push(rest.to_owned()),
        }
        Ok(())
    })
}
