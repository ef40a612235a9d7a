//! The graph as it is asked for and answered.

use chrono::{DateTime, Utc};
use sluice_kernel::text_enum;

text_enum! {
    /// What a node is: an aggregate's type.
    NodeKind {
        Repository = "Repository",
        Branch = "Branch",
        Commit = "Commit",
        PullRequest = "PullRequest",
        PipelineDefinition = "PipelineDefinition",
        PipelineRun = "PipelineRun",
        BuildResult = "BuildResult",
        PackagePublication = "PackagePublication",
        ContainerImage = "ContainerImage",
        ReleasePlan = "ReleasePlan",
        ReleaseApproval = "ReleaseApproval",
        InfrastructurePlan = "InfrastructurePlan",
        DeploymentManifest = "DeploymentManifest",
        Environment = "Environment",
        EnvironmentPromotion = "EnvironmentPromotion",
        GitOpsSyncState = "GitOpsSyncState",
    }
}

text_enum! {
    /// What an edge says of its two ends; read it as `from RELATION to`, from the source towards
    /// what runs.
    Relation {
        HasBranch = "HAS_BRANCH",
        Holds = "HOLDS",
        ProposedIn = "PROPOSED_IN",
        Targets = "TARGETS",
        MergedAs = "MERGED_AS",
        DefinedBy = "DEFINED_BY",
        RunAs = "RUN_AS",
        BuiltBy = "BUILT_BY",
        ResultedIn = "RESULTED_IN",
        PublishedAs = "PUBLISHED_AS",
        PackedAs = "PACKED_AS",
        ReleasedIn = "RELEASED_IN",
        DecidedBy = "DECIDED_BY",
        PlannedAs = "PLANNED_AS",
        RenderedAs = "RENDERED_AS",
        PromotedAs = "PROMOTED_AS",
        Declares = "DECLARES",
        Provisions = "PROVISIONS",
        ReceivedBy = "RECEIVED_BY",
        Precedes = "PRECEDES",
        FollowedBy = "FOLLOWED_BY",
        RolledBackBy = "ROLLED_BACK_BY",
        RestoredBy = "RESTORED_BY",
        SyncedAs = "SYNCED_AS",
    }
}

/// Which way a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineageDirection {
    /// Towards the source: what it was made from.
    Upstream,
    /// Towards what runs: what came of it.
    Downstream,
    /// Everything that hangs together with it.
    Both,
}

/// A walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageRequest {
    /// Global id of the object to start at.
    pub id: String,
    /// Which way.
    pub direction: LineageDirection,
    /// At most so many edges away, 1 to 50.
    pub max_depth: u32,
    /// Only nodes of these kinds, and edges between them; all when empty. The walk still passes
    /// through others.
    pub kinds: Vec<NodeKind>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageNode {
    /// Identifies the node in this graph: the object's id where it has one; for what the caller
    /// may not see, a number that means nothing elsewhere.
    pub key: String,
    /// What it is.
    pub kind: NodeKind,
    /// How many edges away from the start, along the shortest way.
    pub depth: u32,
    /// What is shown of it; absent when the caller may not see its project.
    pub shown: Option<ShownNode>,
}

/// What is shown of a node that the caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownNode {
    /// The object's global id; absent for a commit or branch that no service has recorded.
    pub object_id: Option<String>,
    /// Its project.
    pub project_id: String,
    /// Its module, when known.
    pub module_id: Option<String>,
    /// One line for people: a name, a version, the first line of a message.
    pub title: String,
    /// The last state that an event told of, when it has states.
    pub state: Option<String>,
    /// Sequence of the first event that told of it.
    pub sequence: u64,
    /// When that was.
    pub at: DateTime<Utc>,
    /// Who acted.
    pub actor: String,
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageEdge {
    /// Key of the node that is closer to the source.
    pub from: String,
    /// Key of the node that is closer to what runs.
    pub to: String,
    /// What it says.
    pub relation: Relation,
    /// Sequence of the event that said it first.
    pub sequence: u64,
    /// That event's id; absent when an end is not shown.
    pub event_id: Option<String>,
    /// When that was; absent when an end is not shown.
    pub at: Option<DateTime<Utc>>,
    /// Who acted; absent when an end is not shown.
    pub actor: Option<String>,
}

/// A part of the graph: every node and edge once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineageGraph {
    /// Nodes, the nearest first.
    pub nodes: Vec<LineageNode>,
    /// Edges between them, in the order in which they were said.
    pub edges: Vec<LineageEdge>,
    /// Whether there is more than the largest answer (2,000 nodes) holds.
    pub truncated: bool,
    /// The ledger's sequence that it reflects.
    pub sequence: u64,
}
