use sluice_kernel::Principal;
use sluice_pipeline_runner::{RecordResult, RecordState, StageRecord, Status};
use sluice_schema::{Actor, ActorKind, ErrorCode, Fault, Scope, TypedId};

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn queued() -> PipelineRun {
    let principal = Principal {
        tenant: "acme".parse().unwrap(),
        projects: sluice_kernel::ProjectAccess::All,
        actor: Actor {
            kind: ActorKind::User,
            id: "ada".into(),
        },
        scopes: Scope::ALL.iter().copied().collect(),
    };
    let ctx = Ctx::for_request(principal, None);
    let meta = Meta::new(&ctx, at(0), "web".parse().unwrap(), None);
    let subject = RunSubject {
        pipeline_id: PipelineId::generate(),
        repository_id: RepositoryId::generate(),
        repository_name: "shop".into(),
        branch: "main".into(),
        commit_sha: "a".repeat(40),
        module: ModuleDescription {
            id: "shop".into(),
            name: "Shop".into(),
            kind: "library".into(),
            stack: "generic".into(),
            version: "0.1.0".into(),
            ..Default::default()
        },
        variables: BTreeMap::new(),
    };
    PipelineRun::queued(RunId::generate(), meta, subject, 1)
}

fn lease(until: i64) -> Lease {
    Lease {
        holder: "host".into(),
        incarnation: "first".into(),
        until: at(until),
    }
}

fn timeline() -> Timeline {
    let stage = |id: &str, state| StageRecord {
        id: id.into(),
        name: id.into(),
        display_name: id.into(),
        order: 1,
        status: Status {
            state,
            ..Status::default()
        },
        jobs: Vec::new(),
    };
    Timeline {
        stages: vec![
            stage("build", RecordState::Running),
            stage("test", RecordState::Pending),
        ],
    }
}

fn running() -> PipelineRun {
    let mut run = queued();
    run.start(lease(60), timeline(), at(1)).unwrap();
    run
}

fn ending(outcome: RunOutcome) -> Ending {
    Ending {
        outcome,
        reason: Some("two\n lines".into()),
        outputs: RunOutputs::default(),
        at: at(9),
    }
}

fn request() -> CancelRequest {
    CancelRequest {
        by: "bob".into(),
        at: at(5),
        reason: Some("wrong\ncommit".into()),
    }
}

#[test]
fn a_run_begins_once() {
    let mut run = queued();
    assert!(run.start(lease(60), timeline(), at(1)).is_some());
    assert!(run.start(lease(60), timeline(), at(2)).is_none());
    assert_eq!(run.started_at, Some(at(1)));
}

#[test]
fn a_run_ends_once_and_leaves_no_record_open() {
    let mut run = running();
    let completed = run.complete(ending(RunOutcome::Errored)).unwrap();
    assert_eq!(completed.outcome, "ERRORED");
    assert_eq!(completed.reason.as_deref(), Some("two lines"));
    let result = |id: &str| run.timeline.status(id).unwrap().result;
    assert_eq!(result("build"), Some(RecordResult::Errored));
    assert_eq!(result("test"), Some(RecordResult::Skipped));
    assert!(run.complete(ending(RunOutcome::Succeeded)).is_none());
    assert_eq!(run.outcome, Some(RunOutcome::Errored));
}

#[test]
fn a_waiting_run_is_cancelled_at_once_and_never_begins() {
    let mut run = queued();
    let Ok(Cancelling::Ended(completed)) = run.request_cancel(request()) else {
        panic!("not ended");
    };
    assert_eq!(completed.outcome, "CANCELLED");
    assert_eq!(
        completed.reason.as_deref(),
        Some("cancelled by bob: wrong commit")
    );
    assert_eq!(completed.started_at, None);
    assert!(run.start(lease(60), timeline(), at(6)).is_none());
    assert_eq!(run.request_cancel(request()).unwrap(), Cancelling::Replayed);
}

#[test]
fn a_running_run_that_somebody_cancelled_ends_as_cancelled_whatever_its_work_did() {
    for outcome in [
        RunOutcome::Succeeded,
        RunOutcome::Failed,
        RunOutcome::Errored,
    ] {
        let mut run = running();
        assert_eq!(
            run.request_cancel(request()).unwrap(),
            Cancelling::Requested
        );
        assert_eq!(run.request_cancel(request()).unwrap(), Cancelling::Replayed);
        assert_eq!(run.complete(ending(outcome)).unwrap().outcome, "CANCELLED");
    }
}

#[test]
fn a_run_that_ended_otherwise_cannot_be_cancelled() {
    let mut run = running();
    run.complete(ending(RunOutcome::Failed));
    let refused = run.request_cancel(request()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
}

#[test]
fn only_a_run_that_ended_without_success_is_retried() {
    assert!(queued().ensure_retryable().is_err());
    assert!(running().ensure_retryable().is_err());
    for (outcome, allowed) in [
        (RunOutcome::Succeeded, false),
        (RunOutcome::Failed, true),
        (RunOutcome::Errored, true),
        (RunOutcome::Cancelled, true),
    ] {
        let mut run = running();
        run.complete(ending(outcome));
        assert_eq!(run.ensure_retryable().is_ok(), allowed, "{outcome:?}");
    }
}

#[test]
fn a_run_is_lost_when_its_lease_ran_out_or_its_holder_was_started_anew() {
    let run = running();
    assert!(!run.is_lost("other", "x", at(59)));
    assert!(run.is_lost("other", "x", at(61)));
    assert!(run.is_lost("host", "second", at(2)));
    assert!(!run.is_lost("host", "first", at(2)));
    assert!(run.is_run_by("first"));
    assert!(!run.is_run_by("second"));
    assert!(!queued().is_lost("host", "second", at(99)));
}

#[test]
fn a_reason_is_one_short_line() {
    assert_eq!(one_line(" a\n\tb  c "), "a b c");
    assert_eq!(one_line(&"x".repeat(900)).len(), MAX_REASON);
}
