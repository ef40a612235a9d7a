//! The steps that tests of the delivery half are made of.

use std::{fs, path::Path};

use serde_json::{Value, json};
use sluice_testkit::{Client, Server, User, eventually};

use crate::support::{ada, build_of, done, git, land, ok, put, repository, text};

/// A project's environments while nobody defined others.
pub(crate) const DEFAULTS: [&str; 4] = ["dev", "test", "staging", "prod"];

/// Resources that take no time.
pub(crate) const INFRA: &str = "resources:\n  data: {kind: directory}\n";

/// Who approves; ada writes and merges, so that releases are planned on her behalf.
pub(crate) fn bob() -> User {
    User::of("acme", "bob")
}

/// A server and the clients of ada and bob, with targets that only events make look at Git.
pub(crate) struct Chain {
    pub(crate) server: Server,
    pub(crate) ada: Client,
    pub(crate) bob: Client,
}

impl Chain {
    pub(crate) async fn start(backend: sluice_testkit::Backend) -> Self {
        let settings = [("SLUICE_GITOPS_CHECK_INTERVAL", "1h")];
        let server = Server::start_with(crate::support::PROGRAM, backend, &settings).await;
        let (ada, bob) = (server.client(&ada()), server.client(&bob()));
        Self { server, ada, bob }
    }

    /// Waits until every event has reached its consumers: what has not happened by then does not.
    pub(crate) async fn settled(&self) {
        eventually("every event is handled", || async {
            self.server.is_at_rest().await.then_some(())
        })
        .await;
    }

    /// `git` in the repository that declares what the environments of `web` hold.
    pub(crate) async fn gitops(&self, args: &[&str]) -> String {
        let folder = self.server.data_dir().join("git/acme/web/gitops.git");
        ok(&git(&folder, args).await)
    }

    /// Everything that the target of the module holds in the environment, as one text.
    pub(crate) fn target(&self, environment: &str, module: &str) -> String {
        let targets = self.server.data_dir().join("targets/acme/web");
        let mut all = String::new();
        read(&targets.join(environment).join(module), &mut all);
        all
    }
}

fn read(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => read(&entry.path(), all),
            false => *all += &fs::read_to_string(entry.path()).unwrap_or_default(),
        }
    }
}

/// A module that leaves a package and an image within a second.
pub(crate) fn deliverable(id: &str, version: &str) -> String {
    let package = format!(
        "mkdir -p out dist && echo {version} > out/{id}.txt && echo '#!/bin/sh' > dist/run && echo echo {version} >> dist/run"
    );
    format!(
        "id: {id}\nname: {id}\nkind: microservice\nstack: generic\nversion: {version}\n\
         commands:\n  package: {}\n\
         outputs:\n  package: {{name: {id}, path: out/*}}\n  \
         image: {{name: {id}, path: dist, entrypoint: [./run], port: 8080}}\nports: [8080]\n",
        json!(package)
    )
}

/// A successful build.
#[derive(Clone)]
pub(crate) struct Built {
    pub(crate) repository: String,
    pub(crate) sha: String,
    pub(crate) id: String,
}

/// Builds version 1.0.0 of a new module, with `files` beside its description.
pub(crate) async fn built(client: &Client, module: &str, files: &[Value]) -> Built {
    let repository = repository(client, module).await;
    built_in(client, &repository, module, "1.0.0", files).await
}

/// Builds a version of a module in its repository.
pub(crate) async fn built_in(
    client: &Client,
    repository: &str,
    module: &str,
    version: &str,
    files: &[Value],
) -> Built {
    let mut changes = vec![put("module.yaml", &deliverable(module, version))];
    changes.extend_from_slice(files);
    let branch = format!("feature/{version}");
    let sha = land(client, repository, &branch, changes).await;
    let build = build_of(client, repository, &sha).await;
    assert_eq!(build["status"], "SUCCEEDED", "{build}");
    let repository = repository.to_owned();
    Built {
        repository,
        sha,
        id: text(&build["id"]),
    }
}

/// Sets policies of `web`.
pub(crate) async fn policies(client: &Client, changes: Value) {
    let mut input = json!({ "projectId": "web" });
    let fields = changes.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(fields);
    done(client, "configureProject", "project { version }", input).await;
}

/// Defines an environment of `web`, with `changes` over nothing at all.
pub(crate) async fn define(client: &Client, name: &str, changes: Value) {
    let mut input = json!({ "projectId": "web", "name": name });
    let fields = changes.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(fields);
    done(client, "defineEnvironment", "environment { id }", input).await;
}

const BUILD: &str = "query($id: ID!) { buildResult(id: $id) { \
    package { id status createdBy name packageVersion digest build { id } } \
    image { id status createdBy name digest reference tags build { id } } \
    releases { id } } }";

/// What a build led to.
pub(crate) async fn outcome_of(client: &Client, build: &str) -> Value {
    let data = client.data(BUILD, json!({ "id": build })).await;
    data["buildResult"].clone()
}

const RELEASE: &str = "query($id: ID!) { release(id: $id) { id name releaseVersion status \
    contentDigest plannedBy automatic voidCause requiredApprovals createdBy \
    items { module { id } commitSha artifacts { kind name state reference digest } } \
    manifestPins { environment module digest } \
    approvals { id approver decision reason state cause contentDigest expiresAt } } }";

/// A release as it is now.
pub(crate) async fn release(client: &Client, id: &str) -> Value {
    client.data(RELEASE, json!({ "id": id })).await["release"].clone()
}

/// A release, once it has this status.
pub(crate) async fn release_in(client: &Client, id: &str, status: &str) -> Value {
    eventually(&format!("the release is {status}"), || async {
        let release = release(client, id).await;
        (release["status"] == status).then_some(release)
    })
    .await
}

/// The release of a build, once it waits for approval.
pub(crate) async fn pending(client: &Client, build: &Built) -> Value {
    let id = eventually("the build is planned as a release", || async {
        let outcome = outcome_of(client, &build.id).await;
        outcome["releases"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    release_in(client, &id, "PENDING_APPROVAL").await
}

/// Approves a release.
pub(crate) async fn approve(client: &Client, release: &Value) -> Value {
    let input = json!({ "releaseId": release["id"], "reason": "tested by hand" });
    let fields = "release { id status } approval { id reason }";
    done(client, "approveRelease", fields, input).await
}

/// The id of an approved release of a build.
pub(crate) async fn approved(chain: &Chain, build: &Built) -> String {
    let release = pending(&chain.ada, build).await;
    let payload = approve(&chain.bob, &release).await;
    assert_eq!(payload["release"]["status"], "APPROVED");
    text(&release["id"])
}

const PROMOTIONS: &str = "query($r: ID!, $e: String!) { \
    promotions(filter: { releaseId: $r, environment: $e }, first: 20, \
      orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id status kind attempt automatic \
      createdBy reason commitSha overrides { codes reason by } \
      blockers { code message subject until overridable } \
      syncs { id sync health } } } }";

/// The promotions of a release into an environment, oldest first.
pub(crate) async fn promotions(client: &Client, release: &str, environment: &str) -> Vec<Value> {
    let variables = json!({ "r": release, "e": environment });
    let data = client.data(PROMOTIONS, variables).await;
    data["promotions"]["nodes"].as_array().unwrap().clone()
}

/// The newest promotion of a release into an environment, once it has this status.
pub(crate) async fn promoted(
    client: &Client,
    release: &str,
    environment: &str,
    status: &str,
) -> Value {
    eventually(
        &format!("the promotion into {environment} is {status}"),
        || async {
            let newest = promotions(client, release, environment).await.pop()?;
            (newest["status"] == status).then_some(newest)
        },
    )
    .await
}

/// A release that runs in dev.
pub(crate) async fn in_dev(chain: &Chain, build: &Built) -> String {
    let release = approved(chain, build).await;
    promoted(&chain.ada, &release, "dev", "SUCCEEDED").await;
    release
}

/// The synchronisation of a module in an environment of `web`, once it is there.
pub(crate) async fn sync(client: &Client, environment: &str, module: &str) -> Value {
    let query = "query($e: String!, $m: String!) { \
        gitOpsSyncs(filter: { projectId: \"web\", environment: $e, module: $m }) { nodes { id sync \
        health operation desiredRevision appliedRevision paused promotion { id } release { id } \
        attempts(first: 20) { nodes { number cause outcome } } } } }";
    let variables = json!({ "e": environment, "m": module });
    eventually("the target is known", || async {
        let data = client.data(query, variables.clone()).await;
        data["gitOpsSyncs"]["nodes"].as_array()?.first().cloned()
    })
    .await
}

/// The codes of blockers.
pub(crate) fn codes(blockers: &Value) -> Vec<String> {
    let blockers = blockers.as_array().unwrap().iter();
    blockers.map(|it| text(&it["code"])).collect()
}
