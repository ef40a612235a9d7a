//! One promotion, from the request to its end.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_environment_promotion::{
    EnvironmentPromotion, PromotionItem, PromotionKind, PromotionStatus,
};
use sluice_schema::{
    Actor, Blocker, BlockerCode, PromotionId, ReleaseId,
    events::{
        DeploymentPromoted, EnvironmentRolledBack, PromotedItem, PromotionFailed,
        PromotionRequested, PromotionSucceeded,
    },
};

use super::{ModuleWorld, deliver::Current};
use crate::{
    maker::{Made, Story, system, touch},
    scene::MAIN,
};

/// What is asked for.
pub(super) struct Ask {
    pub(super) release: ReleaseId,
    pub(super) release_name: String,
    pub(super) version: String,
    pub(super) place: usize,
    pub(super) attempt: u32,
    pub(super) kind: PromotionKind,
    pub(super) item: PromotionItem,
    /// What a rollback leaves, what it restores, and why.
    pub(super) rollback: Option<(PromotionId, PromotionId, String)>,
    pub(super) at: DateTime<Utc>,
    pub(super) by: Actor,
}

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeds,
    /// The target does not become what is declared.
    SyncFails,
    /// It is not even declared.
    Breaks,
}

/// How long the steps take, in seconds: until it is declared, synchronised, done.
const DECLARED: i64 = 5;
const SYNCED: i64 = 25;
const DONE: i64 = 27;

impl ModuleWorld {
    /// Carries a promotion out; answers it with the time of its end.
    pub(super) fn promote(
        &mut self,
        story: &mut Story,
        ask: &Ask,
        ending: Ending,
    ) -> Made<(EnvironmentPromotion, DateTime<Utc>)> {
        let mut it = self.requested(story, ask, PromotionStatus::Requested)?;
        let by = system("environment_promotion");
        let started = ask.at + TimeDelta::seconds(2);
        touch(&mut it.meta, started, &by);
        it.status = PromotionStatus::Running;
        it.started_at = Some(started);
        it.items = vec![ask.item.clone()];
        it.gitops_repository_id = Some(self.scene.gitops);
        it.gitops_repository = Some(self.scene.gitops_name.clone());
        if ending == Ending::Breaks {
            let at = ask.at + TimeDelta::seconds(DECLARED);
            let why = ("UNAVAILABLE", "the Git host did not answer");
            self.failed(story, &mut it, at, PromotionStatus::Errored, why)?;
            self.places[ask.place].last_at = at;
            return Ok((it, at));
        }
        let current = self.declare(story, ask, &mut it)?;
        let synced_at = ask.at + TimeDelta::seconds(SYNCED);
        let done = ask.at + TimeDelta::seconds(DONE);
        if ending == Ending::SyncFails {
            self.sync_failed(story, ask.place, &current, synced_at)?;
            let why = ("FAILED_PRECONDITION", "the target did not become healthy");
            self.failed(story, &mut it, done, PromotionStatus::Failed, why)?;
        } else {
            self.synced(story, ask.place, &current, synced_at)?;
            self.succeeded(story, &mut it, done)?;
        }
        let place = &mut self.places[ask.place];
        let past = place.current.replace(Current {
            succeeded: ending == Ending::Succeeds,
            ..current
        });
        if past.as_ref().is_some_and(|past| past.succeeded) {
            place.before = past;
        }
        place.last_at = done;
        place.changes += 1;
        Ok((it, done))
    }

    /// A promotion that waits for the end of a hold.
    pub(super) fn gated(&mut self, story: &mut Story, ask: &Ask) -> Made<EnvironmentPromotion> {
        self.requested(story, ask, PromotionStatus::Gated)
    }

    fn requested(
        &mut self,
        story: &mut Story,
        ask: &Ask,
        status: PromotionStatus,
    ) -> Made<EnvironmentPromotion> {
        let (environment_id, environment) = self.scene.environment(ask.place);
        let blockers = match status {
            PromotionStatus::Gated => vec![
                Blocker::new(
                    BlockerCode::Hold,
                    format!(
                        "{} is on hold in {environment} until somebody resumes it",
                        self.name
                    ),
                )
                .about(&self.name),
            ],
            _ => Vec::new(),
        };
        let rollback = ask.rollback.as_ref();
        let promotion = EnvironmentPromotion {
            id: self.maker.random.id(ask.at),
            meta: self.maker.meta(story, ask.at, &ask.by),
            release_id: ask.release,
            release_name: ask.release_name.clone(),
            release_version: ask.version.clone(),
            environment_id,
            environment,
            attempt: ask.attempt,
            kind: ask.kind,
            automatic: false,
            status,
            blockers,
            overridden: None,
            modules: vec![self.name.clone()],
            items: Vec::new(),
            gitops_repository_id: None,
            gitops_repository: None,
            branch: None,
            commit_sha: None,
            previous: None,
            rollback_of: rollback.map(|it| it.0),
            restored: rollback.map(|it| it.1),
            rollback_reason: rollback.map(|it| it.2.clone()),
            code: None,
            reason: None,
            started_at: None,
            promoted_at: None,
            succeeded_at: None,
            finished_at: None,
            verify_until: None,
            caused_by: None,
        };
        let event = PromotionRequested {
            promotion_id: promotion.id,
            release_id: promotion.release_id,
            version: promotion.release_version.clone(),
            environment_id,
            environment: promotion.environment.clone(),
            attempt: promotion.attempt,
            kind: promotion.kind.as_str().to_owned(),
            automatic: false,
            status: status.as_str().to_owned(),
            blockers: promotion.blockers.clone(),
        };
        self.maker.tell(story, ask.at, &ask.by, &event)?;
        Ok(promotion)
    }

    fn declare(
        &mut self,
        story: &mut Story,
        ask: &Ask,
        it: &mut EnvironmentPromotion,
    ) -> Made<Current> {
        let at = ask.at + TimeDelta::seconds(DECLARED);
        let by = system("environment_promotion");
        let previous = self.places[ask.place]
            .current
            .as_ref()
            .map(|it| it.promotion);
        let (commit, fingerprint) = (self.maker.random.sha(), self.maker.random.digest());
        self.traces.declared.moved(at, &commit);
        touch(&mut it.meta, at, &by);
        it.status = PromotionStatus::Verifying;
        it.branch = Some(MAIN.to_owned());
        it.commit_sha = Some(commit.clone());
        it.previous = previous;
        it.promoted_at = Some(at);
        it.verify_until = Some(at + TimeDelta::minutes(10));
        if let Some((left, restored, reason)) = &ask.rollback {
            let event = EnvironmentRolledBack {
                promotion_id: it.id,
                release_id: it.release_id,
                version: it.release_version.clone(),
                environment_id: it.environment_id,
                environment: it.environment.clone(),
                attempt: it.attempt,
                kind: it.kind.as_str().to_owned(),
                rolled_back: *left,
                restored: *restored,
                reason: reason.clone(),
            };
            self.maker.tell(story, at, &by, &event)?;
        }
        let item = &ask.item;
        let event = DeploymentPromoted {
            promotion_id: it.id,
            release_id: it.release_id,
            version: it.release_version.clone(),
            environment_id: it.environment_id,
            environment: it.environment.clone(),
            attempt: it.attempt,
            kind: it.kind.as_str().to_owned(),
            items: vec![PromotedItem {
                module: item.module.clone(),
                manifest_id: item.manifest_id,
                manifest_digest: item.manifest_digest.clone(),
                path: item.path.clone(),
            }],
            gitops_repository_id: self.scene.gitops,
            gitops_repository: self.scene.gitops_name.clone(),
            branch: MAIN.to_owned(),
            commit_sha: commit.clone(),
            previous,
            rollback_of: it.rollback_of,
        };
        self.maker.tell(story, at, &by, &event)?;
        Ok(Current {
            promotion: it.id,
            release: ask.release,
            release_name: ask.release_name.clone(),
            version: ask.version.clone(),
            attempt: ask.attempt,
            item: item.clone(),
            commit_sha: commit,
            fingerprint,
            succeeded: false,
        })
    }

    fn succeeded(
        &mut self,
        story: &mut Story,
        it: &mut EnvironmentPromotion,
        at: DateTime<Utc>,
    ) -> Made<()> {
        let by = system("environment_promotion");
        touch(&mut it.meta, at, &by);
        it.status = PromotionStatus::Succeeded;
        it.succeeded_at = Some(at);
        it.finished_at = Some(at);
        let event = PromotionSucceeded {
            promotion_id: it.id,
            release_id: it.release_id,
            version: it.release_version.clone(),
            environment_id: it.environment_id,
            environment: it.environment.clone(),
            attempt: it.attempt,
            kind: it.kind.as_str().to_owned(),
            commit_sha: it.commit_sha.clone().unwrap_or_default(),
            modules: it.modules.clone(),
        };
        self.maker.tell(story, at, &by, &event)?;
        Ok(())
    }

    /// A newer one takes its place.
    pub(super) fn superseded(
        &mut self,
        story: &mut Story,
        it: &mut EnvironmentPromotion,
        at: DateTime<Utc>,
    ) -> Made<()> {
        let why = ("CONFLICT", "a newer promotion took its place");
        it.blockers = Vec::new();
        self.failed(story, it, at, PromotionStatus::Superseded, why)
    }

    fn failed(
        &mut self,
        story: &mut Story,
        it: &mut EnvironmentPromotion,
        at: DateTime<Utc>,
        status: PromotionStatus,
        (code, reason): (&str, &str),
    ) -> Made<()> {
        let by = system("environment_promotion");
        touch(&mut it.meta, at, &by);
        it.status = status;
        it.code = Some(code.to_owned());
        it.reason = Some(reason.to_owned());
        it.finished_at = Some(at);
        let event = PromotionFailed {
            promotion_id: it.id,
            release_id: it.release_id,
            version: it.release_version.clone(),
            environment_id: it.environment_id,
            environment: it.environment.clone(),
            attempt: it.attempt,
            kind: it.kind.as_str().to_owned(),
            status: status.as_str().to_owned(),
            code: code.to_owned(),
            reason: reason.to_owned(),
        };
        self.maker.tell(story, at, &by, &event)?;
        Ok(())
    }
}
