//! What the ecosystem's own audits say of the server: GraphQL over HTTP, every MUST and SHOULD.

use std::{path::PathBuf, process::Stdio};

use sluice_testkit::{Backend, Server};
use tokio::process::Command;

use crate::support::{ada, ok, server};

/// Runs a script of `tests/node` against the server as one user.
pub(crate) async fn node(server: &Server, script: &str) -> std::process::Output {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules").is_dir(),
        "run `npm ci` in tests/node, or `make test`"
    );
    Command::new("node")
        .arg(script)
        .current_dir(folder)
        .env("SLUICE_URL", server.base())
        .env("SLUICE_TOKEN", server.token(&ada()))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn every_must_and_should_of_graphql_over_http_is_kept() {
    let server = server(Backend::Sqlite).await;
    let audits = node(&server, "audits.mjs").await;
    let said = String::from_utf8_lossy(&audits.stdout).into_owned();
    assert!(audits.status.success(), "{said}");
    println!("{}", ok(&audits));
    server.finish().await;
}
