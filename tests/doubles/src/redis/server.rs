//! One server.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

use super::resp;
use super::until;

/// How often another port is tried: one that was free a moment ago may be taken by now.
const TRIES: usize = 5;

/// What a server keeps on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// Nothing.
    #[default]
    None,
    /// Everything, before it answers: an append-only file, `appendfsync always`.
    Always,
}

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What it keeps.
    pub files: Files,
    /// The password of the default user.
    pub password: Option<String>,
    /// Encrypted connections, beside plain ones.
    pub tls: Option<TlsFiles>,
    /// More settings, as on its command line: `["--maxmemory", "8mb"]`.
    pub more: Vec<String>,
}

/// Where a server's certificate lies.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// The server's.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// A server that runs, or was killed.
#[derive(Debug)]
pub struct Redis {
    directory: TempDir,
    port: u16,
    tls_port: Option<u16>,
    arguments: Vec<String>,
    password: Option<String>,
    child: Mutex<Option<Child>>,
}

impl Redis {
    /// A server that keeps nothing.
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    /// A server as it is asked for.
    pub async fn with(settings: Settings) -> Self {
        for _ in 0..TRIES {
            let redis = Self::on_free_ports(&settings);
            if redis.launch().await {
                return redis;
            }
        }
        panic!("redis-server does not start: is it installed, or $REDIS_SERVER right?");
    }

    /// A Sentinel; it keeps what it knows in a file, and needs that to begin.
    pub(super) async fn sentinel() -> Self {
        for _ in 0..TRIES {
            let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
            std::fs::write(directory.path().join("sentinel.conf"), format!("bind 127.0.0.1\nport {port}\n")).unwrap();
            let arguments = words(&["sentinel.conf", "--sentinel"]);
            let (tls_port, password, child) = (None, None, Mutex::default());
            let redis = Self { directory, port, tls_port, arguments, password, child };
            if redis.launch().await {
                return redis;
            }
        }
        panic!("no Sentinel starts");
    }

    fn on_free_ports(settings: &Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut arguments = words(&["--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "local", "--port"]);
        arguments.push(port.to_string());
        if settings.files == Files::Always {
            arguments.extend(words(&["--appendonly", "yes", "--appendfsync", "always"]));
        }
        if let Some(password) = &settings.password {
            arguments.extend(words(&["--requirepass", password, "--masterauth", password]));
        }
        let tls_port = settings.tls.as_ref().map(|tls| {
            let port = free_port();
            arguments.extend(words(&["--tls-auth-clients", "no", "--tls-port"]));
            arguments.push(port.to_string());
            for (name, path) in
                [("--tls-ca-cert-file", &tls.ca), ("--tls-cert-file", &tls.certificate), ("--tls-key-file", &tls.key)]
            {
                arguments.extend([name.to_owned(), path.display().to_string()]);
            }
            port
        });
        arguments.extend(settings.more.iter().cloned());
        let (password, child) = (settings.password.clone(), Mutex::default());
        Self { directory, port, tls_port, arguments, password, child }
    }

    /// Its port for plain connections.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its port for encrypted ones.
    pub fn tls_port(&self) -> Option<u16> {
        self.tls_port
    }

    /// Where it keeps its files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where it is, for a client: `redis://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it answers, flattened.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn try_ask(&self, words: &[&str]) -> io::Result<Vec<String>> {
        match &self.password {
            Some(password) => resp::ask(self.port, &[&["AUTH", password], words]).await,
            None => resp::ask(self.port, &[words]).await,
        }
    }

    /// What it answers, flattened.
    ///
    /// # Panics
    /// When it does not answer, or refuses.
    pub async fn ask(&self, words: &[&str]) -> Vec<String> {
        self.try_ask(words).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// A fact of its `INFO`.
    pub async fn fact(&self, name: &str) -> Option<String> {
        let info = self.try_ask(&["INFO"]).await.ok()?.concat();
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(|value| value.trim().to_owned())
    }

    /// Kills it at once, as a crash does.
    pub fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it without ending it: connections stay, nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Starts it again, on the same port and the same files.
    pub async fn restart(&self) {
        self.kill();
        assert!(self.launch().await, "the server starts again");
    }

    #[expect(clippy::disallowed_methods, reason = "a test sends a signal")]
    fn signal(&self, signal: &str) {
        let id = self.child.lock().unwrap().as_ref().map(Child::id).expect("the server runs");
        assert!(Command::new("kill").args([signal, &id.to_string()]).status().unwrap().success());
    }

    /// Starts it, and waits until it answers; whether it did.
    #[expect(clippy::disallowed_methods, reason = "a test starts a server")]
    async fn launch(&self) -> bool {
        let program = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let child = Command::new(program)
            .args(&self.arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        *self.child.lock().unwrap() = Some(child.expect("redis-server can be started"));
        let ended = || self.child.lock().unwrap().as_mut().is_none_or(|child| child.try_wait().unwrap().is_some());
        until("the server answers", async || ended() || self.try_ask(&["PING"]).await.is_ok()).await;
        !ended()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).unwrap().port()
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
