//! What callers see of a chain that goes through projects that they may not see.

use std::collections::BTreeSet;

use sluice_ledger::{LedgerError, LineageDirection::*, LineageGraph, NodeKind};
use sluice_testkit::{Backend, on_both_databases};

use super::{Two, walk, walk_as};
use crate::world::World;

on_both_databases! {
    what_a_caller_may_not_see_keeps_its_place_and_nothing_else,
    a_start_that_the_caller_may_not_see_is_not_found,
    paths_go_through_what_the_caller_may_not_see,
    what_only_other_projects_named_is_not_shown,
}

/// An edge by the places of its ends.
type Placed = (usize, &'static str, usize, u64);

/// The answer with nothing but its shape.
fn shape(graph: &LineageGraph) -> (Vec<(NodeKind, u32)>, Vec<Placed>) {
    let place = |key: &str| graph.nodes.iter().position(|node| node.key == key).unwrap();
    let edges = graph.edges.iter();
    let mut edges: Vec<_> = edges
        .map(|edge| {
            (
                place(&edge.from),
                edge.relation.as_str(),
                place(&edge.to),
                edge.sequence,
            )
        })
        .collect();
    edges.sort_unstable();
    let nodes = graph.nodes.iter().map(|node| (node.kind, node.depth));
    (nodes.collect(), edges)
}

async fn what_a_caller_may_not_see_keeps_its_place_and_nothing_else(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "lib");
    told.story.append().await;
    let whole = walk(&world, told.prod(), Both).await;
    let ctx = world.ctx_of(&["web"]);
    let seen = walk_as(&world, &ctx, told.prod(), Both).await.unwrap();
    assert_eq!(shape(&seen), shape(&whole));
    let hidden: BTreeSet<_> = seen
        .nodes
        .iter()
        .filter(|n| n.shown.is_none())
        .map(|n| &n.key)
        .collect();
    let expected = whole
        .nodes
        .iter()
        .filter(|n| n.shown.as_ref().unwrap().project_id == "lib");
    assert_eq!(hidden.len(), expected.count());
    // Repository, two branches, three commits, pull request, pipeline, run, build, two artifacts.
    assert_eq!(hidden.len(), 12);
    for (number, node) in seen.nodes.iter().filter(|n| n.shown.is_none()).enumerate() {
        assert_eq!(node.key, format!("redacted-{}", number + 1));
    }
    for edge in &seen.edges {
        let shown = !hidden.contains(&edge.from) && !hidden.contains(&edge.to);
        let told = [
            edge.event_id.is_some(),
            edge.at.is_some(),
            edge.actor.is_some(),
        ];
        assert_eq!(told, [shown; 3], "{edge:?}");
    }
    let text = format!("{seen:?}");
    let change = &told.two.changes[1];
    for secret in [
        change.module.repository.to_string(),
        change.branch.to_string(),
        change.branch_name.clone(),
        change.merged.clone(),
        change.commit.to_string(),
        change.run.to_string(),
        change.build.to_string(),
        change.package.to_string(),
        change.image.to_string(),
    ] {
        assert!(!text.contains(&secret), "{secret}");
    }
}

async fn a_start_that_the_caller_may_not_see_is_not_found(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "lib");
    told.story.append().await;
    let ctx = world.ctx_of(&["web"]);
    let hidden = &told.two.changes[1];
    for id in [
        hidden.build.to_string(),
        hidden.commit.to_string(),
        hidden.branch.to_string(),
    ] {
        for direction in [Upstream, Downstream, Both] {
            let refused = walk_as(&world, &ctx, &id, direction).await.unwrap_err();
            assert!(matches!(refused, LedgerError::NotFound("object", "id")));
        }
        let refused = world
            .ledger
            .lineage_path(&ctx, &id, &told.prod())
            .await
            .unwrap_err();
        assert!(matches!(refused, LedgerError::NotFound("object", "from")));
    }
}

async fn paths_go_through_what_the_caller_may_not_see(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "lib");
    told.story.append().await;
    // From the build in `lib` to where it runs, for one who sees `lib` alone.
    let ctx = world.ctx_of(&["lib"]);
    let (build, image) = (
        told.two.changes[1].build.to_string(),
        told.two.changes[1].image.to_string(),
    );
    let path = world
        .ledger
        .lineage_path(&ctx, &build, &image)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(path.nodes.len(), 2);
    let graph = walk_as(&world, &ctx, &build, Downstream).await.unwrap();
    let shown: BTreeSet<_> = graph
        .nodes
        .iter()
        .filter_map(|n| n.shown.clone())
        .collect::<Vec<_>>()
        .into_iter()
        .map(|shown| shown.project_id)
        .collect();
    assert_eq!(shown, BTreeSet::from(["lib".to_owned()]));
    assert_eq!(
        shape(&graph),
        shape(&walk(&world, &build, Downstream).await)
    );
}

async fn what_only_other_projects_named_is_not_shown(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "lib");
    // Nothing of `lib` is told yet.
    told.story
        .drafts
        .retain(|draft| draft.0.project_id.as_str() != "lib");
    told.story.append().await;
    let graph = walk(&world, told.prod(), Upstream).await;
    let build = graph
        .nodes
        .iter()
        .filter(|n| n.kind == NodeKind::BuildResult && n.shown.is_none());
    assert_eq!(build.count(), 1);
    let hidden = told.two.changes[1].build;
    let refused = walk_as(&world, &world.ctx(), hidden, Both)
        .await
        .unwrap_err();
    assert!(matches!(refused, LedgerError::NotFound("object", "id")));
}
