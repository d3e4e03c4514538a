//! The recordings of real incidents that lie beside a checkout, where they do.

use super::*;

#[tokio::test]
async fn every_file_of_every_recording_is_read() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/snapshots");
    let Ok(cases) = fs::read_dir(&base) else {
        println!("no recordings at {}: skipped", base.display());
        return;
    };
    let mut seen = 0;
    for case in cases.filter_map(Result::ok).map(|c| c.path()).filter(|c| c.is_dir()) {
        let snapshot = Snapshot::open(&case, Limits::default()).unwrap();
        assert!(snapshot.root().ends_with("cluster"), "{}", case.display());
        let namespaces = snapshot.namespaces().await.unwrap();
        assert_eq!(namespaces.len(), 1, "{namespaces:?}");
        for kind in Kind::KNOWN {
            let namespace = kind.namespaced().then(|| namespaces[0].as_str());
            match ask(&snapshot, kind, namespace).await {
                Ok(reading) => assert_eq!(reading.gaps, [""; 0], "{} {kind}", case.display()),
                Err(failure) => assert_eq!(failure, ReadFailure::NotRecorded, "{} {kind}", case.display()),
            }
        }
        seen += logs_of(&snapshot, &namespaces[0]).await;
    }
    assert!(seen > 20, "{seen}");
}

/// Reads the logs of all containers, of both runs; each is either a log or one of kubectl's sentences.
async fn logs_of(snapshot: &Snapshot, namespace: &str) -> usize {
    let reading = ask(snapshot, &Kind::Pod, Some(namespace)).await.unwrap();
    let Content::Objects(objects) = reading.content else { panic!() };
    let mut seen = 0;
    for object in objects {
        let midwatch_diagnosis::kube::Object::Pod(pod) = object else { panic!() };
        for (container, _, _) in pod.containers() {
            for previous in [false, true] {
                let whose = format!("{namespace}/{}/{}", pod.metadata.name, container.name);
                let log = log(snapshot, &whose, previous).await;
                let known = matches!(
                    &log,
                    Ok(_) | Err(ReadFailure::NoPrevious | ReadFailure::NotStarted | ReadFailure::NotFound(_))
                );
                assert!(known, "{whose}: {log:?}");
                seen += 1;
            }
        }
    }
    seen
}
