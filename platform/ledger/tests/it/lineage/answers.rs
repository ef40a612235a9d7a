//! Narrowed answers, paths and refusals.

use std::collections::BTreeSet;

use sluice_ledger::{LedgerError, LineageDirection::*, LineageGraph, LineageRequest, NodeKind};
use sluice_schema::{RepositoryId, TypedId};
use sluice_testkit::{Backend, on_both_databases};

use super::{Two, kinds, request, story::commit_key, walk};
use crate::world::World;

on_both_databases! {
    paths_are_shortest_and_go_either_way,
    wrong_requests_are_refused,
    depth_and_kinds_narrow_the_answer,
}

async fn paths_are_shortest_and_go_either_way(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let ctx = world.ctx();
    let change = told.two.changes[0].clone();
    let repository = change.module.repository.to_string();
    let path =
        async |from: &str, to: &str| world.ledger.lineage_path(&ctx, from, to).await.unwrap();
    use NodeKind::*;
    let up = path(&told.prod(), &repository).await.unwrap();
    let chain = [
        GitOpsSyncState,
        EnvironmentPromotion,
        ReleasePlan,
        BuildResult,
        PipelineRun,
        Commit,
    ];
    assert_eq!(
        kinds(&up),
        [chain.as_slice(), &[Branch, Repository]].concat()
    );
    assert_eq!(
        up.nodes.iter().map(|node| node.depth).collect::<Vec<_>>(),
        (0..8).collect::<Vec<_>>()
    );
    assert_eq!(up.edges.len(), 7);
    assert_eq!(up.sequence, world.ledger.head(&ctx).await.unwrap().sequence);
    // The other way it is the same path.
    let mut down = path(&repository, &told.prod()).await.unwrap();
    assert_eq!(down.edges, up.edges);
    down.nodes.reverse();
    let names = |graph: &LineageGraph| {
        graph
            .nodes
            .iter()
            .map(|n| n.key.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&down), names(&up));
    // From a proposed commit through the pull request and its merge.
    let proposed = commit_key(change.module.repository, &change.proposed[0]);
    let through = path(&proposed, &change.build.to_string()).await.unwrap();
    assert_eq!(
        kinds(&through),
        [
            Commit,
            Commit,
            PullRequest,
            Commit,
            PipelineRun,
            BuildResult
        ]
    );
    // Neither is upstream of the other.
    let aside = path(&told.two.approval.to_string(), &told.prod())
        .await
        .unwrap();
    assert_eq!(
        kinds(&aside),
        [
            ReleaseApproval,
            ReleasePlan,
            EnvironmentPromotion,
            GitOpsSyncState
        ]
    );
    let own = path(&repository, &repository).await.unwrap();
    assert_eq!((own.nodes.len(), own.edges.len()), (1, 0));
    // Repositories share no more than the release.
    let lonely = told.story.module("web", "lonely");
    told.story.append().await;
    assert_eq!(
        path(&lonely.repository.to_string(), &told.prod()).await,
        None
    );
}

async fn wrong_requests_are_refused(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let ctx = world.ctx();
    for max_depth in [0, 51] {
        let asked = LineageRequest {
            max_depth,
            ..request(told.prod(), Both)
        };
        let refused = world.ledger.lineage(&ctx, &asked).await.unwrap_err();
        assert!(matches!(refused, LedgerError::Invalid { ref field, .. } if field == "maxDepth"));
    }
    let nobody = RepositoryId::generate().to_string();
    let long = "x".repeat(10_000);
    for id in [nobody.as_str(), "", "a\0b", "~web/dev", &long] {
        let refused = super::walk_as(&world, &ctx, id, Both).await.unwrap_err();
        assert!(
            matches!(refused, LedgerError::NotFound("object", "id")),
            "{refused}"
        );
        let refused = world
            .ledger
            .lineage_path(&ctx, &told.prod(), id)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, LedgerError::NotFound("object", "to")),
            "{refused}"
        );
    }
    let blind = world.user.clone().with_scopes(&[]).ctx();
    let refused = super::walk_as(&world, &blind, told.prod(), Both)
        .await
        .unwrap_err();
    assert!(matches!(refused, LedgerError::Denied(_)));
    // Another tenant's objects are none.
    let foreign = sluice_testkit::User::of("other", "eve").ctx();
    let refused = super::walk_as(&world, &foreign, told.prod(), Both)
        .await
        .unwrap_err();
    assert!(matches!(refused, LedgerError::NotFound("object", "id")));
}

async fn depth_and_kinds_narrow_the_answer(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let ctx = world.ctx();
    let whole = walk(&world, told.prod(), Both).await;
    for max_depth in [1, 3, 5] {
        let asked = LineageRequest {
            max_depth,
            ..request(told.prod(), Both)
        };
        let graph = world.ledger.lineage(&ctx, &asked).await.unwrap();
        let expected = whole.nodes.iter().filter(|node| node.depth <= max_depth);
        assert!(graph.nodes.iter().eq(expected), "depth {max_depth}");
        let key = |key: &String| graph.nodes.iter().any(|node| node.key == *key);
        let edges = whole
            .edges
            .iter()
            .filter(|edge| key(&edge.from) && key(&edge.to));
        assert!(graph.edges.iter().eq(edges), "depth {max_depth}");
        assert!(!graph.truncated);
    }
    let wanted = vec![
        NodeKind::ReleasePlan,
        NodeKind::EnvironmentPromotion,
        NodeKind::Commit,
    ];
    let asked = LineageRequest {
        kinds: wanted.clone(),
        ..request(told.prod(), Both)
    };
    let graph = world.ledger.lineage(&ctx, &asked).await.unwrap();
    let expected = whole
        .nodes
        .iter()
        .filter(|node| wanted.contains(&node.kind));
    assert!(graph.nodes.iter().eq(expected));
    let relations: BTreeSet<_> = graph.edges.iter().map(|e| e.relation.as_str()).collect();
    assert_eq!(
        relations,
        BTreeSet::from(["PROMOTED_AS", "PARENT_OF", "DECLARED_IN"])
    );
}
