//! The way to production, and what stands there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, Server, eventually};
use tokio::process::Command;

use crate::{
    delivery_support::{Built, Chain, approved, bob, define, promoted},
    ship::ship,
    support::{PROGRAM, ada, done},
};

/// A server whose targets are compared with Git every second.
pub(crate) async fn watching(backend: Backend) -> Chain {
    start_with(backend, &[("SLUICE_GITOPS_CHECK_INTERVAL", "1s")]).await
}

/// A server with these settings, and the clients of ada and bob.
pub(crate) async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> Chain {
    let server = Server::start_with(PROGRAM, backend, settings).await;
    let (ada, bob) = (server.client(&ada()), server.client(&bob()));
    Chain { server, ada, bob }
}

/// Takes test and staging out of `web`: prod follows dev.
pub(crate) async fn short_way(client: &Client) {
    define(client, "prod", json!({ "upstream": ["dev"], "order": 40 })).await;
    for name in ["staging", "test"] {
        define(client, name, json!({ "retired": true })).await;
    }
}

/// Promotes a release that runs in dev into prod, and waits until it does; the promotion.
pub(crate) async fn to_prod(client: &Client, release: &str) -> Value {
    promoted(client, release, "dev", "SUCCEEDED").await;
    let input = json!({ "releaseId": release, "environment": "prod" });
    done(client, "promoteRelease", "promotion { id }", input).await;
    promoted(client, release, "prod", "SUCCEEDED").await
}

/// A release of a build that runs in prod; see [`short_way`].
pub(crate) async fn in_prod(chain: &Chain, build: &Built) -> String {
    let release = approved(chain, build).await;
    to_prod(&chain.ada, &release).await;
    release
}

/// The folder where a module of `web` runs in an environment.
pub(crate) fn target_folder(server: &Server, environment: &str, module: &str) -> PathBuf {
    let targets = server.data_dir().join("targets/acme/web");
    targets.join(environment).join(module)
}

/// The file of the only object of a kind below a target's folder.
pub(crate) fn object_file(folder: &Path, kind: &str) -> PathBuf {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let line = format!("kind: {kind}");
    let mut found = files.filter(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        path.extension().is_some_and(|it| it == "yaml") && text.lines().any(|it| it == line)
    });
    let file = found
        .next()
        .unwrap_or_else(|| panic!("no {kind} in {}", folder.display()));
    assert_eq!(found.next(), None, "one {kind} only");
    file
}

/// Puts `to` in the place of `from` in a file that holds it.
pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from:?} in {text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

/// `sluice ship folder --to environment`, approved by bob.
pub(crate) fn ship_to(server: &Server, folder: &Path, project: &str, to: &str) -> Command {
    let mut command = ship(server, folder, project);
    command
        .args(["--to", to, "--approve-as", "bob", "--data-dir"])
        .arg(server.data_dir());
    command
}

const SYNC: &str = "query($e: String!, $m: String!) { \
    gitOpsSyncs(filter: { projectId: \"web\", environment: $e, module: $m }) { nodes { id sync \
    health operation paused pauseReason driftTotal desiredRevision appliedRevision release { id } \
    drift { object classification change owned diff message } \
    attempts(first: 50) { nodes { number cause outcome } } } } }";

/// The synchronisation of a module of `web` in prod, once `seen` agrees.
pub(crate) async fn sync_in_prod(
    client: &Client,
    module: &str,
    what: &str,
    seen: impl Fn(&Value) -> bool,
) -> Value {
    let variables = json!({ "e": "prod", "m": module });
    eventually(what, || async {
        let data = client.data(SYNC, variables.clone()).await;
        let state = data["gitOpsSyncs"]["nodes"].as_array()?.first()?.clone();
        seen(&state).then_some(state)
    })
    .await
}
