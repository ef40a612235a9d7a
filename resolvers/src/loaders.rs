//! Batched look-ups: one statement per hop, however many objects ask.
//!
//! A [`Lookup`] is a newtype key that knows how its values are found, many at once. What asks for
//! values waits; when nothing else of the execution can go on, all that was asked for is looked
//! up together: a wave, one statement per kind of key. So the number of statements follows from
//! the shape of the query, not from timers or the number of rows. Loaders are made anew for each
//! execution: nothing is remembered across requests or tenants.

mod queue;
mod wave;

use std::{
    any::TypeId,
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_graphql::{
    Context, Data, Request, Response, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest},
    parser::types::OperationType,
};
use futures::future::join_all;
use sluice_kernel::Ctx;
use sluice_ledger::Head;
use sluice_schema::{BoxFault, ErrorCode, Fault};

use crate::{
    Options, Services,
    fault::{Failure, Result},
    ledger::asks_for_head,
};
use queue::{Answer, Asked, Load, Queue, Queued};
use wave::Waves;

/// A key that knows how its values are found, many at once.
pub trait Lookup: Clone + Eq + Hash + Send + Sync + 'static {
    /// What is found; cheap to clone.
    type Value: Clone + Send + Sync + 'static;

    /// Finds the values of all keys in a constant number of statements; keys without a value,
    /// or whose value the caller may not see, are left out.
    fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> impl Future<Output = std::result::Result<HashMap<Self, Self::Value>, BoxFault>> + Send;
}

/// One execution: who asks, whom to ask, and what was asked for and found so far.
pub struct Call {
    /// Who asks.
    pub ctx: Ctx,
    /// Whom to ask.
    pub services: Arc<Services>,
    // A mutation's later fields must see what its earlier fields changed.
    remembers: bool,
    queues: Mutex<HashMap<TypeId, Box<dyn Queue>>>,
    // Read before anything else of the execution, when it asks for it.
    head: Option<Result<Head>>,
    left_to_spend: AtomicUsize,
}

/// The answer grew above what its document may cost.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too complex: ask for fewer objects, or for less of each")]
struct Spent;

impl Fault for Spent {
    fn code(&self) -> ErrorCode {
        ErrorCode::LimitExceeded
    }
}

impl Call {
    fn new(ctx: Ctx, services: Arc<Services>, remembers: bool, budget: usize) -> Self {
        Self {
            ctx,
            services,
            remembers,
            queues: Mutex::default(),
            head: None,
            left_to_spend: AtomicUsize::new(budget),
        }
    }

    async fn read_head(&self) -> Result<Head> {
        let head = self.services.ledger.head(&self.ctx).await;
        head.map_err(|fault| self.failure(fault))
    }

    /// How far the ledger had got before anything else of the execution was read.
    ///
    /// # Errors
    /// What the ledger fails with.
    pub async fn head(&self) -> Result<Head> {
        match &self.head {
            Some(head) => head.clone(),
            None => self.read_head().await,
        }
    }

    /// Takes part of what the answer may cost. For fields that interfaces have too: what a
    /// document costs is judged before it runs by the fields of objects alone.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` when nothing is left.
    pub fn spend(&self, cost: usize) -> Result<()> {
        let left = &self.left_to_spend;
        let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(cost)
        });
        spent.map_err(|_| self.failure(Spent)).map(drop)
    }

    /// The call that a resolver runs in.
    ///
    /// # Errors
    /// When the request was executed without a [`Ctx`] in its data.
    pub fn of<'a>(context: &Context<'a>) -> Result<&'a Arc<Self>> {
        context
            .data_opt::<Arc<Self>>()
            .ok_or_else(Failure::without_context)
    }

    /// The value of a key, together with whatever else asks in this wave.
    ///
    /// # Errors
    /// What the owning service fails with.
    pub async fn one<K: Lookup>(&self, key: Option<K>) -> Result<Option<K::Value>> {
        let Some(key) = key else { return Ok(None) };
        match self.ask(key) {
            Asked::Known(value) => Ok(value),
            // The loads end with the execution, and so does whoever waits for them.
            Asked::Wait(answer) => answer.await.unwrap_or(Ok(None)),
        }
    }

    /// The values of several keys, in the keys' order.
    ///
    /// # Errors
    /// What the owning service fails with.
    pub async fn several<K: Lookup>(&self, keys: Vec<K>) -> Result<Vec<K::Value>> {
        let answers = join_all(keys.into_iter().map(|key| self.one(Some(key)))).await;
        answers.into_iter().filter_map(Result::transpose).collect()
    }

    /// A fault that a resolver met outside of a look-up.
    pub fn failure(&self, fault: impl Into<BoxFault>) -> Failure {
        Failure::new(&self.ctx, fault.into())
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TypeId, Box<dyn Queue>>> {
        // A map of what waits is whole after every step.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask<K: Lookup>(&self, key: K) -> Asked<K> {
        let mut queues = self.queues();
        let queue = queues.entry(TypeId::of::<K>());
        let queue = queue.or_insert_with(|| Box::new(Queued::<K>::default()));
        match queue.as_any().downcast_mut::<Queued<K>>() {
            Some(queue) => queue.ask(key),
            None => Asked::Known(None),
        }
    }

    fn remember<K: Lookup>(&self, answers: impl IntoIterator<Item = (K, Answer<K>)>) {
        let mut queues = self.queues();
        let queue = queues.get_mut(&TypeId::of::<K>());
        if let Some(queue) = queue.and_then(|queue| queue.as_any().downcast_mut::<Queued<K>>()) {
            queue.remember(answers);
        }
    }

    /// All that was asked for since the last wave.
    fn loads(self: &Arc<Self>) -> Vec<Load> {
        let mut queues = self.queues();
        queues
            .values_mut()
            .flat_map(|queue| queue.loads(self))
            .collect()
    }
}

/// Groups keys that can be looked up by one statement: by what they share.
pub(crate) fn grouped<K, G: Eq + Hash, P>(
    keys: impl IntoIterator<Item = K>,
    split: impl Fn(K) -> (G, P),
) -> HashMap<G, Vec<P>> {
    let mut groups: HashMap<G, Vec<P>> = HashMap::new();
    for key in keys {
        let (group, part) = split(key);
        groups.entry(group).or_default().push(part);
    }
    groups
}

/// Puts a fresh [`Call`] into every execution, also of each event of a subscription.
pub(crate) struct PerExecution;

impl ExtensionFactory for PerExecution {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Fresh::default())
    }
}

#[derive(Default)]
struct Fresh {
    writes: AtomicBool,
    asks_for_head: AtomicBool,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Fresh {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let document = request.parsed_query()?;
        if asks_for_head(document) {
            self.asks_for_head.store(true, Ordering::Relaxed);
        }
        let mut operations = document.operations.iter();
        if operations.any(|(_, operation)| operation.node.ty == OperationType::Mutation) {
            self.writes.store(true, Ordering::Relaxed);
        }
        next.run(ctx, request).await
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let (caller, services) = (ctx.data_opt::<Ctx>(), ctx.data_opt::<Arc<Services>>());
        let (Some(caller), Some(services)) = (caller, services) else {
            return next.run(ctx, operation_name).await;
        };
        let remembers = !self.writes.load(Ordering::Relaxed);
        let limits = ctx.data_opt::<Options>().map(|options| options.limits);
        let budget = limits.unwrap_or_default().complexity;
        let mut call = Call::new(caller.clone(), services.clone(), remembers, budget);
        if self.asks_for_head.load(Ordering::Relaxed) {
            call.head = Some(call.read_head().await);
        }
        let call = Arc::new(call);
        let mut data = Data::default();
        data.insert(call.clone());
        let execution = next.run_with_data(ctx, operation_name, data);
        Waves::new(Box::pin(execution), move || call.loads()).await
    }
}

/// Declares a key and its look-up by a service method that finds many.
///
/// `… = list service.method` for methods that answer a list of models with an `id`;
/// `… = map service.method` for methods that answer a map by key.
macro_rules! lookups {
    ($($(#[$($doc:tt)*])* $name:ident($key:ty) -> $value:ty = $how:ident $service:ident.$method:ident;)*) => {$(
        $(#[$($doc)*])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(pub $key);

        impl $crate::loaders::Lookup for $name {
            type Value = $value;
            async fn load(
                services: &$crate::Services,
                ctx: &::sluice_kernel::Ctx,
                keys: &[Self],
            ) -> ::std::result::Result<::std::collections::HashMap<Self, $value>, ::sluice_schema::BoxFault> {
                let keys: Vec<$key> = keys.iter().map(|key| key.0.clone()).collect();
                let found = services.$service.$method(ctx, &keys).await?;
                Ok($crate::loaders::lookups!(@$how found, $name))
            }
        }
    )*};
    (@list $found:ident, $name:ident) => {
        $found.into_iter().map(|model| ($name(model.id), model)).collect()
    };
    (@map $found:ident, $name:ident) => {
        $found.into_iter().map(|(key, value)| ($name(key), value)).collect()
    };
}
pub(crate) use lookups;
