//! What no type checks of rendered objects: that they fit together, are as safe as they say, and that the program takes its
//! configuration.

use std::collections::BTreeSet;

use midwatch_config::{Sources, load};
use serde_json::{Value, json};

use crate::manifests::{name, of};
use crate::support::filled;

/// Objects point at each other by names and labels, which no type checks.
pub(crate) fn fitting(objects: &[Value], values: &Value) {
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
