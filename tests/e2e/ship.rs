//! `sluice ship`: from a folder to a build result.

use std::{fs, path::Path, process::Stdio};

use serde_json::json;
use sluice_testkit::{Backend, Server, on_both_databases};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::{PROGRAM, ada, example, module, server};

on_both_databases!(
    the_node_example_ships_to_a_build_result,
    the_python_example_ships_to_a_build_result,
    a_failing_test_ends_with_exit_code_one_and_names_the_test,
    an_ordinary_repository_of_two_thousand_files_ships,
    an_invalid_module_is_shown_with_file_line_and_rule,
);

/// `sluice ship folder`, as a process of its own.
pub(crate) fn ship(server: &Server, folder: &Path, project: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .arg("ship")
        .arg(folder)
        .args(["--project", project, "--timeout", "300"])
        .env("SLUICE_URL", server.base())
        .env("SLUICE_TOKEN", server.token(&ada()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub(crate) async fn outcome(child: Child) -> (i32, String) {
    let output = child.wait_with_output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text.into_owned())
}

async fn shipped(server: &Server, folder: &Path) -> (i32, String) {
    outcome(ship(server, folder, "web").spawn().unwrap()).await
}

pub(crate) fn copied(example_folder: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&example(example_folder)), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn the_node_example_ships_to_a_build_result(backend: Backend) {
    let server = server(backend).await;
    let folder = copied("greeter-node");
    let (code, text) = shipped(&server, folder.path()).await;
    assert_eq!(code, 0, "{text}\n{}", server.log());
    let client = server.client(&ada());
    let query = "{ buildResults(first: 5) { nodes { status tests { total failed } \
                 coverage { linesCovered linesValid } artifacts { name path digest size } } } }";
    let data = client.data(query, json!({})).await;
    let build = &data["buildResults"]["nodes"][0];
    assert_eq!(build["status"], "SUCCEEDED");
    assert!(build["tests"]["total"].as_i64().unwrap() >= 12, "{build}");
    assert!(
        build["coverage"]["linesCovered"].as_i64().unwrap() > 0,
        "{build}"
    );
    assert!(
        !build["artifacts"].as_array().unwrap().is_empty(),
        "{build}"
    );
    let (code, again) = shipped(&server, folder.path()).await;
    assert_eq!(code, 0, "{again}");
    let data = client
        .data("{ buildResults(first: 5) { totalCount } }", json!({}))
        .await;
    assert_eq!(
        data["buildResults"]["totalCount"], 1,
        "shipping it again finds what is there"
    );
    server.finish().await;
}

async fn the_python_example_ships_to_a_build_result(backend: Backend) {
    let server = server(backend).await;
    let folder = copied("ledger-python");
    let (code, text) = shipped(&server, folder.path()).await;
    assert_eq!(code, 0, "{text}\n{}", server.log());
    server.finish().await;
}

async fn a_failing_test_ends_with_exit_code_one_and_names_the_test(backend: Backend) {
    let server = server(backend).await;
    let folder = copied("greeter-node");
    copy(
        Path::new(&example("overlays/greeter-node-failing")),
        folder.path(),
    );
    let (code, text) = shipped(&server, folder.path()).await;
    assert_eq!(code, 1, "{text}\n{}", server.log());
    assert!(
        text.contains("the German greeting is the formal one"),
        "{text}"
    );
    server.finish().await;
}

async fn an_ordinary_repository_of_two_thousand_files_ships(backend: Backend) {
    let server = server(backend).await;
    let folder = tempfile::tempdir().unwrap();
    for number in 0..2_000 {
        let nested = folder
            .path()
            .join(format!("dir {}/ünter/{}", number % 20, number % 7));
        fs::create_dir_all(&nested).unwrap();
        fs::write(
            nested.join(format!("文件-{number}.txt")),
            format!("file {number}\n"),
        )
        .unwrap();
    }
    fs::write(
        folder.path().join("blob.bin"),
        (0..=255).cycle().take(100_000).collect::<Vec<u8>>(),
    )
    .unwrap();
    let check =
        "test $(find . -name '*.txt' | wc -l) = 2000 && test $(stat -c %s blob.bin) = 100000";
    fs::write(
        folder.path().join("module.yaml"),
        module("many", "echo built", check),
    )
    .unwrap();
    let (code, text) = shipped(&server, folder.path()).await;
    assert_eq!(code, 0, "{text}\n{}", server.log());
    let clones = tempfile::tempdir().unwrap();
    let clone = crate::git_http::clone(&server, "acme/web/many", clones.path()).await;
    assert!(clone.join("dir 19/ünter/3/文件-1999.txt").exists() || clone.join("blob.bin").exists());
    assert_eq!(fs::read(clone.join("blob.bin")).unwrap().len(), 100_000);
    server.finish().await;
}

async fn an_invalid_module_is_shown_with_file_line_and_rule(backend: Backend) {
    let server = server(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let wrong = "id: greeter\nname: Greeter\nkind: microservise\nstack: generic\ncommands:\n  build: make\n";
    fs::write(folder.path().join("module.yaml"), wrong).unwrap();
    let (code, text) = shipped(&server, folder.path()).await;
    assert_ne!(code, 0);
    assert!(text.contains("module.yaml:3"), "{text}");
    server.finish().await;
}
