//! Providers and services, and who asks whom.

use std::{path::Path, sync::Arc};

use axum::Router;
use sluice_branch::Branches;
use sluice_build_result::BuildResults;
use sluice_bus::{EmbeddedTransport, Route, Transport};
use sluice_commit::Commits;
use sluice_git_host::{GitHost, Limits, LocalGitHost};
use sluice_kernel::{Reaction, Reconciler, directory::RepositoryDirectory};
use sluice_pipeline_execution::{Executor, ExecutorConfig, PipelineRuns, Ports};
use sluice_pipeline_generator::Pipelines;
use sluice_pipeline_runner::{LocalRunner, LocalRunnerConfig};
use sluice_pull_request::PullRequests;
use sluice_repository::Repositories;
use sluice_rest::Operation;
use sluice_test_results::blob::{BlobStore, ObjectBlobStore};

use super::{StartError, Stores, graphql, readiness::Probes};
use crate::{
    config::Config,
    http::{Readiness, graphql::GraphQl},
};

/// Where the services stand.
pub struct Surroundings<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The data folder.
    pub data_dir: &'a Path,
    /// Names this server over restarts.
    pub instance: &'a str,
    /// Where clients reach the server, without a slash at its end.
    pub public_url: &'a str,
}

/// Every service, wired.
pub struct App {
    /// The stores.
    pub stores: Stores,
    /// The event bus.
    pub transport: Arc<dyn Transport>,
    /// The services, as the resolvers know them.
    pub services: sluice_resolvers::Services,
    /// The Git host.
    pub git: Arc<dyn GitHost>,
    /// REST endpoints whose bodies carry no files.
    pub rest: Router,
    /// REST endpoints whose bodies carry files or reports.
    pub rest_with_files: Router,
    pub(super) reactions: Vec<Arc<dyn Reaction>>,
    pub(super) reconcilers: Vec<Arc<dyn Reconciler>>,
    pub(super) executor: Executor,
    pub(super) run_recovery: Arc<dyn Reconciler>,
}

struct Providers {
    git: Arc<dyn GitHost>,
    blobs: Arc<dyn BlobStore>,
    runner: Arc<LocalRunner>,
}

impl App {
    /// Wires the services over `stores`. Nothing works until the workers are started.
    ///
    /// # Errors
    /// [`StartError`] when a provider cannot use its folder.
    pub fn new(stores: Stores, around: &Surroundings<'_>) -> Result<Self, StartError> {
        let providers = Providers::open(around.data_dir)?;
        let git = providers.git.clone();
        let repositories =
            Repositories::new(stores.get("repository")?, git.clone(), around.public_url);
        let known: Arc<dyn RepositoryDirectory> = Arc::new(repositories.clone());
        let branches = Branches::new(stores.get("branch")?, git.clone(), known.clone());
        let known_branches = Arc::new(branches.clone());
        let commits = Commits::new(
            stores.get("commit")?,
            git.clone(),
            known.clone(),
            known_branches.clone(),
        );
        let pull_requests = PullRequests::new(
            stores.get("pull_request")?,
            git.clone(),
            known.clone(),
            known_branches,
        );
        let pipelines = Pipelines::new(
            stores.get("pipeline_generator")?,
            git.clone(),
            known.clone(),
        );
        let ports = Ports {
            pipelines: Arc::new(pipelines.clone()),
            git: git.clone(),
            runner: providers.runner,
            blobs: providers.blobs.clone(),
        };
        let runs = PipelineRuns::new(stores.get("pipeline_execution")?, ports);
        let builds = BuildResults::new(stores.get("build_result")?, providers.blobs, known);
        let executor = Executor::new(runs.clone(), executor_config(around));
        let reactions: Vec<Arc<dyn Reaction>> = vec![
            Arc::new(sluice_branch::Reactions(branches.clone())),
            Arc::new(sluice_commit::Reactions(commits.clone())),
            Arc::new(sluice_pull_request::Reactions(pull_requests.clone())),
            Arc::new(sluice_pipeline_generator::Reactions(pipelines.clone())),
            Arc::new(sluice_pipeline_execution::Reactions(runs.clone())),
            Arc::new(sluice_build_result::OnRunCompleted(builds.clone())),
        ];
        let reconcilers: Vec<Arc<dyn Reconciler>> = vec![
            Arc::new(sluice_repository::Recovery(repositories.clone())),
            Arc::new(sluice_branch::Recovery(branches.clone())),
            Arc::new(sluice_commit::Recovery(commits.clone())),
            Arc::new(sluice_pull_request::Recovery(pull_requests.clone())),
            Arc::new(sluice_pipeline_generator::Recovery(pipelines.clone())),
        ];
        let routes = reactions.iter().map(|reaction| Route {
            consumer: reaction.consumer(),
            event_types: reaction.event_types(),
        });
        let bus = EmbeddedTransport::new(stores.get("bus")?, routes.collect());
        let transport: Arc<dyn Transport> = Arc::new(bus);
        let rest = Router::new()
            .merge(sluice_repository::router(repositories.clone()))
            .merge(sluice_branch::router(branches.clone()))
            .merge(sluice_pull_request::router(pull_requests.clone()))
            .merge(sluice_pipeline_generator::router(pipelines.clone()))
            .merge(sluice_pipeline_execution::router(runs.clone()));
        let rest_with_files = Router::new()
            .merge(sluice_commit::router(commits.clone()))
            .merge(sluice_build_result::router(builds.clone()));
        let services = sluice_resolvers::Services {
            repositories,
            branches,
            commits,
            pull_requests,
            pipelines,
            runs,
            builds,
            bus: transport.clone(),
        };
        Ok(Self {
            stores,
            transport,
            services,
            git,
            rest,
            rest_with_files,
            reactions,
            reconcilers,
            run_recovery: Arc::new(sluice_pipeline_execution::Recovery(executor.clone())),
            executor,
        })
    }

    /// Executes GraphQL over the services.
    pub fn graphql(&self, config: &Config) -> Arc<dyn GraphQl> {
        Arc::new(graphql::Executor::new(self.services.clone(), config))
    }

    /// Tells whether stores and bus answer.
    pub fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(Probes {
            stores: self.stores.clone(),
            transport: self.transport.clone(),
        })
    }

    /// Answers who may see which repository.
    pub fn repositories(&self) -> Arc<dyn RepositoryDirectory> {
        Arc::new(self.services.repositories.clone())
    }

    /// The description of all REST endpoints, OpenAPI 3.1.
    pub fn openapi() -> serde_json::Value {
        let operations: Vec<Operation> = [
            sluice_repository::operations(),
            sluice_branch::operations(),
            sluice_commit::operations(),
            sluice_pull_request::operations(),
            sluice_pipeline_generator::operations(),
            sluice_pipeline_execution::operations(),
            sluice_build_result::operations(),
        ]
        .into_iter()
        .flatten()
        .collect();
        sluice_rest::document(&operations, env!("CARGO_PKG_VERSION"))
    }
}

impl Providers {
    fn open(data_dir: &Path) -> Result<Self, StartError> {
        let runner = LocalRunnerConfig::new(data_dir.join("runs"));
        Ok(Self {
            git: Arc::new(LocalGitHost::new(data_dir.join("git"), Limits::default())?),
            blobs: Arc::new(ObjectBlobStore::local(&data_dir.join("blobs"))?),
            runner: Arc::new(LocalRunner::new(runner)),
        })
    }
}

fn executor_config(around: &Surroundings<'_>) -> ExecutorConfig {
    let mut config = ExecutorConfig::new(around.instance);
    config.parallel_runs = around.config.runner.concurrency as usize;
    config.limits.overall = around.config.runner.timeout;
    config.shutdown_grace = around.config.http.shutdown_grace;
    config
}
