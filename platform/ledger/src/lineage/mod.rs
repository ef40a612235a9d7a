//! Where an object came from and what came of it.

mod graph;
mod model;
mod query;
mod rules;
mod sql;
mod walk;

pub use model::{
    LineageDirection, LineageEdge, LineageGraph, LineageNode, LineageRequest, NodeKind, Relation,
    ShownNode,
};
