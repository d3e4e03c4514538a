//! The server as a person starts and ends it: ready, an alert in, a thread out, SIGTERM.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use midwatch_doubles::kubernetes::ApiServer;

/// A running server, ended with the test.
struct Served {
    child: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test runs the binary")]
fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    command.args(args).env_clear().env("HOME", home).env("KUBECONFIG", home.join("kubeconfig")).current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it and reads its log until it says where it listens: a line of JSON, as standard error is no terminal.
fn serve(home: &Path) -> Served {
    let mut child = command(home, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended without listening");
        let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        if event["message"] == "listening" {
            break event["address"].as_str().unwrap().to_owned();
        }
    };
    // The log must go on being read, or the server would wait for it.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Served { child, address }
}

impl Served {
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close");
        let about = format!("Content-Type: application/json\r\nContent-Length: {length}");
        write!(stream, "{head}\r\n{about}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn terminate(&mut self) -> i32 {
        self.end_by("TERM")
    }

    fn end_by(&mut self, signal: &str) -> i32 {
        let id = self.child.id().to_string();
        let told = kill(signal, &id);
        assert!(told, "SIG{signal} could not be sent");
        self.child.wait().unwrap().code().unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell's kill sends the signal")]
fn kill(signal: &str, id: &str) -> bool {
    Command::new("sh").args(["-c", &format!("kill -{signal} {id}")]).status().unwrap().success()
}

/// Waits for a condition of the outside.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn threads(home: &Path) -> String {
    let dir = home.join(".local/state/midwatch/threads");
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
}

#[test]
fn an_alert_comes_in_and_ends_in_a_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let home = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let cluster = runtime.block_on(ApiServer::from_snapshot(&demo.join("cluster")).start());
    cluster.kubeconfig(home.path());
    let mut served = serve(home.path());
    eventually("readiness", || (served.ask("GET", "/health/ready", "").0 == 200).then_some(()));

    let alert = std::fs::read_to_string(demo.join("alert.json")).unwrap();
    let (status, body) = served.ask("POST", "/webhook/alertmanager", &alert);
    assert!((200..300).contains(&status), "{status} {body}");
    let thread = eventually("a report", || Some(threads(home.path())).filter(|text| text.contains("CAUSE")));
    assert!(thread.contains("payments-api"), "{thread}");

    let backup = command(home.path(), &["store", "backup", "copy.db"]).output().unwrap();
    assert_eq!(backup.status.code(), Some(0), "{}", String::from_utf8_lossy(&backup.stderr));
    let listen = ("MIDWATCH__SERVER__LISTEN", &served.address);
    let disable = command(home.path(), &["pack", "disable", "crash"]).env(listen.0, listen.1).output().unwrap();
    assert_eq!(disable.status.code(), Some(0), "{}", String::from_utf8_lossy(&disable.stderr));
    assert!(served.ask("GET", "/api/v1/packs", "").1.contains("false"), "the server did it");
    let second = command(home.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!((second.status.code(), said.contains("another server uses this store")), (Some(1), true), "{said}");

    assert_eq!(served.terminate(), 0);
    let audit = command(home.path(), &["audit", "verify"]).output().unwrap();
    let told = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert_eq!((audit.status.code(), told.contains("the audit trail is whole")), (Some(0), true), "{told}");
}

#[test]
fn it_starts_without_any_cluster_and_ends_when_asked() {
    let home = tempfile::tempdir().unwrap();
    let mut served = serve(home.path());
    eventually("readiness", || (served.ask("GET", "/health/ready", "").0 == 200).then_some(()));
    assert_eq!(served.ask("GET", "/metrics", "").0, 200);
    assert_eq!(served.terminate(), 0);
}

#[test]
fn a_closed_terminal_ends_it_in_order() {
    let home = tempfile::tempdir().unwrap();
    let mut served = serve(home.path());
    eventually("readiness", || (served.ask("GET", "/health/ready", "").0 == 200).then_some(()));
    assert_eq!(served.end_by("HUP"), 0);
}

#[test]
fn the_verbs_of_the_conversation_are_said_to_the_server() {
    let home = tempfile::tempdir().unwrap();
    let mut served = serve(home.path());
    eventually("readiness", || (served.ask("GET", "/health/ready", "").0 == 200).then_some(()));
    let address = served.address.clone();
    let run = |args: &[&str]| {
        let output = command(home.path(), args).env("MIDWATCH__SERVER__LISTEN", &address).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, out, err) =
        run(&["mute", "KubePodCrashLooping", "-n", "shop", "--for", "2 hours", "--reason", "it's known"]);
    assert_eq!((code, out.contains("KubePodCrashLooping")), (Some(0), true), "{out}{err}");
    let (code, out, err) = run(&["list", "mutes"]);
    assert_eq!(
        (code, out.contains("KubePodCrashLooping") && out.contains("it's known")),
        (Some(0), true),
        "{out}{err}"
    );
    let (code, out, err) = run(&["list", "mutes", "-o", "json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, told["answer"]["parts"].is_array(), told["job"].is_null()), (Some(0), true, true), "{out}{err}");
    assert_eq!(run(&["unmute", "KubePodCrashLooping", "-n", "shop"]).0, Some(0));
    assert!(!run(&["list", "mutes"]).1.contains("KubePodCrashLooping"));
    let (code, _, err) = run(&["status", "checkout"]);
    assert_eq!((code, err.contains("ids look like")), (Some(2), true), "{err}");

    assert_eq!(served.terminate(), 0);
    let (code, _, err) = run(&["status"]);
    assert_eq!((code, err.contains("nothing that speaks HTTP answers")), (Some(1), true), "{err}");
}

#[test]
fn a_pack_is_switched_in_the_store_while_no_server_runs() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = command(home.path(), args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, out, err) = run(&["pack", "list"]);
    assert_eq!((code, out.contains("on   crash")), (Some(0), true), "{out}{err}");
    assert_eq!(run(&["pack", "disable", "crash"]).0, Some(0));
    let list: serde_json::Value = serde_json::from_str(&run(&["pack", "list", "-o", "json"]).1).unwrap();
    let crash = list.as_array().unwrap().iter().find(|pack| pack["name"] == "crash").unwrap();
    assert_eq!(crash["enabled"], false);
    assert!(run(&["pack", "show", "crash"]).1.contains("(built-in, off)"));
    assert_eq!(run(&["pack", "enable", "crash"]).0, Some(0));
    let (code, _, err) = run(&["pack", "disable", "crsh"]);
    assert_eq!((code, err.contains("there are: ") && err.contains("crash")), (Some(2), true), "{err}");

    let (code, out, err) = run(&["audit", "list"]);
    assert_eq!((code, out.lines().count(), out.contains("pack disable")), (Some(0), 2, true), "{out}{err}");
    let (code, out, err) = run(&["audit", "verify", "-o", "json"]);
    assert_eq!((code, out.contains(r#""whole":true"#)), (Some(0), true), "{out}{err}");
}

#[test]
fn packs_with_mistakes_are_told_with_their_lines() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("bad.yaml"), "name: mine\nversion: 1.0.0\ndescription: x\nbugdets: {}\n").unwrap();
    let run = |args: &[&str]| command(home.path(), args).output().unwrap();
    let checked = run(&["pack", "check", "bad.yaml"]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!((checked.status.code(), said.contains("bad.yaml:4:1: ")), (Some(1), true), "{said}");
    assert!(said.contains("budgets"), "{said}");
    assert_eq!(run(&["pack", "check"]).status.code(), Some(0));
    assert_eq!(run(&["pack", "check", "none.yaml"]).status.code(), Some(2));
    let nothing = run(&["store", "backup", "x.db"]);
    assert_eq!(nothing.status.code(), Some(2), "{}", String::from_utf8_lossy(&nothing.stderr));
}

#[test]
fn it_refuses_to_be_open_to_everyone() {
    let home = tempfile::tempdir().unwrap();
    let output = command(home.path(), &["serve", "--listen", "0.0.0.0:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.contains("will not listen on 0.0.0.0:0")), (Some(2), true), "{said}");
}
