//! One execution and one serialised answer for all who subscribe to the same.
//!
//! A run executes an operation once and keeps its newest answers in a ring. Subscribers have a
//! place and pull: who is further back than the ring reads the part between by itself, then joins.
//! So nobody loses anything by being slow, and nobody's slowness costs memory.

mod key;
mod ring;
mod run;
mod subscription;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx};
use sluice_resolvers::stream::{Described, Range, describe};
use sluice_schema::public_message;
use tokio::sync::OnceCell;

use super::super::graphql::{Engine, Prepared, Refused};
use key::Key;
use ring::Cursor;
use run::{Run, Shared};

pub(crate) use ring::{Answer, Bounds};
pub(crate) use subscription::Subscription;

// The ledger judges places that are not far from its end, which another replica may know better.
const AHEAD: u64 = 1_000_000;

/// Tells where streams begin that say nothing else.
#[async_trait]
pub trait Heads: Send + Sync {
    /// How far the caller's tenant's ledger has got.
    ///
    /// # Errors
    /// When the caller may not read it, or it does not answer.
    async fn head(&self, ctx: &Ctx) -> Result<u64, BoxFault>;
}

/// The runs of a process; cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedRuns(Arc<Runs>);

struct Runs {
    engine: Engine,
    heads: Arc<dyn Heads>,
    bounds: Bounds,
    by_key: Mutex<HashMap<Key, Weak<Slot>>>,
}

/// The place of a run among the others: there as long as somebody holds it.
struct Slot {
    key: Key,
    shared: Arc<Shared>,
    run: OnceCell<Run>,
    runs: Weak<Runs>,
}

impl SharedRuns {
    /// No runs yet.
    pub(crate) fn new(engine: Engine, heads: Arc<dyn Heads>, bounds: Bounds) -> Self {
        Self(Arc::new(Runs {
            engine,
            heads,
            bounds,
            by_key: Mutex::default(),
        }))
    }

    /// Begins a subscription after `resume`, else after its own argument, else now; returns when
    /// its source is open.
    ///
    /// # Errors
    /// [`Refused`] when it did not begin.
    pub(crate) async fn subscribe(
        &self,
        ctx: Ctx,
        prepared: Prepared,
        resume: Option<u64>,
    ) -> Result<Subscription, Refused> {
        let name = prepared.operation_name.as_deref();
        let described = describe(prepared.document.parsed(), name, &prepared.variables);
        let after = resume.or(described.as_ref().and_then(|described| described.after));
        match described.filter(|described| described.shareable) {
            Some(described) => self.join(ctx, prepared, &described, after).await,
            None => self.alone(ctx, prepared, resume).await,
        }
    }

    async fn alone(
        &self,
        ctx: Ctx,
        prepared: Prepared,
        resume: Option<u64>,
    ) -> Result<Subscription, Refused> {
        let range = resume.map(|after| Range { after, until: None });
        let trace_id = ctx.trace_id().to_owned();
        let answers = self.0.engine.subscribe(ctx, &prepared, range).await?;
        metrics::counter!("sluice_stream_executions_total", "kind" => "private").increment(1);
        Ok(Subscription::private(prepared, trace_id, answers))
    }

    async fn join(
        &self,
        ctx: Ctx,
        prepared: Prepared,
        described: &Described,
        after: Option<u64>,
    ) -> Result<Subscription, Refused> {
        let head = self.0.heads.head(&ctx).await.map_err(|fault| {
            let code = fault.code();
            Refused::new(code.http_status(), code, public_message(&*fault))
        })?;
        let position = after.unwrap_or(head);
        if position.saturating_sub(head) > AHEAD {
            return self.alone(ctx, prepared, after).await;
        }
        let slot = self.slot(Key::of(&ctx, &prepared, described), prepared, &ctx);
        // Not far back at first, so that the many who come back together share that too.
        let recent = (self.0.bounds.count / 2) as u64;
        let begin = position.clamp(head.saturating_sub(recent), head);
        slot.run
            .get_or_try_init(|| Run::start(slot.shared.clone(), begin, self.0.bounds))
            .await?;
        Ok(Subscription::joined(slot.clone(), position))
    }

    fn slot(&self, key: Key, prepared: Prepared, ctx: &Ctx) -> Arc<Slot> {
        let mut by_key = self.0.by_key();
        // Whatever is let go here must be let go without the lock: its end takes it.
        let known = by_key.get(&key).and_then(Weak::upgrade);
        if let Some(slot) = &known
            && !slot.has_ended()
        {
            return slot.clone();
        }
        let slot = Arc::new(Slot {
            key: key.clone(),
            shared: Arc::new(Shared::new(self.0.engine.clone(), prepared, ctx)),
            run: OnceCell::new(),
            runs: Arc::downgrade(&self.0),
        });
        by_key.insert(key, Arc::downgrade(&slot));
        drop(by_key);
        slot
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.by_key().len()
    }

    /// After which place each ring holds everything.
    #[cfg(test)]
    fn lows(&self) -> Vec<u64> {
        let slots: Vec<_> = self.0.by_key().values().filter_map(Weak::upgrade).collect();
        let runs = slots.iter().filter_map(|slot| slot.run.get());
        runs.map(|run| run.ring.low()).collect()
    }
}

impl Runs {
    fn by_key(&self) -> MutexGuard<'_, HashMap<Key, Weak<Slot>>> {
        // The map is whole after every step.
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    fn has_ended(&self) -> bool {
        self.run.get().is_some_and(|run| run.ring.has_ended())
    }

    /// The place in the ring of who has everything up to `position`.
    fn join(&self, position: u64) -> Result<Cursor, u64> {
        match self.run.get() {
            Some(run) => run.ring.join(position),
            // Nobody holds a slot's subscription before its run is there.
            None => Err(position),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(runs) = self.runs.upgrade() else {
            return;
        };
        let mut by_key = runs.by_key();
        // Another may stand there by now.
        let gone = by_key.get(&self.key);
        if gone.is_some_and(|slot| slot.strong_count() == 0) {
            by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
