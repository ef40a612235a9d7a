use std::collections::BTreeMap;

use sluice_deployment_target::{Change, Drift, UnifiedDiff};
use sluice_kernel::Meta;
use sluice_schema::{Actor, ActorKind, Scope, TypedId};

use super::*;
use crate::{GitOpsSettings, GitOpsSyncError};

fn content(name: &str) -> Content {
    Content {
        revision: format!("commit-{name}"),
        fingerprint: name.to_owned(),
        digest: format!("sha256:{name}"),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn ctx() -> sluice_kernel::Ctx {
    let principal = sluice_kernel::Principal {
        tenant: "acme".parse().unwrap(),
        projects: sluice_kernel::ProjectAccess::All,
        actor: Actor {
            kind: ActorKind::User,
            id: "ada".to_owned(),
        },
        scopes: Scope::ALL.iter().copied().collect(),
    };
    sluice_kernel::Ctx::for_request(principal, None)
}

fn promoted(name: &str) -> Promoted {
    let content = content(name);
    Promoted {
        promotion_id: PromotionId::generate(),
        release_id: ReleaseId::generate(),
        version: "1.0.0".to_owned(),
        commit_sha: content.revision,
        manifest_digest: content.digest,
        fingerprint: content.fingerprint,
    }
}

/// A state to which `applied` was applied and where Git declares the same.
fn state(applied: &str) -> GitOpsSyncState {
    GitOpsSyncState {
        id: SyncId::generate(),
        meta: Meta::new(&ctx(), now(), "shop".parse().unwrap(), None),
        environment_id: EnvironmentId::generate(),
        environment: "prod".to_owned(),
        module: "web".to_owned(),
        gitops_repository_id: RepositoryId::generate(),
        gitops_repository: "gitops".to_owned(),
        branch: "main".to_owned(),
        path: "environments/prod/web".to_owned(),
        sync: SyncStatus::Synced,
        health: HealthStatus::Healthy,
        operation: Operation::Idle,
        promoted: promoted(applied),
        desired: content(applied),
        applied: Some(content(applied)),
        attempted_revision: None,
        attempts: 0,
        failures: 0,
        reason: None,
        pending: None,
        retry_at: None,
        given_up: None,
        unapplied: Vec::new(),
        running: None,
        drift: Vec::new(),
        drift_total: 0,
        drift_digest: None,
        paused: None,
        last_synced_at: None,
        observed_at: None,
        seen: None,
    }
}

fn item(classification: Classification) -> DriftItem {
    DriftItem {
        object: "ConfigMap/shop/a".to_owned(),
        file: "a.yaml".to_owned(),
        classification,
        change: DriftChange::Modified,
        owned: true,
        diff: String::new(),
        diff_truncated: false,
        message: "the content differs".to_owned(),
    }
}

fn seen(desired: &str, drift: Vec<DriftItem>) -> Seen {
    Seen {
        token: format!("{desired} {}", drift.len()),
        situation: desired.to_owned(),
        desired: content(desired),
        health: HealthStatus::Healthy,
        drift,
        serial: 1,
    }
}

fn cause(turn: Turn) -> Option<Cause> {
    match turn {
        Turn::Rest => None,
        Turn::Begin(origin) => Some(origin.cause),
    }
}

#[test]
fn what_git_declares_is_applied_and_an_edit_is_undone_only_where_it_may_be() {
    let state = state("one");
    let edit = vec![item(Classification::ManualEdit)];
    assert_eq!(cause(state.turn(&seen("one", vec![]), true, now())), None);
    assert_eq!(
        cause(state.turn(&seen("two", vec![]), false, now())),
        Some(Cause::Timer)
    );
    assert_eq!(
        cause(state.turn(&seen("one", edit.clone()), false, now())),
        None
    );
    assert_eq!(
        cause(state.turn(&seen("one", edit), true, now())),
        Some(Cause::SelfHeal)
    );
}

#[test]
fn a_paused_state_and_a_running_one_rest() {
    let mut paused = state("one");
    assert!(paused.pause("audit", "ada", now()).unwrap());
    assert_eq!(paused.turn(&seen("two", vec![]), true, now()), Turn::Rest);
    assert_eq!(paused.due_at(), None);
    let mut running = state("one");
    let origin = Origin::of(Cause::Command, &ctx(), None);
    running.begin(
        origin,
        &seen("two", vec![]),
        now(),
        chrono::TimeDelta::minutes(1),
    );
    assert_eq!(running.turn(&seen("two", vec![]), true, now()), Turn::Rest);
    assert_eq!(
        running.due_at(),
        Some(now() + chrono::TimeDelta::minutes(1))
    );
}

#[test]
fn failures_wait_longer_each_time_until_the_service_gives_up_on_the_situation() {
    let settings = GitOpsSettings::default();
    let error = GitOpsSyncError::Incomplete {
        count: 1,
        first: "a".to_owned(),
    };
    let mut state = state("one");
    let mut waits = Vec::new();
    loop {
        let look = seen("two", vec![]);
        let at = state.retry_at.unwrap_or(now());
        let Turn::Begin(origin) = state.turn(&look, false, at) else {
            break;
        };
        let running = state.begin(origin, &look, at, settings.lease());
        let failure = Failure {
            error: &error,
            unapplied: &[],
            situation: Some("two"),
        };
        state.fail(&running, &failure, &settings, at);
        waits.extend(state.retry_at.map(|next| (next - at).num_seconds()));
    }
    assert_eq!(waits, [2, 4, 8, 16]);
    assert_eq!(state.attempts, 5);
    assert_eq!(state.turn(&seen("two", vec![]), false, now()), Turn::Rest);
    assert_eq!(
        cause(state.turn(&seen("three", vec![]), false, now())),
        Some(Cause::Timer)
    );
}

#[test]
fn a_promotion_during_an_attempt_stays_asked_for_when_the_attempt_ends() {
    let settings = GitOpsSettings::default();
    for succeeds in [true, false] {
        let mut state = state("one");
        let origin = Origin::of(Cause::Promotion, &ctx(), None);
        let running = state.begin(origin, &seen("two", vec![]), now(), settings.lease());
        let later = Origin::of(Cause::Promotion, &ctx(), None);
        state.promote(promoted("three"), later.clone());
        if succeeds {
            state.succeed(&running, now());
        } else {
            let error = GitOpsSyncError::NotFound;
            let failure = Failure {
                error: &error,
                unapplied: &[],
                situation: None,
            };
            assert!(state.fail(&running, &failure, &settings, now()));
        }
        assert_eq!(state.pending.as_ref(), Some(&later));
        let turn = state.turn(&seen("three", vec![]), false, now());
        assert_eq!(turn, Turn::Begin(later));
    }
}

#[test]
fn drift_is_news_once_and_only_edits_are_while_an_attempt_follows() {
    let mut state = state("one");
    let pending = seen("two", vec![item(Classification::PendingPromotion)]);
    assert!(!state.observe(&pending, true, now()).drifted);
    assert!(state.observe(&pending, false, now()).drifted);
    assert!(!state.observe(&pending, false, now()).drifted);
    let edit = seen("one", vec![item(Classification::ManualEdit)]);
    assert!(state.observe(&edit, true, now()).drifted);
    let settled = state.observe(&seen("one", vec![]), false, now());
    assert!(settled.settled && !settled.drifted);
    assert!(
        state.observe(&edit, false, now()).drifted,
        "again after it was gone"
    );
}

fn drift(file: &str, change: Change, owned: bool) -> Drift {
    Drift {
        object: None,
        file: file.to_owned(),
        change,
        owned,
        diff: UnifiedDiff::default(),
        message: String::new(),
    }
}

#[test]
fn who_left_an_object_as_it_is_follows_from_what_was_applied() {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    let live = map(&[
        ("same", "1"),
        ("edited", "9"),
        ("dropped", "1"),
        ("stranger", "1"),
    ]);
    let mut known = Known {
        applied: Some(map(&[
            ("same", "1"),
            ("edited", "1"),
            ("dropped", "1"),
            ("gone", "1"),
        ])),
        live: live.into_iter().map(|(k, v)| (k, Some(v))).collect(),
        failed: false,
        unapplied: Vec::new(),
    };
    let found = || {
        vec![
            drift("same", Change::Modified, true),
            drift("edited", Change::Modified, true),
            drift("dropped", Change::Extra, true),
            drift("gone", Change::Missing, true),
            drift("new", Change::Missing, false),
            drift("stranger", Change::Extra, false),
        ]
    };
    use Classification::{FailedSync, ManualEdit, PendingPromotion};
    let classes = |known: &Known| -> Vec<Classification> {
        classify(found(), known)
            .iter()
            .map(|item| item.classification)
            .collect()
    };
    assert_eq!(
        classes(&known),
        [
            PendingPromotion,
            ManualEdit,
            PendingPromotion,
            ManualEdit,
            PendingPromotion,
            ManualEdit
        ]
    );
    known.failed = true;
    known.unapplied = vec!["edited".to_owned()];
    assert_eq!(
        classes(&known),
        [
            FailedSync, FailedSync, FailedSync, ManualEdit, FailedSync, ManualEdit
        ]
    );
}

#[test]
fn a_strangers_file_is_no_drift_of_what_is_declared() {
    let mut extra = item(Classification::ManualEdit);
    extra.change = DriftChange::Extra;
    extra.owned = false;
    let mut state = state("one");
    state.observe(&seen("one", vec![extra.clone()]), false, now());
    assert_eq!(state.sync, SyncStatus::Synced);
    extra.owned = true;
    state.observe(&seen("one", vec![extra]), false, now());
    assert_eq!(state.sync, SyncStatus::OutOfSync);
}
