use sluice_git_host::FileChange;
use sluice_kernel::{Direction, Fault, PageRequest};
use sluice_pipeline_generator::{
    PIPELINES_BRANCH, PipelineDefinition, PipelineFilter, PipelineStatus,
};
use sluice_schema::{ErrorCode, Scope};
use sluice_testkit::{Backend, User};

use crate::fixture::{Done, World, module};

fn answer(done: Done) -> (ErrorCode, Option<String>) {
    let error = done.unwrap_err();
    (error.code(), error.field())
}

async fn bad_input_names_the_field(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    let other = world.push("x", "a.txt", "x").await;
    let field = |code, name: &str| (code, Some(name.to_owned()));
    let unknown = answer(world.generate(Some("nowhere"), None).await);
    assert_eq!(unknown, field(ErrorCode::NotFound, "branch"));
    let elsewhere = answer(world.generate(Some("main"), Some(other)).await);
    assert_eq!(elsewhere, field(ErrorCode::InvalidInput, "commitSha"));
    let absent = "0123456789".repeat(4).parse().unwrap();
    let absent = answer(world.generate(None, Some(absent)).await);
    assert_eq!(absent, field(ErrorCode::InvalidInput, "commitSha"));
    let own = answer(world.generate(Some(PIPELINES_BRANCH), None).await);
    assert_eq!(own, field(ErrorCode::InvalidInput, "branch"));
    assert_eq!(world.count().await, 0);
}

async fn foreign_and_forbidden_callers_learn_nothing(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    let definition = world.generate(None, None).await.unwrap().value;
    let missing = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let done = world.service.generate(&missing, world.command(None, None));
    assert_eq!(done.await.unwrap_err().code(), ErrorCode::Forbidden);
    let blind = User::of("acme", "eve").with_scopes(&[Scope::PipelinesGenerate]);
    let read = world.service.get(&blind.ctx(), definition.id).await;
    assert_eq!(read.unwrap_err().code(), ErrorCode::Forbidden);
    let tenant = User::of("other", "eve").ctx();
    let project = User::of("acme", "eve").in_projects(&["api"]).ctx();
    for ctx in [tenant, project] {
        let done = world.service.generate(&ctx, world.command(None, None));
        let (code, field) = answer(done.await);
        assert_eq!(code, ErrorCode::NotFound);
        assert_eq!(field.as_deref(), Some("repositoryId"));
        let read = world.service.get(&ctx, definition.id).await;
        assert_eq!(read.unwrap_err().code(), ErrorCode::NotFound);
        let many = world.service.find_many(&ctx, &[definition.id]).await;
        assert!(many.unwrap().is_empty());
    }
}

async fn an_archived_repository_replays_and_takes_nothing_new(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    world.generate(None, None).await.unwrap();
    world.archive();
    assert!(world.generate(None, None).await.unwrap().replayed);
    world.push("main", "a.txt", "x").await;
    let (code, _) = answer(world.generate(None, None).await);
    assert_eq!(code, ErrorCode::FailedPrecondition);
}

async fn invalid(world: &World) -> Vec<PipelineDefinition> {
    let filter = PipelineFilter {
        status: Some(PipelineStatus::Invalid),
        ..PipelineFilter::default()
    };
    let order = (
        sluice_pipeline_generator::PipelineOrder::CreatedAt,
        Direction::Ascending,
    );
    let page = world
        .service
        .page(&world.ctx, &filter, order, &PageRequest::first(10))
        .await
        .unwrap();
    page.items.iter().map(|item| (**item).clone()).collect()
}

async fn a_wrong_module_is_refused_with_every_finding_and_kept(backend: Backend) {
    let world = World::new(backend).await;
    let wrong = "id: Bad_Id\nkind: servce\nstack: node\n";
    let first = world.push("main", "module.yaml", wrong).await;
    let error = world.generate(None, None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidPipeline);
    let findings = error.findings();
    let rules: Vec<_> = findings.iter().map(|f| (f.rule.as_str(), f.line)).collect();
    assert_eq!(rules, [("bad-slug", Some(1)), ("unknown-value", Some(2))]);
    assert_eq!(findings[0].file, "module.yaml");
    let kept = invalid(&world).await.remove(0);
    assert_eq!(kept.commit_sha, first.to_string());
    assert_eq!(kept.findings.len(), 2);
    assert!(kept.yaml.is_none() && kept.module.is_none());
    // The same content at a newer commit is the same definition.
    let second = world.push("main", "a.txt", "x").await;
    world.generate(None, None).await.unwrap_err();
    world.generate(None, Some(first)).await.unwrap_err();
    let moved = invalid(&world).await;
    assert_eq!((moved.len(), moved[0].id), (1, kept.id));
    assert_eq!(moved[0].commit_sha, second.to_string());
    assert_eq!(moved[0].meta.version, 2);
    assert!(world.drain().await.is_empty() && world.history().await.is_empty());
    world.push("main", "module.yaml", &module("Shop")).await;
    assert!(!world.generate(None, None).await.unwrap().replayed);
}

async fn a_missing_or_unreadable_module_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    let rule = async || {
        let error = world.generate(None, None).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidPipeline);
        error.findings()[0].rule.clone()
    };
    assert_eq!(rule().await, "module-yaml-missing");
    let binary = FileChange::Put {
        path: "module.yaml".into(),
        content: vec![0xff, 0xfe].into(),
        executable: None,
    };
    world.change("main", binary).await;
    assert_eq!(rule().await, "not-utf8");
    let large = "#".repeat(300_000);
    world.push("main", "module.yaml", &large).await;
    assert_eq!(rule().await, "too-large");
    assert_eq!(invalid(&world).await.len(), 3);
    let all = (0..20).map(|_| world.generate(None, None));
    futures::future::join_all(all).await;
    assert_eq!(invalid(&world).await.len(), 3);
}

async fn warnings_are_kept_with_the_definition(backend: Backend) {
    let world = World::new(backend).await;
    let text = module("Shop") + "configuration:\n  prod:\n    DB_PASSWORD: hunter2\n";
    world.push("main", "module.yaml", &text).await;
    let definition = world.generate(None, None).await.unwrap().value;
    let read = world.service.get(&world.ctx, definition.id).await.unwrap();
    assert_eq!(read.findings[0].rule, "plain-secret");
    assert_eq!(read, definition);
    let lint = world.service.lint(&world.ctx, &text).unwrap();
    assert_eq!(lint.findings, read.findings);
    assert_eq!(lint.yaml, read.yaml);
}

sluice_testkit::on_both_databases!(
    bad_input_names_the_field,
    foreign_and_forbidden_callers_learn_nothing,
    an_archived_repository_replays_and_takes_nothing_new,
    a_wrong_module_is_refused_with_every_finding_and_kept,
    a_missing_or_unreadable_module_is_refused,
    warnings_are_kept_with_the_definition,
);
