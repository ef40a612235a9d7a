//! Operations that end at any moment: the same plan again, or another one, leads to the same state.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    EngineError, Facts, InfrastructureEngine, LocalEngine, LocalEngineConfig, NoSink, Program,
    StackId, State, parse,
};

use super::Inner;

const BEFORE: &str = "
resources:
  data: {kind: directory}
  kept: {kind: file, path: data/kept, content: one}
  moved: {kind: file, path: data/old, content: two}
  gone: {kind: file, path: data/gone, content: three}
  ns: {kind: kubernetesNamespace, labels: {a: b}}
";

const AFTER: &str = "
resources:
  data: {kind: directory, mode: '0700'}
  kept: {kind: file, path: data/kept, content: changed}
  moved: {kind: file, path: data/new, content: two}
  ns: {kind: kubernetesNamespace, labels: {a: c}, quota: {pods: 3}}
  repo: {kind: gitRepository, path: data/repo.git}
  db: {kind: sqliteDatabase, path: data/app.sqlite, schema: CREATE TABLE t (a)}
  token: {kind: file, path: data/secret, content: {secretRef: TOKEN}}
outputs: {db: '${db.path}'}
";

fn stack() -> StackId {
    let name = |text: &str| text.parse().unwrap();
    StackId::new(name("t"), "p".parse().unwrap(), "m".parse().unwrap(), "dev").unwrap()
}

fn program(text: &str) -> Program {
    let facts = Facts {
        stack: stack(),
        files: BTreeMap::new(),
        settings: BTreeMap::new(),
        secrets: [("TOKEN".to_owned(), "hunter2".to_owned())].into(),
    };
    parse(text, &facts).unwrap()
}

/// An engine that ends its operation at the `n`-th point; never for 0.
fn engine(root: &Path, n: usize) -> LocalEngine {
    // One key for all, so that states of different engines compare.
    std::fs::write(root.join(".seal-key"), [7; 64]).unwrap();
    let config = LocalEngineConfig::new(root.to_owned());
    let mut engine = LocalEngine::open(config).unwrap();
    let passed = AtomicUsize::new(0);
    let inner: &mut Inner = Arc::get_mut(&mut engine.inner).unwrap();
    inner.hook = (n > 0).then(|| -> super::Hook {
        Arc::new(move || passed.fetch_add(1, Ordering::SeqCst) + 1 == n)
    });
    engine
}

async fn apply(engine: &LocalEngine, program: &Program) -> State {
    let plan = engine.plan(program).await.unwrap();
    let applied = engine
        .apply(&plan, Some(program), Arc::new(NoSink))
        .await
        .unwrap();
    assert_eq!(applied.outcome.failure, None);
    engine.state(&stack()).await.unwrap()
}

/// What is on disk below the resources, with contents, Git's and SQLite's own files left out.
fn contents(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let resources = root.join("t/p/m/dev/resources");
    let mut open = vec![resources.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&resources).unwrap().display().to_string();
            if path.is_dir() && !name.ends_with(".git") {
                open.push(path);
            } else {
                let plain = path.is_file() && !name.ends_with(".sqlite");
                let text = if plain {
                    std::fs::read_to_string(path).unwrap()
                } else {
                    String::new()
                };
                found.insert(name, text);
            }
        }
    }
    found
}

async fn undisturbed() -> (State, BTreeMap<String, String>) {
    let root = tempfile::tempdir().unwrap();
    let engine = engine(root.path(), 0);
    apply(&engine, &program(BEFORE)).await;
    let state = apply(&engine, &program(AFTER)).await;
    (state, contents(root.path()))
}

/// Runs the change up to its `n`-th point. None when it has fewer.
async fn crashed_at(n: usize) -> Option<(tempfile::TempDir, crate::Plan)> {
    let root = tempfile::tempdir().unwrap();
    apply(&engine(root.path(), 0), &program(BEFORE)).await;
    let engine = engine(root.path(), n);
    let plan = engine.plan(&program(AFTER)).await.unwrap();
    match engine
        .apply(&plan, Some(&program(AFTER)), Arc::new(NoSink))
        .await
    {
        Err(EngineError::Interrupted) => Some((root, plan)),
        Ok(_) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_interrupted_plan_applied_again_reaches_the_same_state_from_every_point() {
    let (state, files) = undisturbed().await;
    let mut points = 0;
    while let Some((root, plan)) = crashed_at(points + 1).await {
        points += 1;
        let engine = engine(root.path(), 0);
        let again = program(AFTER);
        let applied = engine
            .apply(&plan, Some(&again), Arc::new(NoSink))
            .await
            .unwrap();
        assert_eq!(applied.outcome.failure, None, "point {points}");
        assert_eq!(applied.outcome.serial, 2, "point {points}");
        let reached = engine.state(&stack()).await.unwrap();
        assert!(
            reached.same_resources(&state),
            "point {points}: {reached:#?}"
        );
        assert_eq!(reached.deployment.pending_operations, [], "point {points}");
        assert_eq!(contents(root.path()), files, "point {points}");
        let replay = engine
            .apply(&plan, Some(&again), Arc::new(NoSink))
            .await
            .unwrap();
        assert!(replay.replayed, "point {points}");
    }
    assert!(points > 25, "only {points} points");
}

#[tokio::test]
async fn a_new_plan_after_an_interruption_reaches_the_same_state_from_every_point() {
    let (state, files) = undisturbed().await;
    let mut n = 0;
    while let Some((root, _)) = crashed_at(n + 1).await {
        n += 1;
        let engine = engine(root.path(), 0);
        let reached = apply(&engine, &program(AFTER)).await;
        assert!(reached.same_resources(&state), "point {n}: {reached:#?}");
        assert_eq!(reached.deployment.pending_operations, [], "point {n}");
        assert_eq!(contents(root.path()), files, "point {n}");
    }
    assert!(n > 25, "only {n} points");
}

#[tokio::test]
async fn a_journal_cut_in_the_middle_of_a_line_is_read_up_to_it() {
    let (root, plan) = crashed_at(12).await.unwrap();
    let journal = root.path().join("t/p/m/dev/journal.jsonl");
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 7]).unwrap();
    let engine = engine(root.path(), 0);
    let applied = engine
        .apply(&plan, Some(&program(AFTER)), Arc::new(NoSink))
        .await
        .unwrap();
    assert!(applied.outcome.succeeded());
    let (state, _) = undisturbed().await;
    assert!(engine.state(&stack()).await.unwrap().same_resources(&state));
}

#[tokio::test]
async fn while_an_operation_is_open_the_state_shows_what_is_done_and_what_is_pending() {
    let mut seen_pending = false;
    let mut n = 0;
    while let Some((root, _)) = crashed_at(n + 1).await {
        n += 1;
        let state = engine(root.path(), 0).state(&stack()).await.unwrap();
        seen_pending |= !state.deployment.pending_operations.is_empty();
    }
    assert!(seen_pending);
}

#[tokio::test]
async fn a_secret_that_changed_during_an_interruption_makes_the_plan_stale() {
    let (root, plan) = crashed_at(5).await.unwrap();
    let facts = Facts {
        stack: stack(),
        files: BTreeMap::new(),
        settings: BTreeMap::new(),
        secrets: [("TOKEN".to_owned(), "other".to_owned())].into(),
    };
    let changed = parse(AFTER, &facts).unwrap();
    let engine = engine(root.path(), 0);
    let refused = engine.apply(&plan, Some(&changed), Arc::new(NoSink)).await;
    // The plan counts as failed now, which is what it is answered with from here on.
    assert!(!refused.unwrap().outcome.succeeded());
    let reached = apply(&engine, &changed).await;
    assert_eq!(reached.resources().count(), 7);
}
