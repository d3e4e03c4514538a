//! How incidents move, case by case and for any order of deliveries.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::id::{IncidentId, ThreadId};
use crate::incident::FoldedAlerts;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn incident(kind: IncidentKind) -> Incident {
    Incident {
        id: IncidentId::new(),
        revision: 0,
        source: "alertmanager".to_owned(),
        keys: Vec::new(),
        title: "A shop".to_owned(),
        severity: None,
        state: IncidentState::Firing,
        kind,
        alerts: BTreeMap::new(),
        folded: FoldedAlerts::default(),
        beyond: 0,
        received: 0,
        repeats: 0,
        reopened: 0,
        opened_at: at(0),
        last_at: at(0),
        thread: ThreadId::new(),
        job: None,
        previous: None,
    }
}

fn storm() -> Incident {
    incident(IncidentKind::Storm { rows: Vec::new(), beyond: 0, grew_at: at(0) })
}

/// An alert that began and, when it is resolved, ended at these seconds.
fn arrival(id: u64, starts: i64, ends: Option<i64>) -> Arrival {
    let labels =
        [("alertname", format!("A{}", id % 7)), ("namespace", format!("ns{}", id % 5)), ("id", id.to_string())];
    let alert = Alert {
        name: format!("A{}", id % 7),
        firing: ends.is_none(),
        labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        starts_at: Some(at(starts)),
        ends_at: ends.map(at),
        ..Alert::default()
    };
    Arrival { id, alert, ..Arrival::default() }
}

fn graded(id: u64, severity: &str) -> Arrival {
    let mut arrival = arrival(id, 0, None);
    arrival.alert.labels.insert("severity".to_owned(), severity.to_owned());
    arrival
}

#[test]
fn it_fires_resolves_and_fires_again_in_one_life() {
    let first = take(incident(IncidentKind::Group), &[arrival(1, 0, None), arrival(2, 0, None)], 0, at(1));
    assert_eq!(first.effects, [Effect::Grew(2)]);
    let half = take(first.incident, &[arrival(1, 0, Some(60))], 0, at(61));
    assert_eq!((half.effects.as_slice(), half.incident.state), (&[][..], IncidentState::Firing));
    let whole = take(half.incident, &[arrival(2, 0, Some(660))], 0, at(670));
    assert_eq!(whole.effects, [Effect::Resolved(Duration::from_mins(11))]);
    let now = counts(&whole.incident, at(700));
    assert_eq!((now.firing, now.resolved, now.resolved_after.as_deref()), (0, 2, Some("11 min")));
    let again = take(whole.incident, &[arrival(1, 900, None)], 0, at(910));
    assert_eq!((again.effects.as_slice(), again.incident.state), (&[Effect::Reopened][..], IncidentState::Firing));
    assert_eq!((again.incident.reopened, again.incident.received, again.incident.repeats), (1, 5, 0));
    assert_eq!(counts(&again.incident, at(910)).resolved_after, None);
}

#[test]
fn a_repeat_changes_counters_only() {
    let first = take(incident(IncidentKind::Group), &[arrival(1, 0, None)], 0, at(1)).incident;
    let second = take(first.clone(), &[arrival(1, 0, None)], 2, at(2));
    assert!(second.effects.is_empty());
    let expected = (first.received + 3, first.repeats + 1, first.alerts.len());
    assert_eq!((second.incident.received, second.incident.repeats, second.incident.alerts.len()), expected);
}

#[test]
fn of_two_replicas_the_one_that_fires_counts() {
    let both = [arrival(1, 0, Some(5)), arrival(1, 0, None)];
    let step = take(incident(IncidentKind::Group), &both, 0, at(6));
    assert_eq!(
        (step.incident.state, step.incident.alerts.len(), step.incident.received),
        (IncidentState::Firing, 1, 2)
    );
}

#[rstest]
#[case::a_resolve_of_an_earlier_episode(arrival(1, 100, None), arrival(1, 0, Some(50)), true)]
#[case::a_resolve_that_ended_before_it_fired(arrival(1, 100, None), arrival(1, 100, Some(50)), true)]
#[case::its_own_resolve(arrival(1, 100, None), arrival(1, 100, Some(150)), false)]
#[case::a_late_copy_of_the_firing(arrival(1, 100, Some(150)), arrival(1, 100, None), false)]
#[case::a_firing_of_an_earlier_episode(arrival(1, 100, Some(150)), arrival(1, 0, None), false)]
#[case::a_new_episode(arrival(1, 100, Some(150)), arrival(1, 160, None), true)]
fn what_is_older_flips_nothing(#[case] known: Arrival, #[case] comes: Arrival, #[case] firing: bool) {
    let start = take(incident(IncidentKind::Group), &[known], 0, at(161)).incident;
    let step = take(start, &[comes], 0, at(165));
    assert_eq!(counts(&step.incident, at(165)).firing, u64::from(firing));
}

#[test]
fn the_same_episode_fires_again_when_its_source_was_away_for_long() {
    let resolved = take(incident(IncidentKind::Group), &[arrival(1, 0, Some(50))], 0, at(60)).incident;
    let step = take(resolved, &[arrival(1, 0, None)], 0, at(120));
    assert_eq!(counts(&step.incident, at(120)).firing, 1);
}

#[test]
fn the_gravest_severity_stays() {
    let warning = take(incident(IncidentKind::Group), &[graded(1, "warning")], 0, at(1)).incident;
    let critical = take(warning, &[graded(2, "info"), graded(3, "critical")], 0, at(2));
    assert!(critical.effects.contains(&Effect::Graver("critical".to_owned())));
    let lower = take(critical.incident, &[graded(4, "warning")], 0, at(3));
    assert_eq!(
        (lower.effects.as_slice(), lower.incident.severity.as_deref()),
        (&[Effect::Grew(1)][..], Some("critical"))
    );
}

#[test]
fn alerts_beyond_those_kept_singly_still_resolve() {
    let many: Vec<Arrival> = (0..700).map(|id| arrival(id, 0, None)).collect();
    let open = take(incident(IncidentKind::Group), &many, 0, at(1)).incident;
    assert_eq!((open.alerts.len(), open.folded.len(), open.received), (ALERTS_KEPT, 200, 700));
    let kept = take(open, &(0..500).map(|id| arrival(id, 0, Some(9))).collect::<Vec<_>>(), 0, at(10)).incident;
    assert_eq!((kept.state, counts(&kept, at(10)).firing), (IncidentState::Firing, 200));
    let all = take(kept, &(500..700).map(|id| arrival(id, 0, Some(9))).collect::<Vec<_>>(), 0, at(11)).incident;
    assert_eq!(all.state, IncidentState::Resolved(at(11)));
}

#[test]
fn a_storm_has_a_row_for_each_name_and_namespace() {
    let many: Vec<Arrival> = (0..350).map(|id| arrival(id, 0, None)).collect();
    let blown = take(storm(), &many, 0, at(1)).incident;
    let some: Vec<Arrival> = (0..70).map(|id| arrival(id, 0, Some(9))).collect();
    let half = vanish(take(blown, &some, 0, at(10)).incident, &(70..140).collect(), at(11)).incident;
    let IncidentKind::Storm { rows, beyond, .. } = &half.kind else { panic!("{half:?}") };
    assert_eq!((rows.len(), *beyond), (35, 0));
    assert!(rows.iter().all(|row| (row.total, row.firing) == (10, 6)), "{rows:?}");
    assert_eq!(counts(&half, at(11)).firing, 210);
}

#[test]
fn rows_beyond_the_table_are_counted() {
    let many = (0..300).map(|id| {
        let mut arrival = arrival(id, 0, None);
        arrival.alert.name = format!("N{id}");
        arrival
    });
    let blown = take(storm(), &many.collect::<Vec<_>>(), 0, at(1)).incident;
    let IncidentKind::Storm { rows, beyond, .. } = &blown.kind else { panic!("{blown:?}") };
    assert_eq!((rows.len(), *beyond), (STORM_ROWS, 100));
}

#[test]
fn what_vanished_is_resolved_and_not_received() {
    let open = take(incident(IncidentKind::Group), &[arrival(1, 0, None)], 0, at(1)).incident;
    let step = vanish(open, &[1].into(), at(60));
    assert_eq!((step.incident.state, step.incident.received), (IncidentState::Resolved(at(60)), 1));
    assert_eq!(step.effects, [Effect::Resolved(Duration::from_mins(1))]);
}

#[rstest]
#[case::resolved_a_moment_ago(Some(0), 899, false)]
#[case::quiet_for_the_window(Some(0), 900, true)]
#[case::firing(None, 86_399, false)]
#[case::forgotten(None, 86_400, true)]
fn it_closes_when_it_has_been_quiet(#[case] resolved: Option<i64>, #[case] now: i64, #[case] closes: bool) {
    let state = resolved.map_or(IncidentState::Firing, |seconds| IncidentState::Resolved(at(seconds)));
    let incident = Incident { state, ..incident(IncidentKind::Group) };
    let closed = closed(&incident, at(now), Duration::from_mins(15), Duration::from_hours(24));
    assert_eq!(closed.map(|closed| closed.state), closes.then(|| IncidentState::Closed(at(now))));
}

#[rstest]
#[case(0, "0 s")]
#[case(59, "59 s")]
#[case(679, "11 min")]
#[case(3600, "1 h")]
#[case(7500, "2 h 5 min")]
#[case(273_600, "3 d 4 h")]
fn durations_as_a_person_says_them(#[case] seconds: u64, #[case] words: &str) {
    assert_eq!(spoken(Duration::from_secs(seconds)), words);
}

/// What does not depend on when something came.
fn standing(incident: &Incident) -> (BTreeMap<String, bool>, IncidentKind) {
    let alerts = incident.alerts.iter().map(|(key, track)| (key.clone(), track.alert.firing)).collect();
    let kind = match &incident.kind {
        IncidentKind::Group => IncidentKind::Group,
        IncidentKind::Storm { rows, beyond, .. } => {
            let mut rows = rows.clone();
            rows.sort_by(|a, b| (&a.alert, &a.namespace).cmp(&(&b.alert, &b.namespace)));
            IncidentKind::Storm { rows, beyond: *beyond, grew_at: at(0) }
        }
    };
    (alerts, kind)
}

/// Episodes of a few alerts, each with its firing and perhaps its resolve.
fn deliveries() -> impl Strategy<Value = Vec<Vec<Arrival>>> {
    let one = (0..6_u64, 0..4_i64, any::<bool>()).prop_map(|(id, episode, ended)| {
        let starts = episode * 1000;
        arrival(id, starts, ended.then_some(starts + 500))
    });
    prop::collection::vec(prop::collection::vec(one, 1..5), 1..8)
}

fn play(start: Incident, deliveries: &[Vec<Arrival>]) -> Incident {
    deliveries.iter().fold(start, |incident, alerts| take(incident, alerts, 0, at(5000)).incident)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_alert_is_counted(deliveries in deliveries(), blows in any::<bool>()) {
        let start = if blows { storm() } else { incident(IncidentKind::Group) };
        let end = play(start, &deliveries);
        prop_assert_eq!(end.received, deliveries.iter().map(Vec::len).sum::<usize>() as u64);
        let now = counts(&end, at(5000));
        prop_assert_eq!(now.firing > 0, end.state == IncidentState::Firing);
        prop_assert_eq!(now.firing + now.resolved, end.alerts.len() as u64);
        if let IncidentKind::Storm { rows, .. } = &end.kind {
            prop_assert_eq!(rows.iter().map(|row| row.firing).sum::<u64>(), now.firing);
            prop_assert_eq!(rows.iter().map(|row| row.total).sum::<u64>(), end.alerts.len() as u64);
        }
    }

    #[test]
    fn a_delivery_that_comes_twice_changes_nothing_but_counters(deliveries in deliveries()) {
        let once = play(storm(), &deliveries);
        let last = deliveries.last().cloned().unwrap_or_default();
        let step = take(once.clone(), &last, 0, at(5001));
        prop_assert!(step.effects.is_empty(), "{:?}", step.effects);
        prop_assert_eq!(standing(&step.incident), standing(&once));
    }

    #[test]
    fn deliveries_out_of_order_end_the_same(mut deliveries in deliveries(), seed in any::<u64>()) {
        let in_order = play(storm(), &deliveries);
        let n = deliveries.len();
        for at in (1..n).rev() {
            deliveries.swap(at, usize::try_from(seed >> (at % 32)).unwrap_or_default() % (at + 1));
        }
        prop_assert_eq!(standing(&play(storm(), &deliveries)), standing(&in_order));
    }
}
