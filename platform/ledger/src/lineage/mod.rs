//! Where an object came from and what came of it.

mod model;

pub use model::{
    LineageDirection, LineageEdge, LineageGraph, LineageNode, LineageRequest, NodeKind, Relation, ShownNode,
};
