//! The lineage graph: what is in it, what walks answer, and what others may not see.

mod answers;
mod content;
mod redaction;
mod size;
mod story;
mod walks;

use std::collections::BTreeSet;

use sluice_kernel::Ctx;
use sluice_ledger::{
    LedgerError, LineageDirection, LineageGraph, LineageNode, LineageRequest, NodeKind,
};

use crate::world::World;
use story::{Release, Story};

/// Two modules of `project` and `web`, and two releases of which the second has a new build of
/// the first module only; the first got to staging, the second to prod.
struct Two<'w> {
    story: Story<'w>,
    one: Release,
    two: Release,
}

impl<'w> Two<'w> {
    fn told(world: &'w World, project: &'static str) -> Self {
        let mut story = Story::begin(world);
        let greeter = story.module("web", "greeter");
        let worker = story.module(project, "worker");
        let changes = [story.change(&greeter), story.change(&worker)];
        let mut one = story.release("1.0.0", &changes);
        for _ in 0..3 {
            story.promote(&mut one, None);
        }
        let newer = story.change(&greeter);
        let mut two = story.release("2.0.0", &[newer, changes[1].clone()]);
        for place in 0..4 {
            let previous = one.promotions.get(place).copied();
            story.promote(&mut two, previous);
        }
        Self { story, one, two }
    }

    /// The synchronisation of the first module in prod.
    fn prod(&self) -> String {
        self.two.changes[0].module.syncs[3].to_string()
    }
}

fn request(id: impl ToString, direction: LineageDirection) -> LineageRequest {
    LineageRequest {
        id: id.to_string(),
        direction,
        max_depth: 50,
        kinds: Vec::new(),
    }
}

async fn walk(world: &World, id: impl ToString, direction: LineageDirection) -> LineageGraph {
    walk_as(world, &world.ctx(), id, direction).await.unwrap()
}

async fn walk_as(
    world: &World,
    ctx: &Ctx,
    id: impl ToString,
    direction: LineageDirection,
) -> Result<LineageGraph, LedgerError> {
    world.ledger.lineage(ctx, &request(id, direction)).await
}

/// Names as they are stored: commits and branches by repository and name.
fn stored_keys(story: &Story<'_>, graph: &LineageGraph) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for node in &graph.nodes {
        assert!(keys.insert(stored_key(story, node)), "{node:?} twice");
    }
    keys
}

/// Answers name a recorded commit or branch by its id.
fn stored_key(story: &Story<'_>, node: &LineageNode) -> String {
    let known = |key: &str| story.nodes.iter().any(|(other, _)| other == key);
    if known(&node.key) {
        return node.key.clone();
    }
    let found = story.aliases.get(&node.key);
    found.unwrap_or_else(|| panic!("{node:?}")).clone()
}

fn kinds(graph: &LineageGraph) -> Vec<NodeKind> {
    graph.nodes.iter().map(|node| node.kind).collect()
}

fn keys<T: ToString>(ids: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}
