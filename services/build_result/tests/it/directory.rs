//! What other services learn of builds.

use std::time::Duration;

use sluice_kernel::directory::BuildDirectory;
use sluice_schema::{BuildId, TypedId, events::BuildCompleted};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::world;

on_both_databases!(others_learn_what_the_event_told_and_only_of_their_projects);

async fn others_learn_what_the_event_told_and_only_of_their_projects(backend: Backend) {
    let world = world(backend).await;
    let ctx = User::of("acme", "ada").ctx();
    let recorded = world.service.record(&ctx, world.external("by hand")).await;
    let build = recorded.unwrap().value;
    let events = world.store.outbox().claim(1, Duration::ZERO).await.unwrap();
    let told: BuildCompleted = events[0].envelope.decode().unwrap().unwrap();
    let asked = [build.id, BuildId::generate()];
    let views = world.service.builds(&ctx, &asked).await.unwrap();
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].build, told);
    assert_eq!(views[0].project_id.as_str(), "web");
    for stranger in [
        User::of("globex", "bob"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let views = world.service.builds(&stranger.ctx(), &asked).await;
        assert!(views.unwrap().is_empty());
    }
}
