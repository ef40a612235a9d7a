//! Projects on real stores.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod rest;

use std::time::Duration;

use sluice_kernel::{
    ContentDigest, Ctx, Direction, Fault, IdempotencyKey, PageRequest, ProjectPolicies,
    directory::ProjectDirectory,
};
use sluice_project::{ConfigureProject, ProjectChanges, ProjectFilter, ProjectOrder, Projects};
use sluice_schema::{Envelope, ErrorCode, ProjectId, Scope, events::ProjectConfigured};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, User, on_both_databases};

on_both_databases!(
    a_project_that_nobody_configured_has_the_defaults,
    what_a_command_does_not_name_stays,
    the_first_configuration_counts_even_when_it_changes_nothing,
    fifty_parallel_identical_commands_make_one_change_and_one_event,
    parallel_changes_of_different_settings_are_all_kept,
    a_command_for_another_version_is_refused,
    an_idempotency_key_stands_for_one_request,
    bad_input_names_the_field_and_changes_nothing,
    rights_and_walls_are_checked,
    lists_show_the_configured_projects_that_the_caller_sees,
);

pub(crate) struct World {
    _databases: Databases,
    store: Store,
    pub(crate) service: Projects,
}

pub(crate) async fn world(backend: Backend) -> World {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("project").await;
    World {
        service: Projects::new(store.clone()),
        store,
        _databases: databases,
    }
}

pub(crate) fn ada() -> Ctx {
    User::of("acme", "ada").ctx()
}

fn web() -> ProjectId {
    "web".parse().unwrap()
}

fn configure(changes: ProjectChanges) -> ConfigureProject {
    ConfigureProject {
        project_id: web(),
        changes,
    }
}

fn approvals(required: u32) -> ProjectChanges {
    ProjectChanges {
        required_approvals: Some(required),
        ..ProjectChanges::default()
    }
}

impl World {
    /// Takes the events that wait in the outbox.
    async fn drain(&self) -> Vec<Envelope> {
        let outbox = self.store.outbox();
        let rows = outbox.claim(100, Duration::from_secs(60)).await.unwrap();
        outbox.complete(&rows).await.unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
    }

    /// The settings that each event names.
    async fn announced(&self) -> Vec<Vec<String>> {
        let events = self.drain().await;
        let changed = |event: Envelope| {
            let payload = event.decode::<ProjectConfigured>().unwrap().unwrap();
            assert_eq!((&event.project_id, &payload.project_id), (&web(), &web()));
            payload.changed
        };
        events.into_iter().map(changed).collect()
    }
}

async fn a_project_that_nobody_configured_has_the_defaults(backend: Backend) {
    let world = world(backend).await;
    let project = world.service.get(&ada(), &web()).await.unwrap();
    assert_eq!((project.version(), &project.meta), (0, &None));
    assert_eq!(project.policies, ProjectPolicies::default());
    let policies = world.service.policies(&ada(), &web()).await.unwrap();
    assert_eq!(policies, ProjectPolicies::default());
}

async fn what_a_command_does_not_name_stays(backend: Backend) {
    let world = world(backend).await;
    let first = ProjectChanges {
        auto_run_pipelines: Some(false),
        release_branches: Some(vec!["main".into(), "release/*".into()]),
        approvers: Some(Some(vec!["bob".into(), "eve".into()])),
        ..ProjectChanges::default()
    };
    let done = world.service.configure(&ada(), configure(first)).await;
    assert!(!done.unwrap().replayed);
    let second = ProjectChanges {
        approvers: Some(None),
        ..approvals(2)
    };
    let done = world.service.configure(&ada(), configure(second)).await;
    assert_eq!(done.unwrap().value.version(), 2);
    let expected = ProjectPolicies {
        auto_run_pipelines: false,
        release_branches: vec!["main".into(), "release/*".into()],
        required_approvals: 2,
        ..ProjectPolicies::default()
    };
    let policies = world.service.policies(&ada(), &web()).await.unwrap();
    assert_eq!(policies, expected);
    let announced = world.announced().await;
    assert_eq!(
        announced[0],
        ["autoRunPipelines", "releaseBranches", "approvers"]
    );
    assert_eq!(announced[1], ["requiredApprovals", "approvers"]);
}

async fn the_first_configuration_counts_even_when_it_changes_nothing(backend: Backend) {
    let world = world(backend).await;
    for replayed in [false, true] {
        let done = world
            .service
            .configure(&ada(), configure(approvals(1)))
            .await;
        let done = done.unwrap();
        assert_eq!((done.replayed, done.value.version()), (replayed, 1));
    }
    assert_eq!(world.announced().await, [Vec::<String>::new()]);
}

async fn fifty_parallel_identical_commands_make_one_change_and_one_event(backend: Backend) {
    let world = world(backend).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let service = world.service.clone();
        calls.spawn(async move {
            let done = service.configure(&ada(), configure(approvals(3))).await;
            done.unwrap()
        });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(outcomes.iter().filter(|done| done.replayed).count(), 49);
    assert!(outcomes.iter().all(|done| done.value.version() == 1));
    assert_eq!(world.announced().await, [["requiredApprovals"]]);
}

async fn parallel_changes_of_different_settings_are_all_kept(backend: Backend) {
    let world = world(backend).await;
    let name = |name: &str| ProjectChanges {
        gitops_repository: Some(name.into()),
        ..ProjectChanges::default()
    };
    let mut calls = tokio::task::JoinSet::new();
    for changes in [approvals(2), name("environments")] {
        let service = world.service.clone();
        calls.spawn(async move {
            let done = service.configure(&ada(), configure(changes)).await;
            assert!(!done.unwrap().replayed);
        });
    }
    calls.join_all().await;
    let project = world.service.get(&ada(), &web()).await.unwrap();
    assert_eq!(project.version(), 2);
    assert_eq!(project.policies.required_approvals, 2);
    assert_eq!(project.policies.gitops_repository, "environments");
}

async fn a_command_for_another_version_is_refused(backend: Backend) {
    let world = world(backend).await;
    let at = |version, required| ProjectChanges {
        expected_version: Some(version),
        ..approvals(required)
    };
    let refused = world.service.configure(&ada(), configure(at(1, 2))).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::VersionConflict, Some("expectedVersion"))
    );
    let done = world.service.configure(&ada(), configure(at(0, 2))).await;
    assert_eq!(done.unwrap().value.version(), 1);
    let refused = world.service.configure(&ada(), configure(at(0, 3))).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::VersionConflict);
}

async fn an_idempotency_key_stands_for_one_request(backend: Backend) {
    let world = world(backend).await;
    let keyed = |body: &str| {
        ada().with_idempotency(IdempotencyKey::new("k", ContentDigest::of(body)).unwrap())
    };
    let first = configure(ProjectChanges {
        expected_version: Some(0),
        ..approvals(2)
    });
    let done = world.service.configure(&keyed("one"), first.clone()).await;
    assert!(!done.unwrap().replayed);
    // The same request again is a replay, although the project has moved on.
    let other = configure(approvals(4));
    world.service.configure(&ada(), other).await.unwrap();
    let again = world.service.configure(&keyed("one"), first).await;
    let again = again.unwrap();
    assert_eq!((again.replayed, again.value.version()), (true, 2));
    let other = configure(approvals(5));
    let refused = world.service.configure(&keyed("two"), other).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
}

async fn bad_input_names_the_field_and_changes_nothing(backend: Backend) {
    let world = world(backend).await;
    let nothing = ProjectChanges::default;
    let branches = |names: &[&str]| ProjectChanges {
        release_branches: Some(names.iter().map(ToString::to_string).collect()),
        ..nothing()
    };
    let approvers = |names: &[&str]| ProjectChanges {
        approvers: Some(Some(names.iter().map(ToString::to_string).collect())),
        ..nothing()
    };
    let expiry = |hours| ProjectChanges {
        approval_expires_after_hours: Some(Some(hours)),
        ..nothing()
    };
    let repository = |name: &str| ProjectChanges {
        gitops_repository: Some(name.into()),
        ..nothing()
    };
    for (changes, field) in [
        (approvals(0), "requiredApprovals"),
        (approvals(21), "requiredApprovals"),
        (expiry(0), "approvalExpiresAfterHours"),
        (expiry(8_785), "approvalExpiresAfterHours"),
        (branches(&["main", "a..b"]), "releaseBranches[1]"),
        (branches(&["a*b"]), "releaseBranches[0]"),
        (branches(&[""]), "releaseBranches[0]"),
        (branches(&["x"; 51]), "releaseBranches"),
        (approvers(&["ada", ""]), "approvers[1]"),
        (approvers(&[" ada"]), "approvers[0]"),
        (approvers(&["a\nb"]), "approvers[0]"),
        (approvers(&["ada", "ada"]), "approvers[1]"),
        (approvers(&["x"; 201]), "approvers"),
        (repository(".."), "gitopsRepository"),
        (repository("a/b"), "gitopsRepository"),
    ] {
        let refused = world.service.configure(&ada(), configure(changes)).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidInput, "{refused}");
        assert_eq!(refused.field().as_deref(), Some(field), "{refused}");
    }
    let project = world.service.get(&ada(), &web()).await.unwrap();
    assert_eq!(project.version(), 0);
    for good in [branches(&["*", "release/*", "x*"]), approvers(&[])] {
        let done = world.service.configure(&ada(), configure(good)).await;
        assert!(done.is_ok(), "{done:?}");
    }
}

async fn rights_and_walls_are_checked(backend: Backend) {
    let world = world(backend).await;
    let done = world
        .service
        .configure(&ada(), configure(approvals(2)))
        .await;
    done.unwrap();
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let refused = world.service.configure(&reader, configure(approvals(1)));
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::Forbidden);
    let nobody = User::of("acme", "eve").with_scopes(&[]).ctx();
    let refused = world.service.get(&nobody, &web()).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    let elsewhere = User::of("acme", "eve").in_projects(&["api"]).ctx();
    let refused = world.service.configure(&elsewhere, configure(approvals(1)));
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::NotFound);
    let refused = world.service.get(&elsewhere, &web()).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    let refused = world.service.policies(&elsewhere, &web()).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    // Another tenant's project of the same name is another project.
    let bob = User::of("globex", "bob").ctx();
    let theirs = world.service.get(&bob, &web()).await.unwrap();
    assert_eq!(
        (theirs.version(), theirs.policies.required_approvals),
        (0, 1)
    );
    let done = world.service.configure(&bob, configure(approvals(5))).await;
    assert!(!done.unwrap().replayed);
    let ours = world.service.get(&ada(), &web()).await.unwrap();
    assert_eq!(ours.policies.required_approvals, 2);
}

async fn lists_show_the_configured_projects_that_the_caller_sees(backend: Backend) {
    let world = world(backend).await;
    for name in ["web", "api", "ops"] {
        let command = ConfigureProject {
            project_id: name.parse().unwrap(),
            changes: approvals(2),
        };
        world.service.configure(&ada(), command).await.unwrap();
    }
    let caller = User::of("acme", "eve").in_projects(&["api", "web", "new"]);
    let ctx = caller.ctx();
    let filter = ProjectFilter::default();
    let order = (ProjectOrder::Name, Direction::Ascending);
    let page = world
        .service
        .page(&ctx, &filter, order, &PageRequest::first(5))
        .await
        .unwrap();
    let names: Vec<&str> = page.items.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(names, ["api", "web"]);
    assert_eq!(world.service.count(&ctx, &filter).await.unwrap(), 2);
    let asked: Vec<ProjectId> = ["web", "ops", "new"].map(|it| it.parse().unwrap()).into();
    let found = world.service.find_many(&ctx, &asked).await.unwrap();
    let version = |name: &str| {
        let id: ProjectId = name.parse().unwrap();
        found.get(&id).map(|project| project.version())
    };
    assert_eq!(
        (version("web"), version("new"), version("ops")),
        (Some(1), Some(0), None)
    );
}
