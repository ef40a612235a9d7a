//! Properties of the aggregate.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::{Ctx, Meta, Principal, ProjectAccess};
use sluice_schema::{Actor, ActorKind, ErrorCode, Fault, TypedId, events::BranchPolicy};

use super::{policy::missing, *};

const HEAD: &str = "1111111111111111111111111111111111111111";
const NEXT: &str = "2222222222222222222222222222222222222222";
const TARGET: &str = "3333333333333333333333333333333333333333";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn ctx() -> Ctx {
    let principal = Principal {
        tenant: "acme".parse().unwrap(),
        projects: ProjectAccess::All,
        actor: Actor {
            kind: ActorKind::User,
            id: "ada".into(),
        },
        scopes: std::collections::BTreeSet::new(),
    };
    Ctx::for_request(principal, None)
}

fn open() -> PullRequest {
    let mut open = PullRequest {
        id: TypedId::generate(),
        meta: Meta::new(&ctx(), now(), "web".parse().unwrap(), None),
        repository_id: TypedId::generate(),
        repository_name: "shop".into(),
        number: 7,
        title: "Add a cart".into(),
        description: None,
        source_branch: "feature/cart".into(),
        target_branch: "main".into(),
        source_sha: HEAD.into(),
        target_sha: TARGET.into(),
        status: PullRequestStatus::Open,
        author: "ada".into(),
        reviews: Vec::new(),
        checks: Vec::new(),
        mergeability: Mergeability::Unknown,
        conflict_paths: Vec::new(),
        merge_intent: None,
        strategy: None,
        merge_commit_sha: None,
        tree_hash: None,
        parent_shas: Vec::new(),
        created_shas: Vec::new(),
        merged_by: None,
        merged_at: None,
        delete_source_branch: false,
        reason: None,
    };
    open.see(&sighting(HEAD), now());
    open
}

fn sighting(head: &str) -> Sighting {
    Sighting {
        source_sha: head.into(),
        target_sha: TARGET.into(),
        mergeability: Mergeability::Clean,
        conflict_paths: Vec::new(),
        checks: Vec::new(),
    }
}

fn review(reviewer: &str, decision: ReviewDecision, sha: &str) -> Review {
    Review {
        reviewer: reviewer.into(),
        decision,
        source_sha: sha.into(),
        body: None,
        at: now(),
    }
}

fn build(state: CheckState, sha: &str, seconds: i64) -> Check {
    Check {
        name: "build".into(),
        state,
        sha: sha.into(),
        detail: None,
        build_id: None,
        at: now() + TimeDelta::seconds(seconds),
    }
}

fn policy(approvals: u32, checks: &[&str]) -> BranchPolicy {
    BranchPolicy {
        is_protected: true,
        required_approvals: approvals,
        required_checks: checks.iter().map(ToString::to_string).collect(),
    }
}

fn rules(pull_request: &PullRequest, policy: &BranchPolicy) -> Vec<String> {
    let findings = missing(pull_request, policy);
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn the_author_may_not_review() {
    let refused = open().review(review("ada", ReviewDecision::Approved, HEAD));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::FailedPrecondition);
}

#[test]
fn a_later_review_replaces_the_reviewers_earlier_one_and_the_same_again_is_none() {
    let mut it = open();
    let first = review("bob", ReviewDecision::ChangesRequested, HEAD);
    assert!(it.review(first.clone()).unwrap().is_some());
    assert!(it.review(first).unwrap().is_none());
    let second = review("bob", ReviewDecision::Approved, HEAD);
    assert!(it.review(second).unwrap().is_some());
    assert_eq!(it.reviews.len(), 1);
    assert_eq!(it.reviews[0].decision, ReviewDecision::Approved);
}

#[test]
fn the_same_review_again_is_none_although_the_source_moved_or_it_is_closed() {
    let mut it = open();
    let approval = review("bob", ReviewDecision::Approved, HEAD);
    it.review(approval.clone()).unwrap();
    it.see(&sighting(NEXT), now());
    assert!(it.review(approval.clone()).unwrap().is_none());
    it.abandon(None).unwrap();
    assert!(it.review(approval).unwrap().is_none());
    let late = it.review(review("eve", ReviewDecision::Approved, NEXT));
    assert!(matches!(late, Err(PullRequestError::Abandoned)));
}

#[test]
fn a_review_of_an_earlier_head_is_refused() {
    let mut it = open();
    let stale = it.review(review("bob", ReviewDecision::Approved, NEXT));
    let stale = stale.unwrap_err();
    assert_eq!(stale.code(), ErrorCode::VersionConflict);
    assert_eq!(stale.field().as_deref(), Some("expectedSourceSha"));
}

#[test]
fn approvals_count_once_each_and_only_for_the_current_head() {
    let mut it = open();
    it.review(review("bob", ReviewDecision::Approved, HEAD))
        .unwrap();
    assert_eq!(rules(&it, &policy(2, &[])), ["required-approvals"]);
    it.review(review("eve", ReviewDecision::Approved, HEAD))
        .unwrap();
    assert!(rules(&it, &policy(2, &[])).is_empty());
    it.see(&sighting(NEXT), now());
    assert_eq!(rules(&it, &policy(1, &[])), ["required-approvals"]);
}

#[test]
fn requested_changes_block_on_any_head_until_the_reviewer_says_otherwise() {
    let mut it = open();
    it.review(review("bob", ReviewDecision::ChangesRequested, HEAD))
        .unwrap();
    it.see(&sighting(NEXT), now());
    assert_eq!(rules(&it, &policy(0, &[])), ["changes-requested"]);
    it.review(review("bob", ReviewDecision::Approved, NEXT))
        .unwrap();
    assert!(rules(&it, &policy(1, &[])).is_empty());
}

#[test]
fn each_required_check_must_have_succeeded_on_the_head() {
    let mut it = open();
    let demands = policy(0, &["build", "scan", "mergeable", "build"]);
    assert_eq!(rules(&it, &demands), ["required-check", "required-check"]);
    it.record_check(&build(CheckState::Failed, HEAD, 1));
    assert!(missing(&it, &demands)[0].message.contains("failed"));
    it.record_check(&build(CheckState::Succeeded, HEAD, 2));
    let left = missing(&it, &demands);
    assert_eq!(left.len(), 1);
    assert!(left[0].message.contains("'scan'"));
    it.see(&sighting(NEXT), now());
    assert_eq!(rules(&it, &policy(0, &["build"])), ["required-check"]);
}

#[test]
fn the_newest_build_of_a_head_counts_in_whatever_order_they_are_told() {
    let mut it = open();
    assert!(it.record_check(&build(CheckState::Succeeded, HEAD, 5)));
    assert!(!it.record_check(&build(CheckState::Failed, HEAD, 3)));
    assert!(!it.record_check(&build(CheckState::Failed, NEXT, 9)));
    assert!(rules(&it, &policy(0, &["build"])).is_empty());
}

#[test]
fn what_does_not_merge_is_a_missing_check_without_any_policy() {
    let mut it = open();
    let mut seen = sighting(HEAD);
    seen.mergeability = Mergeability::Conflicting;
    seen.conflict_paths = vec!["a.txt".into()];
    assert!(it.see(&seen, now()));
    assert!(!it.see(&seen, now() + TimeDelta::seconds(9)));
    assert_eq!(rules(&it, &policy(0, &[])), ["mergeable"]);
    assert_eq!(
        (it.checks[0].name.as_str(), it.checks[0].state),
        ("mergeable", CheckState::Failed)
    );
}

#[test]
fn what_is_closed_keeps_the_heads_and_checks_that_it_had() {
    let mut it = open();
    it.abandon(Some("no longer needed".into())).unwrap();
    assert!(it.abandon(None).unwrap().is_none());
    assert!(!it.see(&sighting(NEXT), now()));
    assert!(!it.record_check(&build(CheckState::Failed, HEAD, 1)));
    assert_eq!(it.source_sha, HEAD);
    assert_eq!(it.reason.as_deref(), Some("no longer needed"));
}

#[test]
fn a_merge_that_cannot_land_leaves_it_open_with_the_reason() {
    let mut it = open();
    let command = crate::MergePullRequest {
        pull_request_id: it.id,
        strategy: Some(MergeStrategy::Squash),
        expected_source_sha: None,
        delete_source_branch: Some(true),
        message: None,
    };
    it.begin_merge(&ctx(), &command, now());
    assert_eq!(it.merge_spec().unwrap().message, "Add a cart (#7)");
    assert!(matches!(
        it.abandon(None),
        Err(PullRequestError::BeingMerged)
    ));
    it.reopen(&Refusal::Conflicts(vec!["a.txt".into()]), now());
    assert_eq!(it.status, PullRequestStatus::Open);
    assert_eq!(it.reason.as_deref(), Some("conflicts in a.txt"));
    assert_eq!((it.strategy, it.delete_source_branch), (None, false));
    assert!(matches!(
        it.reopened(),
        PullRequestError::MergeConflict { .. }
    ));
}
