//! The chart, rendered for several values, and the manifests that are made of it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use midwatch_config::{Sources, load};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::manifests::{name, objects, of};
use crate::support::{deploy, filled, run, text, yaml};

/// The renderer, built from `chart/render.go` with Debian's sprig.
struct Renderer {
    dir: TempDir,
}

impl Renderer {
    fn new() -> Self {
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
    fn render(&self, values: &Value) -> Result<String, String> {
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
    fn objects(&self, values: &Value) -> Vec<Value> {
        let rendered = self.render(values).unwrap_or_else(|why| panic!("{why}\n{values:#}"));
        let templates = rendered.split("# Source: ").filter(|part| !part.starts_with("NOTES.txt"));
        // The name of the template becomes a comment again.
        templates.flat_map(|part| objects(&format!("# {part}"))).collect()
    }
}

/// As Helm puts values over values: objects are merged, all else is replaced.
fn merged(mut under: Value, over: &Value) -> Value {
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

fn defaults() -> Value {
    yaml(&text(deploy().join("chart/values.yaml")))
}

fn replicas() -> Value {
    merged(defaults(), &yaml(&text(deploy().join("chart/examples/replicas.yaml"))))
}

/// Everything that can be switched, the other way round.
fn unusual() -> Value {
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
fn bare() -> Value {
    let off = json!({"create": false});
    let claim = json!({"existingClaim": "mine", "storageClass": "fast"});
    let over = json!({"rbac": off, "networkPolicy": {"enabled": false}, "podDisruptionBudget": {"enabled": false}, "persistence": claim});
    merged(defaults(), &over)
}

#[test]
fn whatever_is_chosen_every_object_is_one_and_they_fit_together() {
    let renderer = Renderer::new();
    let kinds = |values: &Value| -> Vec<usize> {
        let objects = renderer.objects(values);
        let names: BTreeSet<String> = objects.iter().map(name).collect();
        assert_eq!(names.len(), objects.len(), "every object is there once: {names:?}");
        fitting(&objects, values);
        let wanted = [
            "Deployment",
            "HorizontalPodAutoscaler",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "PersistentVolumeClaim",
            "ClusterRole",
            "ServiceMonitor",
        ];
        wanted.map(|kind| of(&objects, kind).len()).to_vec()
    };
    assert_eq!(kinds(&defaults()), [1, 0, 1, 1, 1, 1, 0]);
    assert_eq!(kinds(&replicas()), [3, 1, 1, 3, 0, 1, 0]);
    assert_eq!(kinds(&unusual()), [3, 1, 1, 3, 0, 1, 1]);
    assert_eq!(kinds(&bare()), [1, 0, 0, 0, 0, 0, 0]);
}

/// Objects point at each other by names and labels, which no type checks.
fn fitting(objects: &[Value], values: &Value) {
    let deployments = of(objects, "Deployment");
    let holds = |labels: &Value, selector: &Value| {
        let (labels, selector) = (labels.as_object().unwrap(), selector.as_object().unwrap());
        !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    let selected = |selector: &Value| {
        deployments.iter().filter(|d| holds(&d["spec"]["template"]["metadata"]["labels"], selector)).count()
    };
    for deployment in &deployments {
        assert_eq!(selected(&deployment["spec"]["selector"]["matchLabels"]), 1, "{}", name(deployment));
        secure(deployment);
        mounted(deployment, objects, values);
    }
    let apis = values["components"].as_array().unwrap().iter();
    let apis = apis.filter(|one| one["roles"].as_array().unwrap().contains(&json!("api"))).count();
    for service in of(objects, "Service") {
        let all = service["spec"]["clusterIP"] == "None";
        assert_eq!(selected(&service["spec"]["selector"]), if all { deployments.len() } else { apis }, "{service}");
    }
    for budget in of(objects, "PodDisruptionBudget") {
        assert_eq!(selected(&budget["spec"]["selector"]["matchLabels"]), 1);
    }
    for policy in of(objects, "NetworkPolicy") {
        assert_eq!(selected(&policy["spec"]["podSelector"]["matchLabels"]), deployments.len());
    }
    for monitor in of(objects, "ServiceMonitor") {
        let services = of(objects, "Service").into_iter();
        let wanted = &monitor["spec"]["selector"]["matchLabels"];
        assert_eq!(services.filter(|service| holds(&service["metadata"]["labels"], wanted)).count(), 1);
    }
    let families = filled();
    for scaler in of(objects, "HorizontalPodAutoscaler") {
        let target = &scaler["spec"]["scaleTargetRef"]["name"];
        let scaled = deployments.iter().find(|d| d["metadata"]["name"] == *target).expect("what is scaled");
        assert!(scaled["spec"]["replicas"].is_null(), "two would set the count");
        let metric = scaler["spec"]["metrics"][0]["pods"]["metric"]["name"].as_str().unwrap();
        assert!(families.families().iter().any(|family| family.name == metric), "{metric}");
        assert_eq!(scaler["spec"]["metrics"][0]["pods"]["target"]["averageValue"], "300m");
        assert_eq!(scaler["spec"]["metrics"][1]["resource"]["name"], "cpu", "the fallback");
    }
    for binding in of(objects, "ClusterRoleBinding") {
        let (role, account) = (&of(objects, "ClusterRole")[0]["metadata"]["name"], &binding["subjects"][0]["name"]);
        assert_eq!(binding["roleRef"]["name"], *role);
        assert_eq!(deployments[0]["spec"]["template"]["spec"]["serviceAccountName"], *account);
    }
}

/// The restricted profile: <https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted>.
fn secure(deployment: &Value) {
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let container = &pod["containers"][0];
    let expected = json!({"allowPrivilegeEscalation": false, "privileged": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}});
    assert_eq!(container["securityContext"], expected);
    for (probe, path) in [("startupProbe", "startup"), ("livenessProbe", "live"), ("readinessProbe", "ready")] {
        assert_eq!(container[probe]["httpGet"], json!({"path": format!("/health/{path}"), "port": "http"}));
    }
    assert!(
        container["resources"]["limits"]["memory"].is_string() && container["resources"]["limits"]["cpu"].is_null()
    );
}

/// Every mount has its volume, and the configuration is one that the program takes.
fn mounted(deployment: &Value, objects: &[Value], values: &Value) {
    let pod = &deployment["spec"]["template"]["spec"];
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let container = &pod["containers"][0];
    assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));
    let dir = tempfile::tempdir().unwrap();
    for secret in ["api-key", "webhook-token", "audit-key", "password"] {
        std::fs::write(dir.path().join(secret), "0123456789abcdef0123456789abcdef").unwrap();
    }
    let here = |text: &str| {
        let dir = dir.path().to_string_lossy();
        text.replace("/etc/midwatch/secrets", &dir).replace("/etc/midwatch/redis", &dir)
    };
    let config = here(of(objects, "ConfigMap")[0]["data"]["midwatch.yaml"].as_str().unwrap());
    let file = dir.path().join("midwatch.yaml");
    std::fs::write(&file, config).unwrap();
    let env = container["env"].as_array().unwrap().iter().filter(|one| one["name"] != "MIDWATCH_CONFIG");
    let env = env.map(|one| {
        let value = one["value"].as_str().unwrap_or("rediss://redis.example:6379");
        (one["name"].as_str().unwrap().to_owned(), value.to_owned())
    });
    let env = env.filter(|(name, _)| name.starts_with("MIDWATCH__")).collect();
    let loaded = load(&Sources { file: Some(&file), env, flags: Vec::new(), search: Vec::new() });
    let settings = loaded.unwrap_or_else(|errors| panic!("{}: {errors}", name(deployment))).settings;
    assert_eq!(settings.store.url.is_some(), values["redis"]["enabled"] == true);
    assert!(settings.server.listen.ip().is_unspecified() && settings.server.webhook_token.is_some());
    let component = &deployment["metadata"]["labels"]["app.kubernetes.io/component"];
    let wanted = values["components"].as_array().unwrap().iter().find(|one| one["name"] == *component).unwrap();
    assert_eq!(json!(settings.server.roles), wanted["roles"]);
    if values["config"]["server"]["grace"] == "30s" {
        assert_eq!(settings.server.grace.as_secs(), 30, "what is set counts");
    }
    let ends = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(ends > settings.server.grace.as_secs() + 10, "jobs can be handed back");
}

#[test]
fn the_role_is_what_the_program_prints() {
    let renderer = Renderer::new();
    for (values, file, more) in
        [(defaults(), "clusterrole.yaml", 0), (unusual(), "clusterrole-without-secrets.yaml", 1)]
    {
        // That these files are what `midwatch config rbac` prints is tested beside the program.
        let printed = yaml(&text(deploy().join("chart/files").join(file)));
        let printed = printed["rules"].as_array().unwrap();
        let objects = renderer.objects(&values);
        let rules = of(&objects, "ClusterRole")[0]["rules"].as_array().unwrap().clone();
        assert_eq!(rules[..printed.len()], printed[..]);
        assert_eq!(rules.len(), printed.len() + more);
        for rule in &rules {
            let verbs: BTreeSet<&str> = rule["verbs"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(verbs.is_subset(&BTreeSet::from(["get", "list"])), "{rule}");
            assert!(!rule.to_string().contains('*'), "{rule}");
        }
        let secrets = rules.iter().filter(|rule| rule["resources"].to_string().contains("secrets")).count();
        assert_eq!(secrets, usize::from(more == 0));
    }
}

#[test]
fn what_cannot_work_is_told_and_not_rendered() {
    let renderer = Renderer::new();
    let refused = |over: Value| renderer.render(&merged(replicas(), &over)).expect_err("it is refused");
    assert!(refused(json!({"redis": {"enabled": false}})).contains("several components need redis.enabled"));
    assert!(refused(json!({"secret": {"auditKey": false}})).contains("set secret.auditKey"));
    let none = json!({"name": "worker", "roles": ["worker"], "replicas": 1, "autoscaling": {"enabled": true}});
    assert!(refused(json!({"components": [none]})).contains("autoscaling needs targetUtilisation or targetCpu"));
    assert!(
        refused(json!({"serviceAccount": {"create": false, "name": ""}})).contains("serviceAccount.name is needed")
    );
    let two =
        json!({"name": "all", "roles": ["gateway", "worker", "api"], "replicas": 2, "autoscaling": {"enabled": false}});
    let embedded = renderer.render(&merged(defaults(), &json!({"components": [two]}))).expect_err("it is refused");
    assert!(embedded.contains("belongs to one process"), "{embedded}");
}

#[test]
fn the_manifests_are_what_the_chart_gives() {
    let renderer = Renderer::new();
    for (file, values) in [("single.yaml", defaults()), ("replicas.yaml", replicas())] {
        let mut written = objects(&text(deploy().join("manifests").join(file)));
        let namespace = written.remove(0);
        assert_eq!(namespace["kind"], "Namespace");
        assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        let mut given = renderer.objects(&values);
        for object in written.iter_mut().chain(&mut given) {
            plainly(object);
        }
        let by_name = |objects: &mut Vec<Value>| objects.sort_by_key(name);
        by_name(&mut written);
        by_name(&mut given);
        for (written, given) in written.iter().zip(&given) {
            assert_eq!(written, given, "{file}: {}", name(given));
        }
        assert_eq!(written.len(), given.len());
    }
}

/// Without what only Helm needs, and the configuration as what it says.
fn plainly(object: &mut Value) {
    for path in ["/metadata", "/spec/template/metadata"] {
        let Some(Value::Object(metadata)) = object.pointer_mut(path) else { continue };
        if let Some(Value::Object(labels)) = metadata.get_mut("labels") {
            labels.remove("app.kubernetes.io/managed-by");
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.remove("checksum/config");
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    if let Some(config) = object.pointer("/data/midwatch.yaml").and_then(Value::as_str).map(yaml) {
        object["data"]["midwatch.yaml"] = config;
    }
}
