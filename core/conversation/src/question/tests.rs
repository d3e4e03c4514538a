//! What people really write in the thread of an incident, and what is understood of it.

use jiff::{SignedDuration, civil};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::answer::Part;

fn when(when: When) -> String {
    match when {
        When::Ago(length) => crate::length::show(length),
        When::Clock(time) => time.to_string(),
        When::At(at) => at.to_string(),
    }
}

/// A question in a form that a table can hold: `logs checkout -c app`.
fn shown(text: &str) -> String {
    let Some(question) = understand(text) else { return "-".to_owned() };
    let of = |target: Option<String>| target.map(|target| format!(" {target}")).unwrap_or_default();
    let since = |since: Option<When>| since.map(|since| format!(" since {}", when(since))).unwrap_or_default();
    match question {
        Question::Logs(logs) => {
            let container = logs.container.map(|name| format!(" -c {name}")).unwrap_or_default();
            let previous = if logs.previous { " -p" } else { "" };
            let grep = logs.grep.map(|words| format!(" grep {words}")).unwrap_or_default();
            let lines = logs.lines.map(|lines| format!(" {lines} lines")).unwrap_or_default();
            format!("logs{}{container}{previous}{}{grep}{lines}", of(logs.target), since(logs.since))
        }
        Question::Events { target } => format!("events{}", of(target)),
        Question::Describe { target } => format!("describe{}", of(target)),
        Question::Changed { target, since: when } => format!("changed{}{}", of(target), since(when)),
        Question::Why => "why".to_owned(),
        Question::WhyNot { what } => format!("why not{}", of(what)),
        Question::Compare { with } => format!("compare {}", when(with)),
        Question::WhoElse { place } => format!("who else{}", of(place)),
        Question::NextSteps => "next steps".to_owned(),
        Question::Metrics { target, what } => {
            format!("metrics{}{}", of(target), what.map(|what| format!(" {what:?}")).unwrap_or_default())
        }
        Question::Timeline => "timeline".to_owned(),
        Question::Status => "status".to_owned(),
        Question::Stop => "stop".to_owned(),
    }
}

#[rstest]
// logs
#[case("logs", "logs")]
#[case("Logs?", "logs")]
#[case("show me the logs", "logs")]
#[case("can you show me the logs of the previous container?", "logs -p")]
#[case("logs checkout -c app --previous --since 10m --grep timeout", "logs checkout -c app -p since 10m grep timeout")]
#[case("logs of checkout", "logs checkout")]
#[case("logs from payments please", "logs payments")]
#[case("logs for pod checkout-7d9f-abc", "logs pod/checkout-7d9f-abc")]
#[case("kubectl logs checkout-7d9f-abc -c app -p", "logs checkout-7d9f-abc -c app -p")]
#[case("Could you please show us the logs of checkout in the last 10 minutes?", "logs checkout since 10m")]
#[case("logs since 14:00", "logs since 14:00:00")]
#[case("logs of checkout since an hour ago", "logs checkout since 1h")]
#[case("previous logs", "logs -p")]
#[case("previous logs of checkout", "logs checkout -p")]
#[case("logs --previous", "logs -p")]
#[case("logs before the restart", "logs -p")]
#[case("logs of checkout from before the crash", "logs checkout -p")]
#[case("logs of the app container", "logs -c app")]
#[case("logs of container istio-proxy", "logs -c istio-proxy")]
#[case("checkout logs", "logs checkout")]
#[case("show me the checkout logs", "logs checkout")]
#[case("show the checkout pod logs", "logs checkout")]
#[case("logs of checkout in shop", "logs shop/checkout")]
#[case("logs of checkout in the shop namespace", "logs shop/checkout")]
#[case("logs deploy/checkout", "logs deploy/checkout")]
#[case("logs containing \"connection refused\"", "logs grep connection refused")]
#[case("show me the logs with Timeout of payments", "logs payments grep Timeout")]
#[case("grep timeout in checkout", "logs checkout grep timeout")]
#[case("grep OOM", "logs grep OOM")]
#[case("search the logs for \"connection reset\"", "logs grep connection reset")]
#[case("last 50 lines of checkout", "logs checkout 50 lines")]
#[case("the last 200 log lines", "logs 200 lines")]
#[case("tail 100", "logs 100 lines")]
#[case("logs of checkout --tail 20", "logs checkout 20 lines")]
#[case("errors in the logs of payments", "logs payments grep error")]
#[case("any errors in the logs?", "logs grep error")]
#[case("are there any errors in checkout?", "logs checkout grep error")]
#[case("what happened before the restart?", "logs -p")]
#[case("what did it log before it crashed?", "logs -p")]
#[case("what do the logs say?", "logs")]
#[case("thanks, can you show me the logs", "logs")]
// events, objects
#[case("events", "events")]
#[case("show events", "events")]
#[case("events of checkout", "events checkout")]
#[case("events checkout", "events checkout")]
#[case("any events in namespace shop?", "events namespace/shop")]
#[case("what events are there?", "events")]
#[case("can you get the events for pod checkout-abc", "events pod/checkout-abc")]
#[case("warnings?", "events")]
#[case("describe pod checkout-abc", "describe pod/checkout-abc")]
#[case("describe deploy/checkout", "describe deploy/checkout")]
#[case("kubectl describe node worker-1", "describe node/worker-1")]
#[case("describe it", "describe")]
#[case("describe", "describe")]
#[case("please describe the pod", "describe")]
#[case("show me deployment checkout", "describe deployment/checkout")]
#[case("get deploy/checkout", "describe deploy/checkout")]
// changes
#[case("what changed since yesterday?", "changed since 24h")]
#[case("what changed in the last 2 hours", "changed since 2h")]
#[case("what changed?", "changed")]
#[case("What's changed?", "changed")]
#[case("whats changed recently", "changed")]
#[case("what changed in checkout?", "changed checkout")]
#[case("what has changed in checkout since 14:00?", "changed checkout since 14:00:00")]
#[case("did anyone deploy?", "changed")]
#[case("did anyone deploy payments today?", "-")]
#[case("did anyone deploy today?", "changed since 00:00:00")]
#[case("was there a rollout in the last hour?", "changed since 1h")]
#[case("has anything changed?", "changed")]
#[case("any recent changes?", "changed")]
#[case("any deploys in the last 30m?", "changed since 30m")]
#[case("diff revision", "changed")]
#[case("diff", "changed")]
#[case("show me the diff", "changed")]
#[case("what did the deploy change besides that?", "changed")]
#[case("rollout history of checkout", "changed checkout")]
#[case("when was the last deploy?", "changed")]
// why
#[case("why?", "why")]
#[case("Why", "why")]
#[case("why do you think it is the config?", "why")]
#[case("why do you think so?", "why")]
#[case("how do you know?", "why")]
#[case("what's the evidence?", "why")]
#[case("show me the evidence", "why")]
#[case("are you sure?", "why")]
#[case("explain", "why")]
#[case("why is it failing?", "why")]
#[case("what's the root cause?", "why")]
#[case("why did it crash", "why")]
#[case("what makes you think that?", "why")]
// why not
#[case("why not the node?", "why not node")]
#[case("why do you rule out memory?", "why not memory")]
#[case("why do you rule out the node?", "why not node")]
#[case("why did you rule out a network problem?", "why not network problem")]
#[case("why is the image ruled out?", "why not image")]
#[case("is it the network?", "why not network")]
#[case("could it be DNS?", "why not dns")]
#[case("isn't it the database?", "why not database")]
#[case("is it a memory leak?", "why not memory leak")]
#[case("couldn't it be node worker-3?", "why not node worker-3")]
#[case("why can't it be the config?", "why not config")]
#[case("was it the last deploy?", "why not last deploy")]
#[case("is it payments-db?", "why not payments-db")]
#[case("what did you rule out?", "why not")]
#[case("why did you rule that out?", "why not")]
// compare
#[case("compare with 14:00", "compare 14:00:00")]
#[case("compare to yesterday", "compare 24h")]
#[case("compare it with 2 hours ago", "compare 2h")]
#[case("was it like this an hour ago?", "compare 1h")]
#[case("was it slow yesterday too?", "-")]
#[case("was it slow yesterday?", "compare 24h")]
#[case("how was it at 2:30pm?", "compare 14:30:00")]
#[case("how did it look yesterday?", "compare 24h")]
#[case("how is it different from last week?", "compare 168h")]
#[case("compare with 2026-11-22T14:00:00Z", "compare 2026-11-22T14:00:00Z")]
// who else
#[case("who else is hit?", "who else")]
#[case("who is affected?", "who else")]
#[case("what else is broken?", "who else")]
#[case("is anything else affected?", "who else")]
#[case("is eu-west hit as well?", "who else eu-west")]
#[case("is the prod-us cluster affected too?", "who else prod-us")]
#[case("is payments down as well?", "who else payments")]
#[case("does this affect payments?", "who else payments")]
#[case("blast radius", "who else")]
#[case("what's the blast radius?", "who else")]
#[case("what is the impact?", "who else")]
#[case("which services are affected?", "who else")]
#[case("are customers affected?", "who else")]
// next steps
#[case("what should I do?", "next steps")]
#[case("what should we do now?", "next steps")]
#[case("next steps", "next steps")]
#[case("what are the next steps?", "next steps")]
#[case("what's next?", "next steps")]
#[case("how do I fix it", "next steps")]
#[case("how can we mitigate this?", "next steps")]
#[case("how do I roll back?", "next steps")]
#[case("how to fix this?", "next steps")]
#[case("what do you recommend?", "next steps")]
#[case("so what's the fix?", "next steps")]
// metrics
#[case("metrics of checkout", "metrics checkout")]
#[case("metrics", "metrics")]
#[case("memory of checkout", "metrics checkout Memory")]
#[case("show me the memory usage of checkout", "metrics checkout Memory")]
#[case("cpu", "metrics Cpu")]
#[case("CPU usage?", "metrics Cpu")]
#[case("restart count", "metrics Restarts")]
#[case("how many restarts?", "metrics Restarts")]
#[case("how often did it restart?", "metrics Restarts")]
#[case("how much memory does checkout use?", "metrics checkout Memory")]
#[case("what's the memory usage of the pod?", "metrics Memory")]
#[case("show me the graphs", "metrics")]
// the run itself
#[case("how is it going", "status")]
#[case("status", "status")]
#[case("Status?", "status")]
#[case("what's the status?", "status")]
#[case("are you done yet?", "status")]
#[case("are you still working on it?", "-")]
#[case("are you still working?", "status")]
#[case("timeline", "timeline")]
#[case("when did it start?", "timeline")]
#[case("what happened?", "timeline")]
#[case("stop", "stop")]
#[case("Stop!", "stop")]
#[case("please stop", "stop")]
#[case("stop it", "stop")]
#[case("nevermind stop", "stop")]
#[case("never mind, stop", "stop")]
#[case("stop investigating please", "stop")]
#[case("you can stop now", "stop")]
#[case("cancel that", "stop")]
fn what_people_ask(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(shown(text), expected, "{text}");
}

#[rstest]
fn what_people_say_to_each_other(
    #[values(
        "", "?", "👍", "ok", "please", "thanks", "thanks!", "thank you", "lgtm", "lgtm, deploying the fix now", "nice", "hmm", "yes", "no", "+1",
        "anyone else seeing this?", "can you write me a poem?", "can you look into this?", "on it", "I'm on it", "looking", "looking into it",
        "brb", "good catch", "good morning", "sorry, wrong channel", "false alarm", "nevermind", "never mind", "why not?", "sure, why not",
        "why not just restart it?", "why not roll back?", "is it friday yet?", "is it just me?", "is it down for everyone?", "is it fixed?",
        "is it ok now?", "is it done?", "is it the same as yesterday?", "it was the network", "I think it is the network", "it's DNS, it's always DNS",
        "the node is fine", "memory looks fine", "memory is at 90%", "cpu is high", "logs look fine", "nice logs", "no logs", "adding logs",
        "I added logs to checkout", "the logs are empty", "checking the logs", "I checked the logs and found nothing", "logs attached",
        "errors are going down", "no errors in the logs", "no events", "events are weird", "main event tonight", "stop deploying to prod",
        "stop the rollout", "stop the deploy please", "we should stop", "don't stop", "stop, that's wrong", "status page is red", "updating the status page",
        "what a mess", "what is this?", "what's for lunch?", "who is on call?", "who is looking at this?", "who's on it?", "who broke it?", "is bob around?",
        "is anyone looking?", "did you try restarting it?", "did anyone call the customer?", "did anyone page the dba?", "we deployed 10 minutes ago",
        "I deployed a fix", "deploying now", "rolled back", "rolling back", "rollback done", "changes are live", "the changes look good", "restarting checkout",
        "restarts are back to normal", "I restarted it", "let me know when it's done", "how are you?", "how about a coffee?", "how is everyone?",
        "what do you all think?", "what do we tell the customers?", "any update?", "any news?", "any idea?", "ping @bob", "can someone take this?",
        "can you take over?", "could you approve the PR?", "please approve", "next time we should test this", "next week", "compare notes later",
        "compare this with the runbook", "describe the issue in the ticket please", "describe what you see", "show me the money", "show must go on",
        "get some sleep", "give me a minute", "give me 5 minutes", "last 5 minutes were bad", "check the dashboard", "check slack", "check your email",
        "list of affected customers is in the doc", "metrics are back", "the impact is small", "impact is low so far", "timeline is in the doc",
        "I'll write the timeline", "evidence suggests dns", "payments is down as well", "eu-west is hit as well", "is the deploy done as well?",
        "explain to me like I'm five", "explain it to the customer", "are you sure about the coffee?", "why is the sky blue?", "why is bob not here?",
        "why me", "why do we even have this service", "why would you do that?", "grep is your friend", "grep it", "tail wagging the dog", "fix it",
        "fixed", "how do I fix my laptop?", "how do I get access to prod?", "what should I eat?", "what changed your mind?", "who else is hungry?",
        "does it affect you?", "are we good?", "are we done here?", "done", "closing this", "resolved", "see you tomorrow",
    )]
    text: &str,
) {
    assert_eq!(shown(text), "-", "{text}");
}

#[test]
fn what_tells_something_is_no_question() {
    assert_eq!(understand(&format!("why {}", "a".repeat(300))), None);
    assert_eq!(understand("why?\nbecause of the deploy"), None);
}

#[test]
fn every_example_of_the_list_is_understood() {
    let table = understood().parts.into_iter().find_map(|part| if let Part::Table { rows, .. } = part { Some(rows) } else { None });
    let mut kinds = std::collections::BTreeSet::new();
    for row in table.unwrap() {
        let question = understand(&row[1]);
        assert!(question.is_some(), "{}", row[1]);
        kinds.insert(shown(&row[1]).split(' ').next().unwrap().to_owned());
    }
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

#[test]
fn a_question_comes_back_from_the_store() {
    for text in ["logs checkout -p since 10m grep x", "memory of checkout", "compare with 14:00", "is eu-west hit?", "timeline", "stop"] {
        let question = understand(text).unwrap();
        let json = serde_json::to_string(&question).unwrap();
        assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), question, "{json}");
    }
    let old = serde_json::from_str::<Question>(r#"{"question":"metrics","target":null}"#).unwrap();
    assert_eq!(old, Question::Metrics { target: None, what: None });
}

#[test]
fn what_is_in_the_report_needs_no_reads() {
    for text in ["why?", "why not the node?", "who else is hit?", "next steps", "timeline", "status", "stop"] {
        assert!(!understand(text).unwrap().needs_reads(), "{text}");
    }
    for text in ["logs", "events", "describe it", "what changed?", "compare with 14:00", "is eu-west hit?", "cpu"] {
        assert!(understand(text).unwrap().needs_reads(), "{text}");
    }
}

#[test]
fn times_are_of_their_kind() {
    let since = |text| match understand(text) {
        Some(Question::Changed { since, .. }) => since,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(since("what changed since 2 hours ago"), Some(When::Ago(SignedDuration::from_hours(2))));
    assert_eq!(since("what changed since 14:00"), Some(When::Clock(civil::time(14, 0, 0, 0))));
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic(text in "\\PC{0,120}") {
        let _ = understand(&text);
    }

    #[test]
    fn words_of_questions_in_any_order_do_not_panic(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "logs", "of", "checkout", "since", "10m", "--grep", "-c", "the", "previous", "container", "why", "not", "is", "it", "last", "5", "lines",
            "compare", "with", "14:00", "in", "shop", "hit", "what", "changed", "-n", "memory", "how", "much", "?", "\"", "'",
        ]), 0..10)) {
        let _ = understand(&words.join(" "));
    }
}
