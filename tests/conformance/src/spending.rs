//! What language models took is counted once, and summed up by day, by user and by job.

use std::sync::Arc;
use std::time::Duration;

use midwatch_agent::request::ModelUse;
use midwatch_service::clock::after;
use midwatch_service::id::{JobId, SpendId};
use midwatch_service::job::Actor;
use midwatch_service::port::store::{CommitError, Retention, SPENDING_KEPT, Store, Write};
use midwatch_service::spend::{DaySpend, Spend, Spender, day};

use crate::given::{Desk, actor, at};

fn used(tokens: u64, micro_usd: Option<u64>) -> ModelUse {
    ModelUse { requests: 1, calls: 2, input: tokens, output: 10, cached: 5, micro_usd }
}

fn spend(seconds: i64, job: JobId, actor: Actor, used: ModelUse) -> Spend {
    Spend { id: SpendId::new(), at: at(seconds), job, actor, model: "main".to_owned(), used }
}

fn bob() -> Actor {
    Actor { user: "bob".to_owned(), ..actor() }
}

async fn spent(desk: &Desk, since: i64, by: Option<&Actor>) -> ModelUse {
    desk.store.spent(at(since), by.map(Spender::from).as_ref()).await.unwrap()
}

pub async fn what_was_spent_adds_up_once<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    assert_eq!(spent(&desk, 0, None).await, ModelUse::default());
    // Of a job that is not there: the money is gone all the same.
    let (one, two) = (JobId::new(), JobId::new());
    let first = spend(10, one, actor(), used(100, Some(7)));
    let again = spend(20, one, actor(), used(100, Some(7)));
    desk.done(10, vec![Write::Spent(first.clone())]).await;
    desk.done(20, vec![Write::Spent(again), Write::Spent(first.clone())]).await;
    desk.done(30, vec![Write::Spent(Spend { at: at(30), used: used(9_999, None), ..first })]).await;
    desk.done(30, vec![Write::Spent(spend(30, two, bob(), used(1_000, None)))]).await;
    let of_alice = ModelUse { requests: 2, calls: 4, input: 200, output: 20, cached: 10, micro_usd: Some(14) };
    let of_bob = used(1_000, None);
    assert_eq!(spent(&desk, 0, Some(&actor())).await, of_alice, "a second attempt adds, the same id does not");
    assert_eq!(spent(&desk, 0, Some(&bob())).await, of_bob, "nobody said what it costs");
    let all = ModelUse { micro_usd: Some(14), ..of_alice.and(of_bob) };
    assert_eq!(spent(&desk, 0, None).await, all, "the cost that is known");
    assert_eq!(desk.store.spent_on(one).await.unwrap(), of_alice);
    assert_eq!(desk.store.spent_on(two).await.unwrap(), of_bob);
    assert_eq!(desk.store.spent_on(JobId::new()).await.unwrap(), ModelUse::default());
    assert_eq!(spent(&desk, 20, Some(&actor())).await, used(100, Some(7)), "the moment itself counts");
    assert_eq!(spent(&desk, 31, None).await, ModelUse::default());
    let elsewhere = Actor { platform: "slack".to_owned(), ..actor() };
    assert_eq!(spent(&desk, 0, Some(&elsewhere)).await, ModelUse::default(), "another platform's alice");
    drop(desk);
    assert_eq!(spent(&Desk::open(&open).await, 0, None).await, all, "a restart forgives nothing");
}

pub async fn what_was_spent_is_as_atomic_as_the_rest<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let mine = spend(0, JobId::new(), actor(), used(100, None));
    let refused = desk.commit(0, vec![Write::Spent(mine), Write::Replay { job: JobId::new(), by: actor() }]).await;
    assert!(matches!(refused, Err(CommitError::NotFound(_))), "{refused:?}");
    assert_eq!(spent(&desk, 0, None).await, ModelUse::default());
}

pub async fn spending_that_nobody_believes_still_adds_up<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let most =
        ModelUse { requests: 1, calls: 1, input: u64::MAX, output: u64::MAX, cached: 0, micro_usd: Some(u64::MAX) };
    for _ in 0..3 {
        desk.done(0, vec![Write::Spent(spend(0, JobId::new(), actor(), most))]).await;
    }
    let all = spent(&desk, 0, None).await;
    assert!(all.requests == 3 && all.input >= 1 << 40 && all.micro_usd >= Some(1 << 40), "{all:?}");
}

pub async fn a_sweep_keeps_what_was_spent_lately<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let old = spend(0, JobId::new(), actor(), used(1, None));
    let late = spend(10, JobId::new(), actor(), used(2, None));
    desk.done(10, vec![Write::Spent(old), Write::Spent(late)]).await;
    let hour = Duration::from_hours(1);
    let keep = Retention { jobs: hour, incidents: hour, batch: 100 };
    let end = i64::try_from(SPENDING_KEPT.as_secs()).unwrap();
    assert_eq!(desk.store.sweep(at(end - 1), keep).await.unwrap(), 0, "budgets of the day count on it");
    assert_eq!(desk.store.sweep(at(end), keep).await.unwrap(), 1);
    assert_eq!(spent(&desk, 0, None).await.input, 2);
    let longer = Retention { jobs: SPENDING_KEPT + hour, ..keep };
    assert_eq!(desk.store.sweep(at(end + 10), longer).await.unwrap(), 0, "kept as ended jobs are");
    assert_eq!(desk.store.sweep(at(end + 10 + 3600), longer).await.unwrap(), 1);
}

pub async fn spending_is_told_by_day_spender_and_model<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    assert_eq!(desk.store.spending(at(0)).await.unwrap(), []);
    let today = Spend { at: day(at(0)), ..spend(0, JobId::new(), actor(), used(100, Some(7))) };
    let later = |spend: Spend, hours: u64| Spend { at: after(today.at, Duration::from_hours(hours)), ..spend };
    let new = |by, used| spend(0, JobId::new(), by, used);
    let small = Spend { model: "small".to_owned(), ..new(actor(), used(1, Some(1))) };
    let writes = [
        today.clone(),
        later(new(actor(), used(10, None)), 23),
        later(small, 1),
        later(new(bob(), used(1_000, None)), 2),
        later(new(actor(), used(5, Some(3))), 24),
    ];
    desk.done(0, writes.map(Write::Spent).into()).await;
    let row = |days: u64, by: &Actor, model: &str, used: ModelUse| DaySpend {
        day: after(today.at, Duration::from_hours(24 * days)),
        by: Spender::from(by),
        model: model.to_owned(),
        used,
    };
    let both = ModelUse { requests: 2, calls: 4, input: 110, output: 20, cached: 10, micro_usd: Some(7) };
    let expected = [
        row(1, &actor(), "main", used(5, Some(3))),
        row(0, &actor(), "main", both),
        row(0, &actor(), "small", used(1, Some(1))),
        row(0, &bob(), "main", used(1_000, None)),
    ];
    assert_eq!(desk.store.spending(today.at).await.unwrap(), expected);
    let since = after(today.at, Duration::from_hours(2));
    let told = desk.store.spending(since).await.unwrap();
    let tokens: Vec<u64> = told.iter().map(|row| row.used.input).collect();
    assert_eq!(tokens, [5, 10, 1_000], "only what was spent since, the moment itself counted");
}
