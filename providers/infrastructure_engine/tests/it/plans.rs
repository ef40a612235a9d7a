//! Plans, and applying them.

use std::sync::Arc;

use sluice_infrastructure_engine::{
    DiffKind, EngineError, EventBody, InfrastructureEngine, NoSink, Op, StaleCause,
};
use sluice_schema::{ErrorCode, Fault};

use crate::{Bench, steps};

const BASE: &str = "
resources:
  data: {kind: directory}
  conf: {kind: file, path: data/conf, content: one}
  repo: {kind: gitRepository, path: data/repo.git, description: x}
outputs: {conf: '${conf.path}'}
";

#[tokio::test]
async fn what_is_new_is_created_and_then_nothing_is_left_to_do() {
    let bench = Bench::new();
    let plan = bench.plan(BASE).await;
    assert_eq!(
        steps(&plan),
        [("data", "create"), ("conf", "create"), ("repo", "create")]
    );
    let applied = bench.good(BASE).await;
    assert_eq!(applied.outcome.changes[&Op::Create], 3);
    assert_eq!(applied.outputs["conf"], "data/conf");
    assert_eq!(bench.read("data/conf"), "one");
    let again = bench.plan(BASE).await;
    assert!(again.is_empty(), "{again:#?}");
    let applied = bench.good(BASE).await;
    assert_eq!(
        applied.outcome.serial, 1,
        "nothing changed, so the serial stays"
    );
}

#[tokio::test]
async fn every_kind_of_difference_is_told_by_property() {
    let bench = Bench::new();
    bench.good(BASE).await;
    let plan = bench
        .plan(
            "
resources:
  data: {kind: directory, mode: '0700', forceDestroy: true}
  conf: {kind: file, path: data/other, content: two}
  repo: {kind: gitRepository, path: data/repo.git}
  more: {kind: directory}
",
        )
        .await;
    let expected = [
        ("data", "update"),
        ("conf", "replace"),
        ("repo", "update"),
        ("more", "create"),
    ];
    assert_eq!(steps(&plan), expected);
    let kinds = |at: usize| -> Vec<(&str, DiffKind)> {
        let diffs = plan.steps[at].diffs.iter();
        diffs.map(|(key, diff)| (key.as_str(), diff.kind)).collect()
    };
    assert_eq!(
        kinds(0),
        [("forceDestroy", DiffKind::Add), ("mode", DiffKind::Update)]
    );
    let moved = [
        ("contentDigest", DiffKind::Update),
        ("path", DiffKind::UpdateReplace),
    ];
    assert_eq!(kinds(1), moved);
    assert_eq!(kinds(2), [("description", DiffKind::Delete)]);
    let shape = serde_json::to_value(plan.steps[1].diffs["path"]).unwrap();
    assert_eq!(
        shape,
        serde_json::json!({"kind": "update-replace", "inputDiff": true})
    );
}

#[tokio::test]
async fn a_replacement_makes_the_new_before_it_deletes_the_old() {
    let bench = Bench::new();
    bench.good(BASE).await;
    bench.events.0.lock().unwrap().clear();
    let moved = BASE
        .replace("data/conf", "data/moved")
        .replace("content: one", "content: two");
    bench.good(&moved).await;
    let ops: Vec<String> = bench
        .events
        .0
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::ResOutputsEvent(step) => Some(step.metadata.op.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        ops,
        ["same", "create-replacement", "same", "delete-replaced"]
    );
    assert!(!bench.path("data/conf").exists());
    assert_eq!(bench.read("data/moved"), "two");
}

#[tokio::test]
async fn places_may_be_swapped_and_kinds_may_change_in_place() {
    let bench = Bench::new();
    bench.good("resources:\n  a: {kind: file, path: x, content: a}\n  b: {kind: file, path: y, content: b}\n").await;
    bench.good("resources:\n  a: {kind: file, path: y, content: a}\n  b: {kind: file, path: x, content: b}\n").await;
    assert_eq!((bench.read("x"), bench.read("y")), ("b".into(), "a".into()));
    bench.good("resources:\n  a: {kind: directory, path: y}\n  b: {kind: file, path: y/z, content: b}\n").await;
    assert_eq!(bench.read("y/z"), "b");
    assert!(!bench.path("x").exists());
}

#[tokio::test]
async fn deletions_go_from_dependents_to_what_they_depend_on() {
    let bench = Bench::new();
    let text = "
resources:
  a: {kind: directory}
  b: {kind: directory, path: a/b}
  c: {kind: file, path: a/b/c, content: x}
";
    bench.good(text).await;
    let plan = bench.engine.plan_destroy(&bench.stack).await.unwrap();
    assert_eq!(
        steps(&plan),
        [("c", "delete"), ("b", "delete"), ("a", "delete")]
    );
    let applied = bench
        .engine
        .destroy(&bench.stack, Arc::new(NoSink))
        .await
        .unwrap();
    assert_eq!(applied.outcome.changes[&Op::Delete], 3);
    assert!(!bench.path("a").exists());
    assert_eq!(bench.state().await.deployment.resources, []);
}

#[tokio::test]
async fn a_plan_against_an_older_state_or_another_program_is_stale() {
    let bench = Bench::new();
    let program = bench.program(BASE);
    let plan = bench.engine.plan(&program).await.unwrap();
    let other = bench.program("resources: {x: {kind: directory}}");
    let refused = bench
        .engine
        .apply(&plan, Some(&other), Arc::new(NoSink))
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            EngineError::Stale {
                cause: StaleCause::Program
            }
        ),
        "{refused}"
    );
    bench.good("resources: {x: {kind: directory}}").await;
    let refused = bench
        .engine
        .apply(&plan, Some(&program), Arc::new(NoSink))
        .await
        .unwrap_err();
    let cause = StaleCause::State {
        planned: 0,
        actual: 1,
    };
    assert!(
        matches!(&refused, EngineError::Stale { cause: found } if *found == cause),
        "{refused}"
    );
    assert_eq!(refused.code(), ErrorCode::StalePlan);
    assert!(!bench.path("data").exists());
}

#[tokio::test]
async fn an_altered_plan_is_refused() {
    let bench = Bench::new();
    let program = bench.program(BASE);
    let mut plan = bench.engine.plan(&program).await.unwrap();
    plan.steps[0].protected = true;
    let refused = bench
        .engine
        .apply(&plan, Some(&program), Arc::new(NoSink))
        .await
        .unwrap_err();
    assert_eq!(refused.field().as_deref(), Some("plan"));
}

#[tokio::test]
async fn a_plan_applied_twice_is_answered_with_what_came_of_it() {
    let bench = Bench::new();
    let program = bench.program(BASE);
    let plan = bench.engine.plan(&program).await.unwrap();
    let first = bench
        .engine
        .apply(&plan, Some(&program), Arc::new(NoSink))
        .await
        .unwrap();
    let second = bench
        .engine
        .apply(&plan, Some(&program), Arc::new(NoSink))
        .await
        .unwrap();
    assert!(!first.replayed && second.replayed);
    assert_eq!(first.outcome, second.outcome);
}

#[tokio::test]
async fn protected_resources_are_neither_deleted_nor_replaced_until_they_are_released() {
    let bench = Bench::new();
    let text = "resources:\n  a: {kind: directory, protect: true}\n  b: {kind: directory}\n";
    bench.good(text).await;
    for change in [
        "resources:\n  b: {kind: directory}\n",
        "resources:\n  a: {kind: directory, path: c}\n",
    ] {
        let program = bench.program(change);
        let plan = bench.engine.plan(&program).await.unwrap();
        let refused = bench
            .engine
            .apply(&plan, Some(&program), Arc::new(NoSink))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ProtectedResource);
    }
    let refused = bench
        .engine
        .destroy(&bench.stack, Arc::new(NoSink))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProtectedResource);
    assert!(bench.path("a").exists() && bench.path("b").exists());
    let released = text.replace("protect: true", "protect: false");
    let plan = bench.plan(&released).await;
    assert_eq!(steps(&plan), [("a", "update"), ("b", "same")]);
    bench.good(&released).await;
    bench.good("resources: {}").await;
    assert!(!bench.path("a").exists());
}

#[tokio::test]
async fn a_failed_step_ends_the_operation_and_what_was_done_stands() {
    let bench = Bench::new();
    bench.good("resources: {}").await;
    std::fs::write(bench.path("taken"), "mine").unwrap();
    let text = "
resources:
  a: {kind: directory}
  taken: {kind: file, content: theirs}
  z: {kind: directory}
";
    let failed = bench.up(text).await;
    let failure = failed.outcome.failure.unwrap();
    assert!(
        failure.urn.ends_with("::taken") && !failure.retryable,
        "{failure:?}"
    );
    assert!(failure.message.contains("taken is taken by"), "{failure:?}");
    assert_eq!(bench.read("taken"), "mine");
    assert_eq!(bench.state().await.resources().count(), 1);
    assert!(!bench.path("z").exists());
    std::fs::remove_file(bench.path("taken")).unwrap();
    bench.good(text).await;
    assert_eq!(bench.read("taken"), "theirs");
}

#[tokio::test]
async fn one_operation_works_on_a_stack_at_a_time() {
    let bench = Bench::new();
    bench.good(BASE).await;
    let lock = bench.root.path().join("acme/web/shop/prod/lock");
    let holder = std::fs::File::open(&lock).unwrap();
    holder.lock().unwrap();
    let program = bench.program(BASE);
    let refused = bench.engine.plan(&program).await.unwrap_err();
    assert!(matches!(refused, EngineError::Locked), "{refused}");
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    bench.state().await;
    drop(holder);
    bench.engine.plan(&program).await.unwrap();
}

#[tokio::test]
async fn many_applications_of_one_plan_at_once_do_it_once() {
    let bench = Bench::new();
    let program = bench.program("resources: {a: {kind: directory}}");
    let plan = bench.engine.plan(&program).await.unwrap();
    let apply = || async {
        loop {
            match bench
                .engine
                .apply(&plan, Some(&program), Arc::new(NoSink))
                .await
            {
                Err(EngineError::Locked) => {}
                done => return done.unwrap(),
            }
        }
    };
    let done = futures::future::join_all((0..8).map(|_| apply())).await;
    assert_eq!(done.iter().filter(|one| !one.replayed).count(), 1);
}

#[tokio::test]
async fn state_and_events_have_the_shape_of_pulumis() {
    let bench = Bench::new();
    bench.good(BASE).await;
    let state = serde_json::to_value(bench.state().await).unwrap();
    assert_eq!(state["version"], 3);
    let stack = &state["deployment"]["resources"][0];
    assert_eq!(stack["type"], "pulumi:pulumi:Stack");
    assert_eq!(stack["outputs"]["conf"], "data/conf");
    let conf = &state["deployment"]["resources"][2];
    assert_eq!(
        conf["urn"],
        "urn:pulumi:prod::shop::sluice:local:File::conf"
    );
    assert_eq!(conf["parent"], stack["urn"]);
    assert_eq!(conf["custom"], true);
    let data = "urn:pulumi:prod::shop::sluice:local:Directory::data";
    assert_eq!(conf["dependencies"], serde_json::json!([data]));
    let events = bench.events.0.lock().unwrap().clone();
    let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=events.len() as u64).collect::<Vec<_>>());
    let last = serde_json::to_value(events.last().unwrap()).unwrap();
    assert_eq!(last["summaryEvent"]["resourceChanges"]["create"], 3);
    let history = bench.engine.history(&bench.stack, 10).await.unwrap();
    let file = format!("acme/web/shop/prod/history/{}.jsonl", history[0].id);
    let lines = std::fs::read_to_string(bench.root.path().join(file)).unwrap();
    assert_eq!(lines.lines().count(), events.len());
}
