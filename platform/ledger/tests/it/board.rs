//! The delivery board.

use sluice_ledger::{Board, BoardCell, DriftState, LedgerError};
use sluice_schema::{
    RepositoryId, RunId, SyncId, TypedId,
    events::{DriftDetected, GitOpsSyncFailed, HistoryCommit, HistoryRecorded},
};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::{
    delivery::{Environment, Promotion, Release, built, item, merged, repository_provisioned},
    world::{Draft, World, start},
};

on_both_databases!(
    a_module_is_shown_from_its_repository_to_what_was_seen_of_it,
    a_promotion_that_waits_has_a_cell_and_goes_when_it_ends,
    the_next_query_after_a_success_shows_it,
    a_rollback_brings_back_what_ran_before,
    holds_are_on_modules_and_on_environments,
    drift_is_shown_until_it_is_healed,
    a_failed_synchronisation_says_why,
    environments_stand_in_order_and_retired_ones_do_not,
    changes_wait_by_landings,
    the_number_of_statements_does_not_depend_on_the_size,
    projects_of_others_are_not_found_and_unknown_ones_are_empty,
);

async fn board(world: &World) -> Board {
    let ctx = world.ctx();
    world
        .ledger
        .board(&ctx, &"web".parse().unwrap())
        .await
        .unwrap()
}

async fn only_cell(world: &World) -> BoardCell {
    let mut cells = board(world).await.cells;
    assert_eq!(cells.len(), 1, "{cells:?}");
    cells.remove(0)
}

fn sha(letter: char) -> String {
    letter.to_string().repeat(40)
}

/// A release of `shop` at a commit, planned.
fn release(repository: RepositoryId, version: &str, letter: char) -> Release {
    Release::new(version, vec![item(repository, "shop", &sha(letter))])
}

/// An environment with a release that runs there.
async fn running(world: &World) -> (Environment, Promotion) {
    let (prod, repository) = (Environment::new("prod"), RepositoryId::generate());
    let first = release(repository, "1.0.0", 'a');
    let promotion = first.promoted_into(&prod);
    let mut drafts = vec![
        world.event(&repository_provisioned(repository)),
        world.event(&prod.defined(&[], false)),
        world.event(&first.planned()),
    ];
    drafts.extend(promotion.carried_out(world));
    world.append_all(drafts).await;
    (prod, promotion)
}

async fn a_module_is_shown_from_its_repository_to_what_was_seen_of_it(backend: Backend) {
    let world = World::fresh(backend).await;
    let (prod, promotion) = running(&world).await;
    let built_item = promotion.release.items[0].clone();
    let (run, sync) = (RunId::generate(), SyncId::generate());
    let (started, build) = built(&built_item, run);
    let merge = merged(built_item.repository_id, 7, &built_item.commit_sha);
    world.append(&started).await;
    world.append(&build).await;
    world.append(&merge).await;
    let before = only_cell(&world).await;
    assert_eq!((before.observed, before.sync), (None, None));

    let synced = promotion.synced(sync, "shop", "PROMOTION");
    let last = world.event(&synced).second(100).append(&world).await;
    let board = board(&world).await;
    assert_eq!(board.sequence, last.sequence);
    assert_eq!(board.modules, ["shop"]);
    let cell = &board.cells[0];
    assert_eq!(cell.environment_id, prod.id.to_string());
    let deployed = cell.deployed.clone().unwrap();
    assert_eq!(deployed.version, "1.0.0");
    assert_eq!(deployed.release_id, promotion.release.id.to_string());
    assert_eq!(deployed.promotion_id, promotion.id.to_string());
    assert_eq!(deployed.promotion_state, "SUCCEEDED");
    assert_eq!(deployed.build_id, Some(built_item.build_id.to_string()));
    assert_eq!(deployed.run_id, Some(run.to_string()));
    assert_eq!(deployed.commit_sha, Some(sha('a')));
    assert_eq!(
        deployed.pull_request_id,
        Some(merge.pull_request_id.to_string())
    );
    assert_eq!(deployed.pull_request_number, Some(7));
    assert_eq!(deployed.by, "ada", "who asked, not who carried it out");
    let desired = cell.desired.clone().unwrap();
    assert!(desired.since < deployed.since);
    let observed = cell.observed.clone().unwrap();
    assert_eq!(observed.since, start() + chrono::TimeDelta::seconds(100));
    assert_eq!(observed.promotion_id, deployed.promotion_id);
    let sync = cell.sync.clone().unwrap();
    assert_eq!(
        (sync.state, sync.drift, sync.reason),
        (DriftState::Synced, 0, None)
    );
    assert_eq!(sync.health, "HEALTHY");
    assert_eq!(
        (cell.promotion_id.clone(), cell.changes_waiting),
        (None, None)
    );
}

async fn a_promotion_that_waits_has_a_cell_and_goes_when_it_ends(backend: Backend) {
    let world = World::fresh(backend).await;
    let prod = Environment::new("prod");
    let one = release(RepositoryId::generate(), "1.0.0", 'a');
    world.append(&prod.defined(&[], false)).await;
    world.append(&one.planned()).await;
    let promotion = one.promoted_into(&prod);
    world.append(&promotion.requested("GATED")).await;
    let cell = only_cell(&world).await;
    assert_eq!(cell.promotion_id, Some(promotion.id.to_string()));
    assert_eq!((cell.desired, cell.deployed), (None, None));

    world.append(&promotion.declared()).await;
    let cell = only_cell(&world).await;
    assert_eq!(cell.promotion_id, Some(promotion.id.to_string()));
    assert_eq!(cell.desired.unwrap().promotion_state, "VERIFYING");
    assert_eq!(cell.deployed, None);

    world.append(&promotion.failed("FAILED")).await;
    let cell = only_cell(&world).await;
    assert_eq!(cell.promotion_id, None);
    assert_eq!(cell.desired.unwrap().promotion_state, "FAILED");

    let again = one.promoted_into(&prod);
    world.append(&again.requested("GATED")).await;
    world.append(&again.failed("CANCELLED")).await;
    assert_eq!(only_cell(&world).await.promotion_id, None);
}

async fn the_next_query_after_a_success_shows_it(backend: Backend) {
    let world = World::fresh(backend).await;
    let (prod, first) = running(&world).await;
    let repository = first.release.items[0].repository_id;
    for round in 0..5 {
        let next = release(repository, &format!("1.{round}.1"), 'b');
        let promotion = next.promoted_into(&prod);
        world.append(&next.planned()).await;
        let appended = world.append_all(promotion.carried_out(&world)).await;
        let board = board(&world).await;
        assert_eq!(board.sequence, appended.last().unwrap().sequence);
        let deployed = board.cells[0].deployed.clone().unwrap();
        assert_eq!(deployed.version, next.version);
    }
}

async fn a_rollback_brings_back_what_ran_before(backend: Backend) {
    let world = World::fresh(backend).await;
    let (prod, first) = running(&world).await;
    let second = release(first.release.items[0].repository_id, "2.0.0", 'b');
    let left = second.promoted_into(&prod);
    world.append(&second.planned()).await;
    world.append_all(left.carried_out(&world)).await;

    let rollback = Promotion {
        kind: "ROLLBACK",
        ..first.release.promoted_into(&prod)
    };
    world.append(&rollback.requested("REQUESTED")).await;
    world.append(&rollback.declared()).await;
    world.append(&rollback.rolled_back(&left, &first)).await;
    let cell = only_cell(&world).await;
    assert_eq!(cell.desired.unwrap().version, "1.0.0");
    let deployed = cell.deployed.unwrap();
    assert_eq!(
        (deployed.version.as_str(), deployed.promotion_state.as_str()),
        ("2.0.0", "ROLLED_BACK")
    );
    assert_eq!(cell.promotion_id, Some(rollback.id.to_string()));

    world.append(&rollback.succeeded()).await;
    let deployed = only_cell(&world).await.deployed.unwrap();
    assert_eq!(
        (deployed.version.as_str(), deployed.promotion_state.as_str()),
        ("1.0.0", "SUCCEEDED")
    );
}

async fn holds_are_on_modules_and_on_environments(backend: Backend) {
    let world = World::fresh(backend).await;
    let (prod, _) = running(&world).await;
    world.append(&prod.held(None, "audit")).await;
    let shown = board(&world).await;
    let hold = shown.environments[0].hold.clone().unwrap();
    assert_eq!(
        (
            hold.reason.as_str(),
            hold.held_by.as_str(),
            hold.promotion_id
        ),
        ("audit", "ada", None)
    );
    assert_eq!(shown.cells[0].hold.clone().unwrap().reason, "audit");

    world.append(&prod.held(Some("shop"), "slow")).await;
    assert_eq!(only_cell(&world).await.hold.unwrap().reason, "slow");
    world.append(&prod.resumed(None)).await;
    assert_eq!(board(&world).await.environments[0].hold, None);
    assert_eq!(only_cell(&world).await.hold.unwrap().reason, "slow");
    world.append(&prod.resumed(Some("shop"))).await;
    assert_eq!(only_cell(&world).await.hold, None);
    world.append(&prod.held(Some("other"), "other")).await;
    assert_eq!(only_cell(&world).await.hold, None, "of another module");
}

fn drifted(promotion: &Promotion, sync: SyncId, total: u32) -> DriftDetected {
    DriftDetected {
        sync_id: sync,
        environment_id: promotion.environment.id,
        environment: promotion.environment.name.clone(),
        module: "shop".into(),
        revision: sha('9'),
        objects: Vec::new(),
        total,
    }
}

async fn drift_is_shown_until_it_is_healed(backend: Backend) {
    let world = World::fresh(backend).await;
    let (_, promotion) = running(&world).await;
    let sync = SyncId::generate();
    world
        .append(&promotion.synced(sync, "shop", "PROMOTION"))
        .await;
    world.append(&drifted(&promotion, sync, 3)).await;
    let cell = only_cell(&world).await;
    let seen = cell.sync.unwrap();
    assert_eq!((seen.state, seen.drift), (DriftState::Drifted, 3));
    assert_eq!(cell.observed.unwrap().version, "1.0.0");
    world
        .append(&promotion.synced(sync, "shop", "SELF_HEAL"))
        .await;
    let seen = only_cell(&world).await.sync.unwrap();
    assert_eq!((seen.state, seen.drift), (DriftState::Synced, 0));
}

async fn a_failed_synchronisation_says_why(backend: Backend) {
    let world = World::fresh(backend).await;
    let (_, promotion) = running(&world).await;
    let sync = SyncId::generate();
    let failed = GitOpsSyncFailed {
        sync_id: sync,
        environment_id: promotion.environment.id,
        environment: "prod".into(),
        module: "shop".into(),
        revision: sha('9'),
        promotion_id: Some(promotion.id),
        attempt: 1,
        code: "UNAVAILABLE".into(),
        reason: "the target does not answer".into(),
        retrying: true,
    };
    world.append(&failed).await;
    let cell = only_cell(&world).await;
    let seen = cell.sync.unwrap();
    assert_eq!(seen.state, DriftState::Failed);
    assert_eq!(seen.reason.as_deref(), Some("the target does not answer"));
    assert_eq!((cell.observed, seen.health.as_str()), (None, "UNKNOWN"));

    // Somebody committed to the repository of manifests: no promotion declared what is there.
    let mut by_hand = promotion.synced(sync, "shop", "TIMER");
    world.append(&by_hand).await;
    by_hand.promotion_id = None;
    world.append(&by_hand).await;
    let cell = only_cell(&world).await;
    assert_eq!((cell.observed, cell.sync.unwrap().reason), (None, None));
}

async fn environments_stand_in_order_and_retired_ones_do_not(backend: Backend) {
    let world = World::fresh(backend).await;
    let (prod, promotion) = running(&world).await;
    let (dev, staging) = (Environment::new("dev"), Environment::new("staging"));
    world.append(&staging.defined(&["dev"], false)).await;
    world.append(&dev.defined(&[], false)).await;
    world.append(&prod.defined(&["staging"], false)).await;
    let in_dev = promotion.release.promoted_into(&dev);
    world.append_all(in_dev.carried_out(&world)).await;
    let shown = board(&world).await;
    let names: Vec<_> = shown
        .environments
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["dev", "staging", "prod"]);
    let cells: Vec<_> = shown
        .cells
        .iter()
        .map(|it| it.environment_id.clone())
        .collect();
    assert_eq!(cells, [dev.id.to_string(), prod.id.to_string()]);
    world.append(&dev.defined(&[], true)).await;
    let shown = board(&world).await;
    assert_eq!((shown.environments.len(), shown.cells.len()), (2, 1));
}

fn history(repository: RepositoryId, from: u64, to: u64) -> HistoryRecorded {
    let commit = |landing: u64| HistoryCommit {
        sha: if landing == 1 {
            sha('a')
        } else {
            format!("{landing:040}")
        },
        parents: Vec::new(),
        subject_line: "x".into(),
        author: "Ada".into(),
        authored_at: start(),
        committed_at: start(),
        patch_id: None,
        reverts: Vec::new(),
        picked_from: None,
        landing: Some(landing),
        mainline: true,
    };
    HistoryRecorded {
        repository_id: repository,
        branch: "main".into(),
        default_branch: true,
        head_sha: format!("{to:040}"),
        landings: Some(to),
        merge_base: None,
        squash_patch_id: None,
        rewritten: false,
        commits: (from..=to).map(commit).collect(),
        more: false,
    }
}

async fn changes_wait_by_landings(backend: Backend) {
    let world = World::fresh(backend).await;
    let (_, promotion) = running(&world).await;
    let repository = promotion.release.items[0].repository_id;
    assert_eq!(only_cell(&world).await.changes_waiting, None, "not known");
    world.append(&history(repository, 1, 1)).await;
    assert_eq!(only_cell(&world).await.changes_waiting, Some(0));
    world.append(&history(repository, 2, 5)).await;
    assert_eq!(only_cell(&world).await.changes_waiting, Some(4));
}

/// One release of so many modules, in two environments.
async fn many(world: &World, modules: usize) {
    let repository = RepositoryId::generate();
    let items = (0..modules).map(|at| item(repository, &format!("module-{at:03}"), &sha('a')));
    let big = Release::new("1.0.0", items.collect());
    let mut drafts: Vec<Draft> = vec![world.event(&big.planned())];
    for name in ["dev", "prod"] {
        let environment = Environment::new(name);
        drafts.push(world.event(&environment.defined(&[], false)));
        drafts.extend(big.promoted_into(&environment).carried_out(world));
    }
    world.append_all(drafts).await;
}

async fn the_number_of_statements_does_not_depend_on_the_size(backend: Backend) {
    let mut counts = Vec::new();
    for modules in [0, 2, 60] {
        let world = World::fresh(backend).await;
        many(&world, modules).await;
        let ctx = world.ctx();
        let board = world
            .ledger
            .board(&ctx, &"web".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(
            (board.modules.len(), board.cells.len()),
            (modules, 2 * modules)
        );
        assert!(board.cells.iter().all(|it| it.deployed.is_some()));
        counts.push(ctx.statements().get());
    }
    assert_eq!(counts, [6, 6, 6]);
}

async fn projects_of_others_are_not_found_and_unknown_ones_are_empty(backend: Backend) {
    let world = World::fresh(backend).await;
    running(&world).await;
    let web = "web".parse().unwrap();
    let hidden = world.ledger.board(&world.ctx_of(&["other"]), &web).await;
    assert!(
        matches!(hidden, Err(LedgerError::NotFound("project", "projectId"))),
        "{hidden:?}"
    );
    let stranger = User::of("globex", "eve").ctx();
    let elsewhere = world.ledger.board(&stranger, &web).await.unwrap();
    assert_eq!(
        (elsewhere.sequence, elsewhere.environments, elsewhere.cells),
        (0, vec![], vec![])
    );
    let unknown = world
        .ledger
        .board(&world.ctx(), &"unknown".parse().unwrap())
        .await
        .unwrap();
    assert!(unknown.cells.is_empty() && unknown.sequence > 0);
    let mute = world.user.clone().with_scopes(&[]).ctx();
    let denied = world.ledger.board(&mute, &web).await;
    assert!(matches!(denied, Err(LedgerError::Denied(_))), "{denied:?}");
}
