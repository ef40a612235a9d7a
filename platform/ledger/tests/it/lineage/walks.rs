//! Where walks go.

use std::collections::BTreeSet;

use sluice_ledger::{LineageDirection::*, LineageGraph, NodeKind};
use sluice_schema::{PromotionId, TypedId, events::*};
use sluice_testkit::{Backend, on_both_databases};

use super::{
    Two, keys, kinds, stored_keys,
    story::{Release, Story, branch_key, commit_key, sha},
    walk,
};
use crate::world::World;

on_both_databases! {
    both_from_a_synchronisation_is_the_whole_chain_of_its_release,
    upstream_from_a_synchronisation_leads_to_the_sources_of_what_runs,
    upstream_from_an_environment_is_what_runs_there,
    downstream_from_a_commit_is_what_came_of_it,
    downstream_from_a_repository_walks_through_its_branches,
    a_rollback_leads_to_what_it_restored,
}

/// The edges of an answer by the keys that the story knows, each once; they are those of the
/// story between the answered nodes.
fn assert_edges(story: &Story<'_>, graph: &LineageGraph) {
    let nodes = stored_keys(story, graph);
    let key = |shown: &String| story.aliases.get(shown).unwrap_or(shown).clone();
    let mut found = BTreeSet::new();
    for edge in &graph.edges {
        assert!(edge.event_id.is_some() && edge.at.is_some() && edge.actor.is_some());
        let fresh = found.insert((key(&edge.from), edge.relation.as_str(), key(&edge.to)));
        assert!(fresh, "{edge:?} twice");
    }
    let expected = story.edges.iter();
    let expected = expected.filter(|(from, _, to)| nodes.contains(from) && nodes.contains(to));
    let expected: BTreeSet<_> = expected
        .map(|(from, relation, to)| (from.clone(), *relation, to.clone()))
        .collect();
    assert_eq!(found, expected);
    let order: Vec<_> = graph.edges.iter().map(|edge| edge.sequence).collect();
    assert!(order.is_sorted());
    let depths: Vec<_> = graph.nodes.iter().map(|node| node.depth).collect();
    assert!(depths.is_sorted());
}

/// Everything of a release's changes up to the build.
fn sources(release: &Release) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for change in &release.changes {
        let repository = change.module.repository;
        found.extend(keys([repository]));
        found.extend([
            branch_key(repository, "main"),
            branch_key(repository, &change.branch_name),
            commit_key(repository, &change.merged),
        ]);
        found.extend(
            change
                .proposed
                .iter()
                .map(|sha| commit_key(repository, sha)),
        );
        found.extend(keys([change.pull_request]));
        found.extend(keys([change.pipeline]));
        found.extend(keys([change.run]));
        found.extend(keys([change.build]));
        found.extend(keys([change.package]));
        found.extend(keys([change.image]));
    }
    found.extend(keys([release.id]));
    found.extend(keys([release.approval]));
    found
}

/// What came of a release, from `places` on.
fn results(story: &Story<'_>, release: &Release) -> BTreeSet<String> {
    let mut found = keys(&release.promotions);
    found.extend(keys(&release.manifests));
    found.extend(keys(&release.plans));
    found.extend(keys([story.gitops]));
    found.insert(branch_key(story.gitops, "main"));
    found.extend(
        release
            .declared
            .iter()
            .map(|sha| commit_key(story.gitops, sha)),
    );
    for place in 0..release.promotions.len() {
        found.extend(keys([story.environments[place]]));
        found.extend(keys(
            release
                .changes
                .iter()
                .map(|change| change.module.syncs[place]),
        ));
    }
    found
}

async fn both_from_a_synchronisation_is_the_whole_chain_of_its_release(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let graph = walk(&world, told.prod(), Both).await;
    let mut expected = sources(&told.two);
    expected.extend(results(&told.story, &told.two));
    assert_eq!(stored_keys(&told.story, &graph), expected);
    assert_edges(&told.story, &graph);
    assert!(!graph.truncated);
    assert_eq!(
        graph.sequence,
        world.ledger.head(&world.ctx()).await.unwrap().sequence
    );
    assert_eq!(
        (graph.nodes[0].key.clone(), graph.nodes[0].depth),
        (told.prod(), 0)
    );
    let all: BTreeSet<_> = kinds(&graph).iter().map(|kind| kind.as_str()).collect();
    assert_eq!(all.len(), 16, "every kind of the chain: {all:?}");
    let release = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::ReleasePlan);
    let shown = release.unwrap().shown.clone().unwrap();
    assert_eq!(
        (shown.title.as_str(), shown.state.as_deref()),
        ("greeter 2.0.0", Some("APPROVED"))
    );
    assert_eq!(
        (shown.project_id.as_str(), shown.actor.as_str()),
        ("web", "ada")
    );
}

async fn upstream_from_a_synchronisation_leads_to_the_sources_of_what_runs(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    // In staging both releases ran.
    let sync = told.two.changes[0].module.syncs[2];
    let graph = walk(&world, sync, Upstream).await;
    let mut expected = sources(&told.two);
    expected.extend(keys([told.story.environments[2]]));
    expected.extend(keys([sync]));
    expected.extend(keys([told.two.promotions[2]]));
    expected.extend(keys(&told.two.manifests[4..6]));
    expected.extend(keys(&told.two.plans[4..6]));
    assert_eq!(stored_keys(&told.story, &graph), expected);
    assert_edges(&told.story, &graph);
}

async fn upstream_from_an_environment_is_what_runs_there(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let graph = walk(&world, told.story.environments[2], Upstream).await;
    let found = stored_keys(&told.story, &graph);
    assert!(found.contains(&told.two.promotions[2].to_string()));
    assert!(found.is_superset(&sources(&told.two)));
    assert!(
        !found.contains(&told.one.id.to_string()),
        "it does not run there any more"
    );
    let before = keys(&told.story.environments[..2]);
    assert!(found.is_superset(&before), "releases pass those first");
    assert!(!found.contains(&told.story.environments[3].to_string()));
    let graph = walk(&world, told.story.environments[2], Downstream).await;
    assert_eq!(
        stored_keys(&told.story, &graph),
        keys(&told.story.environments[2..])
    );
}

async fn downstream_from_a_commit_is_what_came_of_it(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let change = &told.one.changes[0];
    let first = commit_key(change.module.repository, &change.proposed[0]);
    let graph = walk(&world, first, Downstream).await;
    let found = stored_keys(&told.story, &graph);
    assert!(found.is_superset(&results(&told.story, &told.one)));
    for absent in [
        told.two.id.to_string(),
        told.prod(),
        told.one.changes[1].build.to_string(),
    ] {
        assert!(!found.contains(&absent), "{absent}");
    }
    // It never got to prod.
    assert!(!found.contains(&told.story.environments[3].to_string()));
    assert_edges(&told.story, &graph);
    // The other module's build is in both releases.
    let graph = walk(&world, told.one.changes[1].commit, Downstream).await;
    let found = stored_keys(&told.story, &graph);
    let both = keys([told.one.id, told.two.id]);
    assert!(found.is_superset(&both), "{found:?}");
}

async fn downstream_from_a_repository_walks_through_its_branches(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let repository = told.one.changes[1].module.repository;
    let found = stored_keys(&told.story, &walk(&world, repository, Downstream).await);
    assert!(found.contains(&told.two.promotions[3].to_string()));
    assert!(found.contains(&told.one.promotions[0].to_string()));
    assert!(!found.contains(&told.one.changes[0].build.to_string()));
    // A repository without changes of its own is left out of the others' answers.
    let gitops = stored_keys(
        &told.story,
        &walk(&world, told.story.gitops, Upstream).await,
    );
    assert_eq!(gitops, keys([told.story.gitops]));
}

async fn a_rollback_leads_to_what_it_restored(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut told = Two::told(&world, "web");
    told.story.append().await;
    let (left, restored) = (told.two.promotions[2], told.one.promotions[2]);
    let (rollback, environment_id) = (PromotionId::generate(), told.story.environments[2]);
    let (release_id, version) = (told.one.id, told.one.version.clone());
    world
        .append(&EnvironmentRolledBack {
            promotion_id: rollback,
            release_id,
            version: version.clone(),
            environment_id,
            environment: "staging".into(),
            attempt: 2,
            kind: "ROLLBACK".into(),
            rolled_back: left,
            restored,
            reason: "slow".into(),
        })
        .await;
    world
        .append(&PromotionSucceeded {
            promotion_id: rollback,
            release_id,
            version,
            environment_id,
            environment: "staging".into(),
            attempt: 2,
            kind: "ROLLBACK".into(),
            commit_sha: sha(0xc000),
            modules: Vec::new(),
        })
        .await;
    let module = told.one.changes[0].module.clone();
    told.story.synced(&module, 2, rollback, &sha(0xc000));
    told.story.append().await;
    let graph = walk(&world, module.syncs[2], Upstream).await;
    let found: BTreeSet<_> = graph.nodes.iter().map(|node| node.key.clone()).collect();
    assert!(found.is_superset(&keys([rollback, restored, left])));
    assert!(found.contains(&told.one.id.to_string()));
    assert!(
        !found.contains(&told.two.id.to_string()),
        "the release that was left"
    );
    let title = |id: PromotionId| {
        let node = graph.nodes.iter().find(|node| node.key == id.to_string());
        let shown = node.unwrap().shown.clone().unwrap();
        (shown.title, shown.state.unwrap())
    };
    assert_eq!(
        title(rollback),
        ("1.0.0 back into staging".into(), "SUCCEEDED".into())
    );
    assert_eq!(
        title(left),
        ("2.0.0 into staging".into(), "ROLLED_BACK".into())
    );
}
