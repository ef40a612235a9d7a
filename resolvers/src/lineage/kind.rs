//! What nodes and edges are, and which way a walk goes.

use async_graphql::Enum;
use sluice_ledger as service;

/// Which way lineage is followed.
///
/// A walk answers what people mean, not everything that hangs together somehow: repositories,
/// branches, environments and pipeline definitions are shared by changes that have nothing else
/// to do with each other, so they are listed where the walk meets them, and it goes on through
/// them only from the start (or, downstream, from a repository to its branches and their commits).
#[derive(Enum, Debug, Clone, Copy, Default, PartialEq, Eq)]
#[graphql(remote = "service::LineageDirection")]
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
    #[default]
    Both,
}

/// What a node of lineage is: the name of the object's type.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::NodeKind", rename_items = "PascalCase")]
pub enum LineageKind {
    /// A repository.
    Repository,
    /// A branch, by its name: deleted and made again it is the same node.
    Branch,
    /// A commit, recorded or not.
    Commit,
    /// A pull request.
    PullRequest,
    /// A pipeline definition.
    PipelineDefinition,
    /// A run.
    PipelineRun,
    /// A build result.
    BuildResult,
    /// A package.
    PackagePublication,
    /// A container image.
    ContainerImage,
    /// A release.
    ReleasePlan,
    /// A decision on a release.
    ReleaseApproval,
    /// An infrastructure plan.
    InfrastructurePlan,
    /// A rendered manifest.
    DeploymentManifest,
    /// An environment.
    Environment,
    /// A promotion or rollback.
    EnvironmentPromotion,
    /// The synchronisation of a module in an environment.
    GitOpsSyncState,
}

/// What an edge of lineage says: read it as `from RELATION to`, from the source towards what runs.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Relation")]
pub enum LineageRelation {
    /// Repository to branch.
    HasBranch,
    /// Branch to commit: it holds or held it.
    Holds,
    /// Commit to commit, both work beside the default branch.
    ParentOf,
    /// Branch to pull request: the pull request asks for its changes to be merged.
    SourceOf,
    /// Commit to pull request: it was the head of the pull request's source.
    ProposedIn,
    /// Pull request to the branch that shall receive its changes.
    Targets,
    /// Pull request to the commits that its merge wrote.
    MergedAs,
    /// Commit to the pipeline definition that was generated for it.
    DefinedBy,
    /// Pipeline definition to run.
    RunAs,
    /// Commit to run.
    BuiltBy,
    /// Run to build result; commit to build result where the run is an external CI's.
    ResultedIn,
    /// Build result to package.
    PublishedAs,
    /// Build result to container image.
    PackedAs,
    /// Build result, package or container image to release.
    ReleasedIn,
    /// Release to approval or rejection.
    DecidedBy,
    /// Release to infrastructure plan.
    PlannedAs,
    /// Release to manifest.
    RenderedAs,
    /// Release to promotion.
    PromotedAs,
    /// Manifest to the promotion by which Git declares it.
    DeclaredBy,
    /// Infrastructure plan to the promotions of its release into its environment.
    Provisions,
    /// Promotion to the commit of the GitOps repository that declares it.
    DeclaredIn,
    /// Promotion to environment.
    ReceivedBy,
    /// Promotion to synchronisation, whether or not it succeeded.
    SyncedAs,
    /// Synchronisation to environment.
    RunsIn,
    /// Environment to environment: releases pass the first before the second. It stays when
    /// the definition changes.
    Precedes,
    /// Promotion to the promotion that took its place in the environment.
    FollowedBy,
    /// Promotion to the rollback that left it.
    RolledBackBy,
    /// Promotion to the rollback that declared its content again.
    RestoredBy,
}
