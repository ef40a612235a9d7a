use sluice_git_host::GitHost;
use sluice_kernel::{ContentDigest, IdempotencyKey};
use sluice_pull_request::{MergeStrategy, Mergeability, PullRequestStatus};
use sluice_schema::{ErrorCode, Fault, events::PullRequestMerged};
use sluice_testkit::Backend;

use crate::fixture::{World, to_merge};

async fn each_strategy_lands_its_commits_and_announces_them(backend: Backend) {
    let cases = [
        (MergeStrategy::Merge, 2, 1),
        (MergeStrategy::Squash, 1, 1),
        (MergeStrategy::Rebase, 1, 2),
    ];
    for (strategy, parents, created) in cases {
        let world = World::new(backend).await;
        world.push("feature", "second.txt", "x").await;
        let base = world.push("main", "main.txt", "x").await;
        let opened = world.opened().await;
        let merged = world.merge(opened.id, Some(strategy)).await.unwrap();
        assert!(!merged.replayed);
        let merged = merged.value;
        assert_eq!(merged.status, PullRequestStatus::Merged);
        let head = world.head("main").await.unwrap();
        assert_eq!(merged.merge_commit_sha, Some(head.to_string()));
        assert_eq!(
            (merged.parent_shas.len(), merged.created_shas.len()),
            (parents, created)
        );
        assert_eq!(merged.target_sha, base.to_string());
        let commit = world.git.commit(&world.path, &head).await.unwrap().unwrap();
        assert_eq!(merged.tree_hash, Some(commit.tree.to_string()));
        let trailer = ("Pull-Request-Id".to_owned(), merged.id.to_string());
        assert_eq!(
            commit.trailers.contains(&trailer),
            strategy != MergeStrategy::Rebase
        );
        let events = world.drain().await;
        let event = events[0].decode::<PullRequestMerged>().unwrap().unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(event.merge_commit_sha, head.to_string());
        assert_eq!(event.created_shas, merged.created_shas);
        assert_eq!(
            (event.strategy.as_str(), event.merged_by.as_str()),
            (strategy.as_str(), "ada")
        );
    }
}

async fn fifty_parallel_merges_are_one(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (service, ctx) = (world.service.clone(), world.ctx.clone());
            tokio::spawn(async move { service.merge(&ctx, to_merge(id, None)).await.unwrap() })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        let outcome = task.await.unwrap();
        assert_eq!(outcome.value.status, PullRequestStatus::Merged);
        done += usize::from(!outcome.replayed);
    }
    assert_eq!(done, 1);
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
    let main = world.head("main").await.unwrap();
    let log = world.git.log(&world.path, &main, None, 10).await.unwrap();
    assert_eq!(log.len(), 3);
}

async fn a_merge_that_others_make_while_this_one_is_decided_is_a_replay(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let (service, ctx) = (world.service.clone(), world.ctx.clone());
    let others = async move {
        let merged = service.merge(&ctx, to_merge(id, None)).await.unwrap();
        assert!(!merged.replayed);
    };
    *world.directory.meanwhile.lock().unwrap() = Some(Box::pin(others));
    assert!(world.merge(id, None).await.unwrap().replayed);
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
}

async fn parallel_merges_of_several_into_one_target_all_land(backend: Backend) {
    let world = World::new(backend).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        let name = format!("b{n}");
        world.branch(&name).await;
        world.push(&name, &format!("{n}.txt"), "x").await;
        let opened = world.service.open(&world.ctx, world.to_open(&name)).await;
        ids.push(opened.unwrap().value.id);
    }
    let tasks: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let (service, ctx) = (world.service.clone(), world.ctx.clone());
            tokio::spawn(async move { service.merge(&ctx, to_merge(id, None)).await })
        })
        .collect();
    for task in tasks {
        assert!(!task.await.unwrap().unwrap().replayed);
    }
    let main = world.head("main").await.unwrap();
    let files = world.git.list_files(&world.path, &main, 100).await.unwrap();
    assert_eq!(files.len(), 6);
}

async fn merging_again_replays_and_by_another_strategy_conflicts(backend: Backend) {
    let world = World::new(backend).await;
    let opened = world.opened().await;
    let key = IdempotencyKey::new("k", ContentDigest::of_parts([b"m".as_slice()])).unwrap();
    let keyed = world.ctx.with_idempotency(key);
    let first = world
        .service
        .merge(&keyed, to_merge(opened.id, None))
        .await
        .unwrap();
    for strategy in [None, Some(MergeStrategy::Merge)] {
        let again = world.merge(opened.id, strategy).await.unwrap();
        assert!(again.replayed);
        assert_eq!(again.value, first.value);
    }
    assert!(
        world
            .service
            .merge(&keyed, to_merge(opened.id, None))
            .await
            .unwrap()
            .replayed
    );
    let other = world
        .merge(opened.id, Some(MergeStrategy::Squash))
        .await
        .unwrap_err();
    assert_eq!(
        (other.code(), other.field().as_deref()),
        (ErrorCode::Conflict, Some("strategy"))
    );
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
}

async fn a_conflict_is_refused_with_its_paths_and_changes_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let main = world.push("main", "feature.txt", "other").await;
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::MergeConflict);
    let files: Vec<_> = refused.findings().into_iter().map(|f| f.file).collect();
    assert_eq!(files, ["feature.txt"]);
    let kept = world.get(id).await;
    assert_eq!(kept.status, PullRequestStatus::Open);
    assert_eq!(kept.mergeability, Mergeability::Conflicting);
    assert_eq!(world.head("main").await, Some(main));
    assert!(world.drain().await.is_empty());
}

async fn the_head_that_the_caller_saw_is_the_one_merged(backend: Backend) {
    let world = World::new(backend).await;
    let opened = world.opened().await;
    let pushed = world.push("feature", "more.txt", "x").await;
    let mut command = to_merge(opened.id, None);
    command.expected_source_sha = Some(opened.source_sha.clone());
    let refused = world
        .service
        .merge(&world.ctx, command.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::VersionConflict);
    assert_eq!(refused.field().as_deref(), Some("expectedSourceSha"));
    command.expected_source_sha = Some(pushed.to_string());
    let merged = world
        .service
        .merge(&world.ctx, command)
        .await
        .unwrap()
        .value;
    assert_eq!(merged.source_sha, pushed.to_string());
}

async fn what_cannot_be_merged_now_says_so(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let mut rebase = to_merge(id, Some(MergeStrategy::Rebase));
    rebase.message = Some("x".into());
    let refused = world.service.merge(&world.ctx, rebase).await.unwrap_err();
    assert_eq!(refused.field().as_deref(), Some("message"));
    world.set_writable(false);
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    world.set_writable(true);
    let (main, feature) = (world.head("main").await, world.head("feature").await);
    world.set_head("main", main, feature).await;
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    world.set_head("feature", feature, None).await;
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PolicyNotSatisfied);
}

sluice_testkit::on_both_databases!(
    each_strategy_lands_its_commits_and_announces_them,
    fifty_parallel_merges_are_one,
    a_merge_that_others_make_while_this_one_is_decided_is_a_replay,
    parallel_merges_of_several_into_one_target_all_land,
    merging_again_replays_and_by_another_strategy_conflicts,
    a_conflict_is_refused_with_its_paths_and_changes_nothing,
    the_head_that_the_caller_saw_is_the_one_merged,
    what_cannot_be_merged_now_says_so,
);
