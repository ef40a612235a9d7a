//! Everything behind the edge, wired and not yet at work.

use std::{path::Path, sync::Arc};

use axum::Router;
use sluice_bus::{Redis, Route, Transport};
use sluice_container_image::RemoteTarget;
use sluice_deployment_target::DirectoryTarget;
use sluice_git_host::{GitHost, Limits, LocalGitHost};
use sluice_iac_provisioning::FolderSecrets;
use sluice_image_registry::{
    DEFAULT_AUTHORITY, LayoutRegistry, RemoteAuth, RemoteConfig, RemoteRegistry,
};
use sluice_infrastructure_engine::{LocalEngine, LocalEngineConfig};
use sluice_kernel::{Reaction, Reconciler, directory::RepositoryDirectory};
use sluice_ledger::{Consumer, Hub, HubOptions};
use sluice_manifest_renderer::LocalRenderer;
use sluice_package_feed::LocalPackageFeed;
use sluice_pipeline_execution::{Executor, ExecutorConfig, Recovery};
use sluice_pipeline_runner::{LocalRunner, LocalRunnerConfig};
use sluice_test_results::blob::ObjectBlobStore;

use super::{
    StartError, Stores,
    delivery::Outside,
    domain,
    domain::{Domain, Providers},
    graphql,
    messaging::Messaging,
    readiness::Probes,
    toolchains,
};
use crate::{
    config::Config,
    http::{Readiness, graphql::GraphQl, stream::Heads},
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
    /// The Redis behind it, if it is not in the process.
    pub(super) redis: Option<Redis>,
    /// The services, as the resolvers know them.
    pub services: sluice_resolvers::Services,
    /// The Git host.
    pub git: Arc<dyn GitHost>,
    /// REST endpoints whose bodies carry no files.
    pub rest: Router,
    /// REST endpoints whose bodies carry files or reports.
    pub rest_with_files: Router,
    /// The package feeds, as NuGet clients speak to them.
    pub nuget: Router,
    pub(super) reactions: Vec<Arc<dyn Reaction>>,
    pub(super) reconcilers: Vec<Arc<dyn Reconciler>>,
    pub(super) consumer: Consumer,
    pub(super) hub: Hub,
    pub(super) executor: Executor,
    pub(super) run_recovery: Arc<dyn Reconciler>,
}

impl App {
    /// Wires the services over `stores`. Nothing works until the workers are started.
    ///
    /// # Errors
    /// [`StartError`] when a provider cannot use its folder.
    pub async fn new(stores: Stores, around: &Surroundings<'_>) -> Result<Self, StartError> {
        let providers = providers(around).await?;
        let git = providers.git.clone();
        let domain = Domain::new(&stores, providers, around.public_url)?;
        let (reactions, reconcilers) = (domain.reactions(), domain.reconcilers());
        let (rest, rest_with_files) = (domain.rest(), domain.rest_with_files());
        let nuget = domain.nuget();
        let routes = reactions.iter().map(|reaction| Route {
            consumer: reaction.consumer(),
            event_types: reaction.event_types(),
        });
        let routes = routes.chain([Consumer::ROUTE]);
        let Messaging {
            transport,
            live,
            redis,
        } = Messaging::new(&stores, around.config, routes.collect())?;
        domain.ledger.tells(live.clone());
        let hub = Hub::new(domain.ledger.clone(), live, hub_options(around.config));
        let executor = Executor::new(domain.runs.clone(), executor_config(around));
        Ok(Self {
            consumer: Consumer::new(transport.clone(), domain.ledger.clone()),
            services: domain.behind(transport.clone(), hub.clone()),
            hub,
            stores,
            transport,
            redis,
            git,
            rest,
            rest_with_files,
            nuget,
            reactions,
            reconcilers,
            run_recovery: Arc::new(Recovery(executor.clone())),
            executor,
        })
    }

    /// Tells where streams begin.
    pub fn heads(&self) -> Arc<dyn Heads> {
        Arc::new(graphql::LedgerHeads(self.services.ledger.clone()))
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
            redis: self.redis.clone(),
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

async fn providers(around: &Surroundings<'_>) -> Result<Providers, StartError> {
    let data_dir = around.data_dir;
    let mut runner = LocalRunnerConfig::new(data_dir.join("runs"));
    runner.environment = toolchains::environment();
    Ok(Providers {
        git: Arc::new(LocalGitHost::new(data_dir.join("git"), Limits::default())?),
        blobs: Arc::new(ObjectBlobStore::local(&data_dir.join("blobs"))?),
        runner: Arc::new(LocalRunner::new(runner)),
        delivery: outside(around).await?,
    })
}

async fn outside(around: &Surroundings<'_>) -> Result<Outside, StartError> {
    let (data_dir, config) = (around.data_dir, around.config);
    let feed = LocalPackageFeed::open(data_dir.join("packages"), Default::default()).await?;
    let limits = sluice_image_registry::Limits::default();
    let images = LayoutRegistry::open(data_dir.join("images"), DEFAULT_AUTHORITY, limits)?;
    let engine = LocalEngine::open(LocalEngineConfig {
        postgres_url: config.infrastructure.postgres_url.clone(),
        redis_url: config.infrastructure.redis_url.clone(),
        ..LocalEngineConfig::new(data_dir.join("infrastructure"))
    })?;
    Ok(Outside {
        feed: Arc::new(feed),
        images: Arc::new(images),
        remote_images: remote_registry(around)?,
        image_work: data_dir.join("images-work"),
        engine: Arc::new(engine),
        secrets: Arc::new(FolderSecrets::new(data_dir.join("secrets"))),
        renderer: Arc::new(LocalRenderer::default()),
        target: Arc::new(DirectoryTarget::new(
            data_dir.join("targets"),
            Default::default(),
        )),
        check_interval: config.gitops_check_interval,
    })
}

fn remote_registry(around: &Surroundings<'_>) -> Result<Option<RemoteTarget>, StartError> {
    let Some(settings) = &around.config.registry else {
        return Ok(None);
    };
    let staging = around.data_dir.join("images-staging");
    let mut config = match settings.plain_http {
        true => RemoteConfig::loopback(&settings.host, staging),
        false => RemoteConfig::anonymous(&settings.host, staging),
    };
    if let Some((username, password)) = settings.credentials.clone() {
        config.auth = RemoteAuth::Basic { username, password };
    }
    let limits = sluice_image_registry::Limits::default();
    Ok(Some(RemoteTarget {
        host: settings.host.clone(),
        registry: Arc::new(RemoteRegistry::connect(config, limits)?),
    }))
}

fn hub_options(config: &Config) -> HubOptions {
    HubOptions {
        recent: config.stream.recent,
        retention: config.stream.retention,
        check: config.stream.check,
        ..HubOptions::default()
    }
}

fn executor_config(around: &Surroundings<'_>) -> ExecutorConfig {
    let mut config = ExecutorConfig::new(around.instance);
    config.parallel_runs = around.config.runner.concurrency as usize;
    config.limits.overall = around.config.runner.timeout;
    config.shutdown_grace = around.config.http.shutdown_grace;
    config
}
