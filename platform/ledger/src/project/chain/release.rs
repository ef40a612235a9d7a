//! Releases, and what is made of them for environments.

use sluice_schema::{
    ReleaseId,
    events::{
        DeploymentManifestRendered, InfrastructureFailed, InfrastructurePlanned,
        InfrastructureProvisioned, ReleaseApprovalVoided, ReleaseApproved, ReleaseCancelled,
        ReleaseItem, ReleasePlanned, ReleaseReady, ReleaseRejected,
    },
};

use super::{INFRASTRUCTURE, MANIFEST, RELEASE, RELEASE_ITEM, json, row, when};
use crate::{patch::Patch, project::Recorded};

/// The patches, when the event is of this part of the chain.
pub(super) fn patches(recorded: &Recorded<'_>) -> Option<Vec<Patch>> {
    Some(match recorded.event.event_type.as_str() {
        "ReleasePlanned" => when(recorded, release_planned),
        "ReleaseReady" => when(recorded, ready),
        "ReleaseApproved" => when(recorded, approved),
        "ReleaseApprovalVoided" => when(recorded, voided),
        "ReleaseRejected" => when(recorded, rejected),
        "ReleaseCancelled" => when(recorded, cancelled),
        "DeploymentManifestRendered" => when(recorded, rendered),
        "InfrastructurePlanned" => when(recorded, infrastructure_planned),
        "InfrastructureProvisioned" => when(recorded, provisioned),
        "InfrastructureFailed" => when(recorded, infrastructure_failed),
        _ => return None,
    })
}

fn release(
    recorded: &Recorded<'_>,
    id: ReleaseId,
    (name, version): (&String, &String),
    state: &str,
) -> Patch {
    row(recorded, &RELEASE, id)
        .set("name", name)
        .set("version", version)
        .set("state", state)
}

fn items(recorded: &Recorded<'_>, id: ReleaseId, items: &[ReleaseItem]) -> Vec<Patch> {
    let patches = items.iter().map(|item| {
        Patch::of(&RELEASE_ITEM)
            .set("release_id", id.to_string())
            .set("module", &item.module.id)
            .set("project_id", recorded.event.project_id.as_str())
            .set("build_id", item.build_id.to_string())
            .set("repository_id", item.repository_id.to_string())
            .set("repository_name", &item.repository_name)
            .set("commit_sha", &item.commit_sha)
            .set("artifacts", json(&item.artifacts))
            .set("configuration", json(&item.module.configuration))
    });
    patches.collect()
}

fn release_planned(recorded: &Recorded<'_>, it: ReleasePlanned) -> Vec<Patch> {
    let mut patches = items(recorded, it.release_id, &it.items);
    patches.push(
        release(recorded, it.release_id, (&it.name, &it.version), "PLANNED")
            .set("content_digest", it.content_digest)
            .set("planned_at", recorded.at())
            .set("planned_by", it.planned_by),
    );
    patches
}

fn ready(recorded: &Recorded<'_>, it: ReleaseReady) -> Vec<Patch> {
    let mut patches = items(recorded, it.release_id, &it.items);
    patches.push(
        release(recorded, it.release_id, (&it.name, &it.version), "READY")
            .set("content_digest", it.content_digest)
            .set("ready_at", recorded.at()),
    );
    patches
}

fn approved(recorded: &Recorded<'_>, it: ReleaseApproved) -> Vec<Patch> {
    let mut patches = items(recorded, it.release_id, &it.items);
    patches.push(
        release(recorded, it.release_id, (&it.name, &it.version), "APPROVED")
            .set("content_digest", it.content_digest)
            .set("approved_at", recorded.at()),
    );
    patches
}

fn voided(recorded: &Recorded<'_>, it: ReleaseApprovalVoided) -> Vec<Patch> {
    let state = if it.still_approved {
        "APPROVED"
    } else {
        "READY"
    };
    vec![
        release(recorded, it.release_id, (&it.name, &it.version), state)
            .set("content_digest", it.content_digest),
    ]
}

fn rejected(recorded: &Recorded<'_>, it: ReleaseRejected) -> Vec<Patch> {
    let named = (&it.name, &it.version);
    vec![release(recorded, it.release_id, named, "REJECTED")]
}

fn cancelled(recorded: &Recorded<'_>, it: ReleaseCancelled) -> Vec<Patch> {
    let named = (&it.name, &it.version);
    vec![release(recorded, it.release_id, named, "CANCELLED")]
}

fn rendered(recorded: &Recorded<'_>, it: DeploymentManifestRendered) -> Vec<Patch> {
    vec![
        row(recorded, &MANIFEST, it.manifest_id)
            .set("release_id", it.release_id.to_string())
            .set("environment_id", it.environment_id.to_string())
            .set("module", it.module)
            .set("content_digest", it.content_digest)
            .set("configuration", json(&it.configuration))
            .set("rendered_at", recorded.at()),
    ]
}

fn infrastructure_planned(recorded: &Recorded<'_>, it: InfrastructurePlanned) -> Vec<Patch> {
    vec![
        row(recorded, &INFRASTRUCTURE, it.infrastructure_id)
            .set("release_id", it.release_id.to_string())
            .set("environment_id", it.environment_id.to_string())
            .set("module", it.module)
            .set("program_digest", it.program_digest)
            .set("changes", json(&it.changes))
            .set("reason", "")
            .set("state", "PLANNED")
            .set("at", recorded.at()),
    ]
}

fn provisioned(recorded: &Recorded<'_>, it: InfrastructureProvisioned) -> Vec<Patch> {
    vec![
        row(recorded, &INFRASTRUCTURE, it.infrastructure_id)
            .set("release_id", it.release_id.to_string())
            .set("environment_id", it.environment_id.to_string())
            .set("module", it.module)
            .set("program_digest", it.program_digest)
            .set("changes", json(&it.changes))
            .set("resources", json(&it.resources))
            .set("reason", "")
            .set("state", "PROVISIONED")
            .set("at", recorded.at()),
    ]
}

fn infrastructure_failed(recorded: &Recorded<'_>, it: InfrastructureFailed) -> Vec<Patch> {
    vec![
        row(recorded, &INFRASTRUCTURE, it.infrastructure_id)
            .set("release_id", it.release_id.to_string())
            .set("environment_id", it.environment_id.to_string())
            .set("module", it.module)
            .set("program_digest", it.program_digest)
            .set("reason", it.reason)
            .set("state", "FAILED")
            .set("at", recorded.at()),
    ]
}
