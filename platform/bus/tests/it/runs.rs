//! Runs in the order of the bus.

use std::time::Duration;

use sluice_bus::{Backlog, Delivery};
use sluice_schema::{Envelope, EventId};

use crate::support::{Kind, bus, event, fresh, on_every_bus};

const LEASE: Duration = Duration::from_secs(60);

on_every_bus!(
    a_run_is_the_oldest_deliveries_in_their_order_whatever_their_subjects,
    while_a_run_is_leased_nobody_else_gets_any,
    what_waits_for_its_next_attempt_holds_up_those_behind_it,
    a_dead_letter_holds_nothing_up_and_can_be_redriven,
    what_is_given_back_counts_as_not_attempted,
    a_lease_of_a_run_that_ran_out_is_free,
    completing_together_leaves_no_message,
    many_claimants_take_everything_once_and_in_order,
);

fn events(count: usize) -> Vec<Envelope> {
    let subject = |n: usize| format!("s{}", n % 3);
    (0..count)
        .map(|n| event("Happened", "acme", &subject(n)))
        .collect()
}

fn ids<'a>(events: impl IntoIterator<Item = &'a Envelope>) -> Vec<EventId> {
    events.into_iter().map(|event| event.event_id).collect()
}

fn of(run: &[Delivery]) -> Vec<EventId> {
    ids(run.iter().map(|delivery| &delivery.envelope))
}

async fn a_run_is_the_oldest_deliveries_in_their_order_whatever_their_subjects(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let events = events(7);
    bus.publish(&events).await.unwrap();
    let run = bus.claim_run("branch", 5, LEASE).await.unwrap();
    assert_eq!(of(&run), ids(&events[..5]));
    assert!(run.iter().all(|delivery| delivery.attempt == 1));
    bus.complete_all(&run).await.unwrap();
    let rest = bus.claim_run("branch", 5, LEASE).await.unwrap();
    assert_eq!(of(&rest), ids(&events[5..]));
}

async fn while_a_run_is_leased_nobody_else_gets_any(kind: Kind) {
    let (place, one) = fresh(kind).await;
    one.publish(&events(4)).await.unwrap();
    let run = one.claim_run("branch", 2, LEASE).await.unwrap();
    let other = bus(&place).await;
    assert!(
        other
            .claim_run("branch", 2, LEASE)
            .await
            .unwrap()
            .is_empty()
    );
    one.complete(&run[0]).await.unwrap();
    assert!(
        other
            .claim_run("branch", 2, LEASE)
            .await
            .unwrap()
            .is_empty()
    );
    let others = other.claim_run("commit", 9, LEASE).await.unwrap();
    assert_eq!(others.len(), 4, "another consumer's leases are its own");
    one.complete(&run[1]).await.unwrap();
    assert_eq!(other.claim_run("branch", 9, LEASE).await.unwrap().len(), 2);
}

async fn what_waits_for_its_next_attempt_holds_up_those_behind_it(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let events = events(4);
    bus.publish(&events).await.unwrap();
    let run = bus.claim_run("branch", 9, LEASE).await.unwrap();
    let later = Some(Duration::from_secs(3_600));
    bus.fail(&run[2], "not yet", later).await.unwrap();
    bus.release(&run[3..]).await.unwrap();
    bus.release(&run[..2]).await.unwrap();
    let next = bus.claim_run("branch", 9, LEASE).await.unwrap();
    assert_eq!(of(&next), ids(&events[..2]));
    bus.complete_all(&next).await.unwrap();
    assert!(bus.claim_run("branch", 9, LEASE).await.unwrap().is_empty());
}

async fn a_dead_letter_holds_nothing_up_and_can_be_redriven(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let events = events(3);
    bus.publish(&events).await.unwrap();
    let run = bus.claim_run("branch", 1, LEASE).await.unwrap();
    bus.fail(&run[0], "never", None).await.unwrap();
    let rest = bus.claim_run("branch", 9, LEASE).await.unwrap();
    assert_eq!(of(&rest), ids(&events[1..]));
    let letter = (events[0].event_id, "branch".to_owned());
    let tenant = "acme".parse().unwrap();
    assert_eq!(bus.redrive(&tenant, &[letter]).await.unwrap(), 1);
    let held = bus.claim_run("branch", 9, LEASE).await.unwrap();
    assert!(held.is_empty(), "one claimant at a time: {held:?}");
    bus.complete_all(&rest).await.unwrap();
    let again = bus.claim_run("branch", 9, LEASE).await.unwrap();
    assert_eq!((of(&again), again[0].attempt), (ids(&events[..1]), 1));
}

async fn what_is_given_back_counts_as_not_attempted(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    bus.publish(&events(2)).await.unwrap();
    let run = bus.claim_run("branch", 9, LEASE).await.unwrap();
    bus.release(&run).await.unwrap();
    bus.release(&run).await.unwrap();
    let again = bus.claim_run("branch", 9, LEASE).await.unwrap();
    assert_eq!(of(&again), of(&run));
    assert!(again.iter().all(|delivery| delivery.attempt == 1));
}

async fn a_lease_of_a_run_that_ran_out_is_free(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    bus.publish(&events(2)).await.unwrap();
    let dead = bus.claim_run("branch", 9, Duration::ZERO).await.unwrap();
    let next = bus.claim_run("branch", 9, LEASE).await.unwrap();
    assert_eq!(of(&next), of(&dead));
    assert!(next.iter().all(|delivery| delivery.attempt == 2));
}

async fn completing_together_leaves_no_message(kind: Kind) {
    let (place, bus) = fresh(kind).await;
    for _ in 0..20 {
        bus.publish(&events(10)).await.unwrap();
        let one = bus.claim_run("branch", 10, LEASE).await.unwrap();
        let two = bus.claim_run("commit", 10, LEASE).await.unwrap();
        let (one, two) = tokio::join!(bus.complete_all(&one), bus.complete_all(&two));
        one.and(two).unwrap();
        assert_eq!(bus.backlog().await.unwrap(), Backlog::default());
        assert_eq!(place.messages().await, 0);
    }
}

async fn many_claimants_take_everything_once_and_in_order(kind: Kind) {
    let (place, first) = fresh(kind).await;
    let events = events(60);
    first.publish(&events).await.unwrap();
    let taken = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut claimants = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (other, taken) = (bus(&place).await, taken.clone());
        claimants.spawn(async move {
            while other.backlog().await.unwrap().waiting > 60 {
                let run = other.claim_run("branch", 7, LEASE).await.unwrap();
                taken.lock().unwrap().extend(of(&run));
                other.complete_all(&run).await.unwrap();
            }
        });
    }
    claimants.join_all().await;
    assert_eq!(*taken.lock().unwrap(), ids(&events));
}
