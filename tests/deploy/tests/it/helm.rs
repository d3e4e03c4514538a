//! Renders the chart, and the sets of values that it is rendered for.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::manifests::objects;
use crate::support::{deploy, run, text, yaml};

/// The renderer, built from `chart/render.go` with Debian's sprig.
pub(crate) struct Renderer {
    dir: TempDir,
}

impl Renderer {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("chart/render.go");
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(dir.path().join("render")).arg(source);
        // Kept between runs: sprig takes a while to compile.
        let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("go");
        go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOCACHE", cache).env("GOFLAGS", "");
        let (built, said) = run(&mut go);
        assert!(built, "the renderer of the chart cannot be built; ./test.sh installs what it needs\n{said}");
        Self { dir }
    }

    /// All documents, or why there are none.
    pub(crate) fn render(&self, values: &Value) -> Result<String, String> {
        let chart = yaml(&text(deploy().join("chart/Chart.yaml")));
        let data = json!({
            "Values": values,
            "Chart": {"Name": chart["name"], "Version": chart["version"], "AppVersion": chart["appVersion"]},
            "Release": {"Name": "midwatch", "Namespace": "midwatch", "Service": "Helm"},
        });
        let mut render = Command::new(self.dir.path().join("render"));
        render.arg(deploy().join("chart")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut rendering = render.spawn().unwrap();
        rendering.stdin.take().unwrap().write_all(data.to_string().as_bytes()).unwrap();
        let output = rendering.wait_with_output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(said(output.stdout)) } else { Err(said(output.stderr)) }
    }

    /// The objects; the notes are for people.
    pub(crate) fn objects(&self, values: &Value) -> Vec<Value> {
        let rendered = self.render(values).unwrap_or_else(|why| panic!("{why}\n{values:#}"));
        let templates = rendered.split("# Source: ").filter(|part| !part.starts_with("NOTES.txt"));
        // The name of the template becomes a comment again.
        templates.flat_map(|part| objects(&format!("# {part}"))).collect()
    }
}

/// As Helm puts values over values: objects are merged, all else is replaced.
pub(crate) fn merged(mut under: Value, over: &Value) -> Value {
    match (&mut under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                let merged = merged(under.remove(key).unwrap_or(Value::Null), value);
                under.insert(key.clone(), merged);
            }
        }
        (under, over) => *under = over.clone(),
    }
    under
}

pub(crate) fn defaults() -> Value {
    yaml(&text(deploy().join("chart/values.yaml")))
}

pub(crate) fn replicas() -> Value {
    merged(defaults(), &yaml(&text(deploy().join("chart/examples/replicas.yaml"))))
}

/// Everything that can be switched, the other way round.
pub(crate) fn unusual() -> Value {
    let peer = json!([{"namespaceSelector": {"matchLabels": {"team": "sre"}}}]);
    let over = json!({
        "nameOverride": "watch",
        "imagePullSecrets": [{"name": "pull"}],
        "image": {"tag": "2.0.0"},
        "config": {"server": {"grace": "30s"}, "kubernetes": {"namespaces": ["shop"]}},
        "redis": {"passwordKey": "", "ports": [6379, 26379]},
        "serviceAccount": {"create": false, "name": "other"},
        "rbac": {"secrets": false, "extraRules": [{"apiGroups": ["cert-manager.io"], "resources": ["certificates"], "verbs": ["list"]}]},
        "networkPolicy": {"ingressFrom": peer, "extraEgress": [{"to": peer}]},
        "serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}},
        "podAnnotations": {"note": "x"}, "nodeSelector": {"disk": "ssd"}, "priorityClassName": "high",
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    });
    merged(replicas(), &over)
}

/// As little as there can be.
pub(crate) fn bare() -> Value {
    let off = json!({"create": false});
    let claim = json!({"existingClaim": "mine", "storageClass": "fast"});
    let over = json!({"rbac": off, "networkPolicy": {"enabled": false}, "podDisruptionBudget": {"enabled": false}, "persistence": claim});
    merged(defaults(), &over)
}
