//! Everything behind the edge, wired and not yet at work.

use std::{path::Path, sync::Arc};

use axum::Router;
use sluice_bus::{EmbeddedTransport, Route, Transport};
use sluice_git_host::{GitHost, Limits, LocalGitHost};
use sluice_kernel::{Reaction, Reconciler, directory::RepositoryDirectory};
use sluice_pipeline_execution::{Executor, ExecutorConfig, Recovery};
use sluice_pipeline_runner::{LocalRunner, LocalRunnerConfig};
use sluice_test_results::blob::ObjectBlobStore;

use super::{
    StartError, Stores,
    database::BUS,
    domain,
    domain::{Domain, Providers},
    graphql,
    readiness::Probes,
    toolchains,
};
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

impl App {
    /// Wires the services over `stores`. Nothing works until the workers are started.
    ///
    /// # Errors
    /// [`StartError`] when a provider cannot use its folder.
    pub fn new(stores: Stores, around: &Surroundings<'_>) -> Result<Self, StartError> {
        let providers = providers(around.data_dir)?;
        let git = providers.git.clone();
        let domain = Domain::new(&stores, providers, around.public_url)?;
        let (reactions, reconcilers) = (domain.reactions(), domain.reconcilers());
        let (rest, rest_with_files) = (domain.rest(), domain.rest_with_files());
        let routes = reactions.iter().map(|reaction| Route {
            consumer: reaction.consumer(),
            event_types: reaction.event_types(),
        });
        let bus = EmbeddedTransport::new(stores.get(BUS)?, routes.collect());
        let transport: Arc<dyn Transport> = Arc::new(bus);
        let executor = Executor::new(domain.runs.clone(), executor_config(around));
        Ok(Self {
            services: domain.behind(transport.clone()),
            stores,
            transport,
            git,
            rest,
            rest_with_files,
            reactions,
            reconcilers,
            run_recovery: Arc::new(Recovery(executor.clone())),
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
        domain::openapi()
    }
}

fn providers(data_dir: &Path) -> Result<Providers, StartError> {
    let mut runner = LocalRunnerConfig::new(data_dir.join("runs"));
    runner.environment = toolchains::environment();
    Ok(Providers {
        git: Arc::new(LocalGitHost::new(data_dir.join("git"), Limits::default())?),
        blobs: Arc::new(ObjectBlobStore::local(&data_dir.join("blobs"))?),
        runner: Arc::new(LocalRunner::new(runner)),
    })
}

fn executor_config(around: &Surroundings<'_>) -> ExecutorConfig {
    let mut config = ExecutorConfig::new(around.instance);
    config.parallel_runs = around.config.runner.concurrency as usize;
    config.limits.overall = around.config.runner.timeout;
    config.shutdown_grace = around.config.http.shutdown_grace;
    config
}
