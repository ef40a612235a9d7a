//! What is in the graph.

use std::collections::BTreeSet;

use sluice_ledger::{LineageDirection::*, LineageGraph, NodeKind, Relation};
use sluice_schema::{BranchId, EventId, TypedId, events::*};
use sluice_testkit::{Backend, on_both_databases};

use super::{Two, kinds, story::Edge, walk};
use crate::world::World;

on_both_databases! {
    every_node_and_edge_of_a_chain_stands_once,
    events_of_services_in_any_order_make_the_same_graph,
    a_deleted_branch_stays_and_a_new_one_of_its_name_takes_its_place,
}

/// Rows of the graph's tables, without the halves of edges that junctions hold.
async fn stored(
    world: &World,
) -> (
    BTreeSet<(String, String)>,
    BTreeSet<(String, String, String)>,
) {
    let ctx = world.ctx();
    let read = world.store.read_raw(&ctx).await.unwrap();
    let nodes = read
        .query("SELECT node_key, kind FROM lineage_node", [])
        .await
        .unwrap();
    let edges = "SELECT from_key, relation, to_key FROM lineage_edge \
                 WHERE from_key NOT LIKE '~%' AND to_key NOT LIKE '~%'";
    let edges = read.query(edges, []).await.unwrap();
    let text = |row: &sea_orm::QueryResult, at| row.try_get_by_index::<String>(at).unwrap();
    let nodes = nodes.iter().map(|row| (text(row, 0), text(row, 1)));
    let edges = edges
        .iter()
        .map(|row| (text(row, 0), text(row, 1), text(row, 2)));
    (nodes.collect(), edges.collect())
}

fn is_whole(edge: &&Edge) -> bool {
    !matches!(edge.1, "PROVISIONS" | "PRECEDES")
}

async fn every_node_and_edge_of_a_chain_stands_once(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    let drafts = told.story.drafts.clone();
    told.story.append().await;
    let (nodes, edges) = stored(&world).await;
    let expected = told.story.nodes.iter();
    let expected: BTreeSet<_> = expected
        .map(|(key, kind)| (key.clone(), (*kind).to_owned()))
        .collect();
    assert_eq!(nodes, expected);
    let expected = told.story.edges.iter().filter(is_whole);
    let expected: BTreeSet<_> = expected
        .map(|(from, relation, to)| (from.clone(), (*relation).to_owned(), to.clone()))
        .collect();
    assert_eq!(edges, expected);
    // The same facts by other events change nothing.
    told.story.drafts = drafts;
    for draft in &mut told.story.drafts {
        draft.0.event_id = EventId::generate();
    }
    told.story.append().await;
    assert_eq!(stored(&world).await, (nodes, edges));
}

/// Another order that keeps each subject's events in theirs.
fn shuffled(drafts: Vec<crate::world::Draft>, mut seed: u64) -> Vec<crate::world::Draft> {
    let mut queues: Vec<(String, std::collections::VecDeque<_>)> = Vec::new();
    for draft in drafts {
        let id = draft.0.subject.id.clone();
        match queues.iter_mut().find(|(subject, _)| *subject == id) {
            Some((_, queue)) => queue.push_back(draft),
            None => queues.push((id, [draft].into())),
        }
    }
    let mut mixed = Vec::new();
    while !queues.is_empty() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(seed >> 33).unwrap() % queues.len();
        let (_, queue) = &mut queues[place];
        mixed.extend(queue.pop_front());
        if queue.is_empty() {
            queues.swap_remove(place);
        }
    }
    mixed
}

async fn events_of_services_in_any_order_make_the_same_graph(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    let drafts = told.story.drafts.clone();
    let mut seen: Option<String> = None;
    for seed in 0..4 {
        // Each order in a tenant of its own.
        let tenant = format!("tenant-{seed}");
        let owned = drafts.iter().cloned().map(|draft| draft.tenant(&tenant));
        let owned: Vec<_> = owned
            .map(|mut draft| {
                draft.0.event_id = EventId::generate();
                draft
            })
            .collect();
        told.story.drafts = if seed == 0 {
            owned
        } else {
            shuffled(owned, seed)
        };
        told.story.append().await;
        let ctx = sluice_testkit::User::of(&tenant, "ada").ctx();
        let graph = super::walk_as(&world, &ctx, told.prod(), Both)
            .await
            .unwrap();
        let mut nodes: Vec<_> = graph
            .nodes
            .iter()
            .map(|node| {
                let shown = node.shown.clone().unwrap();
                format!(
                    "{} {:?} {} {:?} {} {}",
                    node.key, node.kind, node.depth, shown.state, shown.title, shown.project_id
                )
            })
            .collect();
        nodes.sort();
        let mut edges: Vec<_> = graph
            .edges
            .iter()
            .map(|edge| format!("{} {:?} {}", edge.from, edge.relation, edge.to))
            .collect();
        edges.sort();
        let text = format!("{nodes:#?}{edges:#?}");
        assert_eq!(*seen.get_or_insert(text.clone()), text, "order {seed}");
    }
}

async fn a_deleted_branch_stays_and_a_new_one_of_its_name_takes_its_place(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let change = told.two.changes[0].clone();
    let state = |graph: &LineageGraph, id: &str| {
        let node = graph.nodes.iter().find(|node| node.key == id);
        node.and_then(|node| node.shown.clone())
            .and_then(|shown| shown.state)
    };
    let graph = walk(&world, told.prod(), Upstream).await;
    let id = change.branch.to_string();
    assert_eq!(state(&graph, &id).as_deref(), Some("DELETED"));
    let joined = graph.edges.iter().filter(|edge| edge.from == id);
    assert_eq!(
        joined
            .filter(|edge| edge.relation == Relation::SourceOf)
            .count(),
        1
    );
    // The same name again, by another id: both ids lead to the one node.
    let anew = BranchId::generate();
    world
        .append(&BranchCreated {
            branch_id: anew,
            repository_id: change.module.repository,
            name: change.branch_name.clone(),
            from_commit_sha: change.merged.clone(),
            policy: BranchPolicy {
                is_protected: false,
                required_approvals: 0,
                required_checks: vec![],
            },
        })
        .await;
    for id in [change.branch, anew] {
        let graph = walk(&world, id, Downstream).await;
        assert_eq!(graph.nodes[0].key, anew.to_string());
        assert_eq!(state(&graph, &anew.to_string()).as_deref(), Some("ACTIVE"));
        assert!(kinds(&graph).contains(&NodeKind::PullRequest));
    }
}
