use sluice_gitops_sync::{
    AttemptOutcome, GitOpsSyncError, PauseGitOps, ResumeGitOps, SyncFilter, SyncGitOps, SyncOrder,
    SyncStatus,
};
use sluice_kernel::{ContentDigest, Direction, Fault, IdempotencyKey, PageRequest};
use sluice_schema::{ErrorCode, Scope, SyncId, TypedId};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::world::*;

on_both_databases!(
    fifty_parallel_commands_make_one_attempt_and_one_event,
    a_target_in_step_is_a_replay,
    an_idempotency_key_stands_for_one_command,
    without_prune_what_is_no_longer_declared_stays,
    paused_means_nothing_is_applied_until_it_is_resumed,
    a_state_is_named_in_three_ways_and_no_other,
    bad_input_names_the_field,
    rights_and_walls_are_checked,
    lists_and_attempts_are_paged,
);

const A: &str = "configmap.shop.a.yaml";

async fn edited(backend: Backend) -> (World, SyncId) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.write(A, "edited");
    let id = world.state().await.id;
    (world, id)
}

fn pause(sync_id: SyncId, reason: &str) -> PauseGitOps {
    PauseGitOps {
        sync_id,
        reason: reason.to_owned(),
    }
}

async fn fifty_parallel_commands_make_one_attempt_and_one_event(backend: Backend) {
    let (world, id) = edited(backend).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let service = world.service.clone();
        calls.spawn(async move { service.sync(&ada(), SyncGitOps::of(id)).await.unwrap() });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.replayed).count(),
        49
    );
    assert!(outcomes.iter().all(|o| o.value.sync == SyncStatus::Synced));
    assert_eq!(world.attempts().await.len(), 2);
    let types = world.event_types().await;
    assert_eq!(
        types.iter().filter(|kind| *kind == "GitOpsSynced").count(),
        2
    );
}

async fn a_target_in_step_is_a_replay(backend: Backend) {
    let (world, id) = edited(backend).await;
    let done = world
        .service
        .sync(&ada(), SyncGitOps::of(id))
        .await
        .unwrap();
    assert!(!done.replayed);
    assert_eq!(done.value.sync, SyncStatus::Synced);
    assert_eq!(world.read(A), Some(config("a", "1")));
    let (_, payload) = world.last_event().await;
    assert_eq!(payload["cause"], "COMMAND");
    let again = world
        .service
        .sync(&ada(), SyncGitOps::of(id))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(world.attempts().await.len(), 2);
}

async fn an_idempotency_key_stands_for_one_command(backend: Backend) {
    let (world, id) = edited(backend).await;
    let keyed = |body: &str| {
        ada().with_idempotency(IdempotencyKey::new("k", ContentDigest::of(body)).unwrap())
    };
    let done = world
        .service
        .sync(&keyed("1"), SyncGitOps::of(id))
        .await
        .unwrap();
    assert!(!done.replayed);
    world.write(A, "edited again");
    let again = world
        .service
        .sync(&keyed("1"), SyncGitOps::of(id))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(world.read(A).as_deref(), Some("edited again"));
    let refused = world
        .service
        .sync(&keyed("2"), SyncGitOps::of(id))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn without_prune_what_is_no_longer_declared_stays(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1"), ("b", "1")]).await;
    let id = world.state().await.id;
    world.declare(&[("b", "2")]).await;
    let keep = SyncGitOps {
        prune: Some(false),
        ..SyncGitOps::of(id)
    };
    let kept = world.service.sync(&ada(), keep).await.unwrap().value;
    assert_eq!(kept.sync, SyncStatus::OutOfSync);
    assert!(world.read(A).is_some());
    world.reconcile().await;
    assert!(
        world.read(A).is_some(),
        "the timer respects what was asked for"
    );
    let pruned = world
        .service
        .sync(&ada(), SyncGitOps::of(id))
        .await
        .unwrap()
        .value;
    assert_eq!(pruned.sync, SyncStatus::Synced);
    assert!(world.read(A).is_none());
}

async fn paused_means_nothing_is_applied_until_it_is_resumed(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let id = world.state().await.id;
    let paused = world
        .service
        .pause(&ada(), pause(id, " audit "))
        .await
        .unwrap();
    assert!(!paused.replayed);
    let pausing = paused.value.paused.clone().unwrap();
    assert_eq!(
        (pausing.reason.as_str(), pausing.by.as_str()),
        ("audit", "ada")
    );
    assert!(
        world
            .service
            .pause(&ada(), pause(id, "audit"))
            .await
            .unwrap()
            .replayed
    );
    let refused = world
        .service
        .pause(&ada(), pause(id, "other"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::Conflict, Some("reason"))
    );
    world.promote(&[("a", "2")]).await;
    world.reconcile().await;
    let refused = world
        .service
        .sync(&ada(), SyncGitOps::of(id))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    assert!(refused.to_string().contains("audit"));
    assert_eq!(world.read(A), Some(config("a", "1")));
    let resumed = world
        .service
        .resume(&ada(), ResumeGitOps { sync_id: id })
        .await
        .unwrap();
    assert!(!resumed.replayed);
    assert_eq!(resumed.value.sync, SyncStatus::Synced);
    assert_eq!(world.read(A), Some(config("a", "2")));
    let (_, payload) = world.last_event().await;
    assert_eq!(payload["cause"], "PROMOTION");
    assert!(
        world
            .service
            .resume(&ada(), ResumeGitOps { sync_id: id })
            .await
            .unwrap()
            .replayed
    );
}

async fn a_state_is_named_in_three_ways_and_no_other(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let state = world.state().await;
    let by_environment = SyncGitOps {
        environment_id: Some(state.environment_id),
        module: Some("web".to_owned()),
        ..SyncGitOps::default()
    };
    let by_names = SyncGitOps {
        project_id: Some("shop".parse().unwrap()),
        environment: Some("prod".to_owned()),
        module: Some("web".to_owned()),
        ..SyncGitOps::default()
    };
    for command in [by_environment.clone(), by_names, SyncGitOps::of(state.id)] {
        assert_eq!(
            world.service.sync(&ada(), command).await.unwrap().value.id,
            state.id
        );
    }
    let unknown = SyncGitOps {
        module: Some("api".to_owned()),
        ..by_environment.clone()
    };
    let refused = world.service.sync(&ada(), unknown).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    let both = SyncGitOps {
        sync_id: Some(state.id),
        ..by_environment
    };
    for bad in [SyncGitOps::default(), both] {
        let refused = world.service.sync(&ada(), bad).await.unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("syncId"));
    }
}

async fn bad_input_names_the_field(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let id = world.state().await.id;
    for reason in ["", "  ", &"x".repeat(501)] {
        let refused = world
            .service
            .pause(&ada(), pause(id, reason))
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), refused.field().as_deref()),
            (ErrorCode::InvalidInput, Some("reason"))
        );
    }
}

async fn rights_and_walls_are_checked(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let id = world.state().await.id;
    let reader = User::of("acme", "bob").with_scopes(&[Scope::Read]).ctx();
    let none = User::of("acme", "eve").with_scopes(&[]).ctx();
    let stranger = User::of("evil", "mallory").ctx();
    let elsewhere = User::of("acme", "carl").in_projects(&["api"]).ctx();
    let service = &world.service;
    for (ctx, code) in [
        (&reader, ErrorCode::Forbidden),
        (&stranger, ErrorCode::NotFound),
        (&elsewhere, ErrorCode::NotFound),
    ] {
        let sync = service.sync(ctx, SyncGitOps::of(id)).await.unwrap_err();
        let pause = service.pause(ctx, pause(id, "x")).await.unwrap_err();
        let resume = service
            .resume(ctx, ResumeGitOps { sync_id: id })
            .await
            .unwrap_err();
        assert_eq!([sync.code(), pause.code(), resume.code()], [code; 3]);
    }
    assert!(service.get(&reader, id).await.is_ok());
    let denied = |result: Result<_, GitOpsSyncError>| result.map(|_| ()).unwrap_err().code();
    assert_eq!(denied(service.get(&none, id).await), ErrorCode::Forbidden);
    assert_eq!(
        denied(service.get(&stranger, id).await),
        ErrorCode::NotFound
    );
    assert!(
        service
            .find_many(&elsewhere, &[id])
            .await
            .unwrap()
            .is_empty()
    );
    let request = PageRequest::first(10);
    let page = service
        .attempts(&stranger, id, Direction::Ascending, &request)
        .await
        .unwrap();
    assert!(page.items.is_empty());
}

async fn lists_and_attempts_are_paged(backend: Backend) {
    let world = world(backend).await;
    for version in ["1", "2", "3"] {
        world.promote(&[("a", version)]).await;
    }
    let state = world.state().await;
    let service = &world.service;
    let filter = SyncFilter {
        sync: Some(SyncStatus::Synced),
        environment: Some("prod".to_owned()),
        ..SyncFilter::default()
    };
    let order = (SyncOrder::UpdatedAt, Direction::Descending);
    let request = PageRequest::first(2);
    let page = service
        .page(&ada(), &filter, order, &request)
        .await
        .unwrap();
    assert_eq!((page.items.len(), page.items[0].id), (1, state.id));
    assert_eq!(service.count(&ada(), &filter).await.unwrap(), 1);
    let (id, environment) = (state.id, state.environment_id);
    let pages = service
        .pages_by_environment(&ada(), &[environment], &filter, order, &request)
        .await
        .unwrap();
    assert_eq!(pages[&environment].items.len(), 1);
    let attempts = service
        .attempts(&ada(), id, Direction::Descending, &request)
        .await
        .unwrap();
    let numbers: Vec<u32> = attempts
        .items
        .iter()
        .map(|attempt| attempt.number)
        .collect();
    assert_eq!((numbers, attempts.has_next), (vec![3, 2], true));
    assert_eq!(attempts.items[0].outcome, AttemptOutcome::Succeeded);
    let ids = [id, SyncId::generate()];
    let counts = service
        .attempt_counts(&ada(), &ids, &Default::default())
        .await
        .unwrap();
    assert_eq!(counts, [(id, 3)].into());
}
