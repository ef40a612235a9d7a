//! The roots, and how a request is executed.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    MergedObject, MergedSubscription, Request, Response, SDLExportOptions, Schema, SchemaBuilder,
};
use sluice_bus::Transport;
use sluice_kernel::Ctx;

use crate::{
    Limits, ServerMode,
    board::BoardQuery,
    branch::{BranchMutation, BranchQuery},
    build_result::{BuildResultMutation, BuildResultQuery},
    commit::{CommitMutation, CommitQuery},
    compare::CompareQuery,
    dead_letter::{DeadLetterMutation, DeadLetterQuery},
    environment::{EnvironmentMutation, EnvironmentQuery},
    fault,
    gitops::{GitOpsMutation, GitOpsQuery},
    image::{ImageMutation, ImageQuery},
    infrastructure::{InfrastructureMutation, InfrastructureQuery},
    ledger::LedgerQuery,
    limits::{Guard, Metered},
    lineage::LineageQuery,
    loaders::PerExecution,
    manifest::{ManifestMutation, ManifestQuery},
    metrics::MetricsQuery,
    node::{Aggregate, NodeQuery},
    package::{PackageMutation, PackageQuery},
    pipeline::{PipelineMutation, PipelineQuery},
    pipeline_run::{PipelineRunMutation, PipelineRunQuery},
    project::{ProjectMutation, ProjectQuery},
    promotion::{PromotionMutation, PromotionQuery},
    pull_request::{PullRequestMutation, PullRequestQuery},
    reach::ReachQuery,
    release::{ReleaseMutation, ReleaseQuery},
    repository::{RepositoryMutation, RepositoryQuery},
    server::ServerQuery,
    stream::{EventStreams, LogStream, OneRoot},
    variables::LeftOut,
};

/// Whom the resolvers ask.
#[derive(Clone)]
pub struct Services {
    /// Repositories.
    pub repositories: sluice_repository::Repositories,
    /// Branches.
    pub branches: sluice_branch::Branches,
    /// Commits.
    pub commits: sluice_commit::Commits,
    /// Pull requests.
    pub pull_requests: sluice_pull_request::PullRequests,
    /// Pipeline definitions.
    pub pipelines: sluice_pipeline_generator::Pipelines,
    /// Pipeline runs.
    pub runs: sluice_pipeline_execution::PipelineRuns,
    /// Build results.
    pub builds: sluice_build_result::BuildResults,
    /// Projects.
    pub projects: sluice_project::Projects,
    /// Package publications.
    pub packages: sluice_package_publishing::PackagePublishing,
    /// Container images.
    pub images: sluice_container_image::ContainerImages,
    /// Releases.
    pub releases: sluice_release::Releases,
    /// Plans of infrastructure.
    pub infrastructure: sluice_iac_provisioning::Infrastructures,
    /// Deployment manifests.
    pub manifests: sluice_deployment_manifest::DeploymentManifests,
    /// Environments.
    pub environments: sluice_environment_promotion::Environments,
    /// Promotions.
    pub promotions: sluice_environment_promotion::Promotions,
    /// Synchronisations.
    pub syncs: sluice_gitops_sync::GitOpsSyncs,
    /// The ledger and its read models.
    pub ledger: sluice_ledger::Ledger,
    /// Follows the ledger as it grows.
    pub hub: sluice_ledger::Hub,
    /// The event bus, for its dead letters.
    pub bus: Arc<dyn Transport>,
}

/// How the schema is built.
#[derive(Debug, Clone)]
pub struct Options {
    /// Version of the server, as `serverInfo` shows it.
    pub version: String,
    /// How the server is run; in production introspection and suggestions are off.
    pub mode: ServerMode,
    /// What a request may ask for.
    pub limits: Limits,
    /// Bytes of a request's body that the edge takes, for `serverInfo`.
    pub body_bytes: u64,
    /// Bytes of a document that the edge takes, for `serverInfo`.
    pub document_bytes: u64,
    /// Tokens of a document that the edge takes, for `serverInfo`.
    pub document_tokens: u32,
    /// Operations of one HTTP request that the edge takes, for `serverInfo`.
    pub batch: u32,
    /// Complexity that the edge lets a caller spend per minute, for `serverInfo`; `None`: any.
    pub cost_per_minute: Option<u64>,
    /// Time that the edge gives a request, for `serverInfo`.
    pub request_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: ServerMode::Embedded,
            limits: Limits::default(),
            body_bytes: 32 * 1024 * 1024,
            document_bytes: 256 * 1024,
            document_tokens: 10_000,
            batch: 1,
            cost_per_minute: None,
            request_time: Duration::from_secs(30),
        }
    }
}

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(SourceQuery, PipelinesQuery, DeliveryQuery, PlatformQuery);

#[derive(MergedObject, Default)]
struct SourceQuery(RepositoryQuery, BranchQuery, CommitQuery, PullRequestQuery);

#[derive(MergedObject, Default)]
struct PipelinesQuery(PipelineQuery, PipelineRunQuery, BuildResultQuery);

#[derive(MergedObject, Default)]
struct DeliveryQuery(ReleaseSideQuery, EnvironmentSideQuery);

#[derive(MergedObject, Default)]
struct ReleaseSideQuery(ProjectQuery, PackageQuery, ImageQuery, ReleaseQuery);

#[derive(MergedObject, Default)]
struct EnvironmentSideQuery(
    EnvironmentQuery,
    PromotionQuery,
    InfrastructureQuery,
    ManifestQuery,
    GitOpsQuery,
);

#[derive(MergedObject, Default)]
struct PlatformQuery(NodeQuery, ServerQuery, DeadLetterQuery, LedgerSideQuery);

#[derive(MergedObject, Default)]
struct LedgerSideQuery(LedgerQuery, LineageQuery, AnswersQuery);

#[derive(MergedObject, Default)]
struct AnswersQuery(BoardQuery, ReachQuery, CompareQuery, MetricsQuery);

/// What can be changed. Each command answers the object that it led to; sent again, it changes
/// nothing and answers the same object with `replayed`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SourceMutation,
    PipelinesMutation,
    DeliveryMutation,
    PlatformMutation,
);

#[derive(MergedObject, Default)]
struct SourceMutation(
    RepositoryMutation,
    BranchMutation,
    CommitMutation,
    PullRequestMutation,
);

#[derive(MergedObject, Default)]
struct PipelinesMutation(PipelineMutation, PipelineRunMutation, BuildResultMutation);

#[derive(MergedObject, Default)]
struct DeliveryMutation(ReleaseSideMutation, EnvironmentSideMutation);

#[derive(MergedObject, Default)]
struct ReleaseSideMutation(
    ProjectMutation,
    PackageMutation,
    ImageMutation,
    ReleaseMutation,
);

#[derive(MergedObject, Default)]
struct EnvironmentSideMutation(
    EnvironmentMutation,
    PromotionMutation,
    InfrastructureMutation,
    ManifestMutation,
    GitOpsMutation,
);

#[derive(MergedObject, Default)]
struct PlatformMutation(DeadLetterMutation);

/// What can be followed. A subscription asks for one of these.
#[derive(MergedSubscription, Default)]
pub struct Subscription(EventStreams, LogStream);

/// The schema.
pub type SluiceSchema = Schema<Query, Mutation, Subscription>;

pub(crate) fn builder(options: &Options) -> SchemaBuilder<Query, Mutation, Subscription> {
    let limits = options.limits;
    let builder = Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .register_output_type::<Aggregate>()
    .limit_complexity(limits.complexity)
    .limit_depth(limits.depth)
    .limit_directives(limits.directives)
    .extension(Metered)
    .extension(Guard(limits))
    .extension(LeftOut)
    .extension(OneRoot)
    .extension(PerExecution);
    match options.mode {
        ServerMode::Embedded => builder,
        ServerMode::Production => builder.disable_introspection().disable_suggestions(),
    }
}

/// The schema over `services`.
pub fn schema(services: Services, options: Options) -> SluiceSchema {
    builder(&options)
        .data(Arc::new(services))
        .data(options)
        .finish()
}

/// The schema in the schema definition language, sorted.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .use_space_ident();
    let text = builder(&Options::default())
        .finish()
        .sdl_with_options(options);
    text.trim_end().to_owned() + "\n"
}

/// Executes a query or mutation for the caller that `ctx` names. Every error of the answer
/// carries `code`, `retryable` and `traceId`.
pub async fn execute(schema: &SluiceSchema, ctx: Ctx, request: Request) -> Response {
    let trace_id = ctx.trace_id().to_owned();
    let response = schema.execute(request.data(ctx)).await;
    fault::finish(response, &trace_id)
}
