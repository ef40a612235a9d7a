use sluice_kernel::{
    Ctx, Meta,
    directory::{InfrastructureView, ReleaseCheck},
};
use sluice_schema::{
    ApprovalId, EnvironmentId, InfrastructureId, ManifestId, ReleaseId, RepositoryId, SyncId,
    TypedId, events::ApprovalSummary,
};

use super::*;
use crate::model::{HeldBy, NewPromotion, rollback};
use crate::{EnvironmentPromotion, Freeze, PromotionItem, PromotionStatus, model::default_spec};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minute)
}

fn meta() -> Meta {
    let ctx = Ctx::for_system("test", "acme".parse().unwrap(), "trace", "correlation");
    Meta::new(&ctx, at(0), "web".parse().unwrap(), None)
}

fn environment() -> Environment {
    Environment::new(
        EnvironmentId::generate(),
        meta(),
        "prod".into(),
        default_spec(3),
    )
}

fn approval(by: &str, expires: Option<i64>) -> ApprovalSummary {
    ApprovalSummary {
        approval_id: ApprovalId::generate(),
        approver: by.into(),
        reason: "fine".into(),
        approved_at: at(-10),
        expires_at: expires.map(at),
    }
}

fn release() -> ReleaseView {
    ReleaseView {
        id: ReleaseId::generate(),
        project_id: "web".parse().unwrap(),
        module_id: None,
        name: "shop".into(),
        version: "1.2.0".into(),
        status: "APPROVED".into(),
        content_digest: "sha256:x".into(),
        approvals: vec![approval("bob", None)],
        required_approvals: 1,
        void_cause: None,
        items: Vec::new(),
        checks: Vec::new(),
        planned_by: "ada".into(),
    }
}

fn before(succeeded: Option<i64>) -> Before {
    Before {
        id: EnvironmentId::generate(),
        name: "staging".into(),
        succeeded_at: succeeded.map(at),
        syncs: Vec::new(),
    }
}

fn manifest() -> ManifestView {
    ManifestView {
        id: ManifestId::generate(),
        release_id: ReleaseId::generate(),
        environment_id: EnvironmentId::generate(),
        module: "shop".into(),
        content_digest: "sha256:m".into(),
        gitops_repository_id: RepositoryId::generate(),
        gitops_repository: "gitops".into(),
        commit_sha: "0".repeat(40),
        path: "environments/prod/shop".into(),
    }
}

/// What the gates say of `shop` 1.2.0, with everything in order but what `change` spoils.
struct World {
    now: i64,
    kind: PromotionKind,
    environment: Environment,
    release: ReleaseView,
    manifests: Vec<ManifestView>,
    infrastructure: Vec<InfrastructureView>,
    before: Vec<Before>,
    others: Vec<Other>,
}

impl World {
    fn in_order() -> Self {
        Self {
            now: 0,
            kind: PromotionKind::Promotion,
            environment: environment(),
            release: release(),
            manifests: vec![manifest()],
            infrastructure: Vec::new(),
            before: vec![before(Some(-60))],
            others: Vec::new(),
        }
    }

    fn blockers(&self) -> Vec<Blocker> {
        blockers(&Facts {
            now: at(self.now),
            kind: self.kind,
            environment: &self.environment,
            release: &self.release,
            modules: &["shop".to_owned()],
            manifests: &self.manifests,
            infrastructure: &self.infrastructure,
            before: &self.before,
            others: &self.others,
        })
    }

    fn codes(&self) -> Vec<&'static str> {
        self.blockers().iter().map(|it| it.code.as_str()).collect()
    }
}

fn codes(change: impl FnOnce(&mut World)) -> Vec<&'static str> {
    let mut world = World::in_order();
    change(&mut world);
    world.codes()
}

#[test]
fn nothing_stands_in_the_way_when_everything_is_in_order() {
    assert!(World::in_order().blockers().is_empty());
}

#[test]
fn every_blocker_is_named_at_once_in_the_order_of_the_table() {
    let mut world = World::in_order();
    world.release.approvals.clear();
    world.release.status = "PENDING_APPROVAL".into();
    world.environment.spec.gates.required_approvals = 2;
    world.environment.spec.gates.required_checks = vec![RequiredCheck::Tests];
    world.environment.spec.retired = true;
    world.environment.spec.gates.freezes = vec![Freeze {
        name: "audit".into(),
        reason: "the books are closed".into(),
        from: Some(at(-1)),
        until: Some(at(1)),
        ..Freeze::default()
    }];
    world.manifests.clear();
    world.before = vec![before(None)];
    world.infrastructure = vec![InfrastructureView {
        id: InfrastructureId::generate(),
        module: "shop".into(),
        status: "FAILED".into(),
        reason: Some("no quota".into()),
    }];
    world.others = vec![Other {
        id: PromotionId::generate(),
        module: "shop".into(),
        version: "1.1.0".into(),
        waits: false,
    }];
    let by = HeldBy {
        actor: "eve".into(),
        at: at(0),
        rollback: None,
    };
    world.environment.hold(None, "incident", None, by);
    assert_eq!(
        world.codes(),
        [
            "NOT_APPROVED",
            "APPROVALS_MISSING",
            "MANIFEST_MISSING",
            "INFRASTRUCTURE_NOT_READY",
            "OUT_OF_ORDER",
            "FREEZE",
            "CHECK_FAILED",
            "HOLD",
            "PROMOTION_IN_PROGRESS",
            "ENVIRONMENT_RETIRED",
        ]
    );
    let freeze = world
        .blockers()
        .into_iter()
        .find(|it| it.code == BlockerCode::Freeze);
    assert_eq!(freeze.unwrap().until, Some(at(1)));
}

#[test]
fn an_expired_approval_does_not_count() {
    assert!(codes(|it| it.release.approvals = vec![approval("bob", Some(1))]).is_empty());
    let expired = codes(|it| it.release.approvals = vec![approval("bob", Some(0))]);
    assert_eq!(expired, ["NOT_APPROVED"]);
}

#[test]
fn the_same_person_twice_is_one_approver() {
    let twice = codes(|it| {
        it.environment.spec.gates.required_approvals = 2;
        it.release.approvals = vec![approval("bob", None), approval("bob", None)];
    });
    assert_eq!(twice, ["APPROVALS_MISSING"]);
}

#[test]
fn a_closed_release_is_closed_and_not_merely_unapproved() {
    assert_eq!(
        codes(|it| it.release.status = "REJECTED".into()),
        ["RELEASE_CLOSED"]
    );
    assert_eq!(
        codes(|it| it.release.status = "CANCELLED".into()),
        ["RELEASE_CLOSED"]
    );
}

#[test]
fn soak_time_counts_from_the_success_before_and_says_when_it_ends() {
    let mut world = World::in_order();
    world.environment.spec.gates.soak_minutes = 90;
    let blockers = world.blockers();
    assert_eq!(
        (blockers[0].code, blockers[0].until),
        (BlockerCode::SoakTime, Some(at(30)))
    );
    world.now = 30;
    assert!(world.blockers().is_empty());
}

#[test]
fn a_hold_of_another_module_or_one_that_ended_is_no_bar() {
    let hold = |module: Option<&str>, until: Option<i64>| {
        codes(|it| {
            let by = HeldBy {
                actor: "eve".into(),
                at: at(-5),
                rollback: None,
            };
            it.environment.hold(module, "incident", until.map(at), by);
        })
    };
    assert_eq!(hold(Some("shop"), None), ["HOLD"]);
    assert_eq!(hold(None, Some(1)), ["HOLD"]);
    assert!(hold(Some("blog"), None).is_empty());
    assert!(hold(None, Some(0)).is_empty());
}

#[test]
fn a_required_check_must_be_known_and_have_succeeded() {
    let check = |succeeded: Option<bool>| {
        codes(|it| {
            it.environment.spec.gates.required_checks = vec![RequiredCheck::Coverage];
            it.release.checks = succeeded
                .map(|succeeded| ReleaseCheck {
                    name: "coverage".into(),
                    module: "shop".into(),
                    succeeded,
                    detail: "61 %".into(),
                })
                .into_iter()
                .collect();
        })
    };
    assert_eq!(check(None), ["CHECK_FAILED"]);
    assert_eq!(check(Some(false)), ["CHECK_FAILED"]);
    assert!(check(Some(true)).is_empty());
}

#[test]
fn the_sync_check_looks_at_every_environment_before() {
    let check = |health: &str| {
        codes(|it| {
            it.environment.spec.gates.required_checks = vec![RequiredCheck::Sync];
            it.before[0].syncs = vec![SyncView {
                id: SyncId::generate(),
                environment_id: it.before[0].id,
                module: "shop".into(),
                sync: "SYNCED".into(),
                health: health.into(),
                revision: None,
                manifest_digest: None,
                reason: None,
            }];
        })
    };
    assert_eq!(check("DEGRADED"), ["CHECK_FAILED"]);
    assert!(check("HEALTHY").is_empty());
}

#[test]
fn a_rollback_is_kept_by_freezes_and_others_but_not_by_order_approval_or_hold() {
    let mut world = World::in_order();
    world.kind = PromotionKind::Rollback;
    world.before = vec![before(None)];
    world.release.approvals.clear();
    world.manifests.clear();
    let by = HeldBy {
        actor: "eve".into(),
        at: at(0),
        rollback: None,
    };
    world.environment.hold(None, "incident", None, by);
    assert!(world.blockers().is_empty());
    world.release.status = "REJECTED".into();
    world.environment.spec.gates.freezes = vec![Freeze {
        from: Some(at(-1)),
        until: Some(at(1)),
        ..Freeze::default()
    }];
    assert_eq!(world.codes(), ["RELEASE_CLOSED", "FREEZE"]);
}

fn promotion(digest: &str, promoted: i64) -> EnvironmentPromotion {
    let mut promotion = EnvironmentPromotion::requested(NewPromotion {
        id: PromotionId::generate(),
        meta: meta(),
        release: (ReleaseId::generate(), "shop".into(), "1.0.0".into()),
        environment: (EnvironmentId::generate(), "prod".into()),
        attempt: 1,
        kind: PromotionKind::Promotion,
        modules: vec!["shop".into()],
    });
    let item = PromotionItem::of(&ManifestView {
        content_digest: digest.into(),
        ..manifest()
    });
    promotion.run(
        vec![item],
        (RepositoryId::generate(), "gitops".into()),
        at(promoted),
    );
    promotion.declared("main", "c", None, TimeDelta::minutes(10), at(promoted));
    promotion.succeed(at(promoted));
    promotion
}

#[test]
fn a_rollback_returns_to_the_newest_other_content_that_succeeded_and_was_not_left() {
    let (first, second, third) = (promotion("a", 1), promotion("b", 2), promotion("c", 3));
    let mut history = vec![first.clone(), second.clone(), third];
    let to = |history: &[EnvironmentPromotion], digest: &str, since: i64| {
        rollback::before(history, "shop", digest, at(since)).map(|it| it.id)
    };
    assert_eq!(to(&history, "c", 3), Some(second.id));
    assert_eq!(to(&history, "a", 1), None);
    history[1].status = PromotionStatus::RolledBack;
    assert_eq!(to(&history, "c", 3), Some(first.id));
    // What was declared again unchanged is nothing to return to.
    assert_eq!(to(&history, "a", 9).map(|id| id == first.id), Some(false));
    assert_eq!(rollback::before(&history, "blog", "c", at(9)), None);
}

#[test]
fn overriding_passes_only_what_is_named_and_overridable() {
    let mut promotion = promotion("a", 1);
    let both = || {
        vec![
            Blocker::new(BlockerCode::Freeze, "frozen"),
            Blocker::new(BlockerCode::Hold, "held"),
        ]
    };
    assert_eq!(promotion.pass_overridden(both()).len(), 2);
    promotion.overridden = Some(crate::Override {
        codes: vec![BlockerCode::Freeze, BlockerCode::Hold],
        reason: "urgent".into(),
        by: "eve".into(),
        passed: Vec::new(),
    });
    let left = promotion.pass_overridden(both());
    assert_eq!(
        left.iter().map(|it| it.code).collect::<Vec<_>>(),
        [BlockerCode::Hold]
    );
    assert_eq!(
        promotion.overridden.unwrap().passed[0].code,
        BlockerCode::Freeze
    );
}
