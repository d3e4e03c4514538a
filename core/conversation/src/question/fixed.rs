//! Questions that are put in a few fixed ways: why, why not, compare, who else, what next, status, stop.
//!
//! Must never match less than the whole sentence. Start at [`read`].

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::phrase::{Word, joined};
use super::{Question, name, when};

/// What is said when something is excluded or suspected as the cause.
#[rustfmt::skip] // a paragraph, not a column
const CAUSES: &[&str] = &[
    "network", "dns", "memory", "oom", "cpu", "disk", "storage", "volume", "volumes", "node", "nodes", "image", "probe", "probes", "quota", "quotas", "config",
    "configuration", "configmap", "secret", "secrets", "database", "db", "redis", "postgres", "mysql", "kafka", "rabbitmq", "cache", "certificate",
    "certificates", "cert", "certs", "tls", "rbac", "permissions", "deploy", "deployment", "rollout", "release", "kernel", "kubelet", "scheduler",
    "autoscaler", "hpa", "ingress", "proxy", "sidecar", "mesh", "istio", "firewall", "loadbalancer", "traffic", "load", "limits", "requests", "registry",
    "throttling", "webhook", "operator", "cluster", "code", "upstream", "dependency", "environment", "queue", "latency",
];

type Make = fn(&Captures<'_>) -> Option<Question>;

/// Whole sentences, in lower case, without punctuation and courtesy.
#[rustfmt::skip] // one form, one line
const FORMS: &[(&str, Make)] = &[
    (r"why|why (?:so|is that|that|is it that|is it)|explain(?: why| that| it| this| yourself)?|what makes you (?:think|say|believe) (?:so|that|it is .+)", |_| Some(Question::Why)),
    (r"why do you (?:think|say|believe) (?:so|that|it is .+|that it is .+|that is the cause|this is the cause)|how do you know(?: that| this| it is .+)?|how did you (?:conclude|find out|figure out|get to|come to)(?: (?:that|this|it|this conclusion|that conclusion))?", |_| Some(Question::Why)),
    (r"(?:show |show me |give me |what is )?(?:the |your )?(?:evidence|proof|reasoning)(?: for (?:that|this|it))?|(?:based )?on what evidence|prove it|are you sure(?: about (?:that|this|it))?|how (?:sure|confident|certain) are you(?: about (?:that|this|it))?", |_| Some(Question::Why)),
    (r"why (?:is|does|did|was|has) (?:it|this|that|the pod|the container|the app) (?:be )?(?:fail|failing|failed|crash|crashing|crashed|crash ?looping|restart|restarting|restarted|broken|break|down|slow|pending|stuck|happen|happening|happened|die|dying|dead|unavailable|unhealthy|not ready|not start|not starting|not working)|what is the (?:root )?cause|what is the root cause of (?:this|that|it)|root cause|what caused (?:this|that|it)|what is wrong(?: with it)?", |_| Some(Question::Why)),
    (r"why (?:do|did|have|are|would|can) you (?:rule|ruled|ruling|exclude|excluded|excluding)(?: out)? (?P<any>.+?)(?: out)?|why (?:is|was|are|were) (?P<any2>.+?) (?:ruled out|excluded)|what rules out (?P<any3>.+)|how did you rule out (?P<any4>.+)|how do you rule out (?P<any5>.+)", ruled_out),
    (r"what (?:did you rule out|have you ruled out|do you rule out|is ruled out|was ruled out|else did you check|else did you rule out)|what did you (?:exclude|check)", |_| Some(Question::WhyNot { what: None })),
    (r"why not (?P<cause>.+)|why (?:can|could) (?:it|this) not be (?P<cause2>.+)|why (?:can|could) not (?:it|this) be (?P<cause6>.+)|why (?:is|was) (?:it|this) not (?P<cause3>.+)|why (?:is|was) not it (?P<cause4>.+)|(?:is|was|is not|was not|could|could not|can|can not|might) (?:it|this|that)(?: not)?(?: maybe| perhaps| possibly)? (?:be )?(?:because of |due to |caused by |related to )?(?P<cause5>.+?)(?: maybe| instead| perhaps)?", suspected),
    (r"(?:compare|diff)(?: it| this| that| now)? (?:with|to|against|and) (?P<when>.+)|how does (?:it|this|that) compare (?:with|to|against) (?P<when2>.+)|what is the difference (?:with|to|from|since) (?P<when3>.+)|how is (?:it|this|that) different from (?P<when4>.+)", compared),
    (r"(?:was|were) (?:it|this|that|things|they) (?:also )?(?:like (?:this|that)|the same|this (?:slow|bad|high)|slow|broken|failing|ok|okay|fine|healthy|working|up|down)(?: too| also| already)? (?P<when>.+)|how (?:was|were) (?:it|this|that|things) (?P<when2>.+)|(?:how|what) did (?:it|this|that|things) look(?: like)? (?P<when3>.+)|what was it like (?P<when4>.+)", compared),
    (r"who (?:else )?is (?:also )?(?:hit|affected|impacted)(?: by (?:this|that|it))?|(?:what|who) else is (?:hit|affected|impacted|broken|failing|down)(?: by (?:this|that|it))?|(?:is|are) (?:anything|anyone|anybody|something|any other services?|other services?|other clusters?|other namespaces?|users|customers|other pods) (?:else )?(?:also )?(?:hit|affected|impacted)(?: as well| too| by (?:this|that|it))?|is anything else (?:broken|failing|down)", |_| Some(Question::WhoElse { place: None })),
    (r"(?:show me |show |what is )?(?:the )?(?:blast radius|impact)(?: of (?:this|that|it))?|(?:which|what) (?:other )?(?:services?|hosts?|users?|customers?|namespaces?|clusters?|pods?|workloads?)(?: else)? (?:is|are) (?:also )?(?:hit|affected|impacted)(?: by (?:this|that|it))?|who (?:is using|uses|depends on) (?:it|this)|what depends on (?:it|this)", |_| Some(Question::WhoElse { place: None })),
    (r"(?:is|are) (?P<place>.+?) (?:also )?(?:hit|affected|impacted)(?: as well| too| also| by (?:this|that|it))?|(?:is|are) (?P<place2>.+?) (?:broken|down|failing) (?:as well|too|also)|(?:is|are) (?P<place3>.+?) also (?:broken|down|failing)|does (?:it|this|that) (?:also )?(?:hit|affect|impact) (?P<place4>.+?)(?: as well| too| also)?", hit),
    (r"what (?:should|can|could|must|shall) (?:i|we|one) do(?: next| about (?:it|this|that)| to (?:fix|mitigate|resolve) (?:it|this|that))?|what (?:do|to) (?:i|we) do(?: next| about (?:it|this|that))?|what to do(?: next)?|what (?:next|is next)|(?:show me |show )?(?:what are )?(?:the )?next steps?|what is the next step", |_| Some(Question::NextSteps)),
    (r"how (?:do|can|should|could|would) (?:i|we|you|one) (?:fix|mitigate|resolve|solve|mend|repair|recover|stop|undo|roll back|rollback)(?: from)?(?: (?:it|this|that|the issue|the problem|the deploy|the rollout))?|how to (?:fix|mitigate|resolve|solve|mend|repair|recover|roll back|rollback)(?: from)?(?: (?:it|this|that))?|what (?:do|would) you (?:recommend|suggest|advise|propose)|what is (?:the|your) (?:fix|remedy|recommendation|mitigation|solution)|(?:your |any )?recommendations?|how is (?:it|this|that) fixed", |_| Some(Question::NextSteps)),
    (r"(?:show me |show |give me )?(?:the |a )?timeline|what happened(?: when)?|when did (?:it|this|that|the problem|the incident|the outage) (?:start|begin|happen|break|first happen)|since when(?: is it (?:broken|down|failing|like this))?|how long has (?:it|this|that) been (?:down|broken|failing|happening|going on|like this|slow)|what happened when", |_| Some(Question::Timeline)),
    (r"(?:what is )?(?:the |your )?(?:current )?status(?: of (?:it|this|the investigation|your investigation))?|how (?:is|are) (?:it|you|the investigation|things) (?:going|coming along|doing)|how is the investigation|are you (?:done|finished|ready|still (?:working|investigating|there|on it|running))(?: yet)?|(?:are you )?done yet|(?:your |any )?progress|how far are you|how much longer|what are you doing|is it still running|have you found anything(?: yet)?|did you find anything(?: yet)?", |_| Some(Question::Status)),
    (r"(?:you can |you may |do )?(?:stop|cancel|abort)(?: (?:it|this|that|investigating|looking|working|the investigation|this investigation|your investigation|the run|the job))?", |_| Some(Question::Stop)),
];

static TABLE: LazyLock<Vec<(Regex, Make)>> = LazyLock::new(|| {
    let whole = |form: &str| Regex::new(&format!("^(?:{form})$")).ok();
    FORMS.iter().filter_map(|(form, make)| whole(form).map(|form| (form, *make))).collect()
});

/// A question that is put in one of the fixed ways.
pub(super) fn read(words: &[Word]) -> Option<Question> {
    let said = joined(words);
    TABLE.iter().find_map(|(form, make)| make(&form.captures(&said)?))
}

/// What a form leaves open; each form has one such place.
fn open<'a>(found: &Captures<'a>) -> Option<&'a str> {
    found.iter().skip(1).flatten().next().map(|open| open.as_str())
}

fn without_article(text: &str) -> &str {
    ["the ", "a ", "an ", "our ", "my "].iter().find_map(|article| text.strip_prefix(article)).unwrap_or(text)
}

/// Words that a person asks about as ruled out: whatever they are, the question is clear.
fn ruled_out(found: &Captures<'_>) -> Option<Question> {
    let what = without_article(open(found)?);
    let short = what.split(' ').count() <= 4;
    let what = (!["it", "that", "this", "them", "others", "everything else", "rest"].contains(&what)).then(|| what.to_owned());
    short.then_some(Question::WhyNot { what })
}

/// `is it the network?`: only what is a cause or surely a name, for people also say `is it friday yet?`.
fn suspected(found: &Captures<'_>) -> Option<Question> {
    let what = without_article(open(found)?);
    let words: Vec<&str> = what.split(' ').collect();
    let cause = |word: &str| CAUSES.contains(&word) || name::is_surely_name(word);
    let fits = match words.as_slice() {
        [one] => cause(one),
        // `the memory limit`, `node worker-3`, `a network problem`, `the last deploy`
        [first, second] => {
            let about = ["problem", "issue", "limit", "limits", "pressure", "policy", "again", "quota", "error", "failure", "leak", "itself", "usage"];
            let whose = ["last", "new", "latest"];
            cause(first) && (about.contains(second) || CAUSES.contains(second) || name::is_surely_name(second))
                || whose.contains(first) && CAUSES.contains(second)
        }
        _ => false,
    };
    fits.then(|| Question::WhyNot { what: Some(what.to_owned()) })
}

fn compared(found: &Captures<'_>) -> Option<Question> {
    let with = open(found)?;
    let with = with.strip_prefix("it was ").or_else(|| with.strip_prefix("how it was ")).unwrap_or(with);
    when::read(with).map(|with| Question::Compare { with })
}

/// `is eu-west hit as well?`: a place, by its name.
fn hit(found: &Captures<'_>) -> Option<Question> {
    let place = without_article(open(found)?);
    let place = ["cluster ", "namespace ", "region "].iter().find_map(|kind| place.strip_prefix(kind)).unwrap_or(place);
    let place = [" cluster", " namespace", " region"].iter().find_map(|kind| place.strip_suffix(kind)).unwrap_or(place);
    let named = name::is_name(place) || ["prod", "production", "staging"].contains(&place);
    named.then(|| Question::WhoElse { place: Some(place.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_a_pattern() {
        assert_eq!(TABLE.len(), FORMS.len());
    }
}
