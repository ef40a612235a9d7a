//! Finding any object by its global id.

use async_graphql::{Context, ID, Interface, Object};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use sluice_schema::{BoxFault, ErrorCode, Fault};

use crate::{
    branch::{Branch, BranchById},
    build_result::{BuildById, BuildResult},
    commit::{Commit, CommitById},
    environment::{Environment, EnvironmentById},
    fault::Result,
    gitops::{GitOpsSyncState, SyncById},
    image::{ContainerImage, ImageById},
    infrastructure::{InfrastructurePlan, PlanById},
    ledger::{LedgerEvent, LedgerEventFilter, LedgerEventOrder},
    lineage::{LineageDirection, LineageGraph, LineageKind},
    loaders::Call,
    manifest::{DeploymentManifest, ManifestById},
    package::{PackageById, PackagePublication},
    paging::Connection,
    pipeline::{PipelineById, PipelineDefinition},
    pipeline_run::{PipelineRun, RunById},
    promotion::{EnvironmentPromotion, PromotionById},
    pull_request::{PullRequest, PullRequestById},
    release::{ApprovalById, ReleaseApproval, ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
};

pub(crate) const MAX_NODES: usize = 100;

/// Anything that has a global id.
#[derive(Interface, Debug)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Global id; `node` finds the object by it."
))]
pub enum Node {
    /// A repository.
    Repository(Repository),
    /// A branch.
    Branch(Branch),
    /// A pull request.
    PullRequest(PullRequest),
    /// A commit.
    Commit(Commit),
    /// A pipeline definition.
    PipelineDefinition(PipelineDefinition),
    /// A pipeline run.
    PipelineRun(PipelineRun),
    /// A build result.
    BuildResult(BuildResult),
    /// A package publication.
    PackagePublication(PackagePublication),
    /// A container image.
    ContainerImage(ContainerImage),
    /// A release.
    ReleasePlan(ReleasePlan),
    /// A decision on a release.
    ReleaseApproval(ReleaseApproval),
    /// A plan of infrastructure.
    InfrastructurePlan(InfrastructurePlan),
    /// A deployment manifest.
    DeploymentManifest(DeploymentManifest),
    /// An environment.
    Environment(Environment),
    /// A promotion.
    EnvironmentPromotion(EnvironmentPromotion),
    /// A synchronisation.
    GitOpsSyncState(GitOpsSyncState),
}

/// What every aggregate carries besides its own fields.
#[derive(Interface, Debug)]
#[allow(clippy::duplicated_attributes, reason = "several fields have one type")]
#[graphql(
    field(
        name = "id",
        ty = "ID",
        desc = "Global id; `node` finds the object by it."
    ),
    field(name = "tenant_id", ty = "ID", desc = "The tenant that owns it."),
    field(name = "project_id", ty = "ID", desc = "The project that owns it."),
    field(
        name = "module_id",
        ty = "Option<ID>",
        desc = "The module that it belongs to, when known."
    ),
    field(
        name = "version",
        ty = "i64",
        desc = "1 when made, one more with each change."
    ),
    field(name = "created_at", ty = "DateTime<Utc>", desc = "When it was made."),
    field(
        name = "updated_at",
        ty = "DateTime<Utc>",
        desc = "When it last changed."
    ),
    field(name = "created_by", ty = "&str", desc = "Who made it."),
    field(name = "updated_by", ty = "&str", desc = "Who last changed it."),
    field(
        name = "trace_id",
        ty = "&str",
        desc = "Trace of the request that made it."
    ),
    field(
        name = "lineage",
        ty = "Option<LineageGraph>",
        desc = "Where it came from and what came of it; null for the moment until the ledger \
                has heard of it.",
        arg(
            name = "direction",
            ty = "LineageDirection",
            desc = "Which way.",
            default
        ),
        arg(
            name = "max_depth",
            ty = "u32",
            desc = "At most so many edges away, 1 to 50.",
            default = 20
        ),
        arg(
            name = "kinds",
            ty = "Option<Vec<LineageKind>>",
            desc = "Only nodes of these kinds, and edges between them; all when absent."
        )
    ),
    field(
        name = "history",
        ty = "Connection<LedgerEvent>",
        desc = "What happened to it: the events about it.",
        arg(
            name = "first",
            ty = "Option<i32>",
            desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given."
        ),
        arg(
            name = "after",
            ty = "Option<String>",
            desc = "Only what stands after this cursor."
        ),
        arg(
            name = "last",
            ty = "Option<i32>",
            desc = "At most so many from the end, 1 to 200; not together with `first`."
        ),
        arg(
            name = "before",
            ty = "Option<String>",
            desc = "Only what stands before this cursor."
        ),
        arg(
            name = "filter",
            ty = "Option<LedgerEventFilter>",
            desc = "Only what matches."
        ),
        arg(
            name = "order_by",
            ty = "Option<LedgerEventOrder>",
            desc = "Sorted by what; the newest first when absent."
        )
    )
)]
pub enum Aggregate {
    /// A repository.
    Repository(Repository),
    /// A branch.
    Branch(Branch),
    /// A pull request.
    PullRequest(PullRequest),
    /// A commit.
    Commit(Commit),
    /// A pipeline definition.
    PipelineDefinition(PipelineDefinition),
    /// A pipeline run.
    PipelineRun(PipelineRun),
    /// A build result.
    BuildResult(BuildResult),
    /// A package publication.
    PackagePublication(PackagePublication),
    /// A container image.
    ContainerImage(ContainerImage),
    /// A release.
    ReleasePlan(ReleasePlan),
    /// A decision on a release.
    ReleaseApproval(ReleaseApproval),
    /// A plan of infrastructure.
    InfrastructurePlan(InfrastructurePlan),
    /// A deployment manifest.
    DeploymentManifest(DeploymentManifest),
    /// An environment.
    Environment(Environment),
    /// A promotion.
    EnvironmentPromotion(EnvironmentPromotion),
    /// A synchronisation.
    GitOpsSyncState(GitOpsSyncState),
}

/// More ids than one query may ask for.
#[derive(Debug, thiserror::Error)]
#[error("nodes takes at most {MAX_NODES} ids, not {0}")]
struct TooManyIds(usize);

impl Fault for TooManyIds {
    fn code(&self) -> ErrorCode {
        ErrorCode::LimitExceeded
    }
    fn field(&self) -> Option<String> {
        Some("ids".to_owned())
    }
}

macro_rules! find {
    ($call:ident, $id:ident: $($object:ident by $lookup:ident,)*) => {
        $(if let Ok(id) = $id.parse() {
            let found = $call.one(Some($lookup(id))).await?;
            return Ok(found.map(|model| $object(model).into()));
        })*
    };
}

/// The object with this id; nothing when there is none that the caller may see.
///
/// # Errors
/// What the owning service fails with.
pub(crate) async fn find(call: &Call, id: &str) -> Result<Option<Node>> {
    find! { call, id:
        Repository by RepositoryById,
        Branch by BranchById,
        Commit by CommitById,
        PullRequest by PullRequestById,
        PipelineDefinition by PipelineById,
        PipelineRun by RunById,
        BuildResult by BuildById,
        PackagePublication by PackageById,
        ContainerImage by ImageById,
        ReleasePlan by ReleaseById,
        ReleaseApproval by ApprovalById,
        InfrastructurePlan by PlanById,
        DeploymentManifest by ManifestById,
        Environment by EnvironmentById,
        EnvironmentPromotion by PromotionById,
        GitOpsSyncState by SyncById,
    }
    Ok(None)
}

/// Finding any object by its global id.
#[derive(Debug, Default)]
pub struct NodeQuery;

/// Finding any object by its global id.
#[Object]
impl NodeQuery {
    /// The object with this id; null when there is none that the caller may see.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Node>> {
        find(Call::of(context)?, &id).await
    }

    /// The objects with these ids, in their order; null for each that the caller may not see.
    #[graphql(complexity = "ids.len() * child_complexity + 1")]
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        let call = Call::of(context)?;
        if ids.len() > MAX_NODES {
            return Err(call.failure(BoxFault::from(TooManyIds(ids.len()))));
        }
        try_join_all(ids.iter().map(|id| find(call, id))).await
    }
}
