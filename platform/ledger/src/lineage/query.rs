//! The two questions.

use sluice_kernel::Ctx;
use sluice_schema::Scope;

use super::{
    graph::{Path, Read, may_see},
    rules::Manner,
    walk::{Reads, Stored},
};
use crate::{Ledger, LedgerError, LineageDirection, LineageGraph, LineageRequest};

/// The deepest walk.
const MAX_DEPTH: u32 = 50;

impl Ledger {
    /// Where an object came from, what came of it, or both: [`LineageDirection`] says what that
    /// is. The walk knows no project rights: what the caller may not see keeps its place, kind and
    /// edges, and nothing else. Five statements.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a depth outside 1 to 50; [`LedgerError::NotFound`] when there
    /// is no such object for the caller; what the database fails with.
    pub async fn lineage(
        &self,
        ctx: &Ctx,
        request: &LineageRequest,
    ) -> Result<LineageGraph, LedgerError> {
        ctx.require(Scope::Read)?;
        if !(1..=MAX_DEPTH).contains(&request.max_depth) {
            let rule = format!("must be between 1 and {MAX_DEPTH}");
            return Err(LedgerError::invalid("maxDepth", rule));
        }
        let reads = Reads::new(ctx, self.store().read_raw(ctx).await?);
        let sequence = reads.head().await?;
        let mut starts = reads.starts(&[&request.id]).await?;
        let start = seen(ctx, starts.remove(&request.id), "id")?;
        let walked = reads.walk(&[&start], request.direction).await?;
        let nodes = reads.nodes(&walked.keys).await?;
        let edges = reads.edges(&walked.keys, &nodes).await?;
        let read = Read::new(nodes, edges);
        let Some(place) = read.find(&start.key) else {
            return Err(LedgerError::NotFound("object", "id"));
        };
        let reached = read.reach(place, Manner::begin(request.direction));
        let deepest = reached.order.last().map_or(0, |(_, depth)| *depth);
        let mut chosen = reached.order;
        chosen.retain(|(place, depth)| {
            let kind = read.nodes[*place].kind;
            *depth <= request.max_depth
                && (request.kinds.is_empty() || request.kinds.contains(&kind))
        });
        let mut graph = read.answer(ctx, &chosen, 0..read.edges.len());
        // A walk that was ended is whole but for its last level.
        graph.truncated = walked.truncated && request.max_depth >= deepest;
        graph.sequence = sequence;
        Ok(graph)
    }

    /// A shortest path between two objects: upstream from one of them to the other where there is
    /// one, else by the rules of [`LineageDirection::Both`]. `None` when nothing joins them, or
    /// nothing within the nearest 2,000 nodes. Its nodes stand from `from` to `to`, `depth` being
    /// their place. Redacted as [`Ledger::lineage`]. Six statements.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when one of them is no object for the caller; what the database
    /// fails with.
    pub async fn lineage_path(
        &self,
        ctx: &Ctx,
        from: &str,
        to: &str,
    ) -> Result<Option<LineageGraph>, LedgerError> {
        ctx.require(Scope::Read)?;
        let reads = Reads::new(ctx, self.store().read_raw(ctx).await?);
        let sequence = reads.head().await?;
        let starts = reads.starts(&[from, to]).await?;
        let first = seen(ctx, starts.get(from).cloned(), "from")?;
        let last = seen(ctx, starts.get(to).cloned(), "to")?;
        let both = [&first, &last];
        let mut keys = reads.walk(&both, LineageDirection::Upstream).await?.keys;
        let around = reads.walk(&both, LineageDirection::Both).await?.keys;
        keys.extend(around);
        keys.sort_unstable();
        keys.dedup();
        let nodes = reads.nodes(&keys).await?;
        let edges = reads.edges(&keys, &nodes).await?;
        let graph = shortest(ctx, &Read::new(nodes, edges), &first.key, &last.key);
        Ok(graph.map(|graph| LineageGraph { sequence, ..graph }))
    }
}

fn seen(ctx: &Ctx, found: Option<Stored>, field: &'static str) -> Result<Stored, LedgerError> {
    let found = found.filter(|node| may_see(ctx, node));
    found.ok_or(LedgerError::NotFound("object", field))
}

fn shortest(ctx: &Ctx, read: &Read, from: &str, to: &str) -> Option<LineageGraph> {
    let (from, to) = (read.find(from)?, read.find(to)?);
    for direction in [LineageDirection::Upstream, LineageDirection::Both] {
        let begin = Manner::begin(direction);
        let there = read.reach(from, begin).path(to);
        let back = read.reach(to, begin).path(from).map(turned);
        let ways = there.into_iter().chain(back);
        if let Some((nodes, edges)) = ways.min_by_key(|(nodes, _)| nodes.len()) {
            return Some(read.answer(ctx, &nodes, edges.into_iter()));
        }
    }
    None
}

fn turned((nodes, edges): Path) -> Path {
    let places = nodes.into_iter().rev().map(|(place, _)| place);
    (places.zip(0..).collect(), edges)
}
