//! What walks cost, and how large answers get.

use sluice_ledger::{LineageDirection::*, LineageRequest, NodeKind};
use sluice_schema::events::HistoryRecorded;
use sluice_testkit::{Backend, on_both_databases};

use super::{
    request,
    story::{Story, history_commit, sha},
    walk,
};
use crate::world::World;

on_both_databases! {
    walks_cost_the_same_whatever_the_number_of_releases,
    an_answer_that_is_too_large_holds_the_nearest,
}

async fn walks_cost_the_same_whatever_the_number_of_releases(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::begin(&world);
    let module = story.module("web", "greeter");
    let mut costs: Vec<[u64; 9]> = Vec::new();
    let mut previous = [None; 4];
    for number in 1..=50 {
        let change = story.change(&module);
        let mut release = story.release(&format!("{number}.0.0"), std::slice::from_ref(&change));
        for previous in &mut previous {
            story.promote(&mut release, *previous);
            *previous = release.promotions.last().copied();
        }
        if number != 1 && number != 50 {
            continue;
        }
        story.append().await;
        let mut cost = Vec::new();
        for (id, direction) in [
            (module.syncs[3].to_string(), Upstream),
            (module.syncs[3].to_string(), Both),
            (change.commit.to_string(), Downstream),
        ] {
            let ctx = world.ctx();
            world
                .ledger
                .lineage(&ctx, &request(id, direction))
                .await
                .unwrap();
            cost.extend([ctx.statements().get(), ctx.statements().rows()]);
        }
        let ctx = world.ctx();
        world
            .ledger
            .lineage(&ctx, &request(module.repository, Downstream))
            .await
            .unwrap();
        cost.push(ctx.statements().get());
        let ctx = world.ctx();
        let (sync, commit) = (module.syncs[3].to_string(), change.commit.to_string());
        let path = world
            .ledger
            .lineage_path(&ctx, &sync, &commit)
            .await
            .unwrap();
        assert_eq!(path.unwrap().nodes.len(), 6);
        cost.extend([ctx.statements().get(), ctx.statements().rows()]);
        costs.push(cost.try_into().unwrap());
    }
    // Statements and rows, but the repository's rows: more came of it.
    assert_eq!(costs[0], costs[1]);
    let [up, _, both, _, down, _, repository, path, _] = costs[0];
    assert_eq!([up, both, down, repository, path], [5, 5, 5, 5, 6]);
}

async fn an_answer_that_is_too_large_holds_the_nearest(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::begin(&world);
    let module = story.module("web", "greeter");
    let change = story.change(&module);
    for part in 0..5_u32 {
        let commits = (0..500_u32).map(|number| {
            let number = 0x10_0000 + part * 500 + number;
            history_commit(&sha(number), &sha(number - 1))
        });
        story.tell(&HistoryRecorded {
            repository_id: module.repository,
            branch: "long".into(),
            default_branch: false,
            head_sha: sha(0x10_0000 + part * 500 + 499),
            landings: None,
            merge_base: None,
            squash_patch_id: None,
            rewritten: false,
            commits: commits.collect(),
            more: false,
        });
    }
    story.append().await;
    let graph = walk(&world, module.repository, Downstream).await;
    assert!(graph.truncated);
    assert_eq!(graph.nodes.len(), 2_000);
    // All branches are nearer than any commit, and all that are answered hang together.
    let branches = graph
        .nodes
        .iter()
        .filter(|node| node.kind == NodeKind::Branch)
        .count();
    assert_eq!(branches, 3);
    assert!(graph.nodes.iter().all(|node| node.depth <= 2));
    assert!(graph.edges.len() >= 1_999);
    // What is asked for is there whole: it is no part of a larger answer.
    let asked = LineageRequest {
        max_depth: 1,
        ..request(module.repository, Downstream)
    };
    let near = world.ledger.lineage(&world.ctx(), &asked).await.unwrap();
    assert!(!near.truncated);
    assert_eq!(near.nodes.len(), 4);
    let other = walk(&world, change.build, Both).await;
    assert!(!other.truncated);
}
