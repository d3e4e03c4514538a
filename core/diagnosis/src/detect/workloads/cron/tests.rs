//! Cases and their look-alikes.

use std::fmt::Write;

use super::*;
use crate::testkit::Scene;

fn scene(spec: &str, status: &str, jobs: &[&str], event: &str) -> Vec<String> {
    let mut text = format!("\nkind: CronJob\nmetadata: {{name: gc}}\nspec: {{{spec}}}\nstatus: {{{status}}}\n");
    for (n, job) in jobs.iter().enumerate() {
        write!(
            text,
            "---\nkind: Job\nmetadata: {{name: gc-{n}, ownerReferences: [{{kind: CronJob, name: gc, controller: true}}]}}\nstatus: {{{job}}}\n"
        ).unwrap();
    }
    if !event.is_empty() {
        write!(
            text,
            "---\nkind: Event\nmetadata: {{name: e}}\ninvolvedObject: {{kind: CronJob, namespace: shop, name: gc}}\ntype: Warning\nlastTimestamp: AGO(1m)\n{event}\n"
        ).unwrap();
    }
    let found: Vec<Finding> = detect(&Scene::default().yaml(&text).view());
    found.iter().map(|f| format!("{:?} {:?}", f.reason, f.role)).collect()
}

const EVERY: &str = "schedule: '*/10 * * * *', concurrencyPolicy: Forbid";
const HANGING: &str = "active: 1, startTime: AGO(45m)";
const ZONE: &str = "reason: UnknownTimeZone\nmessage: 'invalid timeZone: \"US/Pacific-New\"'";
const MANY: &str = "reason: TooManyMissedTimes\nmessage: too many missed start times";

#[rstest::rstest]
#[case::suspended("schedule: '0 7 * * *', suspend: true", "", &[], "", &["Suspended Expected"])]
#[case::zone("schedule: '30 6 * * *', timeZone: US/Pacific-New", "lastSuccessfulTime: AGO(20h)", &[], ZONE, &["BadSchedule Failing"])]
#[case::missed(EVERY, "lastScheduleTime: AGO(20h)", &[], MANY, &["RunsMissed Failing"])]
#[case::missed_and_caught_up(EVERY, "lastScheduleTime: AGO(10s), lastSuccessfulTime: AGO(5s)", &[], MANY, &["Serving Healthy"])]
#[case::pile("schedule: '*/2 * * * *'", "", &["active: 1, startTime: AGO(6m)"; 3], "", &["RunsPileUp Failing"])]
#[case::hangs(EVERY, "", &[HANGING], "", &["RunHangs Failing"])]
#[case::a_long_run("schedule: '0 2 * * *', concurrencyPolicy: Forbid", "lastSuccessfulTime: AGO(20h)", &[HANGING], "", &["Serving Healthy"])]
#[case::fails(EVERY, "lastSuccessfulTime: AGO(40m)", &["startTime: AGO(9m), conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]"], "", &["CronJobFailing Failing"])]
#[case::failed_once(EVERY, "lastSuccessfulTime: AGO(2m)", &["startTime: AGO(9m), conditions: [{type: Failed, status: 'True'}]"], "", &["Serving Healthy"])]
fn schedules(
    #[case] spec: &str,
    #[case] status: &str,
    #[case] jobs: &[&str],
    #[case] event: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(scene(spec, status, jobs, event), expected);
}

#[rstest::rstest]
#[case("*/15 * * * *", Some(900))]
#[case("* * * * *", Some(60))]
#[case("0 * * * *", Some(3600))]
#[case("0 */6 * * *", Some(21_600))]
#[case("30 6 * * *", Some(86_400))]
#[case("0 7 * * 1-5", None)]
#[case("nonsense", None)]
fn periods(#[case] schedule: &str, #[case] expected: Option<i64>) {
    assert_eq!(period(schedule), expected);
}
