//! Releases for unit tests.

use chrono::DateTime;
use sluice_kernel::{Ctx, Meta, Principal, ProjectAccess};
use sluice_schema::{
    Actor, ActorKind, BuildId, ReleaseId, RepositoryId, TypedId,
    events::{ModuleDescription, ReleaseArtifact, ReleaseItem},
};

use super::{Bump, PlannedItem, ReleasePlan, ReleaseStatus};

pub(crate) fn artifact(kind: &str, digest: Option<&str>) -> ReleaseArtifact {
    let state = if digest.is_some() { "READY" } else { "PENDING" };
    ReleaseArtifact {
        kind: kind.to_owned(),
        id: digest.map(|_| "id_1".to_owned()),
        name: "shop".to_owned(),
        state: state.to_owned(),
        reference: digest.map(ToOwned::to_owned),
        digest: digest.map(ToOwned::to_owned),
        reason: None,
    }
}

pub(crate) fn item(module: &str) -> PlannedItem {
    PlannedItem {
        item: ReleaseItem {
            module: ModuleDescription {
                id: module.to_owned(),
                version: "1.0.0".to_owned(),
                ..Default::default()
            },
            build_id: BuildId::generate(),
            repository_id: RepositoryId::generate(),
            repository_name: module.to_owned(),
            commit_sha: "a".repeat(40),
            artifacts: Vec::new(),
        },
        branch: "main".to_owned(),
        tests: None,
        coverage: None,
        previous_sha: None,
    }
}

pub(crate) fn meta() -> Meta {
    let principal = Principal {
        tenant: "acme".parse().unwrap(),
        projects: ProjectAccess::All,
        actor: Actor {
            kind: ActorKind::User,
            id: "ada".to_owned(),
        },
        scopes: [].into(),
    };
    let ctx = Ctx::for_request(principal, None);
    Meta::new(&ctx, DateTime::UNIX_EPOCH, "web".parse().unwrap(), None)
}

/// A release that waits for approval.
pub(crate) fn release(modules: &[&str]) -> ReleasePlan {
    let items: Vec<_> = modules.iter().map(|module| item(module)).collect();
    let mut release = ReleasePlan {
        id: ReleaseId::generate(),
        meta: meta(),
        name: super::name_of(modules),
        version: "1.0.0".to_owned(),
        status: ReleaseStatus::PendingApproval,
        items,
        summary: None,
        notes: Vec::new(),
        notes_truncated: false,
        proposed_bump: Bump::Patch,
        content_digest: String::new(),
        targets: Vec::new(),
        manifests: Vec::new(),
        authors: Vec::new(),
        planned_by: "ada".to_owned(),
        planner_names: Vec::new(),
        automatic: false,
        required_approvals: 1,
        void_cause: None,
        approved_at: None,
        closed_by: None,
        closed_reason: None,
    };
    release.seal().unwrap();
    release
}
