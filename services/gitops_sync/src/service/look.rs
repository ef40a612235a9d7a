//! Looking at Git and the target, without changing either.

use std::collections::BTreeMap;

use sluice_deployment_target::{
    DeclaredObject, Health, Observed, TargetPath, drift as drift_of, health as health_of,
};
use sluice_git_host::Oid;
use sluice_kernel::ContentDigest;

use super::{
    GitOpsSyncs, Result,
    content::{Folder, repository},
};
use crate::model::{Known, Seen, classify};
use crate::{Content, GitOpsSyncError, GitOpsSyncState, HealthStatus, Operation};

/// The cheap part of a look: where Git is, and what the target holds.
pub(super) struct Glance {
    head: Oid,
    observed: Observed,
    /// Equal for an equal glance.
    pub(super) token: String,
    /// Equal while the target's objects are the same.
    files: String,
}

pub(super) fn target(state: &GitOpsSyncState) -> Result<TargetPath> {
    let meta = &state.meta;
    let (environment, module) = (&state.environment, &state.module);
    Ok(TargetPath::new(
        &meta.tenant_id,
        &meta.project_id,
        environment,
        module,
    )?)
}

impl GitOpsSyncs {
    /// Looks at Git and the target.
    pub(super) async fn glance(&self, state: &GitOpsSyncState) -> Result<Glance> {
        let repo = repository(state)?;
        let head = self.git.head(&repo, &state.branch.parse()?).await?;
        let head = head.ok_or_else(|| GitOpsSyncError::NoBranch {
            branch: state.branch.clone(),
        })?;
        let observed = self.target.observe(&target(state)?).await?;
        let files = files_of(&observed);
        let rest = format!("{:?}", (&observed.statuses, &observed.unfinished));
        let inventory = format!("{:?}", observed.inventory);
        let token = ContentDigest::of_parts([
            head.to_string().as_bytes(),
            files.as_bytes(),
            rest.as_bytes(),
            inventory.as_bytes(),
        ]);
        Ok(Glance {
            head,
            observed,
            token: token.hex(),
            files,
        })
    }

    /// Compares what was seen with what Git declares.
    pub(super) async fn examine(&self, state: &GitOpsSyncState, glance: Glance) -> Result<Seen> {
        let repo = repository(state)?;
        let folder = self.folder(&repo, glance.head, &state.path).await?;
        let desired = desired(state, &folder, &glance.head);
        let situation =
            ContentDigest::of_parts([desired.fingerprint.as_bytes(), glance.files.as_bytes()]);
        let serial = glance.observed.serial();
        let (health, drift) = match self.declared(&repo, &folder).await {
            Ok(declared) => {
                let known = self.known(state, &desired, &declared, &glance).await?;
                let observed = glance.observed;
                // A diff of large files takes a while.
                tokio::task::spawn_blocking(move || {
                    let health = health_of(&declared, &observed).health;
                    (health, classify(drift_of(&declared, &observed), &known))
                })
                .await
                .map_err(|_| sluice_deployment_target::TargetError::Worker)?
            }
            // What is not deployable has no differences; the attempt at it says what is wrong.
            Err(GitOpsSyncError::Manifest { .. }) => (Health::Unknown, Vec::new()),
            Err(error) => return Err(error),
        };
        Ok(Seen {
            token: glance.token,
            situation: situation.hex(),
            desired,
            health: status_of(health),
            drift,
            serial,
        })
    }

    async fn known(
        &self,
        state: &GitOpsSyncState,
        desired: &Content,
        declared: &[DeclaredObject],
        glance: &Glance,
    ) -> Result<Known> {
        let applied = match &state.applied {
            None => None,
            Some(applied) if applied.fingerprint == desired.fingerprint => Some(hashes(declared)),
            Some(applied) => self.applied(state, applied).await?,
        };
        let live = glance.observed.files.iter();
        Ok(Known {
            applied,
            live: live
                .map(|(name, file)| (name.clone(), file.sha256.clone()))
                .collect(),
            failed: state.operation == Operation::Failed
                && state.attempted_revision.as_ref() == Some(&desired.revision),
            unapplied: state.unapplied.clone(),
        })
    }

    /// What was applied, as Git still knows it; nothing when it forgot.
    async fn applied(
        &self,
        state: &GitOpsSyncState,
        applied: &Content,
    ) -> Result<Option<BTreeMap<String, String>>> {
        let repo = repository(state)?;
        let Some(commit) = self.git.resolve(&repo, &applied.revision).await? else {
            return Ok(None);
        };
        let folder = self.folder(&repo, commit, &state.path).await?;
        match self.declared(&repo, &folder).await {
            Ok(objects) => Ok(Some(hashes(&objects))),
            Err(GitOpsSyncError::Manifest { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn hashes(declared: &[DeclaredObject]) -> BTreeMap<String, String> {
    declared
        .iter()
        .map(|object| (object.key().file(), object.sha256().to_owned()))
        .collect()
}

/// What Git declares, under the commit by which it is known: the promotion's own when it is the
/// promotion's content, the one under which it was first seen, else the head.
fn desired(state: &GitOpsSyncState, folder: &Folder, head: &Oid) -> Content {
    let fingerprint = &folder.fingerprint;
    if *fingerprint == state.promoted.fingerprint {
        return Content {
            revision: state.promoted.commit_sha.clone(),
            fingerprint: fingerprint.clone(),
            digest: state.promoted.manifest_digest.clone(),
        };
    }
    let known = state.applied.iter().chain([&state.desired]);
    let known = known
        .into_iter()
        .find(|held| held.fingerprint == *fingerprint);
    known.cloned().unwrap_or_else(|| Content {
        revision: head.to_string(),
        fingerprint: fingerprint.clone(),
        digest: fingerprint.clone(),
    })
}

fn files_of(observed: &Observed) -> String {
    let files = observed.files.iter();
    let parts: Vec<String> = files
        .map(|(name, file)| format!("{name} {:?} {:?}", file.sha256, file.problem))
        .collect();
    ContentDigest::of_parts(parts.iter().map(String::as_bytes)).hex()
}

fn status_of(health: Health) -> HealthStatus {
    match health {
        Health::Healthy => HealthStatus::Healthy,
        Health::Suspended => HealthStatus::Suspended,
        Health::Progressing => HealthStatus::Progressing,
        Health::Missing => HealthStatus::Missing,
        Health::Degraded => HealthStatus::Degraded,
        Health::Unknown => HealthStatus::Unknown,
    }
}
