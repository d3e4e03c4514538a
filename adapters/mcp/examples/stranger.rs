//! A server for the tests of the client, on its standard streams: the official SDK's other side, with faults.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a part of the tests")]

#[path = "../tests/it/stranger.rs"]
mod stranger;

use std::error::Error;

use rmcp::ServiceExt as _;
use stranger::Stranger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let how = std::env::args().nth(1).unwrap_or_default();
    match how.as_str() {
        "mute" => std::future::pending().await,
        "ends" => {
            eprintln!("no configuration at postgres://app:hunter2secret@db/x");
            std::process::exit(3);
        }
        "babbles" => println!("Welcome!\n{{\"half\": \n[]\n\"text\""),
        _ => {}
    }
    let service = Stranger::new(true).serve(rmcp::transport::stdio()).await?;
    service.waiting().await?;
    if how == "stays" {
        // Neither the end of its input nor SIGTERM ends it; only SIGKILL does.
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        loop {
            term.recv().await;
        }
    }
    Ok(())
}
