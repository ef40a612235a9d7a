use sluice_commit::{CommitFilter, CommitOrigin, CommitStatus, Reactions};
use sluice_git_host::Oid;
use sluice_kernel::{Ctx, Reaction};
use sluice_schema::{
    Envelope, EventId, NewEvent, PullRequestId, TypedId,
    events::{CommitCreated, PullRequestMerged},
};
use sluice_testkit::Backend;

use crate::fixture::World;

async fn merged(world: &World, id: PullRequestId, created: &[Oid]) -> Envelope {
    let last = created.last().unwrap().to_string();
    let info = world.info(&last).await;
    let payload = PullRequestMerged {
        pull_request_id: id,
        repository_id: world.repository.id,
        repository_name: "shop".into(),
        number: 1,
        title: "x".into(),
        source_branch: "y".into(),
        target_branch: "x".into(),
        source_sha: last.clone(),
        merge_commit_sha: last,
        tree_hash: info.tree.to_string(),
        parent_shas: info.parents.iter().map(ToString::to_string).collect(),
        created_shas: created.iter().map(ToString::to_string).collect(),
        strategy: "REBASE".into(),
        merged_by: "ada".into(),
        delete_source_branch: false,
    };
    let project = &world.repository.project_id;
    let event = NewEvent::of(project, world.repository.module_id.as_ref(), &payload).unwrap();
    Envelope {
        event_id: EventId::generate(),
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        tenant_id: world.repository.tenant_id.clone(),
        project_id: event.project_id,
        module_id: event.module_id,
        trace_id: "trace".into(),
        correlation_id: "correlation".into(),
        causation_id: None,
        sequence: None,
        occurred_at: world.store.clock().now(),
        subject: event.subject,
        actor: world.ctx.actor().clone(),
        payload: event.payload,
    }
}

async fn handle(world: &World, event: &Envelope) {
    let ctx = Ctx::for_event("commit", event);
    let reactions = Reactions(world.service.clone());
    reactions.handle(&ctx, event).await.unwrap();
}

async fn every_commit_of_a_merge_is_recorded_and_announced_once(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.push("a.txt", "a").await;
    let second = world.push("b.txt", "b").await;
    let id = PullRequestId::generate();
    let event = merged(&world, id, &[first, second]).await;
    handle(&world, &event).await;
    handle(&world, &event).await;
    // The same merge told by another event is the same merge.
    handle(&world, &merged(&world, id, &[first, second]).await).await;
    let events = world.drain().await;
    let told = events.iter().map(|event| {
        assert_eq!(event.trace_id, "trace");
        event.decode::<CommitCreated>().unwrap().unwrap()
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].sha, first.to_string());
    assert_eq!(told[1].parent_shas, [first.to_string()]);
    let key = (world.repository.id, second.to_string());
    let found = world
        .service
        .find_by_shas(&world.ctx, std::slice::from_ref(&key));
    let commit = found.await.unwrap().remove(&key).unwrap();
    assert_eq!(commit.origin, CommitOrigin::Merge);
    assert_eq!(commit.status, CommitStatus::Created);
    assert_eq!(commit.pull_request_id, Some(id));
    assert_eq!(commit.message, "Add b.txt\n\nWhy not.");
    assert_eq!(commit.artifact_id.as_deref(), Some("pushed"));
    assert_eq!(
        (commit.author_name.as_str(), commit.changed_paths),
        ("Bob", 1)
    );
    let filter = CommitFilter {
        pull_request_id: Some(id),
        ..CommitFilter::default()
    };
    assert_eq!(world.service.count(&world.ctx, &filter).await.unwrap(), 2);
}

async fn two_deliveries_at_once_have_one_effect(backend: Backend) {
    let world = World::new(backend).await;
    let sha = world.push("a.txt", "a").await;
    let event = merged(&world, PullRequestId::generate(), &[sha]).await;
    tokio::join!(handle(&world, &event), handle(&world, &event));
    assert_eq!(world.events().await, 1);
}

sluice_testkit::on_both_databases!(
    every_commit_of_a_merge_is_recorded_and_announced_once,
    two_deliveries_at_once_have_one_effect,
);
