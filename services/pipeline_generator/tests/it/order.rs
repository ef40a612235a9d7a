//! What the pipelines branch shows, whatever is generated in which order.

use sluice_testkit::Backend;

use crate::fixture::{World, module};

async fn the_same_content_moves_on_without_a_commit(backend: Backend) {
    let (world, first) = World::with_module(backend).await;
    let before = world.generate(None, None).await.unwrap().value;
    let second = world.push("main", "a.txt", "x").await;
    let done = world.generate(None, None).await.unwrap();
    assert!(!done.replayed);
    assert_eq!(done.value.id, before.id);
    assert_eq!(done.value.commit_sha, second.to_string());
    assert_eq!(done.value.definition_sha, before.definition_sha);
    assert_eq!(world.history().await.len(), 2);
    let both = [first.to_string(), second.to_string()];
    assert_eq!(world.announced().await, both);
}

async fn content_that_comes_back_is_shown_again(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    let a = world.generate(None, None).await.unwrap().value;
    world.push("main", "module.yaml", &module("Other")).await;
    let b = world.generate(None, None).await.unwrap().value;
    assert_ne!(a.id, b.id);
    assert_eq!(world.shown().await, b.yaml);
    world.push("main", "module.yaml", &module("Shop")).await;
    let back = world.generate(None, None).await.unwrap().value;
    assert_eq!(back.id, a.id);
    assert_eq!(world.shown().await, a.yaml);
    assert_eq!(world.history().await.len(), 4);
}

async fn a_commit_that_comes_late_does_not_take_the_branch_back(backend: Backend) {
    let (world, older) = World::with_module(backend).await;
    world.push("main", "module.yaml", &module("Other")).await;
    let newer = world.generate(None, None).await.unwrap().value;
    let late = world.generate(None, Some(older)).await.unwrap();
    assert!(!late.replayed);
    let late = late.value;
    assert_eq!(world.shown().await, newer.yaml);
    let carrier = late.definition_sha.clone().unwrap();
    assert_eq!(world.yaml_at(&carrier).await, late.yaml);
    assert!(
        world
            .history()
            .await
            .iter()
            .any(|c| c.id.to_string() == carrier)
    );
    assert!(world.generate(None, Some(older)).await.unwrap().replayed);
    assert_eq!(world.announced().await.len(), 2);
}

async fn a_late_commit_with_the_same_content_does_not_move_the_definition_back(backend: Backend) {
    let (world, older) = World::with_module(backend).await;
    let newer = world.push("main", "a.txt", "x").await;
    world.generate(None, None).await.unwrap();
    let late = world.generate(None, Some(older)).await.unwrap();
    assert!(!late.replayed);
    assert_eq!(late.value.commit_sha, newer.to_string());
    let both = [newer.to_string(), older.to_string()];
    assert_eq!(world.announced().await, both);
}

async fn the_branch_shows_the_newest_also_when_content_came_back_meanwhile(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    let shop = world.generate(None, None).await.unwrap().value;
    let between = world.push("main", "module.yaml", &module("Other")).await;
    world.push("main", "module.yaml", &module("Shop")).await;
    world.generate(None, None).await.unwrap();
    world.generate(None, Some(between)).await.unwrap();
    assert_eq!(world.shown().await, shop.yaml);
}

async fn a_feature_branch_stands_aside(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    let main = world.generate(None, None).await.unwrap().value;
    world.push("x", "module.yaml", &module("Feature")).await;
    let feature = world.generate(Some("x"), None).await.unwrap().value;
    assert_eq!(feature.branch, "x");
    assert_eq!(world.shown().await, main.yaml);
    let carrier = feature.definition_sha.clone().unwrap();
    assert_eq!(world.yaml_at(&carrier).await, feature.yaml);
    // What main gets next is shown.
    world.push("main", "module.yaml", &module("Next")).await;
    let next = world.generate(None, None).await.unwrap().value;
    assert_eq!(world.shown().await, next.yaml);
}

async fn other_files_on_the_branch_stay(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    world.push("sluice/pipelines", "README", "ours").await;
    let definition = world.generate(None, None).await.unwrap().value;
    assert_eq!(world.shown().await, definition.yaml);
    let files = {
        use sluice_git_host::GitHost;
        let head = world.head("sluice/pipelines").await.unwrap();
        world.git.list_files(&world.path, &head, 10).await.unwrap()
    };
    assert!(files.iter().any(|file| file.path == "README"));
}

sluice_testkit::on_both_databases!(
    the_same_content_moves_on_without_a_commit,
    content_that_comes_back_is_shown_again,
    a_commit_that_comes_late_does_not_take_the_branch_back,
    a_late_commit_with_the_same_content_does_not_move_the_definition_back,
    the_branch_shows_the_newest_also_when_content_came_back_meanwhile,
    a_feature_branch_stands_aside,
    other_files_on_the_branch_stay,
);
