//! The npm clients of the streams' protocols against the real server, over its restarts.

use std::{path::PathBuf, process::Stdio};

use sluice_testkit::{Backend, Server, on_both_databases};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

use crate::support::{PROGRAM, ada};

on_both_databases!(
    graphql_ws_goes_through_every_kind_of_operation_and_over_restarts,
    graphql_sse_goes_through_every_kind_of_operation_and_over_restarts,
);

/// Times that no test can wait for.
const SETTINGS: &[(&str, &str)] = &[
    ("SLUICE_STREAM_INIT_TIMEOUT", "1s"),
    ("SLUICE_STREAM_PING_INTERVAL", "1s"),
    ("SLUICE_STREAM_HEARTBEAT", "1s"),
];

async fn graphql_ws_goes_through_every_kind_of_operation_and_over_restarts(backend: Backend) {
    passes("graphql-ws.mjs", backend).await;
}

async fn graphql_sse_goes_through_every_kind_of_operation_and_over_restarts(backend: Backend) {
    passes("graphql-sse.mjs", backend).await;
}

#[tokio::test]
async fn every_close_code_of_graphql_transport_ws_is_sent_when_it_is_due() {
    passes("close-codes.mjs", Backend::Sqlite).await;
}

// A script of `tests/node` says with a line that begins with `@` what is to be done to the server.
async fn passes(script: &str, backend: Backend) {
    let mut server = Server::start_with(PROGRAM, backend, SETTINGS).await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules").is_dir(),
        "run `npm ci` in tests/node, or `make test`"
    );
    let mut node = Command::new("node")
        .arg(script)
        .current_dir(folder)
        .env("SLUICE_URL", server.base())
        .env("SLUICE_TOKEN", server.token(&ada()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts");
    let mut answers = node.stdin.take().expect("its stdin");
    let mut lines = BufReader::new(node.stdout.take().expect("its stdout")).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.expect("its lines") {
        match line.strip_prefix('@') {
            None => {
                println!("{line}");
                said.push_str(&line);
                said.push('\n');
                continue;
            }
            Some("kill") => server.kill(),
            Some("stop") => server.stop(),
            Some("start") => server.restart().await,
            Some(other) => panic!("{script} asks for {other}"),
        }
        answers.write_all(b"ok\n").await.expect("it listens");
    }
    let status = node.wait().await.expect("it ends");
    assert!(status.success(), "{said}\n{}", server.log());
    assert!(said.contains("ok "), "it checked something");
    server.finish().await;
}
