use super::*;
use crate::reach::{
    contained::Built,
    facts::PullRequest,
    web::{Operation, Stand},
};

fn built(landing: i64) -> Built {
    Built {
        sha: format!("l{landing}"),
        landing,
        mainline: true,
    }
}

fn time(second: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(second, 0)
}

fn operation(sha: &str, applies: bool, landing: i64) -> Operation {
    Operation {
        sha: sha.into(),
        applies,
        how: None,
        asked: sha == "c",
        merge: false,
        stand: Stand {
            landing,
            position: landing,
        },
    }
}

/// The module `shop` in `prod`, where what landed first runs; the change landed third.
fn facts() -> Facts {
    let cell = Cell {
        environment_id: "e".into(),
        environment: "prod".into(),
        module: Some("shop".into()),
        running: Some("p1".into()),
    };
    Facts {
        operations: vec![operation("c", true, 3)],
        cells: vec![cell],
        promotions: vec![succeeded("p1", 1, 10)],
        ..Facts::default()
    }
}

fn promotion(id: &str, release: &str, state: &str, landing: i64) -> Promotion {
    Promotion {
        id: id.into(),
        environment_id: "e".into(),
        module: "shop".into(),
        release_id: release.into(),
        state: state.into(),
        requested_at: time(50),
        built: built(landing),
        ..Promotion::default()
    }
}

fn succeeded(id: &str, landing: i64, second: i64) -> Promotion {
    Promotion {
        succeeded_at: time(second),
        ..promotion(id, "other", "SUCCEEDED", landing)
    }
}

fn release(id: &str, state: &str, landing: i64) -> Release {
    Release {
        id: id.into(),
        module: "shop".into(),
        state: state.into(),
        planned_at: time(20),
        ready_at: time(21),
        approved_at: time(22),
        built: built(landing),
    }
}

fn work(id: &str, is_build: bool, state: &str, landing: i64) -> Work {
    Work {
        id: id.into(),
        is_build,
        module: is_build.then(|| "shop".into()),
        state: state.into(),
        reason: Some("a test failed".into()),
        at: time(15),
        built: built(landing),
    }
}

fn one(facts: &Facts) -> EnvironmentReach {
    decide(facts).remove(0)
}

/// The stage, its object, and the codes of blockers.
fn stage(facts: &Facts) -> (Option<ReachStage>, Option<String>, Vec<BlockerCode>) {
    let reach = one(facts);
    assert_eq!(reach.state, ReachState::InFlight);
    let codes = reach.blockers.iter().map(|blocker| blocker.code).collect();
    (reach.stage, reach.stage_object_id, codes)
}

fn at(stage: ReachStage, object: &str) -> (Option<ReachStage>, Option<String>, Vec<BlockerCode>) {
    (Some(stage), Some(object.to_owned()), Vec::new())
}

fn blocked(
    stage: ReachStage,
    object: &str,
    code: BlockerCode,
) -> (Option<ReachStage>, Option<String>, Vec<BlockerCode>) {
    (Some(stage), Some(object.to_owned()), vec![code])
}

#[test]
fn what_runs_says_since_which_promotion_the_change_is_there() {
    let mut facts = facts();
    facts.cells[0].running = Some("p4".into());
    facts.promotions = vec![
        succeeded("p4", 5, 40),
        succeeded("p3", 3, 30),
        promotion("failed", "other", "FAILED", 4),
        succeeded("p2", 2, 20),
    ];
    let reach = one(&facts);
    assert_eq!(reach.state, ReachState::Landed);
    assert_eq!(
        (reach.since, reach.promotion_id.as_deref()),
        (time(30), Some("p3"))
    );
    // What ran between without it counts anew.
    facts.promotions.insert(1, succeeded("rollback", 1, 35));
    assert_eq!(one(&facts).since, time(40));
    // A promotion that has succeeded since does not run this module.
    facts.promotions.insert(0, succeeded("p5", 1, 50));
    assert_eq!(one(&facts).since, time(40));
}

#[test]
fn a_change_that_was_taken_back_says_by_what_and_since_when() {
    let mut facts = facts();
    facts.operations.push(operation("r", false, 4));
    facts.cells[0].running = Some("p4".into());
    facts.promotions = vec![
        succeeded("p4", 6, 40),
        succeeded("p3", 4, 30),
        succeeded("p2", 3, 20),
    ];
    let reach = one(&facts);
    assert_eq!(reach.state, ReachState::Reverted);
    assert_eq!(reach.reverted_by.as_deref(), Some("r"));
    assert_eq!(reach.landing.unwrap().sha, "c");
    assert_eq!(
        (reach.since, reach.promotion_id.as_deref()),
        (time(30), Some("p3"))
    );
    // Taken back before it got there.
    facts.cells[0].running = None;
    let reach = one(&facts);
    assert_eq!(reach.state, ReachState::Reverted);
    assert_eq!((reach.since, reach.promotion_id), (None, None));
}

#[test]
fn another_commit_with_the_change_is_named() {
    let mut facts = facts();
    facts.operations[0].stand.landing = 0;
    facts.operations.push(operation("s", true, 1));
    let reach = one(&facts);
    assert_eq!(reach.state, ReachState::LandedAs);
    assert_eq!(reach.landing.unwrap().sha, "s");
}

#[test]
fn a_change_in_flight_is_at_its_furthest_stage() {
    let mut facts = facts();
    assert_eq!(stage(&facts), (Some(ReachStage::Merged), None, Vec::new()));
    let merged = PullRequest {
        id: "pr".into(),
        state: "MERGED".into(),
        merged_at: time(12),
        ..PullRequest::default()
    };
    facts.pull_requests.push(merged);
    assert_eq!(stage(&facts), at(ReachStage::Merged, "pr"));
    facts.works.push(work("before", true, "SUCCEEDED", 2));
    assert_eq!(stage(&facts), at(ReachStage::Merged, "pr"));
    facts.works.insert(0, work("run", false, "RUNNING", 3));
    assert_eq!(stage(&facts), at(ReachStage::Run, "run"));
    facts.works.insert(0, work("red", true, "FAILED", 3));
    assert_eq!(stage(&facts), at(ReachStage::Run, "run"));
    facts.works.remove(1);
    let failed = blocked(ReachStage::Build, "red", BlockerCode::CheckFailed);
    assert_eq!(stage(&facts), failed);
    facts.works.push(work("green", true, "SUCCEEDED", 3));
    assert_eq!(stage(&facts), at(ReachStage::Build, "green"));
    facts.releases.push(release("old", "APPROVED", 2));
    facts.releases.push(release("off", "CANCELLED", 4));
    assert_eq!(stage(&facts), at(ReachStage::Build, "green"));
    facts.releases.push(release("planned", "PLANNED", 3));
    let waits = |stage, id| blocked(stage, id, BlockerCode::NotApproved);
    assert_eq!(stage(&facts), waits(ReachStage::ReleasePlanned, "planned"));
    facts.releases.push(release("ready", "READY", 3));
    assert_eq!(stage(&facts), waits(ReachStage::ReleaseReady, "ready"));
    facts.releases.push(release("approved", "APPROVED", 3));
    assert_eq!(stage(&facts), at(ReachStage::ReleaseApproved, "approved"));
}

#[test]
fn a_promotion_under_way_tells_what_it_waits_for_and_a_failed_one_is_named() {
    let mut facts = facts();
    facts.releases.push(release("r", "APPROVED", 3));
    facts.promotions.insert(0, promotion("q", "r", "GATED", 3));
    facts.promotions[0].blockers = vec![Blocker::new(BlockerCode::SoakTime, "too early")];
    let gated = blocked(ReachStage::Promotion, "q", BlockerCode::SoakTime);
    assert_eq!(stage(&facts), gated);
    facts.promotions[0].state = "FAILED".into();
    facts.promotions[0].reason = Some("not healthy".into());
    let failed = blocked(ReachStage::ReleaseApproved, "r", BlockerCode::CheckFailed);
    assert_eq!(stage(&facts), failed);
    let blocker = one(&facts).blockers.remove(0);
    assert_eq!(blocker.subject.as_deref(), Some("q"));
    assert!(blocker.message.contains("not healthy"), "{blocker:?}");
    // Elsewhere it does not hinder.
    facts.promotions[0].environment_id = "other".into();
    assert_eq!(stage(&facts), at(ReachStage::ReleaseApproved, "r"));
}

#[test]
fn what_is_not_on_the_default_branch_is_proposed_or_not_started() {
    let mut facts = facts();
    facts.operations[0].stand.landing = 0;
    assert_eq!(one(&facts).state, ReachState::NotStarted);
    facts.works.push(work("check", true, "FAILED", 0));
    facts.works[0].built = Built {
        sha: "c".into(),
        ..Built::default()
    };
    let failed = blocked(ReachStage::Build, "check", BlockerCode::CheckFailed);
    assert_eq!(stage(&facts), failed);
    let open = PullRequest {
        id: "pr".into(),
        state: "OPEN".into(),
        opened_at: time(11),
        ..PullRequest::default()
    };
    facts.pull_requests.push(open);
    let open = blocked(ReachStage::PullRequest, "pr", BlockerCode::CheckFailed);
    assert_eq!(stage(&facts), open);
    facts.works.clear();
    assert_eq!(stage(&facts), at(ReachStage::PullRequest, "pr"));
}
