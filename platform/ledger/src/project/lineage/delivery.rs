//! What events tell from the package to what runs.

use sluice_schema::{EnvironmentId, ImageId, PackageId, PromotionId, ReleaseId, SyncId, events::*};

use super::{Facts, Telling, junction};
use crate::{NodeKind, Relation};

impl Telling<'_> {
    fn environment(&mut self, id: EnvironmentId, name: &str) -> String {
        self.own_with(NodeKind::Environment, id, Facts::titled(name))
    }

    /// Plans and promotions of a release for an environment meet here.
    fn meeting(release: ReleaseId, environment: EnvironmentId) -> String {
        junction(release, environment)
    }
}

fn package(
    on: &mut Telling<'_>,
    (id, name, version): (PackageId, &str, &str),
    build: Option<sluice_schema::BuildId>,
    state: &str,
) {
    let facts = Facts::new(format!("{name} {version}"), state);
    let package = on.subject(NodeKind::PackagePublication, id, facts);
    if let Some(build) = build {
        let build = on.foreign(NodeKind::BuildResult, build);
        on.edge(&build, Relation::PublishedAs, &package);
    }
}

pub(super) fn package_published(on: &mut Telling<'_>, event: &PackagePublished) {
    let named = (event.package_id, &*event.name, &*event.version);
    package(on, named, event.build_id, "PUBLISHED");
}

pub(super) fn package_failed(on: &mut Telling<'_>, event: &PackagePublicationFailed) {
    let named = (event.package_id, &*event.name, &*event.version);
    package(on, named, event.build_id, "FAILED");
}

fn image(
    on: &mut Telling<'_>,
    id: ImageId,
    build: sluice_schema::BuildId,
    title: String,
    state: &str,
) {
    let image = on.subject(NodeKind::ContainerImage, id, Facts::new(title, state));
    let build = on.foreign(NodeKind::BuildResult, build);
    on.edge(&build, Relation::PackedAs, &image);
}

pub(super) fn image_built(on: &mut Telling<'_>, event: &ContainerImageBuilt) {
    let title = match event.tags.first() {
        Some(tag) => format!("{}:{tag}", event.name),
        None => event.reference.clone(),
    };
    image(on, event.image_id, event.build_id, title, "BUILT");
}

pub(super) fn image_failed(on: &mut Telling<'_>, event: &ContainerImageFailed) {
    let title = event.name.clone();
    image(on, event.image_id, event.build_id, title, "FAILED");
}

fn release(
    on: &mut Telling<'_>,
    id: ReleaseId,
    (name, version): (&str, &str),
    state: &str,
    items: &[ReleaseItem],
) -> String {
    let facts = Facts::new(format!("{name} {version}"), state);
    let release = on.subject(NodeKind::ReleasePlan, id, facts);
    for item in items {
        let build = on.foreign(NodeKind::BuildResult, item.build_id);
        on.edge(&build, Relation::ReleasedIn, &release);
        for artifact in &item.artifacts {
            released_artifact(on, &build, artifact, &release);
        }
    }
    release
}

fn released_artifact(on: &mut Telling<'_>, build: &str, artifact: &ReleaseArtifact, release: &str) {
    let Some(id) = &artifact.id else { return };
    let (kind, made_as) = match artifact.kind.as_str() {
        "PACKAGE" => (NodeKind::PackagePublication, Relation::PublishedAs),
        "IMAGE" => (NodeKind::ContainerImage, Relation::PackedAs),
        _ => return,
    };
    let artifact = on.foreign(kind, id);
    on.edge(build, made_as, &artifact);
    on.edge(&artifact, Relation::ReleasedIn, release);
}

pub(super) fn release_planned(on: &mut Telling<'_>, event: &ReleasePlanned) {
    let named = (&*event.name, &*event.version);
    release(on, event.release_id, named, "PLANNED", &event.items);
}

pub(super) fn release_ready(on: &mut Telling<'_>, event: &ReleaseReady) {
    let (named, id) = ((&*event.name, &*event.version), event.release_id);
    release(on, id, named, "PENDING_APPROVAL", &event.items);
}

pub(super) fn release_approved(on: &mut Telling<'_>, event: &ReleaseApproved) {
    let named = (&*event.name, &*event.version);
    let release = release(on, event.release_id, named, "APPROVED", &event.items);
    for approval in &event.approvals {
        let facts = Facts::new(&approval.approver, "APPROVED");
        let approval = on.own_with(NodeKind::ReleaseApproval, approval.approval_id, facts);
        on.edge(&release, Relation::DecidedBy, &approval);
    }
}

pub(super) fn approval_voided(on: &mut Telling<'_>, event: &ReleaseApprovalVoided) {
    let (named, id) = ((&*event.name, &*event.version), event.release_id);
    let release = release(on, id, named, "PENDING_APPROVAL", &[]);
    for approval in &event.approvals {
        let facts = Facts {
            state: Some("VOID"),
            ..Facts::default()
        };
        let approval = on.own_with(NodeKind::ReleaseApproval, approval, facts);
        on.edge(&release, Relation::DecidedBy, &approval);
    }
}

pub(super) fn release_rejected(on: &mut Telling<'_>, event: &ReleaseRejected) {
    let named = (&*event.name, &*event.version);
    let release = release(on, event.release_id, named, "REJECTED", &[]);
    let facts = Facts::new(&event.approver, "REJECTED");
    let approval = on.own_with(NodeKind::ReleaseApproval, event.approval_id, facts);
    on.edge(&release, Relation::DecidedBy, &approval);
}

pub(super) fn release_cancelled(on: &mut Telling<'_>, event: &ReleaseCancelled) {
    let named = (&*event.name, &*event.version);
    release(on, event.release_id, named, "CANCELLED", &[]);
}

struct Plan<'a> {
    id: sluice_schema::InfrastructureId,
    release: ReleaseId,
    environment: (EnvironmentId, &'a str),
    module: &'a str,
    state: &'a str,
}

fn infrastructure(on: &mut Telling<'_>, plan: &Plan<'_>) {
    let (environment, name) = plan.environment;
    let facts = Facts::new(format!("{} in {name}", plan.module), plan.state);
    let infrastructure = on.subject(NodeKind::InfrastructurePlan, plan.id, facts);
    let release = on.own(NodeKind::ReleasePlan, plan.release);
    on.edge(&release, Relation::PlannedAs, &infrastructure);
    let meeting = Telling::meeting(plan.release, environment);
    on.edge(&infrastructure, Relation::Provisions, &meeting);
}

macro_rules! infrastructure_events {
    ($($tell:ident: $event:ident => $state:literal;)+) => {$(
        pub(super) fn $tell(on: &mut Telling<'_>, event: &$event) {
            infrastructure(on, &Plan {
                id: event.infrastructure_id,
                release: event.release_id,
                environment: (event.environment_id, &event.environment),
                module: &event.module,
                state: $state,
            });
        }
    )+};
}

infrastructure_events! {
    infrastructure_planned: InfrastructurePlanned => "PLANNED";
    infrastructure_provisioned: InfrastructureProvisioned => "PROVISIONED";
    infrastructure_failed: InfrastructureFailed => "FAILED";
}

pub(super) fn manifest_rendered(on: &mut Telling<'_>, event: &DeploymentManifestRendered) {
    let facts = Facts::titled(format!("{} in {}", event.module, event.environment));
    let manifest = on.subject(NodeKind::DeploymentManifest, event.manifest_id, facts);
    let release = on.own(NodeKind::ReleasePlan, event.release_id);
    on.edge(&release, Relation::RenderedAs, &manifest);
}

pub(super) fn environment_defined(on: &mut Telling<'_>, event: &EnvironmentDefined) {
    let state = if event.retired { "RETIRED" } else { "ACTIVE" };
    let facts = Facts::new(&event.environment, state);
    let environment = on.subject(NodeKind::Environment, event.environment_id, facts);
    let project = &on.recorded.event.project_id;
    let own = junction(project, &event.environment);
    let upstream = event.upstream.iter().map(|name| junction(project, name));
    let upstream: Vec<_> = upstream.collect();
    on.edge(&environment, Relation::Precedes, &own);
    for upstream in upstream {
        on.edge(&upstream, Relation::Precedes, &environment);
    }
}

struct Promotion<'a> {
    id: PromotionId,
    release: ReleaseId,
    version: &'a str,
    environment: (EnvironmentId, &'a str),
    kind: &'a str,
    state: &'a str,
}

fn promotion(on: &mut Telling<'_>, told: &Promotion<'_>) -> String {
    let (environment, name) = told.environment;
    let title = match told.kind {
        "ROLLBACK" => format!("{} back into {name}", told.version),
        _ => format!("{} into {name}", told.version),
    };
    let facts = Facts::new(title, told.state);
    let promotion = on.subject(NodeKind::EnvironmentPromotion, told.id, facts);
    let release = on.own(NodeKind::ReleasePlan, told.release);
    on.edge(&release, Relation::PromotedAs, &promotion);
    let meeting = Telling::meeting(told.release, environment);
    on.edge(&meeting, Relation::Provisions, &promotion);
    let environment = on.environment(environment, name);
    on.edge(&promotion, Relation::ReceivedBy, &environment);
    promotion
}

macro_rules! promotion {
    ($on:ident, $event:ident, $state:expr) => {
        promotion(
            $on,
            &Promotion {
                id: $event.promotion_id,
                release: $event.release_id,
                version: &$event.version,
                environment: ($event.environment_id, &$event.environment),
                kind: &$event.kind,
                state: $state,
            },
        )
    };
}

pub(super) fn promotion_requested(on: &mut Telling<'_>, event: &PromotionRequested) {
    promotion!(on, event, &event.status);
}

pub(super) fn deployment_promoted(on: &mut Telling<'_>, event: &DeploymentPromoted) {
    let promotion = promotion!(on, event, "VERIFYING");
    for item in &event.items {
        let manifest = on.own(NodeKind::DeploymentManifest, item.manifest_id);
        on.edge(&manifest, Relation::DeclaredBy, &promotion);
    }
    let repository = event.gitops_repository_id;
    let commit = on.commit_on(repository, &event.branch, &event.commit_sha);
    on.edge(&promotion, Relation::DeclaredIn, &commit);
    if let Some(previous) = event.previous {
        let previous = on.own(NodeKind::EnvironmentPromotion, previous);
        on.edge(&previous, Relation::FollowedBy, &promotion);
    }
    if let Some(left) = event.rollback_of {
        let left = on.own(NodeKind::EnvironmentPromotion, left);
        on.edge(&left, Relation::RolledBackBy, &promotion);
    }
}

pub(super) fn promotion_succeeded(on: &mut Telling<'_>, event: &PromotionSucceeded) {
    promotion!(on, event, "SUCCEEDED");
}

pub(super) fn promotion_failed(on: &mut Telling<'_>, event: &PromotionFailed) {
    promotion!(on, event, &event.status);
}

pub(super) fn rolled_back(on: &mut Telling<'_>, event: &EnvironmentRolledBack) {
    // The rollback's own state is told by the other events of promotions.
    let rollback = on.own(NodeKind::EnvironmentPromotion, event.promotion_id);
    let facts = Facts {
        state: Some("ROLLED_BACK"),
        ..Facts::default()
    };
    let left = on.own_with(NodeKind::EnvironmentPromotion, event.rolled_back, facts);
    on.edge(&left, Relation::RolledBackBy, &rollback);
    let restored = on.own(NodeKind::EnvironmentPromotion, event.restored);
    on.edge(&restored, Relation::RestoredBy, &rollback);
}

struct Sync<'a> {
    id: SyncId,
    environment: (EnvironmentId, &'a str),
    module: &'a str,
    promotion: Option<PromotionId>,
    state: &'a str,
}

fn sync(on: &mut Telling<'_>, told: &Sync<'_>) {
    let (environment, name) = told.environment;
    let facts = Facts {
        current: told.promotion.map(|id| id.to_string()),
        ..Facts::new(format!("{} in {name}", told.module), told.state)
    };
    let sync = on.subject(NodeKind::GitOpsSyncState, told.id, facts);
    let environment = on.environment(environment, name);
    on.edge(&sync, Relation::RunsIn, &environment);
    if let Some(promotion) = told.promotion {
        let promotion = on.own(NodeKind::EnvironmentPromotion, promotion);
        on.edge(&promotion, Relation::SyncedAs, &sync);
    }
}

macro_rules! sync_events {
    ($($tell:ident: $event:ident => $state:literal, $promotion:expr;)+) => {$(
        pub(super) fn $tell(on: &mut Telling<'_>, event: &$event) {
            let promotion: fn(&$event) -> Option<PromotionId> = $promotion;
            sync(on, &Sync {
                id: event.sync_id,
                environment: (event.environment_id, &event.environment),
                module: &event.module,
                promotion: promotion(event),
                state: $state,
            });
        }
    )+};
}

sync_events! {
    synced: GitOpsSynced => "SYNCED", |event| event.promotion_id;
    drifted: DriftDetected => "OUT_OF_SYNC", |_| None;
    sync_failed: GitOpsSyncFailed => "FAILED", |event| event.promotion_id;
}
