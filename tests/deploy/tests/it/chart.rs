//! The chart, rendered for several values, and the manifests that are made of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fitting::fitting;
use crate::helm::{Renderer, bare, defaults, merged, replicas, unusual};
use crate::manifests::{name, objects, of};
use crate::support::{deploy, text, yaml};

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
