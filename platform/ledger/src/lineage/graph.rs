//! From what was read to what is answered.

use std::collections::{HashMap, HashSet, VecDeque, hash_map::Entry};

use sluice_kernel::Ctx;

use super::{
    rules::{Manner, STEPS, Step, Way},
    walk::{Said, Stored},
};
use crate::{LineageEdge, LineageGraph, LineageNode, Relation};

/// Nodes and edges that were read, to be gone over in memory.
pub(super) struct Read {
    pub(super) nodes: Vec<Stored>,
    pub(super) edges: Vec<Said>,
    index: HashMap<String, usize>,
    /// Of each node: edges with the number of the other end.
    around: Vec<Vec<(usize, Way, usize)>>,
}

/// Nodes with their places on a path, and its edges.
pub(super) type Path = (Vec<(usize, u32)>, Vec<usize>);

/// How the nodes were reached from a start.
pub(super) struct Reached {
    /// Nodes with their depths, the nearest first.
    pub(super) order: Vec<(usize, u32)>,
    /// Of each node other than the start: the edge by which it was first reached, and the node
    /// before it, each in its manner.
    by: HashMap<(usize, Manner), (usize, (usize, Manner))>,
    first: HashMap<usize, Manner>,
}

impl Read {
    pub(super) fn new(nodes: Vec<Stored>, edges: Vec<Said>) -> Self {
        let numbered = nodes.iter().enumerate();
        let index: HashMap<_, _> = numbered.map(|(i, node)| (node.key.clone(), i)).collect();
        let mut around = vec![Vec::new(); nodes.len()];
        for (number, edge) in edges.iter().enumerate() {
            let (from, to) = (index.get(&edge.from), index.get(&edge.to));
            if let (Some(&from), Some(&to)) = (from, to) {
                around[from].push((number, Way::Along, to));
                around[to].push((number, Way::Against, from));
            }
        }
        Self {
            nodes,
            edges,
            index,
            around,
        }
    }

    /// Where the node of this key stands.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// Goes from `start` by the rules, breadth first.
    pub(super) fn reach(&self, start: usize, begin: &[Manner]) -> Reached {
        let mut reached = Reached {
            order: vec![(start, 0)],
            by: HashMap::new(),
            first: HashMap::from([(start, begin[0])]),
        };
        let mut known: HashSet<(usize, Manner)> = begin.iter().map(|m| (start, *m)).collect();
        let mut open: VecDeque<_> = begin.iter().map(|m| ((start, *m), 0)).collect();
        while let Some((here, depth)) = open.pop_front() {
            for &(edge, way, other) in &self.around[here.0] {
                for manner in self.next(here.1, edge, way) {
                    let there = (other, manner);
                    if !known.insert(there) {
                        continue;
                    }
                    reached.by.insert(there, (edge, here));
                    if let Entry::Vacant(first) = reached.first.entry(other) {
                        first.insert(manner);
                        reached.order.push((other, depth + 1));
                    }
                    open.push_back((there, depth + 1));
                }
            }
        }
        reached
    }

    fn next(&self, at: Manner, edge: usize, way: Way) -> impl Iterator<Item = Manner> {
        let edge = &self.edges[edge];
        let relation = edge.relation;
        let open = relation != Relation::SyncedAs || way == Way::Along || self.is_current(edge);
        let leads = move |s: &&Step| open && s.at == at && s.relation == relation && s.way == way;
        STEPS.iter().filter(leads).map(|step| step.to)
    }

    fn is_current(&self, edge: &Said) -> bool {
        let sync = self.find(&edge.to).map(|place| &self.nodes[place]);
        sync.and_then(|sync| sync.current.as_ref()) == Some(&edge.from)
    }

    /// The answer that holds these nodes, with their depths, in this order.
    pub(super) fn answer(
        &self,
        ctx: &Ctx,
        chosen: &[(usize, u32)],
        edges: impl Iterator<Item = usize>,
    ) -> LineageGraph {
        let mut names: HashMap<&str, (String, bool)> = HashMap::new();
        let mut hidden = 0;
        let mut nodes = Vec::with_capacity(chosen.len());
        for (place, depth) in chosen {
            let node = &self.nodes[*place];
            let sees = may_see(ctx, node);
            let shown = node.shown.clone().filter(|_| sees);
            let key = if let Some(shown) = &shown {
                shown.object_id.as_ref().unwrap_or(&node.key).clone()
            } else {
                hidden += 1;
                format!("redacted-{hidden}")
            };
            names.insert(&node.key, (key.clone(), sees));
            nodes.push(LineageNode {
                key,
                kind: node.kind,
                depth: *depth,
                shown,
            });
        }
        let edges = edges.map(|edge| &self.edges[edge]);
        let mut edges: Vec<_> = edges.filter_map(|edge| shown_edge(edge, &names)).collect();
        edges.sort_by(|a, b| {
            let order = |e: &LineageEdge| {
                (
                    e.sequence,
                    e.relation.as_str(),
                    e.from.clone(),
                    e.to.clone(),
                )
            };
            order(a).cmp(&order(b))
        });
        LineageGraph {
            nodes,
            edges,
            ..LineageGraph::default()
        }
    }
}

impl Reached {
    /// Edges on a shortest way to `end`, and the nodes on it with their places, from the start on.
    pub(super) fn path(&self, end: usize) -> Option<Path> {
        let mut here = (end, *self.first.get(&end)?);
        let (mut nodes, mut edges) = (vec![end], Vec::new());
        while let Some((edge, before)) = self.by.get(&here) {
            edges.push(*edge);
            nodes.push(before.0);
            here = *before;
        }
        nodes.reverse();
        Some(((nodes.into_iter().zip(0..)).collect(), edges))
    }
}

/// Whether the caller may see a node.
pub(super) fn may_see(ctx: &Ctx, node: &Stored) -> bool {
    let project = node.shown.as_ref().map(|shown| shown.project_id.parse());
    matches!(project, Some(Ok(project)) if ctx.sees(&project))
}

/// An edge between named nodes; what happened is told only where both are shown.
fn shown_edge(edge: &Said, names: &HashMap<&str, (String, bool)>) -> Option<LineageEdge> {
    let (from, sees_from) = names.get(edge.from.as_str())?;
    let (to, sees_to) = names.get(edge.to.as_str())?;
    let sees = *sees_from && *sees_to;
    Some(LineageEdge {
        from: from.clone(),
        to: to.clone(),
        relation: edge.relation,
        sequence: edge.sequence,
        event_id: sees.then(|| edge.event_id.clone()),
        at: sees.then_some(edge.at),
        actor: sees.then(|| edge.actor.clone()),
    })
}
