use sluice_deployment_target::*;

use crate::common::*;

fn application() -> Vec<String> {
    vec![
        object("networking.k8s.io/v1", "Ingress", "web", "1"),
        object("autoscaling/v2", "HorizontalPodAutoscaler", "web", "1"),
        object("apps/v1", "Deployment", "web", "1"),
        object("example.com/v1", "Widget", "web", "1"),
        object("v1", "Service", "web", "1"),
        config("web", "1"),
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n".to_owned(),
    ]
}

const ORDERED: [&str; 7] = [
    "Namespace shop",
    "ConfigMap shop/web",
    "Service shop/web",
    "Deployment shop/web",
    "HorizontalPodAutoscaler shop/web",
    "Ingress shop/web",
    "Widget shop/web",
];

#[tokio::test]
async fn objects_are_applied_in_the_order_of_kinds_and_pruned_in_the_reverse() {
    let at = fixture();
    let applied = at.apply(&declared(&application()), "r1").await;
    assert_eq!(names(&applied.applied), ORDERED);
    assert_eq!(applied.serial, 1);
    let rest = declared(&[config("other", "1")]);
    let pruned = at.apply(&rest, "r2").await;
    let mut reversed = ORDERED;
    reversed.reverse();
    assert_eq!(names(&pruned.pruned), reversed);
    assert_eq!(at.names(), ["configmap.shop.other.yaml"]);
}

#[tokio::test]
async fn the_same_apply_again_writes_nothing() {
    let at = fixture();
    let objects = declared(&application());
    at.apply(&objects, "r1").await;
    let before = at.observe().await;
    let again = at.apply(&objects, "r1").await;
    assert!(again.replayed && again.applied.is_empty());
    assert_eq!(again.unchanged.len(), 7);
    assert_eq!(at.observe().await, before);
    let renamed = at.apply(&objects, "r2").await;
    assert!(!renamed.replayed && renamed.applied.is_empty());
    let inventory = at.observe().await.inventory.unwrap();
    assert_eq!(inventory.revision.as_deref(), Some("r2"));
    assert_eq!(inventory.serial, 2);
}

#[tokio::test]
async fn the_inventory_says_what_was_applied_and_keeps_the_time_of_what_stayed() {
    let at = fixture();
    at.apply(&declared(&[config("a", "1"), config("b", "1")]), "r1")
        .await;
    let first = at.observe().await.inventory.unwrap();
    let objects = declared(&[config("a", "1"), config("b", "2")]);
    at.apply(&objects, "r2").await;
    let second = at.observe().await.inventory.unwrap();
    assert_eq!(second.objects[0], first.objects[0]);
    assert!(second.objects[1].applied_at > first.objects[1].applied_at);
    assert_eq!(second.objects[1].sha256, objects[1].sha256());
    assert_eq!(second.objects[1].api_version, "v1");
}

#[tokio::test]
async fn without_prune_what_is_no_longer_declared_stays_owned() {
    let at = fixture();
    at.apply(&declared(&[config("a", "1"), config("b", "1")]), "r1")
        .await;
    let options = ApplyOptions {
        prune: false,
        ..ApplyOptions::default()
    };
    let rest = declared(&[config("a", "1")]);
    at.at.apply(&at.path, &rest, "r2", options).await.unwrap();
    assert_eq!(at.names().len(), 2);
    assert!(
        at.at
            .apply(&at.path, &rest, "r2", options)
            .await
            .unwrap()
            .replayed
    );
    let pruned = at.apply(&rest, "r2").await;
    assert_eq!(names(&pruned.pruned), ["ConfigMap shop/b"]);
}

#[tokio::test]
async fn declaring_nothing_prunes_everything_only_when_it_is_allowed() {
    let at = fixture();
    at.apply(&declared(&[config("a", "1")]), "r1").await;
    let options = ApplyOptions::default();
    let refused = at.at.apply(&at.path, &[], "r2", options).await;
    assert!(matches!(
        refused,
        Err(TargetError::NothingDeclared { owned: 1 })
    ));
    let options = ApplyOptions {
        allow_empty: true,
        ..options
    };
    at.at.apply(&at.path, &[], "r2", options).await.unwrap();
    assert!(at.names().is_empty());
}

#[tokio::test]
async fn a_serial_that_moved_is_refused() {
    let at = fixture();
    let objects = declared(&[config("a", "1")]);
    at.apply(&objects, "r1").await;
    let options = ApplyOptions {
        expected_serial: Some(0),
        ..ApplyOptions::default()
    };
    let refused = at.at.apply(&at.path, &objects, "r2", options).await;
    assert!(matches!(
        refused,
        Err(TargetError::Moved {
            expected: 0,
            found: 1
        })
    ));
}

#[tokio::test]
async fn strangers_files_stay_unless_their_removal_is_asked_for() {
    let at = fixture();
    let objects = declared(&[config("a", "1")]);
    at.apply(&objects, "r1").await;
    at.write("stranger.yaml", config("x", "1"));
    at.write("notes.txt", "mine");
    let seen = at.observe().await;
    assert_eq!(plan(&objects, &seen).extras, ["stranger.yaml"]);
    assert!(plan(&objects, &seen).is_in_sync());
    at.apply(&objects, "r2").await;
    assert_eq!(at.names().len(), 3);
    let options = ApplyOptions {
        prune_extras: true,
        ..ApplyOptions::default()
    };
    let pruned = at
        .at
        .apply(&at.path, &objects, "r2", options)
        .await
        .unwrap();
    assert_eq!(pruned.pruned_extras, ["stranger.yaml"]);
    assert_eq!(at.names(), ["configmap.shop.a.yaml", "notes.txt"]);
}

#[tokio::test]
async fn a_plan_says_what_the_apply_then_does() {
    let at = fixture();
    at.apply(
        &declared(&[config("a", "1"), config("b", "1"), config("c", "1")]),
        "r1",
    )
    .await;
    let next = declared(&[config("a", "1"), config("b", "2"), config("d", "1")]);
    let planned = plan(&next, &at.observe().await);
    assert_eq!(names(&planned.creates), ["ConfigMap shop/d"]);
    assert_eq!(names(&planned.updates), ["ConfigMap shop/b"]);
    assert_eq!(planned.prunes[0].key.name, "c");
    let done = at.apply(&next, "r2").await;
    assert_eq!(done.unchanged, planned.unchanged);
    assert_eq!(
        names(&done.applied),
        ["ConfigMap shop/b", "ConfigMap shop/d"]
    );
    assert_eq!(done.pruned[0].name, "c");
    assert!(plan(&next, &at.observe().await).is_in_sync());
}
