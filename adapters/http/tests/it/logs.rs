//! Log lines: each is one JSON object with the request's id, whatever was sent; and no secret of a request is in it.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{World, send};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("a log is text")
    }
}

/// What is sent to forge a line or to leak.
async fn attack(world: &World) {
    let forged = "%0a%7b%22level%22:%22ERROR%22,%22message%22:%22forged%22%7d%1b[31m";
    send(world.get(&format!("/x{forged}")).header("X-Request-ID", "attack-1").header("User-Agent", "a\tb\"c")).await;
    send(world.get(&format!("/api/v1/jobs/{forged}")).header("X-Request-ID", "attack-1")).await;
    send(world.get("/x/password=Tr0ub4dor-and-3-and-4").header("X-Request-ID", "attack-1")).await;
    let body = "{\"a\\n\\u001b[31mb\\r\\nERROR forged\": 1}";
    let request = world.client.post(world.url("/api/v1/analyze")).header("Content-Type", "application/json");
    send(request.header("X-Request-ID", "attack-1").body(body)).await;
}

#[test]
fn forged_fields_stay_inside_their_strings() {
    // One thread, so that the subscriber of this test hears the server's tasks and no other test's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let lines = [Lines::default(), Lines::default()];
    let builder = |lines: &Lines| {
        let builder = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false);
        builder.with_max_level(tracing::Level::DEBUG)
    };
    // Both live from the start: with a single subscriber, `tracing` asks the thread that comes first whether a line is
    // wanted, and that may be another test's.
    let dispatches: [tracing::Dispatch; 2] =
        [builder(&lines[0]).json().finish().into(), builder(&lines[1]).finish().into()];
    for ((lines, dispatch), json) in lines.iter().zip(&dispatches).zip([true, false]) {
        let _guard = tracing::dispatcher::set_default(dispatch);
        runtime.block_on(async { attack(&World::new().await).await });
        let text = lines.text();
        assert!(!text.contains('\u{1b}') && !text.contains("Tr0ub4dor-and-3-and-4"), "{text}");
        let about: Vec<&str> = text.lines().filter(|line| line.contains("attack-1")).collect();
        assert!(about.len() >= 8, "{text}");
        for line in text.lines() {
            if json {
                let line: Value = serde_json::from_str(line).expect("a line is JSON");
                assert_ne!(line["fields"]["message"], "forged");
                assert_ne!(line["level"], "ERROR");
            } else {
                // A line begins with its time, so none was begun by what was sent.
                assert!(line.starts_with("20"), "{line}");
            }
        }
    }
}
