//! Images that cannot be pulled, and what the registry or the network said.
//!
//! Start at [`detect`]; [`Cause::read`] turns the words of containerd, CRI-O and Docker into a cause. The words come from
//! the container's waiting message, else from the pod's `Failed` events. A pull that is still being tried without an
//! error is no finding.

use std::collections::BTreeSet;

use crate::entity::{EntityRef, Kind};
use crate::evidence::{Evidence, absence, event};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::shell::word;
use crate::view::View;

use super::container::{Case, cases};
use super::image_cause::{Cause, registry_of, repository_of};
use crate::detect::nearest::nearest;

/// Waiting reasons of the kubelet that mean "no image": pkg/kubelet/images/types.go.
const WAITING: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
];

/// Containers whose image cannot be pulled.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view).filter_map(|case| one(&case).or_else(|| recovered(&case))).collect()
}

/// A pull that failed in the window and then worked.
fn recovered(case: &Case<'_>) -> Option<Finding> {
    let since = case.running_since().filter(|at| case.view.in_window(*at))?;
    let failed = case.events().into_iter().rev().find(|e| {
        e.reason == "Failed"
            && e.text().starts_with("Failed to pull image")
            && e.container().is_none_or(|c| c == case.spec.name)
    })?;
    let quoted = Cause::quote(failed.text()).unwrap_or_default();
    let claim = format!(
        "the first pulls of image \"{}\" of {} failed and a later one worked ({quoted})",
        case.spec.image,
        case.who()
    );
    let finding = Finding::new(Reason::ImagePull, case.unit(), claim).role(Role::Over);
    let runs = case.says(format!("{} running: startedAt={since}", case.path()));
    Some(
        case.mark(finding)
            .because("a pull failed", event(failed))
            .because("the container runs", runs)
            .since(failed.first()),
    )
}

fn one(case: &Case<'_>) -> Option<Finding> {
    let waiting = case.waiting().filter(|w| WAITING.contains(&w.reason.as_str()))?;
    let image = case.spec.image.as_str();
    let failed = failure_event(case);
    let words = [waiting.message.as_str(), failed.map(crate::kube::Event::text).unwrap_or_default()];
    let trouble = words.iter().find_map(|w| Cause::read(w)).unwrap_or(Cause::Unknown).or_by_reason(&waiting.reason);
    let quoted = words.iter().find_map(|w| Cause::quote(w)).unwrap_or_default();
    let said = if quoted.is_empty() { String::new() } else { format!(" ({quoted})") };
    let claim =
        format!("image \"{image}\" of {} cannot be pulled: {}{said}", case.who(), trouble.claim(image, words[0]));
    let mut finding = case
        .mark(Finding::new(Reason::ImagePull, case.unit(), claim))
        .because(format!("the kubelet waits: {}", waiting.reason), case.waiting_evidence(waiting))
        .confidence(if trouble == Cause::Unknown { Confidence::Medium } else { Confidence::High });
    if let Some(failed) = failed {
        finding = finding.because("the pull fails with these words", event(failed)).since(failed.first());
    }
    finding = neighbours(case, trouble, finding);
    finding = exclusions(case, trouble, finding, failed.map_or_else(|| case.waiting_evidence(waiting), event));
    finding = pull_secret(case, trouble, finding);
    Some(actions(case, trouble, finding))
}

/// The newest event of the pod that says why this image was not pulled.
fn failure_event<'a>(case: &Case<'a>) -> Option<&'a crate::kube::Event> {
    let events: Vec<_> = case
        .events()
        .into_iter()
        .filter(|e| matches!(e.reason.as_str(), "Failed" | "InspectFailed" | "ErrImageNeverPull"))
        .filter(|e| e.container().is_none_or(|c| c == case.spec.name))
        .collect();
    let telling = |e: &&&crate::kube::Event| Cause::read(e.text()).is_some() || e.text().contains(&case.spec.image);
    events.iter().rev().find(telling).copied()
}

/// Images of running containers that are like this one: what else the name could have meant.
fn neighbours(case: &Case<'_>, trouble: Cause, finding: Finding) -> Finding {
    if !matches!(trouble, Cause::NoSuchTag | Cause::Denied | Cause::InvalidName | Cause::NeverPull | Cause::Platform) {
        return finding;
    }
    let image = case.spec.image.as_str();
    let mut running: BTreeSet<(&str, EntityRef)> = BTreeSet::new();
    for other in cases(case.view).filter(|c| c.running_since().is_some() && c.spec.image != image) {
        running.insert((other.spec.image.as_str(), other.unit()));
    }
    let same = running.iter().find(|(i, _)| repository_of(i) == repository_of(image));
    let near = || {
        let name = nearest(repository_of(image), running.iter().map(|(i, _)| repository_of(i)))?;
        running.iter().find(|(i, _)| repository_of(i) == name)
    };
    match same.or_else(near) {
        Some((other, unit)) => {
            let says = crate::evidence::object(unit, format!("spec.containers[].image={other}"));
            finding.because(format!("{unit} runs \"{other}\", which was pulled"), says)
        }
        None => finding,
    }
}

/// What the words exclude.
fn exclusions(case: &Case<'_>, trouble: Cause, finding: Finding, words: Evidence) -> Finding {
    let registry = registry_of(&case.spec.image);
    match trouble {
        Cause::NoSuchTag | Cause::Platform => {
            finding.rules_out(format!("the network and the credentials: {registry} answers"), words)
        }
        Cause::Denied | Cause::RateLimited | Cause::ServerError => {
            finding.rules_out(format!("the network: {registry} answers"), words)
        }
        Cause::NameNotResolved | Cause::Refused | Cause::TimedOut | Cause::NoRoute | Cause::Certificate => {
            finding.rules_out("the image's name and the credentials: the registry was never reached", words)
        }
        Cause::NoSpace | Cause::InvalidName | Cause::NeverPull | Cause::Unknown => finding,
    }
}

/// Names the pull Secret that is missing or that was refused.
fn pull_secret(case: &Case<'_>, trouble: Cause, finding: Finding) -> Finding {
    if trouble != Cause::Denied {
        return finding;
    }
    let account = match case.pod.spec.service_account_name.as_str() {
        "" => "default",
        name => name,
    };
    let of_account = case.view.service_accounts.get(case.ns(), account).map(|a| a.image_pull_secrets.as_slice());
    let named = case.pod.spec.image_pull_secrets.iter().chain(of_account.unwrap_or_default());
    let secrets: Vec<EntityRef> = named.map(|s| EntityRef::new(Kind::Secret, case.ns(), s.name.clone())).collect();
    let complaint = case.view.last_event(&case.pod_ref(), &["FailedToRetrieveImagePullSecret"]);
    let unfound = complaint.and_then(|e| {
        secrets.iter().find(|s| e.text().contains(&format!("({})", s.name)) || e.text().contains(&s.name))
    });
    if let Some(missing) = secrets.iter().find(|s| case.view.absent(s)).or(unfound) {
        let mut finding = finding.blame(missing.clone());
        finding.reason = Reason::MissingReference;
        finding.claim = format!("{}; its imagePullSecret {missing} does not exist", finding.claim);
        if case.view.absent(missing) {
            finding = finding.because(format!("{missing} does not exist"), absence(missing));
        }
        return match complaint {
            Some(e) => finding.because("the kubelet could not read the pull Secret", event(e)),
            None => finding,
        };
    }
    if secrets.is_empty() {
        let says = case.says("spec.imagePullSecrets: none");
        return finding.because("neither the pod nor its ServiceAccount names an imagePullSecret", says);
    }
    let list: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    let says = case.says(format!("spec.imagePullSecrets: {}", list.join(", ")));
    finding.because(format!("it pulls with {}: its credentials do not open this repository", list.join(", ")), says)
}

fn actions(case: &Case<'_>, trouble: Cause, finding: Finding) -> Finding {
    let (unit, kubectl) = (case.unit(), case.kubectl());
    let set = format!("{kubectl} set image {} {}=<image that exists>", unit.slash(), case.spec.name);
    let secret = finding.blame.iter().find(|b| b.kind == Kind::Secret).map_or("regcred", |s| s.name.as_str());
    let (secret, registry) = (word(secret), registry_of(&case.spec.image));
    let create = format!(
        "{kubectl} create secret docker-registry {secret} --docker-server={} --docker-username=<user> --docker-password=<token>",
        word(&registry)
    );
    let describe = format!("{kubectl} describe pod {}", case.pod.metadata.name);
    let finding = match trouble {
        Cause::Denied => finding
            .action("give the pull credentials that may read this repository", Some(create), "low")
            .check(case.watch())
            .action(
                "or correct the image's name, if the repository does not exist",
                Some(set),
                "low: replaces the pods",
            ),
        Cause::RateLimited => finding
            .action("pull with an account, or through a mirror that caches", Some(create), "low")
            .check(case.watch()),
        Cause::NameNotResolved
        | Cause::Refused
        | Cause::TimedOut
        | Cause::NoRoute
        | Cause::Certificate
        | Cause::ServerError => finding
            .action(
                format!(
                    "on the node, see whether it reaches the registry: curl -v https://{}/v2/",
                    registry_of(&case.spec.image)
                ),
                None,
                "none",
            )
            .action("or name a registry that the nodes reach", Some(set), "low: replaces the pods")
            .check(case.watch()),
        Cause::NoSpace => finding.action("free space for images on the node", Some(describe), "low"),
        Cause::NoSuchTag | Cause::Platform | Cause::InvalidName | Cause::NeverPull | Cause::Unknown => {
            finding.action("set an image that exists", Some(set), "low: replaces the pods").check(case.watch())
        }
    };
    match case.undo() {
        Some(undo) => finding
            .action("or go back to the revision before", Some(undo), "low: replaces the pods")
            .check(case.watch()),
        None => finding,
    }
}

#[cfg(test)]
mod tests;
