//! Whole chains: from a repository to what runs, with every kind of object between.

use serde_json::{Value, json};
use sluice_kernel::{Ctx, Reaction};
use sluice_testkit::drain;

use crate::world::{World, id};

const MODULE: &str = "
kind: microservice
stack: node
version: 1.0.0
commands:
  build: echo build
  test: echo test
outputs:
  image: {name: NAME, path: dist, entrypoint: [node, main.js], port: 8080}
ports: [8080]
health: /healthz
";

const PROGRAM: &str = "
resources:
  data: {kind: directory, path: data}
  conf: {kind: file, path: data/app.conf, content: 'in ${environment}'}
";

impl World {
    /// Runs a command that must take effect; its object's id.
    async fn done(&self, name: &str, object: &str, input: Value) -> String {
        let payload = self.command(name, object, input).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
        id(&payload)
    }

    /// Hands what a source service did to those that react to it.
    async fn follow(&self, source: &'static str, reactions: &[&dyn Reaction]) {
        let events = drain(&self.databases.open(source).await).await;
        self.ledger.append(&events).await.unwrap();
        for event in &events {
            for reaction in reactions {
                if reaction.event_types().contains(&event.event_type.as_str()) {
                    let ctx = Ctx::for_event(reaction.consumer(), event);
                    reaction.handle(&ctx, event).await.unwrap();
                }
            }
        }
    }

    /// A branch with a pull request to the default branch.
    async fn change(&self, repository: &str, branch: &str, files: &[(&str, &str)]) -> String {
        self.branch(repository, branch).await;
        let files = files
            .iter()
            .map(|(path, content)| json!({ "kind": "PUT", "path": path, "content": content }));
        let input = json!({ "repositoryId": repository, "branch": branch, "message": "feat: it",
            "changes": files.collect::<Vec<_>>() });
        self.done("createCommit", "commit", input).await;
        let input = json!({ "repositoryId": repository, "sourceBranch": branch, "title": "it" });
        self.done("openPullRequest", "pullRequest", input).await
    }

    /// A run of the repository's head that repeats a cancelled one, and its definition.
    async fn run(&self, repository: &str) -> (String, String) {
        let input = json!({ "repositoryId": repository });
        let pipeline = self.done("generatePipeline", "pipeline", input).await;
        let input = json!({ "pipelineId": pipeline });
        let first = self.done("runPipeline", "pipelineRun", input).await;
        let input = json!({ "runId": first });
        self.done("cancelPipelineRun", "pipelineRun", input.clone())
            .await;
        let run = self.done("retryPipelineRun", "pipelineRun", input).await;
        (run, pipeline)
    }

    /// A repository with two releases: both ran in `dev`, and the second was rolled back.
    pub(crate) async fn chain(&self, name: &str) {
        let services = &self.services;
        let branches = sluice_branch::Reactions(services.branches.clone());
        let commits = sluice_commit::Reactions(services.commits.clone());
        let pipelines = sluice_pipeline_generator::Reactions(services.pipelines.clone());
        let repository = self.repository(name).await;
        self.follow("repository", &[&branches]).await;
        let module = format!("id: {name}\nname: {name}{}", MODULE.replace("NAME", name));
        for round in ["first", "second"] {
            let files = [
                ("module.yaml", module.as_str()),
                ("infra.yaml", PROGRAM),
                ("round", round),
            ];
            let pull_request = self.change(&repository, round, &files).await;
            let input = json!({ "pullRequestId": pull_request });
            self.done("mergePullRequest", "pullRequest", input).await;
            self.follow("pull_request", &[&commits, &pipelines]).await;
            let (run, pipeline) = self.run(&repository).await;
            let of = (run.parse().unwrap(), pipeline.parse().unwrap());
            let build = self.module_build_of(&repository, name, of).await;
            let release = self.release(&build).await;
            self.settle().await;
            self.approve(&release).await;
        }
        let input = json!({ "projectId": "web", "environment": "dev", "module": name,
            "reason": "it leaks" });
        self.done("rollbackEnvironment", "promotion", input).await;
        self.settle().await;
        // One that is open, for what only those have.
        self.change(&repository, "open", &[("open", "x")]).await;
    }
}
