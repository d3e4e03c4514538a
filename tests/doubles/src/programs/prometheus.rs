//! A Prometheus of the package `prometheus`.

use std::fmt::Write as _;

use tempfile::TempDir;

use super::process::Process;

/// What a Prometheus does: scrapes and evaluates every second.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// A rule file (`groups: ...`); empty for none.
    pub rules_yaml: String,
    /// What it scrapes, as `HOST:PORT`; job `target`.
    pub targets: Vec<String>,
    /// Alertmanagers it notifies, as `HOST:PORT`.
    pub alertmanagers: Vec<String>,
}

/// A running Prometheus, ended when dropped; its data goes with it.
pub struct Prometheus {
    process: Process,
    _dir: TempDir,
}

impl Prometheus {
    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub async fn start(config: Config) -> Prometheus {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("rules.yaml"), &config.rules_yaml).expect("a rule file");
        std::fs::write(dir.path().join("prometheus.yaml"), yaml(&config)).expect("a configuration");
        let arguments = [
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--web.listen-address=127.0.0.1:0",
            "--log.level=info",
        ];
        let process = Process::start("prometheus", arguments.map(str::to_owned).to_vec(), dir.path()).await;
        Prometheus { process, _dir: dir }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.process.url()
    }
}

fn yaml(config: &Config) -> String {
    let list = |items: &[String]| items.iter().map(|i| format!("'{i}'")).collect::<Vec<_>>().join(", ");
    let mut yaml = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n".to_owned();
    if !config.rules_yaml.is_empty() {
        yaml.push_str("rule_files: [rules.yaml]\n");
    }
    // Writing to a String cannot fail.
    let _ = write!(
        yaml,
        "scrape_configs:\n- job_name: target\n  honor_labels: true\n  static_configs: [{{targets: [{}]}}]\n",
        list(&config.targets)
    );
    let _ = write!(
        yaml,
        "alerting:\n  alertmanagers:\n  - static_configs: [{{targets: [{}]}}]\n",
        list(&config.alertmanagers)
    );
    yaml
}
