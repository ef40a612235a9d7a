//! The graph as it is asked for and answered.

use chrono::{DateTime, Utc};
use sluice_kernel::text_enum;

text_enum! {
    /// What a node is: an aggregate's type.
    NodeKind {
        /// A repository.
        Repository = "Repository",
        /// A branch, by its name: deleted and made again it is the same node.
        Branch = "Branch",
        /// A commit, recorded or not.
        Commit = "Commit",
        /// A pull request.
        PullRequest = "PullRequest",
        /// A pipeline definition.
        PipelineDefinition = "PipelineDefinition",
        /// A run.
        PipelineRun = "PipelineRun",
        /// A build result.
        BuildResult = "BuildResult",
        /// A package.
        PackagePublication = "PackagePublication",
        /// A container image.
        ContainerImage = "ContainerImage",
        /// A release.
        ReleasePlan = "ReleasePlan",
        /// A decision on a release.
        ReleaseApproval = "ReleaseApproval",
        /// An infrastructure plan.
        InfrastructurePlan = "InfrastructurePlan",
        /// A rendered manifest.
        DeploymentManifest = "DeploymentManifest",
        /// An environment.
        Environment = "Environment",
        /// A promotion or rollback.
        EnvironmentPromotion = "EnvironmentPromotion",
        /// The synchronisation of a module in an environment.
        GitOpsSyncState = "GitOpsSyncState",
    }
}

text_enum! {
    /// What an edge says of its two ends; read it as `from RELATION to`, from the source towards
    /// what runs.
    Relation {
        /// Repository to branch.
        HasBranch = "HAS_BRANCH",
        /// Branch to commit: it holds or held it.
        Holds = "HOLDS",
        /// Commit to commit, both work beside the default branch.
        ParentOf = "PARENT_OF",
        /// Branch to pull request: the pull request asks for its changes to be merged.
        SourceOf = "SOURCE_OF",
        /// Commit to pull request: it was the head of the pull request's source.
        ProposedIn = "PROPOSED_IN",
        /// Pull request to the branch that shall receive its changes.
        Targets = "TARGETS",
        /// Pull request to the commits that its merge wrote.
        MergedAs = "MERGED_AS",
        /// Commit to the pipeline definition that was generated for it.
        DefinedBy = "DEFINED_BY",
        /// Pipeline definition to run.
        RunAs = "RUN_AS",
        /// Commit to run.
        BuiltBy = "BUILT_BY",
        /// Run to build result; commit to build result where the run is an external CI's.
        ResultedIn = "RESULTED_IN",
        /// Build result to package.
        PublishedAs = "PUBLISHED_AS",
        /// Build result to container image.
        PackedAs = "PACKED_AS",
        /// Build result, package or container image to release.
        ReleasedIn = "RELEASED_IN",
        /// Release to approval or rejection.
        DecidedBy = "DECIDED_BY",
        /// Release to infrastructure plan.
        PlannedAs = "PLANNED_AS",
        /// Release to manifest.
        RenderedAs = "RENDERED_AS",
        /// Release to promotion.
        PromotedAs = "PROMOTED_AS",
        /// Manifest to the promotion by which Git declares it.
        DeclaredBy = "DECLARED_BY",
        /// Infrastructure plan to the promotions of its release into its environment.
        Provisions = "PROVISIONS",
        /// Promotion to the commit of the GitOps repository that declares it.
        DeclaredIn = "DECLARED_IN",
        /// Promotion to environment.
        ReceivedBy = "RECEIVED_BY",
        /// Promotion to synchronisation, whether or not it succeeded.
        SyncedAs = "SYNCED_AS",
        /// Synchronisation to environment.
        RunsIn = "RUNS_IN",
        /// Environment to environment: releases pass the first before the second. It stays when
        /// the definition changes.
        Precedes = "PRECEDES",
        /// Promotion to the promotion that took its place in the environment.
        FollowedBy = "FOLLOWED_BY",
        /// Promotion to the rollback that left it.
        RolledBackBy = "ROLLED_BACK_BY",
        /// Promotion to the rollback that declared its content again.
        RestoredBy = "RESTORED_BY",
    }
}

/// Which way a walk goes.
///
/// A walk answers what people mean, not everything that hangs together somehow: repositories,
/// branches, environments and pipeline definitions are shared by changes that have nothing else
/// to do with each other, so they are listed where the walk meets them, and it goes on through
/// them only from the start (or, downstream, from a repository to its branches and their commits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineageDirection {
    /// Towards the source: what it was made from. A commit that a merge wrote leads to its pull
    /// request, and this to the commits that it proposed. A synchronisation, and an environment by
    /// way of its synchronisations, leads to the promotion that it was last for, not to earlier
    /// ones. Beside that: the approvals of releases that were promoted, the other commits of a
    /// merge, the environment of a promotion or synchronisation, and what a rollback left.
    Upstream,
    /// Towards what runs: what came of it, with superseded and failed runs, promotions and
    /// rollbacks. A release leads to its approvals, plans, manifests and promotions, but not to its
    /// other modules. An environment leads to those after it.
    Downstream,
    /// Upstream and downstream of the start, and downstream of the releases that are met upstream:
    /// with a synchronisation, the whole chain of its release, from the repositories to every
    /// environment, with the packages and images of its builds. A promotion is listed with those
    /// right before and after it in its environment only when it is the start.
    Both,
}

/// A walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageRequest {
    /// Global id of the object to start at, or the key of a node.
    pub id: String,
    /// Which way.
    pub direction: LineageDirection,
    /// At most so many edges away, 1 to 50.
    pub max_depth: u32,
    /// Only nodes of these kinds, and edges between them; all when empty. The walk still passes
    /// through others, and nodes that are not shown have their kind all the same.
    pub kinds: Vec<NodeKind>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageNode {
    /// Identifies the node in this graph: the object's id where it has one, else
    /// `<repository id>@<sha>` of a commit and `<repository id>#<name>` of a branch; for what the
    /// caller may not see, `redacted-<number>`, which means nothing elsewhere.
    pub key: String,
    /// What it is.
    pub kind: NodeKind,
    /// How many edges away from the start, along the shortest way.
    pub depth: u32,
    /// What is shown of it; absent when the caller may not see its project, or only other
    /// projects' events named it so far.
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
