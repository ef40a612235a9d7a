//! Hand-made examples with literal figures.

use chrono::TimeDelta;
use sluice_kernel::Fault;
use sluice_ledger::{DeliveryMetrics, Durations, LeadTimeParts, LedgerError, MetricsRequest};
use sluice_schema::{EnvironmentId, TypedId};
use sluice_testkit::{Backend, on_both_databases};

use super::{
    delivery::Promoted,
    source::{Story, Strategy},
};
use crate::world::{World, start};

on_both_databases!(
    a_change_takes_its_time_in_parts_that_add_up,
    a_failed_promotion_is_restored_by_the_next_one,
    a_revert_makes_the_deployment_that_brought_the_change_fail,
    a_rollback_of_one_module_leaves_the_others,
    a_redeployment_brings_nothing,
    an_environment_without_deployments_has_no_shares,
    a_wrong_request_names_its_field,
    other_projects_do_not_exist,
);

const HOUR: i64 = 3_600_000;

fn request(environment: EnvironmentId) -> MetricsRequest {
    MetricsRequest {
        project_id: "web".into(),
        module: None,
        environment_id: environment.to_string(),
        since: start(),
        until: start() + TimeDelta::days(10),
    }
}

async fn figures(world: &World, story: &Story<'_>, environment: EnvironmentId) -> DeliveryMetrics {
    world.ledger.append(&story.events).await.unwrap();
    let (ctx, request) = (world.ctx(), request(environment));
    world.ledger.metrics(&ctx, &request).await.unwrap()
}

/// Builds, releases and promotes a commit, an hour for each step.
fn deploy(story: &mut Story<'_>, environment: EnvironmentId, sha: &str) -> Promoted {
    let promoted = declare(story, environment, sha);
    story.wait(HOUR).succeed(&promoted);
    promoted
}

fn declare(story: &mut Story<'_>, environment: EnvironmentId, sha: &str) -> Promoted {
    let built = story.wait(HOUR).build(0, sha, "shop");
    let release = story.plan(&[built]);
    story.wait(HOUR).approve(&release);
    let promoted = story.request(environment, &release);
    story.wait(HOUR).declare(&promoted);
    promoted
}

async fn a_change_takes_its_time_in_parts_that_add_up(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let repo = story.repo();
    let prod = story.environment("prod");
    let first = story.repos[repo].main[0].clone();
    deploy(&mut story, prod, &first);
    let mut pull = story.open(repo, "fix");
    let began = story.now;
    story.push(repo, &mut pull, &[]);
    story.wait(2 * HOUR).push(repo, &mut pull, &[]);
    let merged = story.wait(HOUR).merge(repo, &pull, Strategy::Squash);
    // Six minutes, and half of an hour, and so on: each part has a length of its own.
    let built = story.wait(HOUR / 10).build(repo, &merged[0], "shop");
    let release = story.plan(&[built]);
    story.wait(HOUR / 2).approve(&release);
    let promoted = story.request(prod, &release);
    story.wait(5 * HOUR).declare(&promoted);
    story.wait(HOUR / 60).succeed(&promoted);
    let found = figures(&world, &story, prod).await;
    assert_eq!(found.changes.len(), 2);
    let change = &found.changes[1];
    let parts = LeadTimeParts {
        review_ms: 10_800_000,
        ci_ms: 360_000,
        approval_ms: 1_800_000,
        soak_ms: 18_000_000,
        rollout_ms: 60_000,
    };
    assert_eq!((change.parts, change.started_at), (parts, began));
    assert_eq!(
        (change.sha.as_str(), change.running_at),
        (merged[0].as_str(), story.now)
    );
    assert_eq!(change.pull_request_id, Some(pull.id.to_string()));
    // The first one: written, and four hours later it ran.
    let lead_time = Durations {
        count: 2,
        p50_ms: 14_400_000,
        p90_ms: 31_020_000,
        mean_ms: 22_710_000,
    };
    assert_eq!(found.lead_time, lead_time);
    assert!((found.deployments_per_day - 0.2).abs() < 1e-9);
    assert_eq!(found.change_failure_rate, Some(0.0));
    assert_eq!(found.rework_rate, Some(0.0));
    assert_eq!(found.sequence, story.events.len() as u64);
}

async fn a_failed_promotion_is_restored_by_the_next_one(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let repo = story.repo();
    let prod = story.environment("prod");
    let first = story.repos[repo].main[0].clone();
    let good = deploy(&mut story, prod, &first);
    let sha = story.commit(repo, &[]);
    let bad = declare(&mut story, prod, &sha);
    let failed_at = story.now;
    story.wait(HOUR).fail(&bad, "FAILED");
    let rollback = story.roll_back(&bad, &good, &["shop".to_owned()]);
    story.wait(HOUR).succeed(&rollback);
    let restored_at = story.now;
    let sha = story.wait(HOUR).commit(repo, &[]);
    let last = deploy(&mut story, prod, &sha);
    let found = figures(&world, &story, prod).await;
    let failures: Vec<_> = found
        .deployments
        .iter()
        .map(|it| (it.promotion_id.clone(), it.failed, it.rework))
        .collect();
    let expected = [
        (good.id.to_string(), false, false),
        (bad.id.to_string(), true, false),
        (rollback.id.to_string(), false, true),
        (last.id.to_string(), false, false),
    ];
    assert_eq!(failures, expected);
    let [restore] = &found.restores[..] else {
        panic!("{:?}", found.restores);
    };
    assert_eq!(
        (restore.failed_at, restore.restored_at),
        (failed_at, Some(restored_at))
    );
    assert_eq!(restore.restored_by, Some(rollback.id.to_string()));
    assert_eq!(found.time_to_restore.p90_ms, 2 * 3_600_000 + 1_500);
    assert_eq!(found.change_failure_rate, Some(1.0 / 3.0));
    assert_eq!(found.rework_rate, Some(1.0 / 3.0));
    // What failed brought nothing: its change came with the last one.
    let brought: Vec<_> = found
        .changes
        .iter()
        .map(|it| it.promotion_id.clone())
        .collect();
    let expected = [&good, &last, &last].map(|it| it.id.to_string());
    assert_eq!(brought, expected);
}

async fn a_revert_makes_the_deployment_that_brought_the_change_fail(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let repo = story.repo();
    let prod = story.environment("prod");
    let first = story.repos[repo].main[0].clone();
    deploy(&mut story, prod, &first);
    let mut pull = story.open(repo, "fix");
    let culprit = story.push(repo, &mut pull, &[]);
    story.merge(repo, &pull, Strategy::Squash);
    let sha = story.commit(repo, &[]);
    let bad = deploy(&mut story, prod, &sha);
    // Neither of these reverts is a commit of the default branch.
    let mut undo = story.open(repo, "undo");
    story.push(repo, &mut undo, &[culprit]);
    let written = story.merge(repo, &undo, Strategy::Squash);
    let repair = deploy(&mut story, prod, &written[0]);
    // A change that is undone before it is deployed harms nobody.
    let unseen = story.commit(repo, &[]);
    let undone = story.commit(repo, &[unseen]);
    deploy(&mut story, prod, &undone);
    let found = figures(&world, &story, prod).await;
    let failed: Vec<_> = found.deployments.iter().map(|it| it.failed).collect();
    assert_eq!(failed, [false, true, false, false]);
    let rework: Vec<_> = found.deployments.iter().map(|it| it.rework).collect();
    assert_eq!(rework, [false, false, true, false]);
    assert_eq!(found.deployments[1].failed_by, Some(repair.id.to_string()));
    assert_eq!(found.restores[0].failed_promotion_id, bad.id.to_string());
    assert_eq!(found.restores[0].restored_by, Some(repair.id.to_string()));
    assert_eq!(found.change_failure_rate, Some(0.25));
    assert_eq!(found.rework_rate, Some(0.25));
    // The same, seen before the repair was known: a window tells what is known now.
    let early = MetricsRequest {
        until: found.deployments[2].at,
        ..request(prod)
    };
    let found = world.ledger.metrics(&world.ctx(), &early).await.unwrap();
    assert_eq!(found.deployments.len(), 2);
    assert_eq!(found.change_failure_rate, Some(0.5));
}

async fn a_rollback_of_one_module_leaves_the_others(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let repo = story.repo();
    let prod = story.environment("prod");
    let mut both = Vec::new();
    for _ in 0..2 {
        let sha = story.wait(HOUR).commit(repo, &[]);
        let builds = ["cart", "shop"].map(|module| story.build(repo, &sha, module));
        let release = story.plan(&builds);
        let promoted = story.request(prod, &release);
        story.wait(HOUR).declare(&promoted);
        story.wait(HOUR).succeed(&promoted);
        both.push(promoted);
    }
    let rollback = story
        .wait(HOUR)
        .roll_back(&both[1], &both[0], &["shop".to_owned()]);
    story.wait(HOUR).succeed(&rollback);
    let found = figures(&world, &story, prod).await;
    let failed: Vec<_> = found
        .deployments
        .iter()
        .filter(|it| it.failed)
        .map(|it| (it.module.as_str(), it.promotion_id.clone()))
        .collect();
    assert_eq!(failed, [("shop", both[1].id.to_string())]);
    assert_eq!(found.deployments.len(), 5);
    // Only that module's rollback counts.
    let cart = MetricsRequest {
        module: Some("cart".into()),
        ..request(prod)
    };
    let found = world.ledger.metrics(&world.ctx(), &cart).await.unwrap();
    assert_eq!((found.deployments.len(), found.rework_rate), (2, Some(0.0)));
}

async fn a_redeployment_brings_nothing(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let repo = story.repo();
    let prod = story.environment("prod");
    let first = story.commit(repo, &[]);
    deploy(&mut story, prod, &first);
    let second = story.commit(repo, &[]);
    deploy(&mut story, prod, &second);
    deploy(&mut story, prod, &second);
    deploy(&mut story, prod, &first);
    deploy(&mut story, prod, &second);
    let found = figures(&world, &story, prod).await;
    assert_eq!(found.deployments.len(), 5);
    let brought: Vec<_> = found.changes.iter().map(|it| it.sha.as_str()).collect();
    assert_eq!(brought, [first, second]);
}

async fn an_environment_without_deployments_has_no_shares(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let prod = story.environment("prod");
    let found = figures(&world, &story, prod).await;
    assert_eq!((found.change_failure_rate, found.rework_rate), (None, None));
    assert_eq!(found.lead_time, Durations::default());
    assert!(found.deployments_per_day.abs() < f64::EPSILON);
}

fn field(refused: Result<DeliveryMetrics, LedgerError>) -> (String, Option<String>) {
    let error = refused.unwrap_err();
    (error.code().to_string(), error.field())
}

async fn a_wrong_request_names_its_field(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let prod = story.environment("prod");
    figures(&world, &story, prod).await;
    let good = request(prod);
    let ask = |request: MetricsRequest| {
        let world = &world;
        async move { field(world.ledger.metrics(&world.ctx(), &request).await) }
    };
    let invalid = |name: &str| ("INVALID_INPUT".to_owned(), Some(name.to_owned()));
    let until = good.since;
    assert_eq!(
        ask(MetricsRequest {
            until,
            ..good.clone()
        })
        .await,
        invalid("until")
    );
    let until = good.since + TimeDelta::days(366) + TimeDelta::microseconds(1);
    assert_eq!(
        ask(MetricsRequest {
            until,
            ..good.clone()
        })
        .await,
        invalid("until")
    );
    let module = Some("../x".to_owned());
    assert_eq!(
        ask(MetricsRequest {
            module,
            ..good.clone()
        })
        .await,
        invalid("module")
    );
    let until = good.since + TimeDelta::days(366);
    let whole = MetricsRequest { until, ..good };
    assert!(world.ledger.metrics(&world.ctx(), &whole).await.is_ok());
}

async fn other_projects_do_not_exist(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut story = Story::new(&world);
    let prod = story.environment("prod");
    figures(&world, &story, prod).await;
    let ask = |ctx, request: MetricsRequest| {
        let ledger = &world.ledger;
        async move { field(ledger.metrics(&ctx, &request).await) }
    };
    let absent = |name: &str| ("NOT_FOUND".to_owned(), Some(name.to_owned()));
    let found = ask(world.ctx_of(&["api"]), request(prod)).await;
    assert_eq!(found, absent("projectId"));
    let api = MetricsRequest {
        project_id: "api".into(),
        ..request(prod)
    };
    let found = ask(world.ctx_of(&["api"]), api).await;
    assert_eq!(found, absent("environmentId"));
    let found = ask(world.ctx(), request(EnvironmentId::generate())).await;
    assert_eq!(found, absent("environmentId"));
    let other = sluice_testkit::User::of("globex", "gus").ctx();
    assert_eq!(ask(other, request(prod)).await, absent("environmentId"));
}
