//! Crashes at every step of an apply.

use std::collections::BTreeMap;

use super::*;
use crate::declare;

fn config(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  v: {value}\n")
}

fn declared(objects: &[(&str, &str)]) -> Vec<DeclaredObject> {
    let files: BTreeMap<String, String> = objects
        .iter()
        .map(|(name, value)| (format!("{name}.yaml"), config(name, value)))
        .collect();
    declare(&files, &Limits::default()).unwrap()
}

fn target() -> TargetPath {
    let (tenant, project) = ("acme".parse().unwrap(), "shop".parse().unwrap());
    TargetPath::new(&tenant, &project, "prod", "web").unwrap()
}

/// What is on the disk, apart from times.
async fn state(at: &DirectoryTarget) -> (BTreeMap<String, String>, Vec<String>, Option<String>) {
    let seen = at.observe(&target()).await.unwrap();
    let files = seen.files.into_iter();
    let files = files
        .map(|(name, file)| (name, file.text.unwrap()))
        .collect();
    let inventory = seen.inventory.unwrap();
    let owned = inventory
        .objects
        .iter()
        .map(|o| format!("{} {}", o.key, o.sha256));
    (files, owned.collect(), inventory.revision)
}

/// A target that holds `a`, `b`, `c`; the next apply changes `a`, drops `b` and `c`, brings `d`.
async fn prepared(root: &Path) -> (DirectoryTarget, Vec<DeclaredObject>) {
    let at = DirectoryTarget::new(root, Limits::default());
    let first = declared(&[("a", "1"), ("b", "1"), ("c", "1")]);
    let options = ApplyOptions::default();
    at.apply(&target(), &first, "r1", options).await.unwrap();
    (at, declared(&[("a", "2"), ("d", "1")]))
}

/// Steps of that apply: intent, two writes, two prunes, inventory.
const STEPS: usize = 6;

async fn crashed_at(step: usize, root: &Path) -> (DirectoryTarget, Vec<DeclaredObject>) {
    let (at, second) = prepared(root).await;
    *at.inner.fuse.lock().unwrap() = Some(step);
    let options = ApplyOptions::default();
    let crash = at.apply(&target(), &second, "r2", options).await;
    assert!(
        matches!(
            crash,
            Err(TargetError::Io {
                doing: "injected",
                ..
            })
        ),
        "step {step}: {crash:?}"
    );
    // The next process knows nothing of the crash.
    (DirectoryTarget::new(root, Limits::default()), second)
}

async fn wanted() -> (BTreeMap<String, String>, Vec<String>, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (at, second) = prepared(folder.path()).await;
    at.apply(&target(), &second, "r2", ApplyOptions::default())
        .await
        .unwrap();
    state(&at).await
}

#[tokio::test]
async fn an_apply_cut_short_at_any_step_is_found_and_finished_by_recovery() {
    let wanted = wanted().await;
    for step in 0..STEPS {
        let folder = tempfile::tempdir().unwrap();
        let (at, _) = crashed_at(step, folder.path()).await;
        let seen = at.observe(&target()).await.unwrap();
        assert_eq!(seen.unfinished.unwrap().revision, "r2", "step {step}");
        let finished = at.recover(&target()).await.unwrap().unwrap();
        assert!(finished.is_complete());
        assert_eq!(state(&at).await, wanted, "step {step}");
        assert!(at.recover(&target()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_apply_cut_short_at_any_step_is_finished_by_the_same_apply() {
    let wanted = wanted().await;
    for step in 0..STEPS {
        let folder = tempfile::tempdir().unwrap();
        let (at, second) = crashed_at(step, folder.path()).await;
        let options = ApplyOptions::default();
        at.apply(&target(), &second, "r2", options).await.unwrap();
        assert_eq!(state(&at).await, wanted, "step {step}");
        let again = at.apply(&target(), &second, "r2", options).await.unwrap();
        assert!(again.replayed);
    }
}

#[tokio::test]
async fn what_a_crashed_apply_wrote_is_pruned_by_another_revision() {
    for step in 0..STEPS {
        let folder = tempfile::tempdir().unwrap();
        let (at, _) = crashed_at(step, folder.path()).await;
        let third = declared(&[("a", "1")]);
        at.apply(&target(), &third, "r3", ApplyOptions::default())
            .await
            .unwrap();
        let (files, owned, revision) = state(&at).await;
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            ["configmap._.a.yaml"],
            "step {step}"
        );
        assert_eq!(owned.len(), 1);
        assert_eq!(revision.as_deref(), Some("r3"));
    }
}

#[tokio::test]
async fn the_apply_without_a_crash_has_as_many_steps_as_are_tested() {
    let folder = tempfile::tempdir().unwrap();
    let (at, second) = prepared(folder.path()).await;
    *at.inner.fuse.lock().unwrap() = Some(STEPS);
    let options = ApplyOptions::default();
    at.apply(&target(), &second, "r2", options).await.unwrap();
    assert_eq!(*at.inner.fuse.lock().unwrap(), Some(0));
}
