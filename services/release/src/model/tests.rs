use chrono::{DateTime, TimeDelta, Utc};
use sluice_schema::{ApprovalId, ErrorCode, Fault, TypedId};

use super::{
    ApprovalDecision, ApprovalState, ReleaseApproval, ReleasePlan, ReleaseStatus, name_of,
    samples::{artifact, meta, release},
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn approval(of: &ReleasePlan, approver: &str) -> ReleaseApproval {
    ReleaseApproval {
        id: ApprovalId::generate(),
        meta: meta(),
        release_id: of.id,
        approver: approver.to_owned(),
        decision: ApprovalDecision::Approved,
        reason: "fine".to_owned(),
        content_digest: of.content_digest.clone(),
        at: now(),
        expires_at: None,
        state: ApprovalState::Valid,
        cause: None,
    }
}

#[test]
fn a_release_waits_until_every_artifact_is_ready() {
    let mut release = release(&["api", "web"]);
    release.status = ReleaseStatus::Planned;
    release.items[0].item.artifacts = vec![artifact("IMAGE", Some("sha256:1"))];
    release.items[1].item.artifacts = vec![artifact("PACKAGE", None)];
    assert_eq!(release.settle(), None);
    assert_eq!(release.waiting(), "package shop is pending");
    release.items[1].item.artifacts = vec![artifact("PACKAGE", Some("sha256:2"))];
    assert!(release.settle().is_some());
    assert_eq!(release.status, ReleaseStatus::PendingApproval);
    assert_eq!(release.settle(), None);
}

#[test]
fn as_many_distinct_approvals_count_as_the_project_demands() {
    let mut release = release(&["api"]);
    let one = approval(&release, "bob");
    assert_eq!(release.count(std::slice::from_ref(&one), 2, now()), None);
    let mut two = approval(&release, "eve");
    two.expires_at = Some(now());
    let both = [one.clone(), two.clone()];
    assert_eq!(release.count(&both, 2, now()), None, "one has expired");
    two.expires_at = Some(now() + TimeDelta::seconds(1));
    let event = release.count(&[one, two], 2, now()).unwrap();
    assert_eq!(event.approvals.len(), 2);
    assert_eq!(release.status, ReleaseStatus::Approved);
}

#[test]
fn no_project_demands_less_than_one_approval() {
    let mut release = release(&["api"]);
    assert_eq!(release.count(&[], 0, now()), None);
}

#[test]
fn a_void_approval_takes_the_release_back() {
    let mut release = release(&["api"]);
    let one = approval(&release, "bob");
    release.count(std::slice::from_ref(&one), 1, now()).unwrap();
    let event = release.void("the image changed", vec![one.id], 0).unwrap();
    assert_eq!(event.approvals, [one.id]);
    assert_eq!(release.status, ReleaseStatus::PendingApproval);
    assert_eq!(release.void_cause.as_deref(), Some("the image changed"));
    assert_eq!(release.void("again", Vec::new(), 0), None);
}

#[test]
fn enough_remaining_approvals_keep_the_release_approved() {
    let mut release = release(&["api"]);
    let one = approval(&release, "bob");
    release.count(std::slice::from_ref(&one), 1, now()).unwrap();
    assert!(release.void("expired", vec![one.id], 1).is_some());
    assert_eq!(release.status, ReleaseStatus::Approved);
}

#[test]
fn a_rejected_or_cancelled_release_ends() {
    let id = ApprovalId::generate();
    let mut rejected = release(&["api"]);
    assert!(rejected.reject(id, "bob", "no").unwrap().is_some());
    assert!(rejected.reject(id, "bob", "no").unwrap().is_none());
    let other = rejected.reject(id, "eve", "no").unwrap_err();
    assert_eq!(other.code(), ErrorCode::FailedPrecondition);
    assert!(rejected.cancel("ada", None).is_err());
    let mut cancelled = release(&["api"]);
    assert!(cancelled.cancel("ada", None).unwrap().is_some());
    assert!(cancelled.cancel("bob", None).unwrap().is_none());
    assert!(cancelled.reject(id, "bob", "no").is_err());
}

#[test]
fn a_release_is_named_after_its_modules_and_no_name_is_too_long() {
    assert_eq!(name_of(&["api", "web"]), "api+web");
    let long = "m".repeat(63);
    let many = |last| {
        let mut modules = vec![long.as_str(); 49];
        modules.push(last);
        name_of(&modules)
    };
    assert!(many("a").len() <= 200);
    assert_ne!(many("a"), many("b"));
}
