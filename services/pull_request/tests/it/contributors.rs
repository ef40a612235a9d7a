//! Who was behind the commits that merges wrote.

use sluice_kernel::directory::{ContributorView, PullRequestDirectory};
use sluice_pull_request::{MergeStrategy, PullRequest};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, user};

async fn contributors(world: &World, shas: &[String]) -> Vec<ContributorView> {
    let found = world
        .service
        .contributors(&world.ctx, world.repository.id, shas)
        .await;
    found.unwrap()
}

/// Merges a branch of two commits that `bob` opened.
async fn merged(world: &World, branch: &str, strategy: MergeStrategy) -> PullRequest {
    world.branch(branch).await;
    world.push(branch, &format!("{branch}-1.txt"), "x").await;
    world.push(branch, &format!("{branch}-2.txt"), "x").await;
    // So that a rebase has commits to write.
    let meanwhile = format!("{branch}-main.txt");
    world.push("main", &meanwhile, "x").await;
    let opened = world
        .service
        .open(&user("bob"), world.to_open(branch))
        .await;
    let merged = world.merge(opened.unwrap().value.id, Some(strategy)).await;
    PullRequest::clone(&merged.unwrap().value)
}

async fn every_commit_that_a_merge_wrote_leads_to_its_people(backend: Backend) {
    let world = World::new(backend).await;
    let base = world.push("main", "main.txt", "x").await.to_string();
    let rebased = merged(&world, "rebased", MergeStrategy::Rebase).await;
    assert_eq!(rebased.created_shas.len(), 2);
    let squashed = merged(&world, "squashed", MergeStrategy::Squash).await;
    let merge = merged(&world, "merged", MergeStrategy::Merge).await;
    let mut shas = rebased.created_shas.clone();
    shas.extend(squashed.created_shas.clone());
    shas.extend(merge.created_shas.clone());
    // What was pushed was written by no merge.
    shas.extend([base, merge.source_sha.clone()]);
    let found = contributors(&world, &shas).await;
    let found: Vec<(&str, i64)> = found
        .iter()
        .map(|it| (it.sha.as_str(), it.number))
        .collect();
    let expected = [
        (shas[0].as_str(), 1),
        (shas[1].as_str(), 1),
        (shas[2].as_str(), 2),
        (shas[3].as_str(), 3),
    ];
    assert_eq!(found, expected);
    let people = &contributors(&world, &shas[..1]).await[0];
    assert_eq!(
        (people.author.as_str(), people.merged_by.as_deref()),
        ("bob", Some("ada"))
    );
}

async fn others_learn_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let merged = merged(&world, "x", MergeStrategy::Merge).await;
    let (shas, id) = (&merged.created_shas, world.repository.id);
    for stranger in [
        User::of("globex", "eve").ctx(),
        User::of("acme", "eve").in_projects(&["api"]).ctx(),
    ] {
        let found = world.service.contributors(&stranger, id, shas).await;
        assert!(found.unwrap().is_empty());
    }
    assert!(contributors(&world, &[]).await.is_empty());
}

sluice_testkit::on_both_databases!(
    every_commit_that_a_merge_wrote_leads_to_its_people,
    others_learn_nothing,
);
