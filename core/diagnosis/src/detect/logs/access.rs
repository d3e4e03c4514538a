//! Access that is refused: credentials, certificates, permissions of the Kubernetes API.
//!
//! Start at [`explain`]; the Kubernetes API is [`super::rbac`]. Values of Secrets are never read: which Secret provides a
//! credential is told by the workload's references, when it changed by its managed fields.

use crate::entity::{EntityRef, Kind};
use crate::evidence::object;
use crate::finding::{Finding, Reason};
use crate::kube::ManagedField;
use crate::logs::Signature;

use super::cause::Told;
use super::network::service_of;
use super::origin::{credential, mounted_secrets};
use crate::detect::pods::container::Case;

/// Credentials, certificates, the Kubernetes API.
pub(super) fn explain(told: &Told<'_>) -> Option<Finding> {
    match told.hit.signature {
        Signature::AuthenticationRefused => Some(credentials(told)),
        Signature::CertificateExpired | Signature::CertificateUntrusted | Signature::CertificateWrongHost => {
            Some(certificate(told))
        }
        Signature::RbacForbidden => Some(super::rbac::forbidden(told)),
        _ => None,
    }
}

fn credentials(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let values = &told.hit.values;
    let whom = values.host.as_deref().map(|h| format!(" by {h}")).unwrap_or_default();
    let user = values.user.as_deref().map(|u| format!(" as user \"{u}\"")).unwrap_or_default();
    let who = format!("{} is refused{whom}{user}, authentication failed: \"{}\"", case.who(), told.quote());
    let Some(found) = credential(case, values.host.as_deref()) else {
        let finding = told.finding(Reason::LogCause, who);
        return told.done(
            finding
                .action("correct the credentials it uses", Some(case.edit()), "low: replaces the pods")
                .check(case.watch()),
        );
    };
    let edited = case.view.meta(&found.secret).and_then(crate::kube::Meta::edited_at);
    let stale = edited.filter(|e| e.time.zip(started(case)).is_some_and(|(edit, start)| edit > start));
    let claim = match stale {
        Some(edit) => format!(
            "{who}; its credential is {}, which was changed ({}) after the pod started, so the environment is stale",
            found.text, edit.manager
        ),
        None => format!("{who}; its credential is {}", found.text),
    };
    let refs = case.says(format!("spec.containers[{}]: {}", case.spec.name, found.text));
    let mut finding = told
        .finding(Reason::LogCause, claim)
        .blame(found.secret.clone())
        .because("where its credential comes from", refs);
    if let Some(edit) = edited {
        finding =
            finding.because(when_edited(edit), object(&found.secret, format!("managedFields: {}", when_edited(edit))));
    }
    let restart = format!("{} rollout restart {}", case.kubectl(), case.unit().slash());
    finding = match stale {
        Some(_) => finding.action(
            "restart the pods, so that they read the Secret as it is now",
            Some(restart),
            "low: restarts the pods",
        ),
        None => finding
            .action(
                format!("correct {}", found.secret),
                Some(format!("{} edit {}", case.kubectl(), found.secret.slash())),
                "low",
            )
            .action("then restart the pods", Some(restart), "low: restarts the pods"),
    };
    let answered = case.says("the peer answered and refused");
    told.done(finding.check(case.watch()).rules_out("the network: the peer answered", answered))
}

/// When the container read its environment.
fn started(case: &Case<'_>) -> Option<jiff::Timestamp> {
    case.running_since().or(*case.pod.status.start_time).or(*case.pod.metadata.creation_timestamp)
}

fn when_edited(edit: &ManagedField) -> String {
    let at = edit.time.map(|t| t.to_string()).unwrap_or_default();
    format!("changed at {at} by {} ({})", edit.manager, edit.operation)
}

fn certificate(told: &Told<'_>) -> Finding {
    let case = &told.case;
    let values = &told.hit.values;
    let of = values.host.as_deref().map(|h| format!(" of {h}")).unwrap_or_default();
    let what = match told.hit.signature {
        Signature::CertificateExpired => {
            let until = values.until.as_deref().map(|u| format!(" (valid until {u})")).unwrap_or_default();
            format!("has expired{until}")
        }
        Signature::CertificateWrongHost => "is for another host name".to_owned(),
        _ => "is signed by an authority that it does not trust".to_owned(),
    };
    let (secret, where_from) = match serving_secret(case, values.host.as_deref()) {
        Some(secret) => (Some(secret.clone()), format!("; it is served from {secret}")),
        None => (None, String::new()),
    };
    let claim =
        format!("{} does not accept the certificate{of}: it {what}{where_from}: \"{}\"", case.who(), told.quote());
    let mut finding = told.finding(Reason::LogCause, claim);
    if let Some(secret) = secret {
        let renew = format!(
            "kubectl -n {} get secret {} -o jsonpath='{{.data.tls\\.crt}}' | base64 -d | openssl x509 -noout -dates -subject",
            secret.ns(),
            secret.name
        );
        finding = finding
            .because("the Secret that holds it", object(&secret, "type kubernetes.io/tls, mounted by the server"))
            .blame(secret.clone());
        finding = finding.action(format!("look at the certificate in {secret} and renew it"), Some(renew), "none");
    } else if let Some(host) = values.host.as_deref() {
        let show = format!(
            "openssl s_client -connect {host}:{} -servername {host} </dev/null | openssl x509 -noout -dates -subject -issuer",
            values.port.unwrap_or(443)
        );
        finding = finding.action("look at the certificate that is served, and renew or trust it", Some(show), "none");
    }
    told.done(finding.rules_out("the network: the handshake was reached", case.says("TLS handshake reached")))
}

/// The TLS Secret that a certificate is served from: mounted by the workload behind the host, or, when the log names no
/// host, by this container.
fn serving_secret(case: &Case<'_>, host: Option<&str>) -> Option<EntityRef> {
    let tls = |ns: &str, name: String| {
        let secret = case.view.secrets.get(ns, &name).filter(|s| s.r#type == "kubernetes.io/tls");
        secret.map(|_| EntityRef::new(Kind::Secret, ns, name))
    };
    let Some(host) = host else {
        return mounted_secrets(case.spec, case).into_iter().find_map(|name| tls(case.ns(), name));
    };
    let service = service_of(case, host)?;
    let ns = service.metadata.namespace.as_str();
    let behind = case.view.behind_service(service);
    let specs = behind.iter().filter_map(|unit| case.view.pod_spec(unit));
    let mut names = specs.flat_map(|spec| spec.volumes.iter().filter_map(|v| v.secret.as_ref()));
    names.find_map(|s| tls(ns, s.secret_name.clone()))
}
