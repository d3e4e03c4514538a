//! Values of secret-looking variables and settings, learned before anything is written.

use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::{Object, PodSpec};
use midwatch_diagnosis::probe::Probe;
use midwatch_diagnosis::view::Content;
use midwatch_redact::Redactor;

use crate::cluster::Cluster;

/// Kinds that hold literal values of variables and settings.
const KINDS: [Kind; 8] = [
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::CronJob,
    Kind::ConfigMap,
];

/// Learns the values of these namespaces; what cannot be read has none to hide.
pub(super) async fn values(cluster: &Cluster, namespaces: &[String], redactor: &mut Redactor) {
    for namespace in namespaces {
        for kind in KINDS {
            let probe = Probe::Objects { kind, namespace: Some(namespace.clone()) };
            let Ok(reading) = cluster.read(&probe).await else { continue };
            if let Content::Objects(objects) = reading.content {
                for object in &objects {
                    of_object(object, redactor);
                }
            }
        }
    }
    redactor.freeze();
}

fn of_object(object: &Object, redactor: &mut Redactor) {
    match object {
        Object::Pod(o) => of_spec(&o.spec, redactor),
        Object::Deployment(o) => of_spec(&o.spec.template.spec, redactor),
        Object::ReplicaSet(o) => of_spec(&o.spec.template.spec, redactor),
        Object::StatefulSet(o) => of_spec(&o.spec.template.spec, redactor),
        Object::DaemonSet(o) => of_spec(&o.spec.template.spec, redactor),
        Object::Job(o) => of_spec(&o.spec.template.spec, redactor),
        Object::CronJob(o) => of_spec(&o.spec.job_template.spec.template.spec, redactor),
        Object::ConfigMap(o) => {
            for (key, value) in &o.data {
                redactor.learn_env(key, value);
            }
        }
        _ => {}
    }
}

fn of_spec(spec: &PodSpec, redactor: &mut Redactor) {
    for var in spec.init_containers.iter().chain(&spec.containers).flat_map(|c| &c.env) {
        if let Some(value) = &var.value {
            redactor.learn_env(&var.name, value);
        }
    }
}
