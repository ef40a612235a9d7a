use futures::future::join_all;
use sluice_kernel::{ContentDigest, Fault, IdempotencyKey};
use sluice_pipeline_execution::{PipelineRunFilter, RunPipeline, RunStatus};
use sluice_schema::{ErrorCode, Scope, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::{QUICK, World, command};

async fn a_queued_run_shows_its_stages_and_counts_up_in_its_repository(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.run(&world.define(QUICK)).await.unwrap();
    let second = world.run(&world.define(QUICK)).await.unwrap();
    assert!(!first.replayed && !second.replayed);
    assert_eq!((first.value.number, second.value.number), (1, 2));
    assert_eq!(first.value.status, RunStatus::Queued);
    assert_eq!(first.value.attempt, 1);
    assert_eq!(first.value.commit_sha, world.root.to_string());
    let found = world.find(first.value.id).await;
    assert_eq!(found.timeline.stages.len(), 1);
    assert_eq!(*found, *first.value);
}

async fn fifty_identical_commands_make_one_run(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let all = join_all((0..50).map(|_| world.run(&pipeline))).await;
    let outcomes: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    let id = outcomes[0].value.id;
    assert!(outcomes.iter().all(|outcome| outcome.value.id == id));
    assert_eq!(outcomes.iter().filter(|o| o.replayed).count(), 49);
    let all = PipelineRunFilter::default();
    assert_eq!(world.runs.count(&world.ctx, &all).await.unwrap(), 1);
}

async fn runs_of_one_repository_queued_at_once_get_different_numbers(backend: Backend) {
    let world = World::new(backend).await;
    let pipelines: Vec<_> = (0..10).map(|_| world.define(QUICK)).collect();
    let all = join_all(pipelines.iter().map(|pipeline| world.run(pipeline))).await;
    let mut numbers: Vec<_> = all.into_iter().map(|o| o.unwrap().value.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=10).collect::<Vec<u64>>());
}

async fn the_same_commit_with_other_variables_is_a_conflict(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let with = |value: &str| RunPipeline {
        variables: Some([("level".to_owned(), value.to_owned())].into()),
        ..command(&pipeline)
    };
    let run = |command| world.runs.run_pipeline(&world.ctx, command);
    assert!(!run(with("1")).await.unwrap().replayed);
    assert!(run(with("1")).await.unwrap().replayed);
    assert!(run(command(&pipeline)).await.unwrap().replayed);
    let refused = run(with("2")).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(refused.field().as_deref(), Some("variables"));
}

async fn a_branch_means_its_head_and_an_unknown_commit_or_branch_names_its_field(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let head = world.push("feature/x", &[("a", "b")]).await;
    let of_branch = |name: &str| RunPipeline {
        branch: Some(name.to_owned()),
        ..command(&pipeline)
    };
    let of_commit = |sha: String| RunPipeline {
        commit_sha: Some(sha),
        ..command(&pipeline)
    };
    let run = |command| world.runs.run_pipeline(&world.ctx, command);
    let outcome = run(of_branch("feature/x")).await.unwrap();
    assert_eq!(outcome.value.commit_sha, head.to_string());
    assert_eq!(outcome.value.branch, "feature/x");
    assert!(run(of_commit(head.to_string())).await.unwrap().replayed);
    for (command, field) in [
        (of_branch("nowhere"), "branch"),
        (of_branch("a b"), "branch"),
        (of_commit("0".repeat(40)), "commitSha"),
        (of_commit("main".into()), "commitSha"),
    ] {
        let refused = run(command).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidInput);
        assert_eq!(refused.field().as_deref(), Some(field));
    }
}

async fn a_pipeline_that_the_runner_cannot_run_is_refused_with_everything_wrong(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define("steps:\n- task: Docker@2\n- task: Helm@1\n");
    let refused = world.run(&pipeline).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidPipeline);
    let findings = refused.findings();
    let lines: Vec<_> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [Some(2), Some(3)]);
    assert!(findings.iter().all(|finding| finding.rule == "unsupported"));
    let all = PipelineRunFilter::default();
    assert_eq!(world.runs.count(&world.ctx, &all).await.unwrap(), 0);
}

async fn an_idempotency_key_replays_even_when_the_branch_moved(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    world.push("dev", &[("a", "1")]).await;
    let key = |content: &str| IdempotencyKey::new("k", ContentDigest::of(content)).unwrap();
    let of_branch = RunPipeline {
        branch: Some("dev".into()),
        ..command(&pipeline)
    };
    let ctx = world.ctx.with_idempotency(key("one"));
    let first = world.runs.run_pipeline(&ctx, of_branch.clone()).await;
    world.push("dev", &[("a", "2")]).await;
    let again = world.runs.run_pipeline(&ctx, of_branch.clone()).await;
    let again = again.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, first.unwrap().value.id);
    let other = world.ctx.with_idempotency(key("two"));
    let refused = world.runs.run_pipeline(&other, of_branch).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
}

async fn foreign_pipelines_and_runs_do_not_exist_and_scopes_are_demanded(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let run = world.queue(&pipeline).await;
    for user in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let ctx = user.ctx();
        let refused = world.runs.run_pipeline(&ctx, command(&pipeline)).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
        let refused = world.runs.get(&ctx, run).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
        assert!(world.runs.find_many(&ctx, &[run]).await.unwrap().is_empty());
    }
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let refused = world.runs.run_pipeline(&reader, command(&pipeline)).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    let runner = User::of("acme", "eve")
        .with_scopes(&[Scope::PipelinesRun])
        .ctx();
    let refused = world.runs.get(&runner, run).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    let unknown = RunPipeline {
        pipeline_id: TypedId::generate(),
        ..command(&pipeline)
    };
    let refused = world.runs.run_pipeline(&world.ctx, unknown).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
}

sluice_testkit::on_both_databases!(
    a_queued_run_shows_its_stages_and_counts_up_in_its_repository,
    fifty_identical_commands_make_one_run,
    runs_of_one_repository_queued_at_once_get_different_numbers,
    the_same_commit_with_other_variables_is_a_conflict,
    a_branch_means_its_head_and_an_unknown_commit_or_branch_names_its_field,
    a_pipeline_that_the_runner_cannot_run_is_refused_with_everything_wrong,
    an_idempotency_key_replays_even_when_the_branch_moved,
    foreign_pipelines_and_runs_do_not_exist_and_scopes_are_demanded,
);
