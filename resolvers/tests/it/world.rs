//! All services on fresh stores, behind the schema.

use std::{path::Path, sync::Arc};

use async_graphql::{Request, Variables};
use serde_json::{Value, json};
use sluice_bus::{EmbeddedLive, EmbeddedTransport};
use sluice_environment_promotion::Environments;
use sluice_git_host::{GitHost, LocalGitHost};
use sluice_kernel::Ctx;
use sluice_ledger::{Hub, HubOptions, Ledger};
use sluice_pipeline_execution::{PipelineRuns, Ports};
use sluice_pipeline_runner::{LocalRunner, LocalRunnerConfig};
use sluice_repository::Repositories;
use sluice_resolvers::{Options, Services, SluiceSchema, execute, schema};
use sluice_test_results::blob::{BlobStore, ObjectBlobStore};
use sluice_testkit::{Backend, Databases, User};

use crate::{
    environment_side::{Choreography, environment_side},
    release_side::{Source, release_side},
};

pub(crate) struct World {
    pub(crate) schema: SluiceSchema,
    pub(crate) user: User,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) builds: sluice_build_result::BuildResults,
    pub(crate) git: Arc<dyn GitHost>,
    pub(crate) choreography: Choreography,
    pub(crate) databases: Databases,
    pub(crate) services: Services,
    pub(crate) ledger: Ledger,
    pub(crate) history: sluice_commit::HistoryReactions,
}

/// An answer and what it cost.
pub(crate) struct Answer {
    pub(crate) body: Value,
    pub(crate) statements: u64,
}

impl Answer {
    pub(crate) fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{:#}", self.body);
        &self.body["data"]
    }

    pub(crate) fn error(&self, name: &str) -> &Value {
        &self.body["errors"][0]["extensions"][name]
    }
}

fn providers(folder: &Path) -> (Arc<dyn GitHost>, Arc<dyn BlobStore>) {
    let git = LocalGitHost::new(folder.join("git"), sluice_git_host::Limits::default());
    let blobs = ObjectBlobStore::local(&folder.join("blobs"));
    (Arc::new(git.unwrap()), Arc::new(blobs.unwrap()))
}

async fn runs(
    databases: &Databases,
    pipelines: &sluice_pipeline_generator::Pipelines,
    (git, blobs): (&Arc<dyn GitHost>, &Arc<dyn BlobStore>),
) -> PipelineRuns {
    let folder = databases.folder().join("runs");
    let ports = Ports {
        pipelines: Arc::new(pipelines.clone()),
        git: git.clone(),
        runner: Arc::new(LocalRunner::new(LocalRunnerConfig::new(folder))),
        blobs: blobs.clone(),
    };
    PipelineRuns::new(databases.open("pipeline_execution").await, ports)
}

fn hub(ledger: &Ledger) -> Hub {
    let live = Arc::new(EmbeddedLive::default());
    Hub::new(ledger.clone(), live, HubOptions::default())
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(Backend::Sqlite).await
    }

    pub(crate) async fn on(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let folder = databases.folder();
        let (git, blobs) = providers(folder);
        let store = databases.open("repository").await;
        let repositories = Repositories::new(store, git.clone(), "http://localhost");
        let of_repositories = Arc::new(repositories.clone());
        let store = databases.open("branch").await;
        let branches = sluice_branch::Branches::new(store, git.clone(), of_repositories.clone());
        let of_branches = Arc::new(branches.clone());
        let (of, on) = (of_repositories.clone(), of_branches.clone());
        let store = databases.open("commit").await;
        let commits = sluice_commit::Commits::new(store, git.clone(), of.clone(), on.clone());
        let store = databases.open("pull_request").await;
        let pull_requests =
            sluice_pull_request::PullRequests::new(store, git.clone(), of.clone(), on);
        let store = databases.open("pipeline_generator").await;
        let projects = sluice_project::Projects::new(databases.open("project").await);
        let pipelines = sluice_pipeline_generator::Pipelines::new(
            store,
            git.clone(),
            of.clone(),
            Arc::new(projects.clone()),
        );
        let runs = runs(&databases, &pipelines, (&git, &blobs)).await;
        let store = databases.open("build_result").await;
        let builds = sluice_build_result::BuildResults::new(store, blobs.clone(), of.clone());
        let store = databases.open("environment_promotion").await;
        let source = Source {
            git: git.clone(),
            blobs: blobs.clone(),
            repositories: of,
            pull_requests: pull_requests.clone(),
            builds: builds.clone(),
            projects: projects.clone(),
            environments: Environments::new(store),
        };
        let delivery = release_side(&databases, &source).await;
        let releases = delivery.releases.clone();
        let running = environment_side(&databases, &source, releases.clone()).await;
        let choreography = Choreography::new(releases, &running);
        let bus = EmbeddedTransport::new(databases.open("bus").await, Vec::new());
        let ledger = Ledger::new(databases.open("ledger").await);
        let history = sluice_commit::HistoryReactions(commits.clone());
        let services = Services {
            repositories,
            branches,
            commits,
            pull_requests,
            pipelines,
            runs,
            builds: builds.clone(),
            projects,
            packages: delivery.packages,
            images: delivery.images,
            releases: delivery.releases,
            environments: source.environments,
            promotions: running.promotions,
            infrastructure: running.infrastructure,
            manifests: running.manifests,
            syncs: running.syncs,
            hub: hub(&ledger),
            ledger: ledger.clone(),
            bus: Arc::new(bus),
        };
        Self {
            schema: schema(services.clone(), Options::default()),
            user: User::of("acme", "ada"),
            blobs,
            builds,
            git,
            choreography,
            databases,
            services,
            ledger,
            history,
        }
    }

    pub(crate) async fn send_as(&self, ctx: Ctx, query: &str, variables: Value) -> Answer {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let response = execute(&self.schema, ctx.clone(), request).await;
        Answer {
            body: serde_json::to_value(&response).unwrap(),
            statements: ctx.statements().get(),
        }
    }

    pub(crate) async fn send(&self, query: &str, variables: Value) -> Answer {
        self.send_as(self.user.ctx(), query, variables).await
    }

    /// Runs a mutation whose input is `input`; the payload.
    pub(crate) async fn command(&self, name: &str, object: &str, input: Value) -> Value {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ payload: {name}(input: $input) {{
                object: {object} {{ id version }} replayed
                userErrors {{ code message path findings {{ file line rule }}
                    blockers {{ code message subject until overridable }} }}
            }} }}"
        );
        let answer = self.send(&query, json!({ "input": input })).await;
        answer.data()["payload"].clone()
    }

    pub(crate) async fn repository(&self, name: &str) -> String {
        let input = json!({ "projectId": "web", "name": name });
        let made = self
            .command("provisionRepository", "repository", input)
            .await;
        id(&made)
    }

    pub(crate) async fn branch(&self, repository: &str, name: &str) -> String {
        let input = json!({ "repositoryId": repository, "name": name });
        id(&self.command("createBranch", "branch", input).await)
    }

    pub(crate) async fn build(&self, repository: &str, key: &str) -> String {
        let junit = "<testsuite name=\"s\"><testcase name=\"a\"/></testsuite>";
        let input = json!({
            "repositoryId": repository, "externalKey": key, "branch": "main",
            "commitSha": "a".repeat(40), "status": "SUCCEEDED",
            "finishedAt": "2026-01-01T00:00:00Z",
            "results": [{ "format": "JUNIT", "path": "r.xml", "content": junit }],
        });
        id(&self
            .command("recordBuildResult", "buildResult", input)
            .await)
    }
}

pub(crate) fn id(payload: &Value) -> String {
    let id = payload["object"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{payload:#}")).to_owned()
}
