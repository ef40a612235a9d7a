//! One way to change a state that is there.

use chrono::{DateTime, Utc};
use sluice_kernel::{Ctx, Meta};
use sluice_schema::{EventPayload, NewEvent, SyncId};
use sluice_store::{StoreError, Tx};

use super::{GitOpsSyncs, Result};
use crate::model::Success;
use crate::{
    AttemptOutcome, GitOpsSyncError, GitOpsSyncState, Running, SyncAttempt, error::code_of, store,
};

const TRIES: usize = 50;

/// What a decision amounts to.
pub(super) enum Decision<T> {
    /// Nothing changed.
    Keep(T),
    /// Save the state with what goes with it.
    Save(Box<Change<T>>),
}

impl<T> Decision<T> {
    pub(super) fn save(change: Change<T>) -> Self {
        Self::Save(Box::new(change))
    }
}

/// What is saved beside the state, in one commit.
pub(super) struct Change<T> {
    pub(super) value: T,
    pub(super) events: Vec<NewEvent>,
    /// An attempt that begins.
    pub(super) begun: Option<Running>,
    /// An attempt that ends.
    pub(super) ended: Option<Ended>,
    /// The command whose idempotency key stands for the state from now on.
    pub(super) remember: Option<&'static str>,
}

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) running: Running,
    pub(super) done: Success,
    pub(super) failure: Option<(String, String)>,
}

impl Ended {
    pub(super) fn well(running: &Running, done: Success) -> Self {
        Self {
            running: running.clone(),
            done,
            failure: None,
        }
    }

    pub(super) fn badly(running: &Running, done: Success, error: &GitOpsSyncError) -> Self {
        Self {
            running: running.clone(),
            done,
            failure: Some(code_of(error)),
        }
    }
}

impl<T> Change<T> {
    pub(super) fn of(value: T) -> Self {
        Self {
            value,
            events: Vec::new(),
            begun: None,
            ended: None,
            remember: None,
        }
    }
}

/// An event about the state.
pub(super) fn event<P: EventPayload>(state: &GitOpsSyncState, payload: &P) -> Result<NewEvent> {
    let module = state.meta.module_id.as_ref();
    Ok(NewEvent::of(&state.meta.project_id, module, payload)?)
}

impl GitOpsSyncs {
    /// Reads the state, lets `decide` change it and saves it with what goes with it, all in one
    /// transaction; again from the start when another change came first. Callers, reactions and
    /// the timer change a state at the same time, so that `decide` must look at what it is given.
    pub(super) async fn change<T: Send>(
        &self,
        ctx: &Ctx,
        id: SyncId,
        decide: impl Fn(&mut GitOpsSyncState, DateTime<Utc>) -> Result<Decision<T>> + Send + Sync,
    ) -> Result<(GitOpsSyncState, T)> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let tx = self.store.begin(ctx).await?;
            let found = store::find_in(&tx, id).await?;
            let mut state = found.ok_or(GitOpsSyncError::NotFound)?;
            let before = state.clone();
            let change = match decide(&mut state, self.store.clock().now())? {
                Decision::Keep(value) => return Ok((before, value)),
                Decision::Save(change) => change,
            };
            match self.save(tx, &mut state, *change).await {
                Ok(value) => return Ok((state, value)),
                Err(error) if error.is_race() && tries > 0 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn save<T>(
        &self,
        tx: Tx,
        state: &mut GitOpsSyncState,
        change: Change<T>,
    ) -> Result<T, StoreError> {
        let now = self.store.clock().now();
        let ctx = tx.ctx().clone();
        state.meta.touch(&ctx, now);
        store::update(&tx, state).await?;
        if let Some(running) = &change.begun {
            store::insert_attempt(&tx, &attempt(&ctx, state, running)).await?;
        }
        if let Some(ended) = &change.ended {
            end(&tx, state, ended, now).await?;
        }
        if let Some(command) = change.remember {
            tx.remember(command, &state.id.to_string()).await?;
        }
        tx.commit(change.events).await?;
        Ok(change.value)
    }
}

fn attempt(ctx: &Ctx, state: &GitOpsSyncState, running: &Running) -> SyncAttempt {
    let (project, module) = (&state.meta.project_id, &state.meta.module_id);
    SyncAttempt {
        meta: Meta::new(ctx, running.started_at, project.clone(), module.clone()),
        sync_id: state.id,
        number: running.number,
        revision: running.content.revision.clone(),
        cause: running.origin.cause,
        started_at: running.started_at,
        finished_at: None,
        outcome: AttemptOutcome::Running,
        applied: 0,
        pruned: 0,
        code: None,
        reason: None,
    }
}

async fn end(
    tx: &Tx,
    state: &GitOpsSyncState,
    ended: &Ended,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = attempt(tx.ctx(), state, &ended.running).id();
    let Some(mut attempt) = store::find_attempt(tx, &id).await? else {
        return Err(StoreError::damaged("GitOpsSyncState", "an attempt is gone"));
    };
    attempt.meta.touch(tx.ctx(), now);
    attempt.finished_at = Some(now);
    attempt.applied = ended.done.applied;
    attempt.pruned = ended.done.pruned;
    attempt.outcome = match &ended.failure {
        None => AttemptOutcome::Succeeded,
        Some(_) => AttemptOutcome::Failed,
    };
    (attempt.code, attempt.reason) = ended.failure.clone().unzip();
    store::update_attempt(tx, &attempt).await
}
