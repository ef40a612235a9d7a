//! The transport alone.

use std::{collections::HashSet, time::Duration};

use sluice_bus::{Backlog, EmbeddedTransport, Transport};
use sluice_kernel::PageRequest;
use sluice_testkit::{Backend, Databases};

use crate::support::{Kind, ROUTES, bus, event, fresh, on_every_bus};

const LEASE: Duration = Duration::from_secs(60);

on_every_bus!(
    an_event_reaches_each_of_its_consumers_once,
    the_same_event_published_twice_is_taken_once,
    events_of_one_subject_are_delivered_one_after_the_other,
    a_lease_that_ran_out_is_delivered_again,
    messages_survive_the_process,
    leases_of_a_process_that_died_do_not_hold_up_the_next_one,
    many_claimers_share_without_overlap,
    what_waits_can_be_handed_over_to_another_transport,
    dead_letters_are_listed_and_redriven_within_their_tenant,
);

async fn an_event_reaches_each_of_its_consumers_once(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let both = event("Happened", "acme", "a");
    let one = event("Ended", "acme", "b");
    let none = event("Ignored", "acme", "c");
    bus.publish(&[both.clone(), one.clone(), none])
        .await
        .unwrap();
    let claimed = bus.claim("branch", 10, LEASE).await.unwrap();
    assert_eq!(
        claimed
            .iter()
            .map(|d| d.envelope.clone())
            .collect::<Vec<_>>(),
        std::slice::from_ref(&both)
    );
    let others = bus.claim("commit", 10, LEASE).await.unwrap();
    assert_eq!(
        others
            .iter()
            .map(|d| d.envelope.clone())
            .collect::<Vec<_>>(),
        [both, one]
    );
    assert!(
        bus.claim("branch", 10, LEASE).await.unwrap().is_empty(),
        "leased"
    );
    for delivery in claimed.iter().chain(&others) {
        bus.complete(delivery).await.unwrap();
    }
    assert_eq!(bus.backlog().await.unwrap(), Backlog::default());
}

async fn the_same_event_published_twice_is_taken_once(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let happened = event("Happened", "acme", "a");
    bus.publish(&[happened.clone(), happened.clone()])
        .await
        .unwrap();
    bus.publish(&[happened]).await.unwrap();
    assert_eq!(bus.claim("branch", 10, LEASE).await.unwrap().len(), 1);
    assert_eq!(
        bus.backlog().await.unwrap().waiting,
        2,
        "one for each consumer"
    );
}

async fn events_of_one_subject_are_delivered_one_after_the_other(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let first = event("Happened", "acme", "a");
    let second = event("Happened", "acme", "a");
    let other = event("Happened", "acme", "b");
    bus.publish(&[first.clone(), second.clone(), other.clone()])
        .await
        .unwrap();
    let claimed = bus.claim("branch", 10, LEASE).await.unwrap();
    let ids: Vec<_> = claimed.iter().map(|d| d.envelope.event_id).collect();
    assert_eq!(ids, [first.event_id, other.event_id]);
    bus.fail(&claimed[0], "not yet", Some(Duration::from_secs(3_600)))
        .await
        .unwrap();
    assert!(
        bus.claim("branch", 10, LEASE).await.unwrap().is_empty(),
        "the second waits for the first"
    );
    bus.fail(&claimed[0], "never", None).await.unwrap();
    let next = bus.claim("branch", 10, LEASE).await.unwrap();
    assert_eq!(
        next[0].envelope.event_id, second.event_id,
        "a dead letter holds nothing up"
    );
}

async fn a_lease_that_ran_out_is_delivered_again(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    bus.publish(&[event("Happened", "acme", "a")])
        .await
        .unwrap();
    assert_eq!(
        bus.claim("branch", 1, Duration::ZERO).await.unwrap()[0].attempt,
        1
    );
    assert_eq!(bus.claim("branch", 1, LEASE).await.unwrap()[0].attempt, 2);
}

async fn messages_survive_the_process(kind: Kind) {
    let (place, first) = fresh(kind).await;
    first
        .publish(&[event("Happened", "acme", "a")])
        .await
        .unwrap();
    drop(first);
    let second = bus(&place).await;
    assert_eq!(second.claim("branch", 1, LEASE).await.unwrap().len(), 1);
}

async fn leases_of_a_process_that_died_do_not_hold_up_the_next_one(kind: Kind) {
    let (place, first) = fresh(kind).await;
    first
        .publish(&[event("Happened", "acme", "a")])
        .await
        .unwrap();
    assert_eq!(first.claim("branch", 1, LEASE).await.unwrap().len(), 1);
    drop(first);
    let second = bus(&place).await;
    second.take_over().await.unwrap();
    let claimed = second.claim("branch", 1, LEASE).await.unwrap().len();
    // Elsewhere the other process may be alive: its lease has to run out.
    assert_eq!(claimed, usize::from(kind == Kind::Sqlite));
}

async fn what_waits_can_be_handed_over_to_another_transport(kind: Kind) {
    let databases = Databases::fresh(Backend::Sqlite).await;
    let store = databases.open("bus").await;
    let before = EmbeddedTransport::new(store, ROUTES.to_vec());
    let events: Vec<_> = (0..450).map(|_| event("Happened", "acme", "a")).collect();
    before.publish(&events).await.unwrap();
    let claimed = before.claim("branch", 1, LEASE).await.unwrap();
    before.fail(&claimed[0], "never", None).await.unwrap();
    let (_place, bus) = fresh(kind).await;
    assert_eq!(before.hand_over(bus.as_ref()).await.unwrap(), 450);
    assert_eq!(before.backlog().await.unwrap(), Backlog::default());
    let run = bus.claim_run("branch", 450, LEASE).await.unwrap();
    assert!(run.iter().map(|one| &one.envelope).eq(&events));
}

async fn many_claimers_share_without_overlap(kind: Kind) {
    let (place, bus) = fresh(kind).await;
    let events: Vec<_> = (0..60)
        .map(|n| event("Happened", "acme", &format!("s{n}")))
        .collect();
    bus.publish(&events).await.unwrap();
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let other = crate::support::bus(&place).await;
        claimers.spawn(async move {
            let mut mine = Vec::new();
            while other.backlog().await.unwrap().waiting > 60 {
                for delivery in other.claim("branch", 5, LEASE).await.unwrap() {
                    other.complete(&delivery).await.unwrap();
                    mine.push(delivery.envelope.event_id);
                }
            }
            mine
        });
    }
    let claimed: Vec<_> = claimers.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 60);
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>().len(), 60);
}

async fn dead_letters_are_listed_and_redriven_within_their_tenant(kind: Kind) {
    let (_place, bus) = fresh(kind).await;
    let (acme, globex) = (
        event("Happened", "acme", "a"),
        event("Happened", "globex", "b"),
    );
    bus.publish(&[acme.clone(), globex.clone()]).await.unwrap();
    for delivery in bus.claim("branch", 10, LEASE).await.unwrap() {
        bus.fail(&delivery, "no", None).await.unwrap();
    }
    let tenant = "acme".parse().unwrap();
    let letters = bus
        .dead_letters(&tenant, &PageRequest::first(10), None)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].error.as_str(), &letters[0].envelope),
        ("no", &acme)
    );
    let after = Some((acme.event_id, "branch".to_owned()));
    assert!(
        bus.dead_letters(&tenant, &PageRequest::first(10), after)
            .await
            .unwrap()
            .is_empty()
    );
    let key = |event: &sluice_schema::Envelope| (event.event_id, "branch".to_owned());
    assert_eq!(
        bus.redrive(&tenant, &[key(&globex)]).await.unwrap(),
        0,
        "another tenant's letter"
    );
    assert_eq!(bus.redrive(&tenant, &[key(&acme)]).await.unwrap(), 1);
    let again = bus.claim("branch", 10, LEASE).await.unwrap();
    assert_eq!((again.len(), again[0].attempt), (1, 1));
}
