//! The services, and who asks whom.

use std::sync::Arc;

use axum::Router;
use sluice_branch::Branches;
use sluice_build_result::BuildResults;
use sluice_bus::Transport;
use sluice_commit::Commits;
use sluice_git_host::GitHost;
use sluice_kernel::{Reaction, Reconciler, directory::RepositoryDirectory};
use sluice_ledger::{Hub, Ledger};
use sluice_pipeline_execution::{PipelineRuns, Ports};
use sluice_pipeline_generator::Pipelines;
use sluice_pipeline_runner::PipelineRunner;
use sluice_project::Projects;
use sluice_pull_request::PullRequests;
use sluice_repository::Repositories;
use sluice_rest::Operation;
use sluice_test_results::blob::BlobStore;

use super::{
    StartError, Stores,
    database::LEDGER,
    delivery::{self, Delivery, Outside, SourceSide},
};

/// The outside world of the source half.
pub(super) struct Providers {
    pub(super) git: Arc<dyn GitHost>,
    pub(super) blobs: Arc<dyn BlobStore>,
    pub(super) runner: Arc<dyn PipelineRunner>,
    pub(super) delivery: Outside,
}

/// The services.
pub(super) struct Domain {
    projects: Projects,
    repositories: Repositories,
    branches: Branches,
    commits: Commits,
    pull_requests: PullRequests,
    pipelines: Pipelines,
    pub(super) runs: PipelineRuns,
    builds: BuildResults,
    pub(super) ledger: Ledger,
    delivery: Delivery,
}

impl Domain {
    /// Wires the services over `stores`; remote URLs of repositories begin with `public_url`.
    pub(super) fn new(
        stores: &Stores,
        providers: Providers,
        public_url: &str,
    ) -> Result<Self, StartError> {
        let Providers {
            git,
            blobs,
            runner,
            delivery,
        } = providers;
        let projects = Projects::new(stores.get("project")?);
        let repositories = Repositories::new(stores.get("repository")?, git.clone(), public_url);
        let known: Arc<dyn RepositoryDirectory> = Arc::new(repositories.clone());
        let branches = Branches::new(stores.get("branch")?, git.clone(), known.clone());
        let heads = Arc::new(branches.clone());
        let store = stores.get("commit")?;
        let commits = Commits::new(store, git.clone(), known.clone(), heads.clone());
        let store = stores.get("pull_request")?;
        let pull_requests = PullRequests::new(store, git.clone(), known.clone(), heads);
        let store = stores.get("pipeline_generator")?;
        let policies = Arc::new(projects.clone());
        let pipelines = Pipelines::new(store, git.clone(), known.clone(), policies);
        let ports = Ports {
            pipelines: Arc::new(pipelines.clone()),
            git: git.clone(),
            runner,
            blobs: blobs.clone(),
        };
        let runs = PipelineRuns::new(stores.get("pipeline_execution")?, ports);
        let store = stores.get("build_result")?;
        let builds = BuildResults::new(store, blobs.clone(), known.clone());
        let source = SourceSide {
            projects: Arc::new(projects.clone()),
            repositories: known,
            provisioner: Arc::new(repositories.clone()),
            pull_requests: Arc::new(pull_requests.clone()),
            builds: Arc::new(builds.clone()),
            git,
            blobs,
        };
        let delivery = Delivery::new(stores, delivery, &source, public_url)?;
        Ok(Self {
            projects,
            repositories,
            branches,
            commits,
            pull_requests,
            pipelines,
            runs,
            builds,
            ledger: Ledger::new(stores.get(LEDGER)?),
            delivery,
        })
    }

    /// What the services do when others' events arrive.
    pub(super) fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        let mut reactions: Vec<Arc<dyn Reaction>> = vec![
            Arc::new(sluice_branch::Reactions(self.branches.clone())),
            Arc::new(sluice_commit::Reactions(self.commits.clone())),
            Arc::new(sluice_commit::HistoryReactions(self.commits.clone())),
            Arc::new(sluice_pull_request::Reactions(self.pull_requests.clone())),
            Arc::new(sluice_pipeline_generator::Reactions(self.pipelines.clone())),
            Arc::new(sluice_pipeline_execution::Reactions(self.runs.clone())),
            Arc::new(sluice_build_result::OnRunCompleted(self.builds.clone())),
        ];
        reactions.extend(self.delivery.reactions());
        reactions
    }

    /// What finishes work that a crash left half done; runs have their own.
    pub(super) fn reconcilers(&self) -> Vec<Arc<dyn Reconciler>> {
        let mut reconcilers: Vec<Arc<dyn Reconciler>> = vec![
            Arc::new(sluice_repository::Recovery(self.repositories.clone())),
            Arc::new(sluice_branch::Recovery(self.branches.clone())),
            Arc::new(sluice_commit::Recovery(self.commits.clone())),
            Arc::new(sluice_commit::HistoryRecovery(self.commits.clone())),
            Arc::new(sluice_pull_request::Recovery(self.pull_requests.clone())),
            Arc::new(sluice_pipeline_generator::Recovery(self.pipelines.clone())),
        ];
        reconcilers.extend(self.delivery.reconcilers());
        reconcilers
    }

    /// REST endpoints whose bodies carry no files.
    pub(super) fn rest(&self) -> Router {
        let router = Router::new()
            .merge(sluice_project::router(self.projects.clone()))
            .merge(sluice_repository::router(self.repositories.clone()))
            .merge(sluice_branch::router(self.branches.clone()))
            .merge(sluice_pull_request::router(self.pull_requests.clone()))
            .merge(sluice_pipeline_generator::router(self.pipelines.clone()))
            .merge(sluice_pipeline_execution::router(self.runs.clone()))
            .merge(self.delivery.rest());
        self.recorded(router)
    }

    /// REST endpoints whose bodies carry files or reports.
    pub(super) fn rest_with_files(&self) -> Router {
        let router = Router::new()
            .merge(sluice_commit::router(self.commits.clone()))
            .merge(sluice_build_result::router(self.builds.clone()));
        self.recorded(router)
    }

    /// The package feeds, as NuGet clients speak to them.
    pub(super) fn nuget(&self) -> Router {
        let commands = sluice_package_publishing::nuget_commands();
        let recorder = Arc::new(self.ledger.clone());
        sluice_rest::recording(self.delivery.nuget(), commands, recorder)
    }

    // What the services refuse is kept in the ledger.
    fn recorded(&self, router: Router) -> Router {
        let operations = operations();
        let commands = operations.iter().filter_map(Operation::command);
        sluice_rest::recording(router, commands, Arc::new(self.ledger.clone()))
    }

    /// The services as the resolvers know them.
    pub(super) fn behind(self, bus: Arc<dyn Transport>, hub: Hub) -> sluice_resolvers::Services {
        let delivery = self.delivery;
        sluice_resolvers::Services {
            projects: self.projects,
            repositories: self.repositories,
            branches: self.branches,
            commits: self.commits,
            pull_requests: self.pull_requests,
            pipelines: self.pipelines,
            runs: self.runs,
            builds: self.builds,
            packages: delivery.packages,
            images: delivery.images,
            releases: delivery.releases,
            environments: delivery.environments,
            promotions: delivery.promotions,
            infrastructure: delivery.infrastructure,
            manifests: delivery.manifests,
            syncs: delivery.syncs,
            ledger: self.ledger,
            hub,
            bus,
        }
    }
}

/// The description of all REST endpoints, OpenAPI 3.1.
pub(super) fn openapi() -> serde_json::Value {
    sluice_rest::document(&operations(), env!("CARGO_PKG_VERSION"))
}

fn operations() -> Vec<Operation> {
    [
        sluice_project::operations(),
        sluice_repository::operations(),
        sluice_branch::operations(),
        sluice_commit::operations(),
        sluice_pull_request::operations(),
        sluice_pipeline_generator::operations(),
        sluice_pipeline_execution::operations(),
        sluice_build_result::operations(),
    ]
    .into_iter()
    .chain(delivery::operations())
    .flatten()
    .collect()
}
