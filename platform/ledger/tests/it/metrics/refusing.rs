//! Refused commands in the ledger.

use sluice_kernel::{Ctx, RefusalRecorder, UNATTRIBUTED};
use sluice_ledger::LedgerEvent;
use sluice_schema::{EnvironmentId, ProjectId, TypedId, events::CommandRefused};
use sluice_testkit::{Backend, on_both_databases};

use super::source::Story;
use crate::world::World;

on_both_databases!(
    a_refusal_is_recorded_under_the_project_that_it_was_about,
    a_refusal_tells_nobody_of_a_project_that_its_actor_may_not_see,
    a_flood_of_refusals_is_bounded,
);

fn refusal(subject: &str, code: &str) -> CommandRefused {
    CommandRefused {
        subject_id: subject.to_owned(),
        command: "holdEnvironment".to_owned(),
        code: code.to_owned(),
        field: None,
        blockers: Vec::new(),
        omitted: 0,
    }
}

async fn recorded(world: &World, ctx: &Ctx, project: Option<&str>, it: CommandRefused) -> String {
    let project: Option<ProjectId> = project.map(|project| project.parse().unwrap());
    world.ledger.record(ctx, project.as_ref(), it).await;
    let event = last(world).await;
    assert_eq!(event.envelope.subject.kind, "Command");
    assert_eq!(event.envelope.actor, *ctx.actor());
    assert_eq!(event.envelope.trace_id, ctx.trace_id());
    event.envelope.project_id.to_string()
}

async fn last(world: &World) -> LedgerEvent {
    let filter = sluice_ledger::EventFilter {
        types: vec!["CommandRefused".to_owned()],
        ..Default::default()
    };
    let direction = sluice_kernel::Direction::Descending;
    let page = sluice_kernel::PageRequest::first(1);
    let ctx = world.ctx();
    let page = world.ledger.events(&ctx, &filter, direction, &page);
    page.await.unwrap().items[0].as_ref().clone()
}

async fn a_refusal_is_recorded_under_the_project_that_it_was_about(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let prod = story.environment("prod").to_string();
    world.ledger.append(&story.events).await.unwrap();
    let ctx = world.ctx();
    let conflict = refusal(&prod, "CONFLICT");
    assert_eq!(recorded(&world, &ctx, None, conflict.clone()).await, "web");
    let named = recorded(&world, &ctx, Some("api"), refusal("api", "CONFLICT")).await;
    assert_eq!(named, "api");
    let told: CommandRefused = last(&world).await.envelope.decode().unwrap().unwrap();
    assert_eq!(told, refusal("api", "CONFLICT"));
    // An object that the ledger has not heard of: the caller has but one project.
    let unknown = EnvironmentId::generate().to_string();
    let one = world.ctx_of(&["api"]);
    let found = recorded(&world, &one, None, refusal(&unknown, "CONFLICT")).await;
    assert_eq!(found, "api");
    let found = recorded(&world, &ctx, None, refusal(&unknown, "CONFLICT")).await;
    assert_eq!(found, UNATTRIBUTED);
    let found = recorded(&world, &ctx, None, refusal("", "FORBIDDEN")).await;
    assert_eq!(found, UNATTRIBUTED);
    assert_eq!(last(&world).await.envelope.subject.id, UNATTRIBUTED);
}

async fn a_refusal_tells_nobody_of_a_project_that_its_actor_may_not_see(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let prod = story.environment("prod").to_string();
    world.ledger.append(&story.events).await.unwrap();
    let other = world.ctx_of(&["api"]);
    let absent = refusal(&prod, "NOT_FOUND");
    assert_eq!(
        recorded(&world, &other, None, absent.clone()).await,
        UNATTRIBUTED
    );
    let found = recorded(&world, &other, Some("web"), absent).await;
    assert_eq!(found, UNATTRIBUTED);
    let filter = sluice_ledger::EventFilter::default();
    for project in ["api", "web"] {
        let ctx = world.ctx_of(&[project]);
        let page = sluice_kernel::PageRequest::first(100);
        let direction = sluice_kernel::Direction::Ascending;
        let page = world.ledger.events(&ctx, &filter, direction, &page).await;
        let seen = page.unwrap().items;
        let refusals = seen
            .iter()
            .filter(|it| it.envelope.event_type == "CommandRefused");
        assert_eq!(refusals.count(), 0, "{project}");
    }
}

async fn a_flood_of_refusals_is_bounded(backend: Backend) {
    let world = World::fresh(backend).await;
    let ctx = world.ctx();
    for _ in 0..80 {
        world
            .ledger
            .record(&ctx, None, refusal("", "FORBIDDEN"))
            .await;
    }
    let sequence = world.ledger.head(&ctx).await.unwrap().sequence;
    assert_eq!(sequence, 60, "unless a minute went by");
}
