//! Build results on real stores, with real report files.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod directory;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use sluice_build_result::{
    BuildFilter, BuildOrder, BuildResultError, BuildResults, BuildStatus, InlineResult,
    OnRunCompleted, RecordBuildResult, ResultFormat, TestCaseFilter, TestOutcome,
};
use sluice_kernel::{
    BoxFault, Ctx, Direction, Fault, PageRequest, Reaction,
    directory::{RepositoryDirectory, RepositoryView},
};
use sluice_schema::{
    Actor, ActorKind, Envelope, ErrorCode, EventId, EventPayload, PipelineId, ProjectId,
    RepositoryId, RunId, Subject, TypedId,
    events::{BlobReference, ModuleDescription, PipelineRunCompleted, PublishedResult},
};
use sluice_store::Store;
use sluice_test_results::blob::{BlobKey, BlobStore, ObjectBlobStore};
use sluice_testkit::{Backend, Databases, User, on_both_databases};

on_both_databases!(
    a_completed_run_becomes_one_build_result_however_often_it_is_told,
    test_cases_come_failures_first_and_for_many_builds_at_once,
    a_report_that_cannot_be_read_is_a_finding_and_not_a_lost_build,
    an_external_build_is_recorded_once_and_conflicts_with_other_content,
    fifty_parallel_records_make_one_build,
    bad_input_names_the_field,
);

const JUNIT: &str = r#"<testsuites><testsuite name="s">
  <testcase name="holds" classname="c" time="0.010"/>
  <testcase name="breaks" classname="c" time="0.020"><failure message="1 != 2">at line 3</failure></testcase>
</testsuite></testsuites>"#;

const COBERTURA: &str = r#"<coverage><packages><package><classes><class filename="a.js"><lines>
  <line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>"#;

struct OneRepository(RepositoryView);

#[async_trait]
impl RepositoryDirectory for OneRepository {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let known = id == self.0.id && ctx.tenant() == &self.0.tenant_id;
        Ok(known.then(|| self.0.clone()))
    }
    async fn repository_by_name(
        &self,
        _: &Ctx,
        _: &ProjectId,
        _: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(None)
    }
}

struct World {
    service: BuildResults,
    store: Store,
    blobs: Arc<ObjectBlobStore>,
    repository: RepositoryId,
    _databases: Databases,
}

async fn world(backend: Backend) -> World {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("build_result").await;
    let blobs = Arc::new(ObjectBlobStore::local(&databases.folder().join("blobs")).unwrap());
    let repository = RepositoryId::generate();
    let view = RepositoryView {
        id: repository,
        tenant_id: "acme".parse().unwrap(),
        project_id: "web".parse().unwrap(),
        module_id: None,
        name: "greeter".to_owned(),
        default_branch: "main".to_owned(),
        is_writable: true,
    };
    let service = BuildResults::new(store.clone(), blobs.clone(), Arc::new(OneRepository(view)));
    World {
        service,
        store,
        blobs,
        repository,
        _databases: databases,
    }
}

impl World {
    async fn publish(&self, format: &str, name: &str, content: &str) -> PublishedResult {
        let key = BlobKey::new(format!("results/{name}")).unwrap();
        let blob = self
            .blobs
            .put_once(&key, Bytes::from(content.to_owned()))
            .await
            .unwrap();
        PublishedResult {
            format: format.to_owned(),
            path: name.to_owned(),
            title: None,
            blob: BlobReference {
                key: blob.key.to_string(),
                digest: blob.sha256,
                size: blob.size,
            },
        }
    }

    fn completed(
        &self,
        test_results: Vec<PublishedResult>,
        coverage: Vec<PublishedResult>,
    ) -> Envelope {
        let run = PipelineRunCompleted {
            run_id: RunId::generate(),
            pipeline_id: PipelineId::generate(),
            repository_id: self.repository,
            branch: "main".to_owned(),
            commit_sha: "a".repeat(40),
            attempt: 1,
            outcome: "SUCCEEDED".to_owned(),
            reason: None,
            started_at: None,
            finished_at: chrono::DateTime::UNIX_EPOCH,
            module: ModuleDescription {
                id: "greeter".to_owned(),
                name: "Greeter".to_owned(),
                kind: "microservice".to_owned(),
                stack: "node".to_owned(),
                version: "1.0.0".to_owned(),
                ..Default::default()
            },
            logs_prefix: "logs/x".to_owned(),
            test_results,
            coverage,
            artifacts: Vec::new(),
        };
        Envelope {
            event_id: EventId::generate(),
            event_type: PipelineRunCompleted::TYPE.to_owned(),
            schema_version: 1,
            tenant_id: "acme".parse().unwrap(),
            project_id: "web".parse().unwrap(),
            module_id: None,
            trace_id: "t".to_owned(),
            correlation_id: "c".to_owned(),
            causation_id: None,
            sequence: None,
            occurred_at: chrono::DateTime::UNIX_EPOCH,
            subject: Subject {
                kind: "PipelineRun".to_owned(),
                id: run.run_id.to_string(),
            },
            actor: Actor {
                kind: ActorKind::System,
                id: "pipeline_execution".to_owned(),
            },
            payload: serde_json::to_value(&run).unwrap(),
        }
    }

    fn external(&self, reason: &str) -> RecordBuildResult {
        RecordBuildResult {
            repository_id: self.repository,
            external_key: "ci/42".to_owned(),
            branch: "main".to_owned(),
            commit_sha: "b".repeat(40),
            status: BuildStatus::Succeeded,
            reason: Some(reason.to_owned()),
            url: Some("https://ci.example/42".to_owned()),
            results: vec![InlineResult {
                format: ResultFormat::Junit,
                path: "junit.xml".to_owned(),
                content: JUNIT.to_owned(),
            }],
            artifacts: Vec::new(),
            started_at: None,
            finished_at: chrono::DateTime::UNIX_EPOCH,
        }
    }
}

async fn a_completed_run_becomes_one_build_result_however_often_it_is_told(backend: Backend) {
    let world = world(backend).await;
    let tests = world.publish("JUNIT", "junit.xml", JUNIT).await;
    let coverage = world.publish("COBERTURA", "coverage.xml", COBERTURA).await;
    let event = world.completed(vec![tests], vec![coverage]);
    let reaction = OnRunCompleted(world.service.clone());
    let ctx = Ctx::for_event("build_result", &event);
    let (one, two) = tokio::join!(reaction.handle(&ctx, &event), reaction.handle(&ctx, &event));
    one.unwrap();
    two.unwrap();
    reaction.handle(&ctx, &event).await.unwrap();
    let ctx = User::of("acme", "ada").ctx();
    let filter = BuildFilter::default();
    let order = (BuildOrder::CreatedAt, Direction::Descending);
    let page = world
        .service
        .page(&ctx, &filter, order, &PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    let build = &page.items[0];
    assert_eq!(build.status, BuildStatus::Failed);
    assert_eq!(build.reason.as_deref(), Some("1 test failed"));
    let tests = build.tests.unwrap();
    assert_eq!(
        (tests.total, tests.passed, tests.failed, tests.duration_ms),
        (2, 1, 1, 30)
    );
    let coverage = build.coverage.unwrap();
    assert_eq!((coverage.lines_covered, coverage.lines_valid), (1, 2));
    let events = world
        .store
        .outbox()
        .claim(10, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].envelope.event_type, "BuildCompleted");
    let by_run = world
        .service
        .find_by_runs(&ctx, &[build.run_id.unwrap()])
        .await
        .unwrap();
    assert_eq!(by_run.len(), 1);
    let other = User::of("globex", "bob").ctx();
    assert_eq!(
        world
            .service
            .get(&other, build.id)
            .await
            .unwrap_err()
            .code(),
        ErrorCode::NotFound
    );
}

async fn test_cases_come_failures_first_and_for_many_builds_at_once(backend: Backend) {
    let world = world(backend).await;
    let tests = world.publish("JUNIT", "junit.xml", JUNIT).await;
    let event = world.completed(vec![tests], Vec::new());
    let ctx = Ctx::for_event("build_result", &event);
    let reaction = OnRunCompleted(world.service.clone());
    reaction.handle(&ctx, &event).await.unwrap();
    let ctx = User::of("acme", "ada").ctx();
    let order = (BuildOrder::CreatedAt, Direction::Descending);
    let page = world
        .service
        .page(&ctx, &BuildFilter::default(), order, &PageRequest::first(1))
        .await
        .unwrap();
    let build = &page.items[0];
    let cases = world
        .service
        .test_cases(
            &ctx,
            build.id,
            &TestCaseFilter::default(),
            &PageRequest::first(10),
        )
        .await
        .unwrap();
    assert_eq!(
        cases.items[0].outcome,
        TestOutcome::Failed,
        "failures come first"
    );
    assert_eq!(cases.items[0].message.as_deref(), Some("1 != 2"));
    let failed = TestCaseFilter {
        outcomes: vec![TestOutcome::Failed, TestOutcome::Errored],
    };
    let request = PageRequest::first(10);
    let pages = world
        .service
        .test_case_pages(&ctx, &[build.id], &failed, &request)
        .await
        .unwrap();
    assert_eq!(pages[&build.id].items.len(), 1);
    let counts = world
        .service
        .test_case_counts(&ctx, &[build.id], &TestCaseFilter::default())
        .await
        .unwrap();
    assert_eq!(counts[&build.id], 2);
}

async fn a_report_that_cannot_be_read_is_a_finding_and_not_a_lost_build(backend: Backend) {
    let world = world(backend).await;
    let good = world.publish("JUNIT", "good.xml", JUNIT).await;
    let broken = world
        .publish("JUNIT", "broken.xml", "<testsuites>\n<testsuite>")
        .await;
    let mut gone = world.publish("TRX", "gone.trx", "x").await;
    gone.blob.key = "results/never".to_owned();
    let event = world.completed(vec![good, broken, gone], Vec::new());
    let ctx = Ctx::for_event("build_result", &event);
    OnRunCompleted(world.service.clone())
        .handle(&ctx, &event)
        .await
        .unwrap();
    let order = (BuildOrder::CreatedAt, Direction::Descending);
    let filter = BuildFilter::default();
    let page = world
        .service
        .page(&ctx, &filter, order, &PageRequest::first(10))
        .await
        .unwrap();
    let build = &page.items[0];
    assert_eq!(build.tests.unwrap().total, 2);
    let found: Vec<_> = build
        .findings
        .iter()
        .map(|f| (f.file.as_str(), f.rule.as_str()))
        .collect();
    assert_eq!(
        found,
        [("broken.xml", "unclosed"), ("gone.trx", "unavailable")]
    );
    let key = BlobKey::new("results/broken.xml").unwrap();
    assert!(
        world.blobs.exists(&key).await.unwrap(),
        "the raw file stays"
    );
}

async fn an_external_build_is_recorded_once_and_conflicts_with_other_content(backend: Backend) {
    let world = world(backend).await;
    let ctx = User::of("acme", "ci").ctx();
    let first = world
        .service
        .record(&ctx, world.external("a"))
        .await
        .unwrap();
    assert!(!first.replayed);
    assert_eq!(
        first.value.status,
        BuildStatus::Failed,
        "a failed test fails the build"
    );
    let again = world
        .service
        .record(&ctx, world.external("a"))
        .await
        .unwrap();
    assert_eq!((again.replayed, again.value.id), (true, first.value.id));
    let refused = world
        .service
        .record(&ctx, world.external("b"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let mut broken = world.external("a");
    broken.external_key = "ci/43".to_owned();
    broken.results[0].content = "<nope/>".to_owned();
    let refused = world.service.record(&ctx, broken).await.unwrap_err();
    assert_eq!(refused.findings()[0].rule, "unexpected-root");
    assert_eq!(world.store.outbox().backlog().await.unwrap(), 1);
}

async fn fifty_parallel_records_make_one_build(backend: Backend) {
    let world = Arc::new(world(backend).await);
    let ctx = User::of("acme", "ci").ctx();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (world, ctx) = (world.clone(), ctx.clone());
        calls.spawn(async move {
            world
                .service
                .record(&ctx, world.external("a"))
                .await
                .unwrap()
        });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.replayed).count(),
        49
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.value.id == outcomes[0].value.id)
    );
    assert_eq!(world.store.outbox().backlog().await.unwrap(), 1);
}

async fn bad_input_names_the_field(backend: Backend) {
    let world = world(backend).await;
    let ctx = User::of("acme", "ci").ctx();
    let mut cases: Vec<(RecordBuildResult, &str)> = Vec::new();
    let mut bad = |field, change: fn(&mut RecordBuildResult)| {
        let mut command = world.external("a");
        change(&mut command);
        cases.push((command, field));
    };
    bad("externalKey", |c| c.external_key.clear());
    bad("commitSha", |c| c.commit_sha = "HEAD".to_owned());
    bad("branch", |c| c.branch = "a\nb".to_owned());
    bad("url", |c| c.url = Some("javascript:alert(1)".to_owned()));
    bad("results[0].path", |c| c.results[0].path.clear());
    for (command, field) in cases {
        let refused = world.service.record(&ctx, command).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.field()),
            (ErrorCode::InvalidInput, Some(field.to_owned()))
        );
    }
    let mut foreign = world.external("a");
    foreign.repository_id = RepositoryId::generate();
    let refused = world.service.record(&ctx, foreign).await.unwrap_err();
    assert!(matches!(refused, BuildResultError::NotFound("repository")));
    let reader = User::of("acme", "eve")
        .with_scopes(&[sluice_schema::Scope::Read])
        .ctx();
    let refused = world
        .service
        .record(&reader, world.external("a"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}
