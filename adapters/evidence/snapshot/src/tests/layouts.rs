//! Every layout that a directory may have, and every kind of answer.

use super::*;

#[tokio::test]
async fn cluster_info_dump() {
    let events = r#"{"kind":"EventList","items":[{"metadata":{"name":"a.1","namespace":"shop"},"involvedObject":{"kind":"Pod","namespace":"shop","name":"a"},"reason":"FailedScheduling","count":null,"firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-11-22T04:10:00.1Z"}]}"#;
    let (_dir, snapshot) = recording(&[
        ("nodes.json", &dump("Node", &["n1", "n2"])),
        ("shop/pods.json", &dump("Pod", &["shop/a", "shop/b"])),
        ("shop/replication-controllers.json", &dump("ReplicationController", &[])),
        ("shop/events.json", events),
        ("shop/daemonsets.json", &dump("DaemonSet", &[])),
        ("kube-system/pods.json", &dump("Pod", &["kube-system/dns"])),
    ]);
    for (kind, namespace, wanted) in [
        (Kind::Node, None, "Node n1 Node n2"),
        (Kind::Pod, Some("shop"), "Pod shop/a Pod shop/b"),
        (Kind::Pod, Some("kube-system"), "Pod kube-system/dns"),
        (Kind::Pod, None, "Pod kube-system/dns Pod shop/a Pod shop/b"),
        (Kind::ReplicationController, Some("shop"), ""),
        (Kind::ReplicationController, Some("kube-system"), "not in the recording"),
        (Kind::Event, Some("shop"), "Event shop/a.1"),
        (Kind::Job, Some("shop"), "not in the recording"),
        (Kind::Pod, Some("other"), "not in the recording"),
        (Kind::StorageClass, None, "not in the recording"),
    ] {
        assert_eq!(names(&snapshot, kind.clone(), namespace).await, wanted, "{kind} {namespace:?}");
    }
    assert_eq!(snapshot.namespaces().await.unwrap(), ["kube-system", "shop"]);
}

#[tokio::test]
async fn cluster_info_dump_as_yaml() {
    let pods = "apiVersion: v1\nitems:\n- metadata:\n    name: a\n    namespace: shop\n    ownerReferences:\n    - kind: ReplicaSet\n      name: r\n  spec: {}\nkind: PodList\nmetadata:\n  resourceVersion: \"1\"\n";
    let nothing = "apiVersion: v1\nitems: null\nkind: ReplicationControllerList\nmetadata: {}\n";
    let (_dir, snapshot) = recording(&[
        ("nodes.yaml", "apiVersion: v1\nitems:\n- metadata:\n    name: n1\nkind: NodeList\n"),
        ("shop/pods.yaml", pods),
        ("shop/replication-controllers.yaml", nothing),
    ]);
    assert_eq!(names(&snapshot, Kind::Pod, Some("shop")).await, "Pod shop/a");
    assert_eq!(names(&snapshot, Kind::Node, None).await, "Node n1");
    assert_eq!(names(&snapshot, Kind::ReplicationController, Some("shop")).await, "");
    assert_eq!(snapshot.namespaces().await.unwrap(), ["shop"]);
}

#[tokio::test]
async fn the_fuller_layout() {
    let (_dir, snapshot) = recording(&[
        ("cluster/nodes.json", &dump("Node", &["n1"])),
        ("cluster/namespaces.json", &get(&["Namespace shop"])),
        ("cluster/storageclasses.json", &get(&["StorageClass local"])),
        ("cluster/persistentvolumes.json", &get(&[])),
        ("cluster/shop/pods.json", &dump("Pod", &["shop/a"])),
        ("cluster/shop/jobs.json", &get(&[])),
        ("cluster/shop/configmaps.json", &get(&["ConfigMap shop/c"])),
    ]);
    assert_eq!(names(&snapshot, Kind::Job, Some("shop")).await, "");
    assert_eq!(names(&snapshot, Kind::PersistentVolume, None).await, "");
    assert_eq!(names(&snapshot, Kind::StorageClass, None).await, "StorageClass local");
    assert_eq!(names(&snapshot, Kind::ConfigMap, Some("shop")).await, "ConfigMap shop/c");
    assert_eq!(names(&snapshot, Kind::Secret, Some("shop")).await, "not in the recording");
    assert_eq!(snapshot.namespaces().await.unwrap(), ["shop"]);
}

#[tokio::test]
async fn flat_files_of_one_namespace() {
    let (_dir, snapshot) = recording(&[
        ("get-deploy.json", &get(&["Deployment shop/api"])),
        ("po.json", &get(&["Pod shop/a"])),
        ("jobs.json", &get(&[])),
        ("svc.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: api\n  namespace: shop\n"),
        ("docs.yml", "kind: Secret\nmetadata: {name: s, namespace: shop}\n---\nkind: Node\nmetadata: {name: n1}\n"),
    ]);
    assert_eq!(names(&snapshot, Kind::Deployment, Some("shop")).await, "Deployment shop/api");
    assert_eq!(names(&snapshot, Kind::Service, Some("shop")).await, "Service shop/api");
    assert_eq!(names(&snapshot, Kind::Secret, Some("shop")).await, "Secret shop/s");
    assert_eq!(names(&snapshot, Kind::Node, None).await, "Node n1");
    assert_eq!(names(&snapshot, Kind::Job, Some("shop")).await, "");
    // Nobody looked there: nothing can be said of jobs or pods of another namespace.
    assert_eq!(names(&snapshot, Kind::Job, Some("other")).await, "not in the recording");
    assert_eq!(names(&snapshot, Kind::Pod, Some("other")).await, "not in the recording");
    assert_eq!(snapshot.namespaces().await.unwrap(), ["shop"]);
}

#[tokio::test]
async fn flat_files_of_all_namespaces() {
    let (_dir, snapshot) = recording(&[
        ("everything.json", &get(&["Pod a/x", "Deployment a/y", "Service b/z"])),
        ("jobs.json", &get(&[])),
        ("namespaces.json", &get(&["Namespace a", "Namespace b", "Namespace c"])),
        ("secrets.json", &get(&["Secret a/s", "Secret b/s"])),
    ]);
    assert_eq!(names(&snapshot, Kind::Pod, Some("a")).await, "Pod a/x");
    assert_eq!(names(&snapshot, Kind::Service, None).await, "Service b/z");
    assert_eq!(names(&snapshot, Kind::Secret, Some("c")).await, "");
    assert_eq!(names(&snapshot, Kind::Job, Some("b")).await, "");
    assert_eq!(names(&snapshot, Kind::ConfigMap, Some("a")).await, "not in the recording");
    assert_eq!(snapshot.namespaces().await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn content_beats_names() {
    let (_dir, snapshot) = recording(&[
        ("pods.json", &get(&["Deployment shop/api", "Pod shop/a"])),
        ("only-pods.json", &get(&["Pod shop/b", "ReplicaSet shop/r"])),
        ("service-worker.json", &get(&["ConfigMap shop/c"])),
        (
            "knative.json",
            r#"{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"k","namespace":"shop"}}"#,
        ),
    ]);
    assert_eq!(names(&snapshot, Kind::Deployment, Some("shop")).await, "Deployment shop/api");
    assert_eq!(names(&snapshot, Kind::ReplicaSet, Some("shop")).await, "ReplicaSet shop/r");
    assert_eq!(names(&snapshot, Kind::Pod, Some("shop")).await, "Pod shop/b Pod shop/a");
    assert_eq!(names(&snapshot, Kind::ConfigMap, Some("shop")).await, "ConfigMap shop/c");
    assert_eq!(names(&snapshot, Kind::Service, Some("shop")).await, "not in the recording");
}

#[tokio::test]
async fn get_all_covers_what_it_lists() {
    let (_dir, snapshot) = recording(&[("all.json", &get(&["Pod shop/a"]))]);
    assert_eq!(names(&snapshot, Kind::Job, Some("shop")).await, "");
    assert_eq!(names(&snapshot, Kind::ConfigMap, Some("shop")).await, "not in the recording");
}

#[tokio::test]
async fn the_same_question_has_the_same_answer() {
    let (_dir, snapshot) =
        recording(&[("all.json", &get(&["Pod a/x", "Pod b/y", "Service a/s"])), ("pods.json", &get(&["Pod a/x"]))]);
    let mut answers = Vec::new();
    for namespace in [Some("a"), None, Some("a"), Some("b"), None] {
        let reading = ask(&snapshot, &Kind::Pod, namespace).await.unwrap();
        answers.push((listed(&reading), reading.bytes, reading.digest));
    }
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[1], answers[4]);
    assert_eq!(answers[1].0, "Pod a/x Pod b/y");
}

#[tokio::test]
async fn objects_of_other_namespaces_and_managed_fields() {
    let pods = r#"{"kind":"PodList","items":[
        {"metadata":{"name":"a","namespace":"shop","managedFields":[{"manager":"kubectl-edit","operation":"Update","time":"2026-11-22T04:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{}}}]}},
        {"metadata":{"name":"b","namespace":"other"}}]}"#;
    let (_dir, snapshot) = recording(&[("shop/pods.json", pods)]);
    let reading = ask(&snapshot, &Kind::Pod, Some("shop")).await.unwrap();
    assert_eq!(listed(&reading), "Pod shop/a");
    let Content::Objects(objects) = reading.content else { panic!() };
    assert_eq!(objects[0].meta().managed_fields[0].manager, "kubectl-edit");
}

#[tokio::test]
async fn the_directory_of_one_namespace() {
    let (_dir, snapshot) = recording(&[
        ("pods.json", &dump("Pod", &["shop/a"])),
        ("jobs.json", &get(&[])),
        (
            "a/logs.txt",
            "==== START logs for container c of pod shop/a ====\nx\n==== END logs for container c of pod shop/a ====\n",
        ),
    ]);
    assert_eq!(names(&snapshot, Kind::Pod, Some("shop")).await, "Pod shop/a");
    assert_eq!(names(&snapshot, Kind::Job, Some("shop")).await, "");
    assert_eq!(snapshot.namespaces().await.unwrap(), ["shop"]);
    assert_eq!(log(&snapshot, "shop/a/c", false).await.unwrap().bytes, 2);
}

#[tokio::test]
async fn single_objects_are_no_list() {
    let (_dir, snapshot) = recording(&[
        ("secret-db.json", &object("Secret shop/db")),
        ("stray.yaml", "kind: ConfigMap\nmetadata:\n  name: c\n"),
    ]);
    let reading = ask(&snapshot, &Kind::Secret, Some("shop")).await.unwrap();
    assert_eq!(reading.gaps, ["Secret: single objects were recorded, not the list; there may be others"]);
    let stray = ask(&snapshot, &Kind::ConfigMap, None).await.unwrap();
    assert_eq!(stray.gaps[1], "stray.yaml: 1 objects name no namespace and belong to none");
}
