//! Where an object came from and what came of it, as a graph.

mod graph;
mod kind;
mod query;

pub use graph::{LineageEdge, LineageGraph, LineageNode, LineageObject, RedactedNode};
pub use kind::{LineageDirection, LineageKind, LineageRelation};
pub use query::LineageQuery;
pub(crate) use query::{WEIGHT, lineage};
