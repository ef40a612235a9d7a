//! The lineage graph: nodes and typed edges, from the source towards what runs.

use super::Recorded;
use crate::patch::{Patch, Table, tables};

pub(crate) const TABLES: &[&Table] = &[&NODE, &EDGE, &ALIAS];

tables! {
    /// Nodes. `node_key` is the object's id, but for commits `<repository id>@<sha>` and for branches
    /// `<repository id>#<name>`, which events name without their ids; `object_id` is then absent
    /// until the object is recorded.
    NODE = "lineage_node" {
        key node_key: Text; first kind: Text; first object_id: Text; first project_id: Text;
        first module_id: Text; latest title: Text; latest state: Text; first sequence: Int;
        first at: Int; first actor: Text;
    }
    /// Edges. `from_key` is closer to the source; `latest_sequence` is the last event that said
    /// the same again.
    EDGE = "lineage_edge" {
        key from_key: Text; key relation: Text; key to_key: Text; first sequence: Int;
        latest latest_sequence: Int; first event_id: Text; first event_type: Text; first at: Int;
        first actor: Text;
    }
    /// Ids of commits and branches, and the keys of their nodes.
    ALIAS = "lineage_alias" { key object_id: Text; first node_key: Text; }
}

/// The patches that an event amounts to.
pub(super) fn patches(_recorded: &Recorded<'_>) -> Vec<Patch> {
    Vec::new()
}
