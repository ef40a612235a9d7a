//! How the state changes.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::Ctx;
use sluice_schema::EventId;

use super::events::reason_of;
use super::{
    Cause, Classification, Content, DriftItem, GitOpsSyncState, HealthStatus, Operation, Origin,
    Pause, Promoted, Running, SyncStatus, counts_as_drift, digest_of, is_edited,
};
use crate::{GitOpsSettings, GitOpsSyncError};

/// Drifted objects that are kept at most.
const MAX_DRIFT: usize = 100;

/// What a look at Git and the target found.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Equal for an equal look.
    pub(crate) token: String,
    /// Equal while Git declares the same and the target's objects are the same.
    pub(crate) situation: String,
    pub(crate) desired: Content,
    pub(crate) health: HealthStatus,
    pub(crate) drift: Vec<DriftItem>,
    /// Serial of the target.
    pub(crate) serial: u64,
}

impl Seen {
    /// When nothing could be seen: what was known stays.
    pub(crate) fn nothing(state: &GitOpsSyncState) -> Self {
        Self {
            token: String::new(),
            situation: String::new(),
            desired: state.desired.clone(),
            health: HealthStatus::Unknown,
            drift: Vec::new(),
            serial: 0,
        }
    }

    /// Whether somebody changed what the target answers for.
    pub(crate) fn is_edited(&self) -> bool {
        is_edited(&self.drift)
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    Rest,
    Begin(Origin),
}

/// What an observation amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Drift that was not announced yet.
    pub(crate) drifted: bool,
    /// It holds what Git declares and works, which it did not before.
    pub(crate) settled: bool,
}

/// Objects written and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Success {
    pub(crate) applied: u32,
    pub(crate) pruned: u32,
}

/// A failed attempt, and what was seen after it.
#[derive(Debug)]
pub(crate) struct Failure<'f> {
    pub(crate) error: &'f GitOpsSyncError,
    /// Files that could not be applied.
    pub(crate) unapplied: &'f [String],
    pub(crate) situation: Option<&'f str>,
}

impl Origin {
    /// Work that continues what `ctx` does.
    pub(crate) fn of(cause: Cause, ctx: &Ctx, event_id: Option<EventId>) -> Self {
        Self {
            cause,
            trace_id: ctx.trace_id().to_owned(),
            correlation_id: ctx.correlation_id().to_owned(),
            event_id,
            prune: true,
            allow_empty: false,
        }
    }
}

impl GitOpsSyncState {
    fn own_origin(&self, cause: Cause) -> Origin {
        Origin {
            cause,
            trace_id: self.meta.trace_id.clone(),
            correlation_id: self.meta.correlation_id.clone(),
            event_id: None,
            prune: true,
            allow_empty: false,
        }
    }

    fn differs(&self, desired: &Content) -> bool {
        self.applied
            .as_ref()
            .is_none_or(|applied| applied.fingerprint != desired.fingerprint)
    }

    /// Whether the target holds what Git declares, so that there is nothing to ask for.
    pub(crate) fn is_in_step(&self, seen: &Seen) -> bool {
        self.pending.is_none()
            && !self.differs(&seen.desired)
            && !seen.drift.iter().any(counts_as_drift)
    }

    /// Whether Git was seen to declare something that is still to be applied, although nobody asks
    /// for it: it moved while an attempt was under way.
    pub(crate) fn is_behind(&self) -> bool {
        self.paused.is_none()
            && self.running.is_none()
            && self.given_up.is_none()
            && self.sync == SyncStatus::OutOfSync
            && self.differs(&self.desired)
    }

    /// What the service does without being asked; `heal` when edits are undone.
    pub(crate) fn turn(&self, seen: &Seen, heal: bool, now: DateTime<Utc>) -> Turn {
        if self.running.is_some() || self.paused.is_some() {
            return Turn::Rest;
        }
        if let Some(pending) = &self.pending {
            return match self.retry_at {
                Some(at) if at > now => Turn::Rest,
                _ => Turn::Begin(pending.clone()),
            };
        }
        let gave_up = self.given_up.as_deref() == Some(&seen.situation);
        if self.differs(&seen.desired) && !gave_up {
            Turn::Begin(self.own_origin(Cause::Timer))
        } else if heal && seen.is_edited() && !gave_up {
            Turn::Begin(self.own_origin(Cause::SelfHeal))
        } else {
            Turn::Rest
        }
    }

    /// Git declares what a promotion put there.
    pub(crate) fn promote(&mut self, promoted: Promoted, origin: Origin) {
        let desired = Content {
            revision: promoted.commit_sha.clone(),
            fingerprint: promoted.fingerprint.clone(),
            digest: promoted.manifest_digest.clone(),
        };
        if self.differs(&desired) {
            self.sync = SyncStatus::OutOfSync;
        }
        self.desired = desired;
        self.promoted = promoted;
        self.ask(origin);
    }

    /// An attempt is wanted, with all its tries.
    pub(crate) fn ask(&mut self, origin: Origin) {
        self.pending = Some(origin);
        self.failures = 0;
        self.retry_at = None;
        self.given_up = None;
        self.seen = None;
    }

    /// Records the intent of an attempt.
    pub(crate) fn begin(
        &mut self,
        origin: Origin,
        seen: &Seen,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Running {
        let content = seen.desired.clone();
        if self.given_up.take().is_some() {
            self.failures = 0;
        }
        self.attempts += 1;
        self.operation = Operation::Running;
        self.attempted_revision = Some(content.revision.clone());
        self.retry_at = None;
        self.pending = Some(origin.clone());
        let running = Running {
            number: self.attempts,
            content,
            serial: seen.serial,
            started_at: now,
            lease_until: now + lease,
            origin,
        };
        self.running = Some(running.clone());
        running
    }

    /// The attempt brought its content.
    pub(crate) fn succeed(&mut self, running: &Running, now: DateTime<Utc>) {
        self.leave(running);
        self.operation = Operation::Idle;
        self.applied = Some(running.content.clone());
        self.unapplied.clear();
        self.failures = 0;
        self.retry_at = None;
        self.reason = None;
        self.last_synced_at = Some(now);
        self.seen = None;
    }

    /// The attempt failed; says whether another one follows by itself.
    pub(crate) fn fail(
        &mut self,
        running: &Running,
        failure: &Failure<'_>,
        settings: &GitOpsSettings,
        now: DateTime<Utc>,
    ) -> bool {
        let origin = &running.origin;
        let superseded = self.pending.as_ref().is_some_and(|asked| asked != origin);
        self.operation = Operation::Failed;
        self.sync = SyncStatus::OutOfSync;
        self.unapplied = failure.unapplied.to_vec();
        self.reason = Some(reason_of(failure.error));
        self.seen = None;
        if superseded {
            self.leave(running);
            return true;
        }
        self.failures += 1;
        let again = failure.error.is_transient()
            && self.failures < settings.max_attempts
            && self.paused.is_none();
        self.leave(running);
        if again {
            self.pending = Some(origin.clone());
            self.retry_at = Some(now + settings.wait_after(self.failures));
        } else {
            self.given_up = Some(failure.situation.unwrap_or("not seen").to_owned());
        }
        again
    }

    /// Ends the attempt; what was asked for since stays asked for.
    fn leave(&mut self, running: &Running) {
        self.running = None;
        if self.pending.as_ref() == Some(&running.origin) {
            self.pending = None;
        }
    }

    /// Takes over what a look found. While an attempt follows at once (`follows`), drift that the
    /// attempt brings to an end is no news; an edit is.
    pub(crate) fn observe(&mut self, seen: &Seen, follows: bool, now: DateTime<Utc>) -> Noted {
        let was_settled = self.is_settled();
        let differs = self.differs(&seen.desired);
        if self.seen.as_ref() != Some(&seen.token) {
            self.seen = Some(seen.token.clone());
            self.observed_at = Some(now);
        }
        if self.operation != Operation::Failed {
            self.reason = None;
        }
        self.desired = seen.desired.clone();
        self.health = seen.health;
        self.sync = if differs || seen.drift.iter().any(counts_as_drift) {
            SyncStatus::OutOfSync
        } else {
            SyncStatus::Synced
        };
        self.drift_total = u32::try_from(seen.drift.len()).unwrap_or(u32::MAX);
        self.drift = seen.drift.iter().take(MAX_DRIFT).cloned().collect();
        let digest = (!seen.drift.is_empty()).then(|| digest_of(&seen.drift));
        let by_hand = |item: &DriftItem| item.classification == Classification::ManualEdit;
        let news = digest.is_some()
            && digest != self.drift_digest
            && (!follows || seen.drift.iter().any(by_hand));
        if news || digest.is_none() {
            self.drift_digest = digest;
        }
        Noted {
            drifted: news,
            settled: !was_settled && self.is_settled(),
        }
    }

    /// Git or the target does not answer; says whether that is news.
    pub(crate) fn lose_sight(&mut self, error: &GitOpsSyncError) -> bool {
        let reason = reason_of(error);
        let known = self.sync == SyncStatus::Unknown && self.reason.as_ref() == Some(&reason);
        self.sync = SyncStatus::Unknown;
        self.health = HealthStatus::Unknown;
        self.reason = Some(reason);
        self.seen = None;
        !known
    }

    /// Pauses; `false` when it is paused for that reason already.
    pub(crate) fn pause(
        &mut self,
        reason: &str,
        by: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, GitOpsSyncError> {
        match &self.paused {
            Some(paused) if paused.reason == reason => Ok(false),
            Some(paused) => Err(GitOpsSyncError::PausedDifferently {
                reason: paused.reason.clone(),
            }),
            None => {
                self.paused = Some(Pause {
                    reason: reason.to_owned(),
                    by: by.to_owned(),
                    at,
                });
                Ok(true)
            }
        }
    }

    /// Ends the pause; `false` when there is none. What was given up is tried again.
    pub(crate) fn resume(&mut self) -> bool {
        let paused = self.paused.take().is_some();
        if paused {
            self.given_up = None;
            self.retry_at = None;
            self.failures = 0;
            self.seen = None;
        }
        paused
    }
}
