//! Infrastructure of the modules that declare some.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sluice_iac_provisioning::{InfrastructureOperation, InfrastructurePlan, InfrastructureStatus};
use sluice_kernel::ContentDigest;
use sluice_schema::events::{InfrastructurePlanned, InfrastructureProvisioned, ResourceChanges};

use super::{ModuleWorld, release::Released};
use crate::maker::{Made, Story, system, touch};

/// One module in so many declares infrastructure.
const EVERY: usize = 10;

impl ModuleWorld {
    /// Plans and provisions what the release declares for an environment.
    pub(super) fn provision(
        &mut self,
        story: &mut Story,
        released: &Released,
        place: usize,
    ) -> Made<()> {
        if !self.character.number.is_multiple_of(EVERY) {
            return Ok(());
        }
        let by = system("iac_provisioning");
        let seconds = i64::try_from(place).unwrap_or_default() * 2 + 1;
        let at = released.approved_at + TimeDelta::seconds(seconds);
        let (planned_at, done_at) = (at + TimeDelta::seconds(1), at + TimeDelta::seconds(9));
        let (environment_id, environment) = self.scene.environment(place);
        let serial = self.places[place].serial;
        self.places[place].serial += 1;
        let changes = match serial {
            0 => ResourceChanges {
                create: 2,
                ..ResourceChanges::default()
            },
            _ => ResourceChanges {
                update: 1,
                same: 1,
                ..ResourceChanges::default()
            },
        };
        let mut meta = self.maker.meta(story, at, &by);
        for at in [planned_at, planned_at + TimeDelta::seconds(1), done_at] {
            touch(&mut meta, at, &by);
        }
        let plan = InfrastructurePlan {
            id: self.maker.random.id(at),
            meta,
            release_id: released.id,
            environment_id,
            environment,
            module: self.name.clone(),
            repository_id: self.repository,
            repository_name: self.name.clone(),
            commit_sha: released.commit_sha.clone(),
            program_digest: self.maker.random.digest(),
            attempt: 1,
            operation: InfrastructureOperation::Provision,
            status: InfrastructureStatus::Provisioned,
            settings: BTreeMap::new(),
            plan: None,
            state_serial: serial + 1,
            changes,
            code: None,
            reason: None,
            failed_urn: None,
            outputs: BTreeMap::from([("queue".to_owned(), self.name.clone())]),
            drift: Vec::new(),
            refreshed_at: None,
            finished_at: Some(done_at),
        };
        let planned = InfrastructurePlanned {
            infrastructure_id: plan.id,
            release_id: plan.release_id,
            environment_id: plan.environment_id,
            environment: plan.environment.clone(),
            module: plan.module.clone(),
            repository_id: plan.repository_id,
            commit_sha: plan.commit_sha.clone(),
            program_digest: plan.program_digest.clone(),
            state_serial: serial,
            changes,
        };
        self.maker.tell(story, planned_at, &by, &planned)?;
        let provisioned = InfrastructureProvisioned {
            infrastructure_id: plan.id,
            release_id: plan.release_id,
            environment_id: plan.environment_id,
            environment: plan.environment.clone(),
            module: plan.module.clone(),
            repository_id: plan.repository_id,
            commit_sha: plan.commit_sha.clone(),
            program_digest: plan.program_digest.clone(),
            state_serial: plan.state_serial,
            changes,
            resources: resources(&plan, &released.version),
        };
        self.maker.tell(story, done_at, &by, &provisioned)?;
        self.maker.rows.infrastructure.push(plan);
        Ok(())
    }
}

fn resources(plan: &InfrastructurePlan, version: &str) -> BTreeMap<String, String> {
    let urn = |name: &str| {
        let (project, environment) = (&plan.meta.project_id, &plan.environment);
        format!("urn:sluice:{environment}::{project}::sluice:local:File::{name}")
    };
    let digest = |value: &str| ContentDigest::of(value).to_string();
    BTreeMap::from([
        (urn("settings"), digest(version)),
        (urn("queue"), digest(&plan.module)),
    ])
}
