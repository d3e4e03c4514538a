//! An Alertmanager of the package `prometheus-alertmanager`.

use tempfile::TempDir;

use super::process::Process;

/// A running Alertmanager, alone in its cluster, ended when dropped.
pub struct Alertmanager {
    process: Process,
    _dir: TempDir,
}

impl Alertmanager {
    /// Starts it with this configuration (`route: ...`, `receivers: ...`) and waits until it is ready.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub async fn start(config_yaml: &str) -> Alertmanager {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("alertmanager.yaml"), config_yaml).expect("a configuration");
        let arguments = [
            "--config.file=alertmanager.yaml",
            "--storage.path=data",
            "--cluster.listen-address=",
            "--web.listen-address=127.0.0.1:0",
        ];
        let arguments = arguments.map(str::to_owned).to_vec();
        let process = Process::start("prometheus-alertmanager", arguments, dir.path()).await;
        Alertmanager { process, _dir: dir }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.process.url()
    }

    /// Its address as Prometheus takes it: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.process.address.to_string()
    }
}
