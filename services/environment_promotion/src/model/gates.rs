//! The gates of an environment: what stands in the way of a promotion, all at once.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::{
    Blocker, BlockerCode,
    directory::{InfrastructureView, ManifestView, ReleaseView, SyncView},
};
use sluice_schema::{EnvironmentId, PromotionId, events::ApprovalSummary};

use super::{Environment, PromotionKind, RequiredCheck, frozen_at};

/// An environment before this one.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(crate) id: EnvironmentId,
    pub(crate) name: String,
    /// When the release last succeeded in it, and was not rolled back.
    pub(crate) succeeded_at: Option<DateTime<Utc>>,
    /// What its targets hold; asked for only when the gate demands it.
    pub(crate) syncs: Vec<SyncView>,
}

/// Another promotion that has, or is first in line for, a module's place.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    pub(crate) id: PromotionId,
    pub(crate) module: String,
    pub(crate) version: String,
    pub(crate) waits: bool,
}

/// What the gates look at.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) now: DateTime<Utc>,
    pub(crate) kind: PromotionKind,
    pub(crate) environment: &'a Environment,
    pub(crate) release: &'a ReleaseView,
    /// The modules that it is about.
    pub(crate) modules: &'a [String],
    pub(crate) manifests: &'a [ManifestView],
    pub(crate) infrastructure: &'a [InfrastructureView],
    pub(crate) before: &'a [Before],
    pub(crate) others: &'a [Other],
}

/// Everything that stands in the way, in the order of the table of codes. A rollback returns to
/// what succeeded before: its approvals, its order and its time have been judged.
pub(crate) fn blockers(facts: &Facts<'_>) -> Vec<Blocker> {
    let mut found = Vec::new();
    closed(facts, &mut found);
    if facts.kind == PromotionKind::Promotion {
        approved(facts, &mut found);
        ready(facts, &mut found);
        in_order(facts, &mut found);
        checks(facts, &mut found);
        holds(facts, &mut found);
    }
    frozen(facts, &mut found);
    in_progress(facts, &mut found);
    retired(facts, &mut found);
    found.sort_by_key(|blocker| blocker.code);
    found
}

fn closed(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    let release = facts.release;
    if matches!(release.status.as_str(), "REJECTED" | "CANCELLED") {
        let (name, version) = (&release.name, &release.version);
        let how = release.status.to_lowercase();
        let message = format!("{name} {version} was {how}; plan another release");
        found.push(Blocker::new(BlockerCode::ReleaseClosed, message).about(release.id.to_string()));
    }
}

/// Distinct people whose approval counts at `now`.
fn approvers(approvals: &[ApprovalSummary], now: DateTime<Utc>) -> BTreeSet<&str> {
    let valid = approvals
        .iter()
        .filter(|approval| approval.expires_at.is_none_or(|end| now < end));
    valid.map(|approval| approval.approver.as_str()).collect()
}

fn approved(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    let release = facts.release;
    if matches!(release.status.as_str(), "REJECTED" | "CANCELLED") {
        return;
    }
    let count = u32::try_from(approvers(&release.approvals, facts.now).len()).unwrap_or(u32::MAX);
    let demanded = release.required_approvals;
    if release.status != "APPROVED" || count < demanded {
        let why = release.void_cause.as_ref();
        let why = why.map_or_else(String::new, |cause| {
            format!("; earlier ones are void: {cause}")
        });
        let message = format!(
            "{} {} has {count} of {demanded} approvals{why}",
            release.name, release.version
        );
        found.push(Blocker::new(BlockerCode::NotApproved, message).about(release.id.to_string()));
    }
    let gate = facts.environment.spec.gates.required_approvals;
    if count < gate {
        let missing = gate - count;
        let who = if missing == 1 { "person" } else { "people" };
        let message = format!(
            "{} demands {gate} approvals: {missing} more {who} must approve the release",
            facts.environment.name
        );
        found.push(
            Blocker::new(BlockerCode::ApprovalsMissing, message).about(release.id.to_string()),
        );
    }
}

fn ready(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    for item in &facts.release.items {
        for artifact in item.artifacts.iter().filter(|it| it.state != "READY") {
            let kind = artifact.kind.to_lowercase();
            let why = artifact.reason.as_ref();
            let why = why.map_or_else(String::new, |reason| format!(": {reason}"));
            let state = artifact.state.to_lowercase();
            let message = format!("the {kind} {} is {state}{why}", artifact.name);
            let subject = artifact.id.clone().unwrap_or_else(|| artifact.name.clone());
            found.push(Blocker::new(BlockerCode::ArtifactNotReady, message).about(subject));
        }
    }
    let environment = &facts.environment.name;
    for module in facts.modules {
        if !facts.manifests.iter().any(|it| it.module == *module) {
            let message = format!("no manifest of {module} is rendered for {environment}");
            found.push(Blocker::new(BlockerCode::ManifestMissing, message).about(module));
        }
    }
    // What is not provisioned yet is provisioned by the promotion itself.
    for plan in facts
        .infrastructure
        .iter()
        .filter(|it| it.status == "FAILED")
    {
        let why = plan.reason.as_deref().unwrap_or("no reason is known");
        let message = format!(
            "the infrastructure of {} in {environment} failed: {why}; provision it again",
            plan.module
        );
        found.push(
            Blocker::new(BlockerCode::InfrastructureNotReady, message).about(plan.id.to_string()),
        );
    }
}

fn in_order(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    let soak = TimeDelta::minutes(facts.environment.spec.gates.soak_minutes.into());
    let (name, version) = (&facts.release.name, &facts.release.version);
    for before in facts.before {
        let Some(succeeded) = before.succeeded_at else {
            let message = format!("{name} {version} has not succeeded in {}", before.name);
            found.push(Blocker::new(BlockerCode::OutOfOrder, message).about(before.id.to_string()));
            continue;
        };
        let until = succeeded + soak;
        if facts.now < until {
            let message = format!(
                "{name} {version} must run {} minutes in {}",
                facts.environment.spec.gates.soak_minutes, before.name
            );
            let blocker = Blocker::new(BlockerCode::SoakTime, message);
            found.push(blocker.about(before.id.to_string()).until(until));
        }
    }
}

fn checks(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    for check in &facts.environment.spec.gates.required_checks {
        for module in facts.modules {
            let failed = match check {
                RequiredCheck::Sync => sync_check(facts, module),
                _ => release_check(facts, check.as_str(), module),
            };
            if let Some(why) = failed {
                let message = format!(
                    "the check {} of {module} did not succeed: {why}",
                    check.as_str()
                );
                found.push(Blocker::new(BlockerCode::CheckFailed, message).about(check.as_str()));
            }
        }
    }
}

fn release_check(facts: &Facts<'_>, name: &str, module: &str) -> Option<String> {
    let mut checks = facts.release.checks.iter();
    match checks.find(|check| check.name == name && check.module == module) {
        Some(check) if check.succeeded => None,
        Some(check) => Some(check.detail.clone()),
        None => Some("its builds say nothing of it".to_owned()),
    }
}

fn sync_check(facts: &Facts<'_>, module: &str) -> Option<String> {
    facts.before.iter().find_map(|before| {
        match before.syncs.iter().find(|sync| sync.module == module) {
            Some(sync) if sync.sync == "SYNCED" && sync.health == "HEALTHY" => None,
            Some(sync) => Some(format!(
                "in {} it is {} and {}",
                before.name, sync.sync, sync.health
            )),
            None => Some(format!("in {} nothing is known of it", before.name)),
        }
    })
}

fn holds(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    let environment = facts.environment;
    for hold in environment.active_holds(facts.now) {
        if hold
            .module
            .as_ref()
            .is_some_and(|module| !facts.modules.contains(module))
        {
            continue;
        }
        let what = match &hold.module {
            Some(module) => format!("{module} in {}", environment.name),
            None => environment.name.clone(),
        };
        let message = format!("{what} is held by {}: {}", hold.held_by, hold.reason);
        let blocker = Blocker::new(BlockerCode::Hold, message).about(environment.id.to_string());
        found.push(match hold.until {
            Some(until) => blocker.until(until),
            None => blocker,
        });
    }
}

fn frozen(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    let environment = facts.environment;
    for freeze in frozen_at(&environment.spec.gates.freezes, facts.now) {
        let message = format!(
            "{} is frozen ({}): {}",
            environment.name, freeze.name, freeze.reason
        );
        let blocker = Blocker::new(BlockerCode::Freeze, message).about(freeze.name);
        found.push(match freeze.until {
            Some(until) => blocker.until(until),
            None => blocker,
        });
    }
}

fn in_progress(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    for other in facts.others {
        let does = if other.waits {
            "waits before this one"
        } else {
            "is under way"
        };
        let message = format!(
            "the promotion of {} {} into {} {does}",
            other.module, other.version, facts.environment.name
        );
        let blocker = Blocker::new(BlockerCode::PromotionInProgress, message);
        found.push(blocker.about(other.id.to_string()));
    }
}

fn retired(facts: &Facts<'_>, found: &mut Vec<Blocker>) {
    let environment = facts.environment;
    if environment.spec.retired {
        let message = format!(
            "{} was taken out of the project's definition",
            environment.name
        );
        let blocker = Blocker::new(BlockerCode::EnvironmentRetired, message);
        found.push(blocker.about(environment.id.to_string()));
    }
}

/// What ends a waiting promotion, as it can never run any more.
pub(crate) fn final_blocker(blockers: &[Blocker]) -> Option<&Blocker> {
    blockers.iter().find(|blocker| {
        matches!(
            blocker.code,
            BlockerCode::ReleaseClosed | BlockerCode::EnvironmentRetired
        )
    })
}

#[cfg(test)]
mod tests;
