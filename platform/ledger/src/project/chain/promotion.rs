//! Environments, their holds, and promotions into them.

use sluice_schema::{
    EnvironmentId, PromotionId, ReleaseId,
    events::{
        DeploymentPromoted, EnvironmentDefined, EnvironmentHeld, EnvironmentResumed,
        EnvironmentRolledBack, PromotionFailed, PromotionRequested, PromotionSucceeded,
    },
};

use super::{CELL, ENVIRONMENT, HOLD, PROMOTION, PROMOTION_ITEM, json, row, when};
use crate::{patch::Patch, project::Recorded};

/// The patches, when the event is of this part of the chain.
pub(super) fn patches(recorded: &Recorded<'_>) -> Option<Vec<Patch>> {
    Some(match recorded.event.event_type.as_str() {
        "EnvironmentDefined" => when(recorded, defined),
        "EnvironmentHeld" => when(recorded, held),
        "EnvironmentResumed" => when(recorded, resumed),
        "PromotionRequested" => when(recorded, requested),
        "DeploymentPromoted" => when(recorded, declared),
        "PromotionSucceeded" => when(recorded, succeeded),
        "PromotionFailed" => when(recorded, failed),
        "EnvironmentRolledBack" => when(recorded, rolled_back),
        _ => return None,
    })
}

/// What every event of a promotion says of it.
struct Facts<'a> {
    id: PromotionId,
    release: (ReleaseId, &'a str),
    environment: (EnvironmentId, &'a str),
    kind: &'a str,
    attempt: u32,
}

/// The facts of an event that has them in fields of one name.
macro_rules! facts {
    ($it:ident) => {
        Facts {
            id: $it.promotion_id,
            release: ($it.release_id, &$it.version),
            environment: ($it.environment_id, &$it.environment),
            kind: &$it.kind,
            attempt: $it.attempt,
        }
    };
}

fn promotion(recorded: &Recorded<'_>, facts: &Facts<'_>) -> Patch {
    row(recorded, &PROMOTION, facts.id)
        .set("release_id", facts.release.0.to_string())
        .set("version", facts.release.1)
        .set("environment_id", facts.environment.0.to_string())
        .set("environment", facts.environment.1)
        .set("kind", facts.kind)
        .set("attempt", facts.attempt)
}

/// The cell of a module in an environment, touched by this event.
pub(super) fn cell(
    recorded: &Recorded<'_>,
    module: &str,
    (environment_id, environment): (EnvironmentId, &str),
) -> Patch {
    Patch::of(&CELL)
        .set("project_id", recorded.event.project_id.as_str())
        .set("module", module)
        .set("environment_id", environment_id.to_string())
        .set("environment", environment)
        .set("sequence", recorded.sequence)
}

fn defined(recorded: &Recorded<'_>, it: EnvironmentDefined) -> Vec<Patch> {
    vec![
        row(recorded, &ENVIRONMENT, it.environment_id)
            .set("name", it.environment)
            .set("upstream", json(&it.upstream))
            .set("retired", it.retired)
            .set("defined_sequence", recorded.sequence),
    ]
}

fn hold(recorded: &Recorded<'_>, environment: EnvironmentId, module: Option<String>) -> Patch {
    Patch::of(&HOLD)
        .set("environment_id", environment.to_string())
        .set("module", module.unwrap_or_default())
        .set("project_id", recorded.event.project_id.as_str())
}

fn held(recorded: &Recorded<'_>, it: EnvironmentHeld) -> Vec<Patch> {
    let promotion = it.promotion_id.map(|id| id.to_string());
    vec![
        hold(recorded, it.environment_id, it.module)
            .set("held", true)
            .set("reason", it.reason)
            .set("held_by", it.held_by)
            .set("at", recorded.at())
            .set("promotion_id", promotion.unwrap_or_default()),
    ]
}

fn resumed(recorded: &Recorded<'_>, it: EnvironmentResumed) -> Vec<Patch> {
    vec![hold(recorded, it.environment_id, it.module).set("held", false)]
}

fn requested(recorded: &Recorded<'_>, it: PromotionRequested) -> Vec<Patch> {
    vec![
        promotion(recorded, &facts!(it))
            .set("automatic", it.automatic)
            .set("requested_at", recorded.at())
            .set("requested_by", &recorded.event.actor.id)
            .set("requested_sequence", recorded.sequence)
            .set("state", it.status)
            .set("blockers", json(&it.blockers)),
    ]
}

fn declared(recorded: &Recorded<'_>, it: DeploymentPromoted) -> Vec<Patch> {
    let environment = (it.environment_id, it.environment.as_str());
    let cells = it.items.iter().map(|item| {
        cell(recorded, &item.module, environment)
            .set("declared_promotion", it.promotion_id.to_string())
            .set("declared_at", recorded.at())
            .set("declared_by", &recorded.event.actor.id)
    });
    let mut patches: Vec<Patch> = cells.collect();
    patches.extend(it.items.iter().map(|item| {
        Patch::of(&PROMOTION_ITEM)
            .set("promotion_id", it.promotion_id.to_string())
            .set("module", &item.module)
            .set("project_id", recorded.event.project_id.as_str())
            .set("manifest_id", item.manifest_id.to_string())
            .set("manifest_digest", &item.manifest_digest)
            .set("path", &item.path)
    }));
    patches.push(
        promotion(recorded, &facts!(it))
            .set("declared_at", recorded.at())
            .set("declared_sequence", recorded.sequence)
            .set("revision", it.commit_sha)
            .set_some("previous_id", it.previous.map(|id| id.to_string()))
            .set_some("rollback_of", it.rollback_of.map(|id| id.to_string()))
            .set("state", "VERIFYING")
            .set("blockers", "[]"),
    );
    patches
}

fn succeeded(recorded: &Recorded<'_>, it: PromotionSucceeded) -> Vec<Patch> {
    let environment = (it.environment_id, it.environment.as_str());
    let cells = it.modules.iter().map(|module| {
        cell(recorded, module, environment)
            .set("running_promotion", it.promotion_id.to_string())
            .set("running_at", recorded.at())
            .set("running_by", &recorded.event.actor.id)
    });
    let mut patches: Vec<Patch> = cells.collect();
    patches.push(
        promotion(recorded, &facts!(it))
            .set("revision", it.commit_sha)
            .set("succeeded_at", recorded.at())
            .set("succeeded_sequence", recorded.sequence)
            .set("ended_at", recorded.at())
            .set("state", "SUCCEEDED"),
    );
    patches
}

fn failed(recorded: &Recorded<'_>, it: PromotionFailed) -> Vec<Patch> {
    vec![
        promotion(recorded, &facts!(it))
            .set("ended_at", recorded.at())
            .set("state", it.status)
            .set("code", it.code)
            .set("reason", it.reason),
    ]
}

fn rolled_back(recorded: &Recorded<'_>, it: EnvironmentRolledBack) -> Vec<Patch> {
    vec![
        row(recorded, &PROMOTION, it.rolled_back)
            .set("rolled_back_by", it.promotion_id.to_string())
            .set("rolled_back_at", recorded.at()),
        promotion(recorded, &facts!(it))
            .set("rollback_of", it.rolled_back.to_string())
            .set("restored_id", it.restored.to_string()),
    ]
}
