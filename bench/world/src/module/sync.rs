//! Targets that follow Git.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_gitops_sync::{
    AttemptOutcome, Cause, Classification, Content, DriftChange, DriftItem, GitOpsSyncState,
    HealthStatus, Operation, Promoted, SyncAttempt, SyncStatus,
};
use sluice_kernel::ContentDigest;
use sluice_schema::{
    SyncId,
    events::{DriftDetected, DriftedObject, GitOpsSyncFailed, GitOpsSynced},
};

use super::{ModuleWorld, deliver::Current};
use crate::{
    maker::{Made, Story, system},
    scene::MAIN,
};

const WHY: &str = "the deployment did not become ready in time";

impl ModuleWorld {
    /// The target holds what is declared.
    pub(super) fn synced(
        &mut self,
        story: &mut Story,
        place: usize,
        current: &Current,
        at: DateTime<Utc>,
    ) -> Made<()> {
        let id = self.sync_of(story, place, at);
        let (environment_id, environment) = self.scene.environment(place);
        let attempt = self.attempt(story, (place, id), current, at, AttemptOutcome::Succeeded);
        let state = &mut self.places[place];
        state.failures = 0;
        state.applied = Some(content_of(current));
        state.synced_at = Some(at);
        let event = GitOpsSynced {
            sync_id: id,
            environment_id,
            environment,
            module: self.name.clone(),
            revision: current.commit_sha.clone(),
            manifest_digest: current.item.manifest_digest.clone(),
            promotion_id: Some(current.promotion),
            health: HealthStatus::Healthy.as_str().to_owned(),
            cause: Cause::Promotion.as_str().to_owned(),
            attempt,
            applied: 2,
            pruned: 0,
        };
        self.maker.tell(story, at, &system("gitops_sync"), &event)?;
        Ok(())
    }

    /// It does not, and nobody tries again.
    pub(super) fn sync_failed(
        &mut self,
        story: &mut Story,
        place: usize,
        current: &Current,
        at: DateTime<Utc>,
    ) -> Made<()> {
        let id = self.sync_of(story, place, at);
        let (environment_id, environment) = self.scene.environment(place);
        let attempt = self.attempt(story, (place, id), current, at, AttemptOutcome::Failed);
        self.places[place].failures += 1;
        let event = GitOpsSyncFailed {
            sync_id: id,
            environment_id,
            environment,
            module: self.name.clone(),
            revision: current.commit_sha.clone(),
            promotion_id: Some(current.promotion),
            attempt,
            code: "FAILED_PRECONDITION".to_owned(),
            reason: WHY.to_owned(),
            retrying: false,
        };
        self.maker.tell(story, at, &system("gitops_sync"), &event)?;
        Ok(())
    }

    fn sync_of(&mut self, story: &Story, place: usize, at: DateTime<Utc>) -> SyncId {
        let began = at - TimeDelta::seconds(15);
        let id = self.maker.random.id(began);
        let known = self.places[place]
            .sync
            .get_or_insert_with(|| (id, began, story.clone()));
        known.0
    }

    fn attempt(
        &mut self,
        story: &Story,
        (place, sync_id): (usize, SyncId),
        current: &Current,
        at: DateTime<Utc>,
        outcome: AttemptOutcome,
    ) -> u32 {
        let began = at - TimeDelta::seconds(10);
        let state = &mut self.places[place];
        state.attempts += 1;
        // Beginning and ending an attempt are two changes of the state.
        state.changes += 2;
        let number = state.attempts;
        let failed = outcome == AttemptOutcome::Failed;
        let mut meta = self.maker.meta(story, began, &system("gitops_sync"));
        meta.version = 2;
        meta.updated_at = at;
        self.maker.rows.attempts.push(SyncAttempt {
            meta,
            sync_id,
            number,
            revision: current.commit_sha.clone(),
            cause: Cause::Promotion,
            started_at: began,
            finished_at: Some(at),
            outcome,
            applied: if failed { 0 } else { 2 },
            pruned: 0,
            code: failed.then(|| "FAILED_PRECONDITION".to_owned()),
            reason: failed.then(|| WHY.to_owned()),
        });
        number
    }

    /// The state of the place's target at the end, when it has one; with drift when somebody
    /// changed it by hand at that time.
    pub(super) fn sync_state(
        &mut self,
        place: usize,
        drifted_at: Option<DateTime<Utc>>,
    ) -> Made<Option<GitOpsSyncState>> {
        let (environment_id, environment) = self.scene.environment(place);
        let state = &self.places[place];
        let (Some(current), Some((id, began, story))) = (&state.current, &state.sync) else {
            return Ok(None);
        };
        let (id, mut story) = (*id, story.clone());
        let failed = state.failures > 0;
        let drifted_at = drifted_at.filter(|_| !failed);
        let drift: Vec<DriftItem> = drifted_at
            .map(|_| drift_of(&self.name))
            .into_iter()
            .collect();
        let mut meta = self.maker.meta(&story, *began, &system("gitops_sync"));
        meta.version += state.changes + i64::from(drifted_at.is_some());
        let changed_at = drifted_at.or(state.synced_at).unwrap_or(meta.created_at);
        meta.updated_at = changed_at.max(meta.created_at);
        let it = GitOpsSyncState {
            id,
            meta,
            environment_id,
            environment: environment.clone(),
            module: self.name.clone(),
            gitops_repository_id: self.scene.gitops,
            gitops_repository: self.scene.gitops_name.clone(),
            branch: MAIN.to_owned(),
            path: current.item.path.clone(),
            sync: match failed || drifted_at.is_some() {
                true => SyncStatus::OutOfSync,
                false => SyncStatus::Synced,
            },
            health: if failed {
                HealthStatus::Degraded
            } else {
                HealthStatus::Healthy
            },
            operation: if failed {
                Operation::Failed
            } else {
                Operation::Idle
            },
            promoted: promoted_of(current),
            desired: content_of(current),
            applied: state.applied.clone(),
            attempted_revision: Some(current.commit_sha.clone()),
            attempts: state.attempts,
            failures: state.failures,
            reason: failed.then(|| WHY.to_owned()),
            pending: None,
            retry_at: None,
            given_up: failed.then(|| current.fingerprint.clone()),
            unapplied: Vec::new(),
            running: None,
            drift_total: u32::try_from(drift.len()).unwrap_or_default(),
            drift_digest: drifted_at.map(|_| ContentDigest::of(&self.name).to_string()),
            drift,
            paused: None,
            last_synced_at: state.synced_at,
            observed_at: drifted_at.or(state.synced_at),
            seen: None,
        };
        if let Some(at) = drifted_at {
            let event = drifted(&it);
            self.maker
                .tell(&mut story, at, &system("gitops_sync"), &event)?;
        }
        Ok(Some(it))
    }
}

fn content_of(current: &Current) -> Content {
    Content {
        revision: current.commit_sha.clone(),
        fingerprint: current.fingerprint.clone(),
        digest: current.item.manifest_digest.clone(),
    }
}

fn promoted_of(current: &Current) -> Promoted {
    Promoted {
        promotion_id: current.promotion,
        release_id: current.release,
        version: current.version.clone(),
        commit_sha: current.commit_sha.clone(),
        manifest_digest: current.item.manifest_digest.clone(),
        fingerprint: current.fingerprint.clone(),
    }
}

fn drift_of(module: &str) -> DriftItem {
    DriftItem {
        object: format!("Deployment/_/{module}"),
        file: "00-deployment.yaml".to_owned(),
        classification: Classification::ManualEdit,
        change: DriftChange::Modified,
        owned: true,
        diff: "-          value: warn\n+          value: trace\n".to_owned(),
        diff_truncated: false,
        message: "somebody changed it by hand".to_owned(),
    }
}

fn drifted(it: &GitOpsSyncState) -> DriftDetected {
    let object = |item: &DriftItem| DriftedObject {
        object: item.object.clone(),
        classification: item.classification.as_str().to_owned(),
        change: item.change.as_str().to_owned(),
    };
    DriftDetected {
        sync_id: it.id,
        environment_id: it.environment_id,
        environment: it.environment.clone(),
        module: it.module.clone(),
        revision: it.desired.revision.clone(),
        objects: it.drift.iter().map(object).collect(),
        total: it.drift_total,
    }
}
