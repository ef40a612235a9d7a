//! Repositories on real stores and a real Git host.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod provisioner;

use std::{sync::Arc, time::Duration};

use sluice_git_host::{GitHost, Limits, LocalGitHost, RepoPath};
use sluice_kernel::{
    ContentDigest, Ctx, Direction, Fault, IdempotencyKey, PageRequest, Reconciler,
    directory::RepositoryDirectory,
};
use sluice_repository::{
    ArchiveRepository, ProvisionRepository, Recovery, Repositories, RepositoryFilter,
    RepositoryOrder, RepositoryStatus, UpdateRepository, Visibility,
};
use sluice_schema::{ErrorCode, Scope};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, User, on_both_databases};

on_both_databases!(
    a_provisioned_repository_exists_at_its_host_with_its_default_branch,
    fifty_parallel_identical_commands_make_one_repository_and_one_event,
    a_taken_name_with_other_settings_is_a_conflict,
    an_idempotency_key_stands_for_one_request,
    a_repository_left_half_provisioned_is_finished_by_recovery,
    settings_change_once_and_never_after_the_archive,
    bad_input_names_the_field,
    rights_and_walls_are_checked,
);

struct World {
    databases: Databases,
    store: Store,
    git: Arc<LocalGitHost>,
    service: Repositories,
}

async fn world(backend: Backend) -> World {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let git = LocalGitHost::new(databases.folder().join("git"), Limits::default()).unwrap();
    let git = Arc::new(git);
    let service = Repositories::new(store.clone(), git.clone(), "http://sluice.example");
    World {
        databases,
        store,
        git,
        service,
    }
}

fn ada() -> Ctx {
    User::of("acme", "ada").ctx()
}

fn provision(name: &str) -> ProvisionRepository {
    ProvisionRepository {
        project_id: "web".parse().unwrap(),
        module_id: None,
        name: name.to_owned(),
        description: None,
        provider: None,
        default_branch: None,
        visibility: None,
    }
}

async fn event_types(store: &Store) -> Vec<String> {
    let rows = store.outbox().claim(100, Duration::ZERO).await.unwrap();
    rows.into_iter()
        .map(|row| row.envelope.event_type)
        .collect()
}

async fn a_provisioned_repository_exists_at_its_host_with_its_default_branch(backend: Backend) {
    let world = world(backend).await;
    let made = world
        .service
        .provision(&ada(), provision("greeter"))
        .await
        .unwrap();
    assert!(!made.replayed);
    let repository = made.value;
    assert_eq!(repository.status, RepositoryStatus::Provisioned);
    assert_eq!(
        repository.remote_url,
        "http://sluice.example/git/acme/web/greeter.git"
    );
    let path = RepoPath::new("acme", "web", "greeter").unwrap();
    let head = world
        .git
        .head(&path, &"main".parse().unwrap())
        .await
        .unwrap();
    let event = world
        .store
        .outbox()
        .claim(1, Duration::ZERO)
        .await
        .unwrap()
        .remove(0)
        .envelope;
    assert_eq!(event.event_type, "RepositoryProvisioned");
    assert_eq!(event.payload["headSha"], head.unwrap().to_string());
    let view = world
        .service
        .repository(&ada(), repository.id)
        .await
        .unwrap()
        .unwrap();
    assert!(view.is_writable);
}

async fn fifty_parallel_identical_commands_make_one_repository_and_one_event(backend: Backend) {
    let world = world(backend).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let service = world.service.clone();
        calls.spawn(async move {
            service
                .provision(&ada(), provision("greeter"))
                .await
                .unwrap()
        });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.replayed).count(),
        49
    );
    assert!(outcomes.iter().all(|o| o.value.id == outcomes[0].value.id));
    assert!(
        outcomes
            .iter()
            .all(|o| o.value.status == RepositoryStatus::Provisioned)
    );
    assert_eq!(event_types(&world.store).await, ["RepositoryProvisioned"]);
}

async fn a_taken_name_with_other_settings_is_a_conflict(backend: Backend) {
    let world = world(backend).await;
    world
        .service
        .provision(&ada(), provision("greeter"))
        .await
        .unwrap();
    let mut other = provision("greeter");
    other.default_branch = Some("trunk".to_owned());
    let refused = world.service.provision(&ada(), other).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::Conflict, Some("name"))
    );
    let mut elsewhere = provision("greeter");
    elsewhere.project_id = "api".parse().unwrap();
    assert!(
        !world
            .service
            .provision(&ada(), elsewhere)
            .await
            .unwrap()
            .replayed
    );
}

async fn an_idempotency_key_stands_for_one_request(backend: Backend) {
    let world = world(backend).await;
    let keyed = |body: &str| {
        ada().with_idempotency(IdempotencyKey::new("k", ContentDigest::of(body)).unwrap())
    };
    let first = world
        .service
        .provision(&keyed("one"), provision("one"))
        .await
        .unwrap();
    let again = world
        .service
        .provision(&keyed("one"), provision("one"))
        .await
        .unwrap();
    assert_eq!((again.replayed, again.value.id), (true, first.value.id));
    let refused = world
        .service
        .provision(&keyed("two"), provision("two"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

/// A crash between the intent and the host: the host cannot be written, the intent stays.
async fn a_repository_left_half_provisioned_is_finished_by_recovery(backend: Backend) {
    let world = world(backend).await;
    let blocked = world.databases.folder().join("git").join("acme");
    std::fs::write(&blocked, "in the way").unwrap();
    let failed = world
        .service
        .provision(&ada(), provision("greeter"))
        .await
        .unwrap_err();
    assert_eq!(failed.code(), ErrorCode::Internal);
    assert!(event_types(&world.store).await.is_empty());
    std::fs::remove_file(&blocked).unwrap();
    let recovery = Recovery(world.service.clone());
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert_eq!(recovery.reconcile().await.unwrap(), 0);
    let found = world
        .service
        .provision(&ada(), provision("greeter"))
        .await
        .unwrap();
    assert!(found.replayed);
    assert_eq!(found.value.status, RepositoryStatus::Provisioned);
    let events = world
        .store
        .outbox()
        .claim(10, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].envelope.trace_id, found.value.meta.trace_id,
        "under the first trace"
    );
}

async fn settings_change_once_and_never_after_the_archive(backend: Backend) {
    let world = world(backend).await;
    let id = world
        .service
        .provision(&ada(), provision("greeter"))
        .await
        .unwrap()
        .value
        .id;
    let update = UpdateRepository {
        repository_id: id,
        description: Some(Some("says hello".to_owned())),
        visibility: Some(Visibility::Internal),
        expected_version: None,
    };
    assert!(
        !world
            .service
            .update(&ada(), update.clone())
            .await
            .unwrap()
            .replayed
    );
    assert!(
        world
            .service
            .update(&ada(), update.clone())
            .await
            .unwrap()
            .replayed
    );
    let stale = UpdateRepository {
        expected_version: Some(1),
        ..update.clone()
    };
    let refused = world.service.update(&ada(), stale).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::VersionConflict);
    let archive = ArchiveRepository { repository_id: id };
    assert!(
        !world
            .service
            .archive(&ada(), archive.clone())
            .await
            .unwrap()
            .replayed
    );
    assert!(
        world
            .service
            .archive(&ada(), archive)
            .await
            .unwrap()
            .replayed
    );
    let refused = world.service.update(&ada(), update).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    let events = event_types(&world.store).await;
    assert_eq!(
        events,
        [
            "RepositoryProvisioned",
            "RepositoryUpdated",
            "RepositoryArchived"
        ]
    );
}

async fn bad_input_names_the_field(backend: Backend) {
    let world = world(backend).await;
    for name in ["", "..", "a/b", "x.git", "-x", "a b"] {
        let refused = world
            .service
            .provision(&ada(), provision(name))
            .await
            .unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("name"), "{name:?}");
    }
    let mut bad = provision("x");
    bad.default_branch = Some("a..b".to_owned());
    let refused = world.service.provision(&ada(), bad).await.unwrap_err();
    assert_eq!(refused.field().as_deref(), Some("defaultBranch"));
    let mut bad = provision("x");
    bad.default_branch = Some("sluice".to_owned());
    let refused = world.service.provision(&ada(), bad).await.unwrap_err();
    assert_eq!(refused.field().as_deref(), Some("defaultBranch"));
    let mut bad = provision("x");
    bad.description = Some("x".repeat(1_001));
    let refused = world.service.provision(&ada(), bad).await.unwrap_err();
    assert_eq!(refused.field().as_deref(), Some("description"));
    assert!(event_types(&world.store).await.is_empty());
}

async fn rights_and_walls_are_checked(backend: Backend) {
    let world = world(backend).await;
    let id = world
        .service
        .provision(&ada(), provision("greeter"))
        .await
        .unwrap()
        .value
        .id;
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let refused = world
        .service
        .provision(&reader, provision("x"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    for stranger in [
        User::of("globex", "bob"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let ctx = stranger.ctx();
        assert_eq!(
            world.service.get(&ctx, id).await.unwrap_err().code(),
            ErrorCode::NotFound
        );
        assert!(
            world
                .service
                .find_many(&ctx, &[id])
                .await
                .unwrap()
                .is_empty()
        );
        let archive = ArchiveRepository { repository_id: id };
        let refused = world.service.archive(&ctx, archive).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
        let order = (RepositoryOrder::Name, Direction::Ascending);
        let filter = RepositoryFilter::default();
        let page = world
            .service
            .page(&ctx, &filter, order, &PageRequest::first(5))
            .await
            .unwrap();
        assert!(page.items.is_empty());
    }
    let other = User::of("acme", "eve").in_projects(&["api"]).ctx();
    let refused = world
        .service
        .provision(&other, provision("x"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}
