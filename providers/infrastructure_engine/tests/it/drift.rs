//! What others did, found by a refresh.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;

use sluice_infrastructure_engine::{Drift, DriftChange, InfrastructureEngine, NoSink};

use crate::{Bench, steps};

const BASE: &str = "
resources:
  data: {kind: directory}
  conf: {kind: file, path: data/conf, content: one}
  gone: {kind: file, path: data/gone, content: one}
  repo: {kind: gitRepository}
  db: {kind: sqliteDatabase, path: app.sqlite, schema: CREATE TABLE t (a)}
  ns: {kind: kubernetesNamespace, quota: {pods: 1}}
";

async fn refresh(bench: &Bench) -> Vec<Drift> {
    bench
        .engine
        .refresh(&bench.stack, Arc::new(NoSink))
        .await
        .unwrap()
        .drifts
}

fn names(drifts: &[Drift]) -> Vec<(&str, bool, Vec<&str>)> {
    let name = |drift: &'_ Drift| drift.change == DriftChange::Missing;
    drifts
        .iter()
        .map(|drift| {
            let diffs = drift.diffs.keys().map(String::as_str).collect();
            (drift.urn.rsplit("::").next().unwrap(), name(drift), diffs)
        })
        .collect()
}

#[tokio::test]
async fn nothing_changed_means_no_drift_and_the_same_serial() {
    let bench = Bench::new();
    bench.good(BASE).await;
    assert_eq!(refresh(&bench).await, []);
    assert_eq!(bench.state().await.serial(), 1);
}

#[tokio::test]
async fn changes_by_others_are_told_by_property_and_the_next_plan_brings_all_back() {
    let bench = Bench::new();
    bench.good(BASE).await;
    std::fs::write(bench.path("data/conf"), "edited").unwrap();
    std::fs::set_permissions(bench.path("data"), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::remove_file(bench.path("data/gone")).unwrap();
    std::fs::write(bench.path("repo/HEAD"), "ref: refs/heads/other\n").unwrap();
    std::fs::write(bench.path("namespaces/ns/namespace.yaml"), "edited").unwrap();
    std::fs::remove_file(bench.path("namespaces/ns/resourcequota.yaml")).unwrap();
    std::fs::remove_file(bench.path("app.sqlite")).unwrap();
    let drifts = refresh(&bench).await;
    assert_eq!(
        names(&drifts),
        [
            ("data", false, vec!["mode"]),
            ("conf", false, vec!["contentDigest"]),
            ("gone", true, vec![]),
            ("repo", false, vec!["defaultBranch"]),
            ("db", true, vec![]),
            ("ns", false, vec!["manifests"]),
        ]
    );
    let plan = bench.plan(BASE).await;
    assert_eq!(
        steps(&plan),
        [
            ("data", "update"),
            ("conf", "update"),
            ("gone", "create"),
            ("repo", "update"),
            ("db", "create"),
            ("ns", "update"),
        ]
    );
    bench.good(BASE).await;
    assert_eq!(bench.read("data/conf"), "one");
    assert!(bench.path("namespaces/ns/resourcequota.yaml").exists());
    assert_eq!(refresh(&bench).await, []);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_resource_is_never_followed() {
    let bench = Bench::new();
    bench.good(BASE).await;
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("conf"), "outside").unwrap();
    std::fs::remove_dir_all(bench.path("data")).unwrap();
    symlink(outside.path(), bench.path("data")).unwrap();
    let drifts = refresh(&bench).await;
    assert_eq!(names(&drifts)[0], ("data", true, vec![]));
    assert!(matches!(drifts[1].change, DriftChange::Unreadable { .. }));
    let failed = bench
        .up(&BASE.replace("content: one", "content: two"))
        .await;
    assert!(failed.outcome.failure.unwrap().urn.ends_with("::data"));
    let failed = bench
        .engine
        .destroy(&bench.stack, Arc::new(NoSink))
        .await
        .unwrap();
    assert!(!failed.outcome.succeeded());
    let text = std::fs::read_to_string(outside.path().join("conf")).unwrap();
    assert_eq!(text, "outside");
}

#[tokio::test]
async fn a_directory_with_things_of_others_is_kept_unless_told_otherwise() {
    let bench = Bench::new();
    bench.good("resources: {a: {kind: directory}}").await;
    std::fs::write(bench.path("a/theirs"), "x").unwrap();
    let failed = bench.up("resources: {}").await;
    assert!(
        failed
            .outcome
            .failure
            .unwrap()
            .message
            .contains("forceDestroy")
    );
    bench
        .good("resources: {a: {kind: directory, forceDestroy: true}}")
        .await;
    bench.good("resources: {}").await;
    assert!(!bench.path("a").exists());
}
