use std::time::Duration;

use sluice_deployment_target::*;

use crate::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn applies_at_once_follow_one_another_and_the_last_is_there_whole() {
    let at = fixture();
    let mut running = Vec::new();
    for round in 0..20 {
        // Another provider on the same root stands for another process: locks are of the file.
        let other = DirectoryTarget::new(at.at.root(), Limits::default());
        let path = at.path.clone();
        let texts: Vec<String> = (0..10)
            .map(|number| config(&format!("c{}", number + round), &round.to_string()))
            .collect();
        running.push(tokio::spawn(async move {
            let revision = format!("r{round}");
            let options = ApplyOptions::default();
            other
                .apply(&path, &declared(&texts), &revision, options)
                .await
                .unwrap()
        }));
    }
    let mut serials = Vec::new();
    for apply in running {
        serials.push(apply.await.unwrap().serial);
    }
    serials.sort_unstable();
    assert_eq!(serials, (1..=20).collect::<Vec<_>>());
    let seen = at.observe().await;
    let round: u64 = seen.inventory.unwrap().revision.unwrap()[1..]
        .parse()
        .unwrap();
    let texts: Vec<String> = (0..10)
        .map(|number| config(&format!("c{}", number + round), &round.to_string()))
        .collect();
    let seen = at.observe().await;
    assert_eq!(drift(&declared(&texts), &seen), []);
    assert_eq!(seen.files.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_apply_at_once_happens_once() {
    let at = fixture();
    let objects = declared(&[config("a", "1")]);
    let mut running = Vec::new();
    for _ in 0..10 {
        let (other, path, objects) = (at.at.clone(), at.path.clone(), objects.clone());
        running.push(tokio::spawn(async move {
            let options = ApplyOptions::default();
            other.apply(&path, &objects, "r1", options).await.unwrap()
        }));
    }
    let mut replayed = 0;
    for apply in running {
        replayed += usize::from(apply.await.unwrap().replayed);
    }
    assert_eq!(replayed, 9);
}

#[tokio::test]
async fn a_target_that_is_held_is_busy_after_a_while() {
    let at = fixture_with(Limits {
        lock_wait: Duration::from_millis(30),
        ..Limits::default()
    });
    at.apply(&declared(&[config("a", "1")]), "r1").await;
    let lock = at.at.root().join(".locks/acme/shop/prod/web.lock");
    let held = std::fs::File::open(lock).unwrap();
    held.lock().unwrap();
    let refused = at.at.observe(&at.path).await.unwrap_err();
    assert!(matches!(refused, TargetError::Busy));
    held.unlock().unwrap();
    at.observe().await;
}
