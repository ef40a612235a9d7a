//! The InfrastructurePlan aggregate: pure, without store or provider.

mod resources;
mod steps;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sluice_infrastructure_engine::{Drift, Op, Outcome, Plan};
use sluice_kernel::{Meta, text_enum};
use sluice_schema::{
    EnvironmentId, ErrorCode, InfrastructureId, ReleaseId, RepositoryId,
    events::{
        InfrastructureFailed, InfrastructurePlanned, InfrastructureProvisioned, ResourceChanges,
    },
};

pub use steps::{PlanStep, PropertyChange};

text_enum! {
    /// Where a plan is in its life.
    InfrastructureStatus {
        /// Announced; the engine has not compared it yet.
        Planning = "PLANNING",
        /// It is known what it would change.
        Planned = "PLANNED",
        /// It is being carried out.
        Applying = "APPLYING",
        /// It was carried out.
        Provisioned = "PROVISIONED",
        /// It could not be made, or one of its steps failed.
        Failed = "FAILED",
        /// The stack or the program changed since it was made.
        Stale = "STALE",
        /// Everything was deleted.
        Destroyed = "DESTROYED",
    }
}

text_enum! {
    /// What a plan is for.
    InfrastructureOperation {
        /// Brings the stack to what the release declares.
        Provision = "PROVISION",
        /// Deletes everything.
        Destroy = "DESTROY",
    }
}

/// What would bring a module's stack in an environment to what a release declares.
#[derive(Debug, Clone, PartialEq)]
pub struct InfrastructurePlan {
    /// Its id.
    pub id: InfrastructureId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The release that declares the resources.
    pub release_id: ReleaseId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module that declares the resources.
    pub module: String,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository_name: String,
    /// The commit whose `infra.yaml` it is.
    pub commit_sha: String,
    /// `sha256:<hex>` of the program with its settings; of the text when that is no program.
    pub program_digest: String,
    /// 1, 2, …: plans of the same program for the same release and environment.
    pub attempt: u32,
    /// What it is for.
    pub operation: InfrastructureOperation,
    /// Where it is in its life.
    pub status: InfrastructureStatus,
    /// Settings of the module in the environment, as they were when it was announced.
    pub settings: BTreeMap<String, String>,
    /// The engine's plan, once there is one. Holds no secret.
    pub plan: Option<Plan>,
    /// Serial of the stack's state: that it was made against, and after provisioning the new one.
    pub state_serial: u64,
    /// What it would change; after provisioning what was changed.
    pub changes: ResourceChanges,
    /// Why it failed or is stale: the error code.
    pub code: Option<ErrorCode>,
    /// Why it failed or is stale, in one line.
    pub reason: Option<String>,
    /// The resource that failed.
    pub failed_urn: Option<String>,
    /// What the stack tells others, by name; no secrets.
    pub outputs: BTreeMap<String, String>,
    /// What the last refresh found that others changed.
    pub drift: Vec<Drift>,
    /// When the stack was last refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// When it ended, well or not.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Number of resources by what is done to them.
pub(crate) fn changes(counts: &BTreeMap<Op, usize>) -> ResourceChanges {
    let of = |op: Op| u32::try_from(counts.get(&op).copied().unwrap_or(0)).unwrap_or(u32::MAX);
    ResourceChanges {
        create: of(Op::Create),
        update: of(Op::Update),
        replace: of(Op::Replace),
        delete: of(Op::Delete),
        same: of(Op::Same),
    }
}

const MAX_REASON: usize = 500;

/// One line of bounded length.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_REASON).collect()
}

impl InfrastructurePlan {
    /// Whether nothing more will be done by itself.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(
            self.status,
            InfrastructureStatus::Planning | InfrastructureStatus::Applying
        )
    }

    /// The steps of the plan, dependencies first.
    #[must_use]
    pub fn steps(&self) -> Vec<PlanStep> {
        let steps = self.plan.iter().flat_map(|plan| &plan.steps);
        steps.map(PlanStep::of).collect()
    }

    /// The engine compared it; `None` when somebody else told so already.
    pub(crate) fn planned(&mut self, plan: Plan) -> Option<InfrastructurePlanned> {
        if self.status != InfrastructureStatus::Planning {
            return None;
        }
        self.status = InfrastructureStatus::Planned;
        self.state_serial = plan.state_serial;
        self.changes = changes(&plan.summary());
        self.plan = Some(plan);
        Some(InfrastructurePlanned {
            infrastructure_id: self.id,
            release_id: self.release_id,
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            module: self.module.clone(),
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            program_digest: self.program_digest.clone(),
            state_serial: self.state_serial,
            changes: self.changes,
        })
    }

    /// It is about to be carried out; `false` when it is no plan that can be.
    pub(crate) fn begin(&mut self) -> bool {
        let begins = self.status == InfrastructureStatus::Planned;
        if begins {
            self.status = InfrastructureStatus::Applying;
        }
        begins
    }

    /// It was carried out to its end. A destroyed stack is announced by no event of its own.
    pub(crate) fn provisioned(
        &mut self,
        outcome: &Outcome,
        outputs: BTreeMap<String, String>,
    ) -> Option<InfrastructureProvisioned> {
        if self.status != InfrastructureStatus::Applying {
            return None;
        }
        self.state_serial = outcome.serial;
        self.changes = changes(&outcome.changes);
        self.outputs = outputs;
        self.finished_at = Some(outcome.finished_at);
        if self.operation == InfrastructureOperation::Destroy {
            self.status = InfrastructureStatus::Destroyed;
            return None;
        }
        self.status = InfrastructureStatus::Provisioned;
        Some(InfrastructureProvisioned {
            infrastructure_id: self.id,
            release_id: self.release_id,
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            module: self.module.clone(),
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            program_digest: self.program_digest.clone(),
            state_serial: self.state_serial,
            changes: self.changes,
            resources: resources::of(self.plan.as_ref()),
        })
    }

    /// It could not be made or carried out; `None` when it had ended already.
    pub(crate) fn failed(
        &mut self,
        code: ErrorCode,
        reason: &str,
        urn: Option<String>,
        at: DateTime<Utc>,
    ) -> Option<InfrastructureFailed> {
        if self.is_settled() {
            return None;
        }
        let reason = one_line(reason);
        self.status = InfrastructureStatus::Failed;
        self.code = Some(code);
        self.reason = Some(reason.clone());
        self.failed_urn.clone_from(&urn);
        self.finished_at = Some(at);
        Some(InfrastructureFailed {
            infrastructure_id: self.id,
            release_id: self.release_id,
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            module: self.module.clone(),
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            program_digest: self.program_digest.clone(),
            code: code.as_str().to_owned(),
            reason,
            urn,
        })
    }

    /// Something changed since it was made; `false` when it had ended already.
    pub(crate) fn outdated(&mut self, reason: &str, at: DateTime<Utc>) -> bool {
        let open = matches!(
            self.status,
            InfrastructureStatus::Planned | InfrastructureStatus::Applying
        );
        if open {
            self.status = InfrastructureStatus::Stale;
            self.code = Some(ErrorCode::StalePlan);
            self.reason = Some(one_line(reason));
            self.finished_at = Some(at);
        }
        open
    }
}
