//! What was asked for and waits for the next wave.

use std::{any::Any, collections::HashMap, sync::Arc};

use futures::{channel::oneshot, future::BoxFuture};

use super::{Call, Lookup};
use crate::fault::{Failure, Result};

const MAX_BATCH: usize = 1_000;

/// The answer to one key.
pub(super) type Answer<K> = Result<Option<<K as Lookup>::Value>>;

/// One statement under way; what it ends with hands out what was found.
pub(super) type Load = BoxFuture<'static, Delivery>;

/// Hands out what was found; done for all loads of a wave at once.
pub(super) type Delivery = Box<dyn FnOnce() + Send>;

type Waiting<K> = (K, Vec<oneshot::Sender<Answer<K>>>);

/// What asking for a key comes to.
pub(super) enum Asked<K: Lookup> {
    /// It was looked up before.
    Known(Option<K::Value>),
    /// It is in the next wave.
    Wait(oneshot::Receiver<Answer<K>>),
}

/// A queue of any kind of key.
pub(super) trait Queue: Send {
    fn as_any(&mut self) -> &mut dyn Any;
    fn loads(&mut self, call: &Arc<Call>) -> Vec<Load>;
}

/// Keys of one kind: those that wait, and those that are known.
pub(super) struct Queued<K: Lookup> {
    waiting: HashMap<K, Vec<oneshot::Sender<Answer<K>>>>,
    known: HashMap<K, Option<K::Value>>,
}

impl<K: Lookup> Default for Queued<K> {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            known: HashMap::new(),
        }
    }
}

impl<K: Lookup> Queued<K> {
    pub(super) fn ask(&mut self, key: K) -> Asked<K> {
        if let Some(value) = self.known.get(&key) {
            return Asked::Known(value.clone());
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.entry(key).or_default().push(sender);
        Asked::Wait(receiver)
    }

    pub(super) fn remember(&mut self, answers: impl IntoIterator<Item = (K, Answer<K>)>) {
        let found = answers
            .into_iter()
            .filter_map(|(key, answer)| Some((key, answer.ok()?)));
        self.known.extend(found);
    }
}

impl<K: Lookup> Queue for Queued<K> {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn loads(&mut self, call: &Arc<Call>) -> Vec<Load> {
        let mut waiting = self.waiting.drain();
        let mut loads: Vec<Load> = Vec::new();
        loop {
            let batch: Vec<Waiting<K>> = waiting.by_ref().take(MAX_BATCH).collect();
            if batch.is_empty() {
                return loads;
            }
            loads.push(Box::pin(load(call.clone(), batch)));
        }
    }
}

async fn load<K: Lookup>(call: Arc<Call>, batch: Vec<Waiting<K>>) -> Delivery {
    let keys: Vec<K> = batch.iter().map(|(key, _)| key.clone()).collect();
    let found = K::load(&call.services, &call.ctx, &keys).await;
    let found = found.map_err(|fault| Failure::new(&call.ctx, fault));
    let answer = |key: &K| match &found {
        Ok(values) => Ok(values.get(key).cloned()),
        Err(failure) => Err(failure.clone()),
    };
    let answers: Vec<Answer<K>> = keys.iter().map(answer).collect();
    Box::new(move || {
        if call.remembers {
            call.remember(keys.into_iter().zip(answers.iter().cloned()));
        }
        for ((_, senders), answer) in batch.into_iter().zip(answers) {
            for sender in senders {
                // Whoever asked may be gone: a sibling failed.
                let _ = sender.send(answer.clone());
            }
        }
    })
}
