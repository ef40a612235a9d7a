//! Bringing a state forward: look, decide, begin an attempt, finish it, look again.

use std::sync::Arc;
use std::time::Instant;

use sluice_kernel::{Ctx, Outcome};
use sluice_schema::{NewEvent, SyncId};

use super::{
    GitOpsSyncs, JOIN_AT_MOST, JOIN_EVERY, Result,
    change::{Change, Decision, Ended, event},
    look::Glance,
};
use crate::model::{Failure, Noted, Seen, Success, Turn};
use crate::{Cause, GitOpsSyncError, GitOpsSyncState, Origin, Running, SERVICE, SyncGitOps};

/// Attempts in a row at most; Git may move while one is under way.
const ROUNDS: usize = 5;

enum Step {
    Rest,
    /// Something was asked for since the look, which may not show it yet.
    LookAgain,
    Began(Box<Running>),
    Join,
}

impl GitOpsSyncs {
    /// Does what is to be done with the state without being asked. Answers whether anything was.
    pub(crate) async fn drive(&self, ctx: &Ctx, id: SyncId) -> Result<bool> {
        let mut did = false;
        for _ in 0..ROUNDS {
            let state = self.load(ctx, id).await?;
            let now = self.store.clock().now();
            let running = match &state.running {
                Some(running) if running.lease_until > now => return Ok(did),
                Some(running) => match self.take_over(&state, running).await? {
                    Some(running) => running,
                    None => return Ok(did),
                },
                None => match self.settle(&state).await? {
                    Some(Step::Began(running)) => *running,
                    Some(Step::LookAgain) => continue,
                    Some(_) => return Ok(true),
                    None => return Ok(did),
                },
            };
            did = true;
            let ctx = Self::ctx_of(&state, &running.origin);
            self.finish(&ctx, &state, &running).await?;
        }
        Ok(did)
    }

    /// Takes an attempt over from a process that did not end it in time.
    async fn take_over(&self, state: &GitOpsSyncState, left: &Running) -> Result<Option<Running>> {
        let ctx = Self::ctx_of(state, &left.origin);
        let lease = self.settings.lease();
        let (_, running) = self
            .change(&ctx, state.id, |state, now| {
                let Some(running) = state.running.as_mut().filter(|held| *held == left) else {
                    return Ok(Decision::Keep(None));
                };
                running.lease_until = now + lease;
                Ok(Decision::save(Change::of(Some(running.clone()))))
            })
            .await?;
        Ok(running)
    }

    /// Looks, and records what is new or begins an attempt; nothing when nothing changed.
    async fn settle(&self, state: &GitOpsSyncState) -> Result<Option<Step>> {
        let now = self.store.clock().now();
        let due = state.paused.is_none()
            && state.pending.is_some()
            && state.retry_at.is_none_or(|at| at <= now);
        let glance = match self.glance(state).await {
            Ok(glance) if !due && self.is_old(state, &glance).await => return Ok(None),
            Ok(glance) => glance,
            Err(error) => return self.unreachable(state, due, error).await,
        };
        let seen = match self.examine(state, glance).await {
            Ok(seen) => seen,
            Err(error) => return self.unreachable(state, due, error).await,
        };
        let heals = match seen.is_edited() {
            true => self.heals(state).await,
            false => Some(false),
        };
        self.record(state, &seen, heals).await
    }

    /// Records what was seen, or begins an attempt. `heals` is absent when nobody could say
    /// whether edits are undone: then the next look is a whole one.
    async fn record(
        &self,
        state: &GitOpsSyncState,
        seen: &Seen,
        heals: Option<bool>,
    ) -> Result<Option<Step>> {
        let ctx = state.meta.system_ctx(SERVICE);
        let lease = self.settings.lease();
        let asked = &state.pending;
        let (_, step) = self
            .change(&ctx, state.id, |state, now| {
                if state.running.is_some() {
                    return Ok(Decision::Keep(Some(Step::Join)));
                }
                // What Git declared before must not be applied in a later promotion's name.
                if state.pending != *asked {
                    return Ok(Decision::Keep(Some(Step::LookAgain)));
                }
                let before = state.clone();
                let turn = state.turn(seen, heals == Some(true), now);
                let follows = matches!(turn, Turn::Begin(_)) || state.retry_at.is_some();
                let noted = state.observe(seen, follows, now);
                if heals.is_none() {
                    state.seen = None;
                }
                let mut change = Change::of(Some(Step::Rest));
                change.events = news(state, noted, Cause::Timer)?;
                if let Turn::Begin(origin) = turn {
                    let running = state.begin(origin, seen, now, lease);
                    change.begun = Some(running.clone());
                    change.value = Some(Step::Began(Box::new(running)));
                } else if *state == before {
                    return Ok(Decision::Keep(None));
                }
                Ok(Decision::save(change))
            })
            .await?;
        Ok(step)
    }

    /// Whether the same was seen before, and nothing is to be done about it now either.
    async fn is_old(&self, state: &GitOpsSyncState, glance: &Glance) -> bool {
        let known = state.seen.as_ref() == Some(&glance.token);
        // Edits may have been left alone then and are to be undone now.
        let left = state.paused.is_none() && state.is_edited();
        known && !state.is_behind() && (!left || self.heals(state).await != Some(true))
    }

    /// Whether edits are undone in the environment; nothing when nobody answers.
    async fn heals(&self, state: &GitOpsSyncState) -> Option<bool> {
        let ctx = state.meta.system_ctx(SERVICE);
        let found = self.environments.environment(&ctx, state.environment_id);
        match found.await {
            Ok(environment) => Some(environment.is_some_and(|found| found.self_heal)),
            Err(error) => {
                tracing::warn!(id = %state.id, error = %error, "whether edits heal is not known");
                None
            }
        }
    }

    /// Git or the target did not answer: that is recorded, and an attempt that was due has failed.
    async fn unreachable(
        &self,
        state: &GitOpsSyncState,
        due: bool,
        error: GitOpsSyncError,
    ) -> Result<Option<Step>> {
        tracing::warn!(id = %state.id, error = %error, "Git or the target did not answer");
        let pending = state.pending.clone().filter(|_| due);
        let ctx = match &pending {
            Some(origin) => Self::ctx_of(state, origin),
            None => state.meta.system_ctx(SERVICE),
        };
        let news = self.blind(&ctx, state.id, pending, &error, None).await?;
        Ok(news.then_some(Step::Rest))
    }

    /// Records that the situation cannot be seen, and the failure of the attempt that was wanted.
    async fn blind(
        &self,
        ctx: &Ctx,
        id: SyncId,
        wanted: Option<Origin>,
        error: &GitOpsSyncError,
        remember: Option<&'static str>,
    ) -> Result<bool> {
        let lease = self.settings.lease();
        let (_, news) = self
            .change(ctx, id, |state, now| {
                if state.running.is_some() {
                    return Ok(Decision::Keep(false));
                }
                let mut change = Change::of(true);
                if let Some(origin) = &wanted {
                    let seen = Seen::nothing(state);
                    let running = state.begin(origin.clone(), &seen, now, lease);
                    let failure = Failure {
                        error,
                        unapplied: &[],
                        situation: None,
                    };
                    let again = state.fail(&running, &failure, &self.settings, now);
                    let failed = state.failed(&running.content, error, again);
                    change.events.push(event(state, &failed)?);
                    change.ended = Some(Ended::badly(&running, Success::default(), error));
                    change.begun = Some(running);
                    change.remember = remember;
                }
                if !state.lose_sight(error) && wanted.is_none() {
                    return Ok(Decision::Keep(false));
                }
                Ok(Decision::save(change))
            })
            .await?;
        Ok(news)
    }

    /// Carries out the command to synchronise.
    pub(super) async fn sync_now(
        &self,
        ctx: &Ctx,
        id: SyncId,
        command: &SyncGitOps,
    ) -> Result<Outcome<Arc<GitOpsSyncState>>> {
        let mut origin = Origin::of(Cause::Command, ctx, ctx.causation_id());
        origin.prune = command.prune.unwrap_or(true);
        origin.allow_empty = command.allow_empty.unwrap_or(false);
        let mut state = self.load(ctx, id).await?;
        refuse_paused(&state)?;
        if state.running.is_some() {
            return self.join(ctx, id).await;
        }
        let seen = match self.glance(&state).await {
            Ok(glance) => self.examine(&state, glance).await,
            Err(error) => Err(error),
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                let name = Some("syncGitOps");
                self.blind(ctx, id, Some(origin), &error, name).await?;
                return Err(error);
            }
        };
        match self.ask(ctx, id, &seen, &origin).await? {
            (found, Step::Rest | Step::LookAgain) => state = found,
            (_, Step::Join) => return self.join(ctx, id).await,
            (found, Step::Began(running)) => {
                if let Some(error) = self.finish(ctx, &found, &running).await? {
                    return Err(error);
                }
                let state = self.load(ctx, id).await?;
                return Ok(Outcome::done(Arc::new(state)));
            }
        }
        Ok(Outcome::replayed(Arc::new(state)))
    }

    async fn ask(
        &self,
        ctx: &Ctx,
        id: SyncId,
        seen: &Seen,
        origin: &Origin,
    ) -> Result<(GitOpsSyncState, Step)> {
        let lease = self.settings.lease();
        self.change(ctx, id, |state, now| {
            refuse_paused(state)?;
            if state.running.is_some() {
                return Ok(Decision::Keep(Step::Join));
            }
            let in_step = state.is_in_step(seen);
            let noted = state.observe(seen, !in_step, now);
            let mut change = Change::of(Step::Rest);
            change.remember = Some("syncGitOps");
            change.events = news(state, noted, Cause::Command)?;
            if !in_step {
                state.ask(origin.clone());
                let running = state.begin(origin.clone(), seen, now, lease);
                change.begun = Some(running.clone());
                change.value = Step::Began(Box::new(running));
            } else if change.events.is_empty() && ctx.idempotency().is_none() {
                return Ok(Decision::Keep(Step::Rest));
            }
            Ok(Decision::save(change))
        })
        .await
    }

    /// Waits for the end of the attempt under way.
    async fn join(&self, ctx: &Ctx, id: SyncId) -> Result<Outcome<Arc<GitOpsSyncState>>> {
        let until = Instant::now() + JOIN_AT_MOST;
        let until = ctx.deadline().map_or(until, |deadline| deadline.min(until));
        loop {
            let state = self.load(ctx, id).await?;
            if state.running.is_none() || Instant::now() >= until {
                return Ok(Outcome::replayed(Arc::new(state)));
            }
            tokio::time::sleep(JOIN_EVERY).await;
        }
    }
}

fn refuse_paused(state: &GitOpsSyncState) -> Result<()> {
    match &state.paused {
        Some(paused) => Err(GitOpsSyncError::Paused {
            reason: paused.reason.clone(),
        }),
        None => Ok(()),
    }
}

/// The events of an observation.
fn news(state: &GitOpsSyncState, noted: Noted, cause: Cause) -> Result<Vec<NewEvent>> {
    let mut events = Vec::new();
    if noted.drifted {
        events.push(event(state, &state.drifted())?);
    }
    if let Some(applied) = state.applied.as_ref().filter(|_| noted.settled) {
        events.push(event(state, &state.synced(applied, cause, (0, 0)))?);
    }
    Ok(events)
}
