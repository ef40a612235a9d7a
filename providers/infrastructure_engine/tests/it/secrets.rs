//! Secrets: in the files they are meant for, and nowhere else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sluice_infrastructure_engine::SECRET_MARKER;

use crate::{Bench, steps};

const TEXT: &str = "
variables: {password: {secretRef: PASSWORD}}
resources:
  token: {kind: file, content: {secretRef: TOKEN}}
  conf: {kind: file, content: 'password=${var.password}'}
  marked: {kind: file, content: plain but private, secret: true}
";

/// Whether any file below `folder`, the resources left out, holds the text.
fn leaks(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("resources") {
            continue;
        }
        if path.is_dir() {
            found.extend(leaks(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn secrets_are_written_where_they_belong_and_shown_nowhere() {
    let bench = Bench::new()
        .secret("TOKEN", "hunter2")
        .secret("PASSWORD", "swordfish");
    let program = bench.program(TEXT);
    let plan = bench.plan(TEXT).await;
    bench.good(TEXT).await;
    assert_eq!(bench.read("token"), "hunter2");
    assert_eq!(bench.read("conf"), "password=swordfish");
    let mode = bench.path("token").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let events = bench.events.0.lock().unwrap().clone();
    let shown = format!(
        "{program:?}{plan:?}{:?}{:?}",
        bench.state().await,
        bench.facts
    ) + &serde_json::to_string(&(&plan, &events)).unwrap();
    for secret in ["hunter2", "swordfish", "plain but private"] {
        assert!(!shown.contains(secret), "{secret}");
        assert_eq!(leaks(bench.root.path(), secret), Vec::<String>::new());
    }
    let state = serde_json::to_value(bench.state().await).unwrap();
    let digest = &state["deployment"]["resources"][1]["inputs"]["contentDigest"];
    assert_eq!(digest[SECRET_MARKER], "1b47061264138c4ac30d75fd1eb44270");
}

#[tokio::test]
async fn a_changed_secret_is_a_difference_and_equal_secrets_do_not_show() {
    let bench = Bench::new()
        .secret("TOKEN", "same")
        .secret("PASSWORD", "same");
    bench.good(TEXT).await;
    assert!(bench.plan(TEXT).await.is_empty());
    let bench = bench.secret("TOKEN", "changed");
    let plan = bench.plan(TEXT).await;
    assert_eq!(
        steps(&plan),
        [("token", "update"), ("conf", "same"), ("marked", "same")]
    );
    bench.good(TEXT).await;
    assert_eq!(bench.read("token"), "changed");
    let twins = "resources:\n  a: {kind: file, content: {secretRef: PASSWORD}}\n  b: {kind: file, content: {secretRef: PASSWORD}}\n";
    let plan = bench.plan(twins).await;
    let digest = |at: usize| plan.steps[at].new.as_ref().unwrap()["contentDigest"].clone();
    assert_ne!(digest(0), digest(1));
}
