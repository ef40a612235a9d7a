//! A part of the graph.

use async_graphql::{Context, ID, Interface, Object, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_ledger as service;

use super::{LineageKind, LineageRelation};
use crate::{
    fault::Result,
    ledger::Sequence,
    loaders::Call,
    node::{Node, find},
};

/// A part of the graph: every node and edge once.
#[derive(Debug, Clone)]
pub struct LineageGraph(pub(crate) std::sync::Arc<service::LineageGraph>);

/// A part of the graph: every node and edge once.
#[Object]
impl LineageGraph {
    /// The nodes, the nearest to the start first. What the caller may not see is there without
    /// its content, so that shape and number are true.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn nodes(&self) -> Vec<LineageNode> {
        self.0.nodes.iter().map(node).collect()
    }
    /// The edges between these nodes, in the order in which they came to be.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn edges(&self) -> Vec<LineageEdge> {
        self.0.edges.iter().map(Into::into).collect()
    }
    /// Whether there is more than the largest graph, of 2,000 nodes, holds.
    async fn truncated(&self) -> bool {
        self.0.truncated
    }
    /// The place in the ledger that it reflects.
    async fn sequence(&self) -> Sequence {
        Sequence(self.0.sequence)
    }
}

/// A node of lineage.
#[derive(Interface, Debug, Clone)]
#[graphql(
    field(
        name = "key",
        ty = "ID",
        desc = "Identifies the node in this graph; edges name it."
    ),
    field(name = "kind", ty = "LineageKind", desc = "What it is."),
    field(
        name = "depth",
        ty = "u32",
        desc = "How many edges away from the start, along the shortest way."
    )
)]
pub enum LineageNode {
    /// A node that the caller may see.
    Object(LineageObject),
    /// A node that the caller may not see.
    Redacted(RedactedNode),
}

fn node(node: &service::LineageNode) -> LineageNode {
    let of = NodePlace {
        key: node.key.clone(),
        kind: node.kind.into(),
        depth: node.depth,
    };
    match &node.shown {
        Some(shown) => LineageNode::Object(LineageObject {
            of,
            shown: shown.clone(),
        }),
        None => LineageNode::Redacted(RedactedNode { of }),
    }
}

#[derive(Debug, Clone)]
struct NodePlace {
    key: String,
    kind: LineageKind,
    depth: u32,
}

/// A node of lineage that the caller may not see, or that only events of other projects named so
/// far: that it is there, and nothing else of it.
#[derive(Debug, Clone)]
pub struct RedactedNode {
    of: NodePlace,
}

/// A node of lineage that the caller may not see, or that only events of other projects named so
/// far: that it is there, and nothing else of it.
#[Object]
impl RedactedNode {
    /// Identifies the node in this graph; edges name it. It means nothing elsewhere.
    async fn key(&self) -> ID {
        self.of.key.as_str().into()
    }
    /// What it is.
    async fn kind(&self) -> LineageKind {
        self.of.kind
    }
    /// How many edges away from the start, along the shortest way.
    async fn depth(&self) -> u32 {
        self.of.depth
    }
}

/// A node of lineage that the caller may see, as the ledger knows it.
#[derive(Debug, Clone)]
pub struct LineageObject {
    of: NodePlace,
    shown: service::ShownNode,
}

/// A node of lineage that the caller may see, as the ledger knows it.
#[Object]
impl LineageObject {
    /// Identifies the node in this graph; edges name it.
    async fn key(&self) -> ID {
        self.of.key.as_str().into()
    }
    /// What it is.
    async fn kind(&self) -> LineageKind {
        self.of.kind
    }
    /// How many edges away from the start, along the shortest way.
    async fn depth(&self) -> u32 {
        self.of.depth
    }
    /// The object's global id; null for a commit or branch that only Git knows.
    async fn object_id(&self) -> Option<ID> {
        self.shown.object_id.as_deref().map(Into::into)
    }
    /// The project that owns it.
    async fn project_id(&self) -> ID {
        self.shown.project_id.as_str().into()
    }
    /// The module that it belongs to, when known.
    async fn module_id(&self) -> Option<ID> {
        self.shown.module_id.as_deref().map(Into::into)
    }
    /// One line for people: a name, a version, the first line of a message.
    async fn title(&self) -> &str {
        &self.shown.title
    }
    /// The last state that an event told of, when it has states.
    async fn state(&self) -> Option<&str> {
        self.shown.state.as_deref()
    }
    /// Place in the ledger of the first event that told of it.
    async fn sequence(&self) -> Sequence {
        Sequence(self.shown.sequence)
    }
    /// When that event happened.
    async fn at(&self) -> DateTime<Utc> {
        self.shown.at
    }
    /// Who acted then.
    async fn actor(&self) -> &str {
        &self.shown.actor
    }
    /// The object as it is now; null when it is gone, or only Git knows it.
    async fn object(&self, context: &Context<'_>) -> Result<Option<Node>> {
        match &self.shown.object_id {
            Some(id) => find(Call::of(context)?, id).await,
            None => Ok(None),
        }
    }
}

/// An edge of lineage.
#[derive(SimpleObject, Debug, Clone)]
pub struct LineageEdge {
    /// Key of the node that is closer to the source.
    pub from: ID,
    /// Key of the node that is closer to what runs.
    pub to: ID,
    /// What it says of the two.
    pub relation: LineageRelation,
    /// Place in the ledger of the event that said it first.
    pub sequence: Sequence,
    /// That event's id; null when the caller may not see an end.
    pub origin_event_id: Option<ID>,
    /// When it happened; null when the caller may not see an end.
    pub at: Option<DateTime<Utc>>,
    /// Who acted; null when the caller may not see an end.
    pub actor: Option<String>,
}

impl From<&service::LineageEdge> for LineageEdge {
    fn from(edge: &service::LineageEdge) -> Self {
        Self {
            from: edge.from.as_str().into(),
            to: edge.to.as_str().into(),
            relation: edge.relation.into(),
            sequence: Sequence(edge.sequence),
            origin_event_id: edge.event_id.as_deref().map(Into::into),
            at: edge.at,
            actor: edge.actor.clone(),
        }
    }
}
