//! Batched look-ups: one statement per hop, however many objects ask.
//!
//! A [`Lookup`] is a newtype key that knows how its values are found, many at once. Loaders are
//! made anew for each execution, so nothing is remembered across requests or tenants.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, Data, Request, Response, ServerResult,
    dataloader::{DataLoader, HashMapCache, Loader},
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest},
    parser::types::OperationType,
};
use sluice_kernel::Ctx;
use sluice_schema::BoxFault;

use crate::{
    Services,
    fault::{Failure, Result},
};

const MAX_BATCH: usize = 1_000;
const DELAY: Duration = Duration::from_millis(1);

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

/// What a batch needs: loaders run in tasks of their own, so it carries its context.
pub struct Batch {
    services: Arc<Services>,
    ctx: Ctx,
}

impl<K: Lookup> Loader<K> for Batch {
    type Value = K::Value;
    type Error = Failure;

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, K::Value>> {
        K::load(&self.services, &self.ctx, keys)
            .await
            .map_err(|fault| Failure::new(&self.ctx, fault))
    }
}

/// One execution: who asks, whom to ask, and its own loaders.
pub struct Call {
    /// Who asks.
    pub ctx: Ctx,
    /// Whom to ask.
    pub services: Arc<Services>,
    loader: DataLoader<Batch, HashMapCache>,
}

impl Call {
    fn new(ctx: Ctx, services: Arc<Services>, remember: bool) -> Self {
        let batch = Batch {
            services: services.clone(),
            ctx: ctx.clone(),
        };
        let loader = DataLoader::with_cache(batch, tokio::spawn, HashMapCache::default())
            .max_batch_size(MAX_BATCH)
            .delay(DELAY);
        loader.enable_all_cache(remember);
        Self {
            ctx,
            services,
            loader,
        }
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

    /// The value of a key, together with whatever else asks at this level.
    ///
    /// # Errors
    /// What the owning service fails with.
    pub async fn one<K: Lookup>(&self, key: Option<K>) -> Result<Option<K::Value>> {
        match key {
            Some(key) => self.loader.load_one(key).await,
            None => Ok(None),
        }
    }

    /// The values of several keys, in the keys' order.
    ///
    /// # Errors
    /// What the owning service fails with.
    pub async fn several<K: Lookup>(&self, keys: Vec<K>) -> Result<Vec<K::Value>> {
        let mut found = self.loader.load_many(keys.iter().cloned()).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// A fault that a resolver met outside of a loader.
    pub fn failure(&self, fault: impl Into<BoxFault>) -> Failure {
        Failure::new(&self.ctx, fault.into())
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
    // A mutation's later fields must see what its earlier fields changed.
    forgets: AtomicBool,
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
        let writes = |ty| ty == OperationType::Mutation;
        if document.operations.iter().any(|(_, op)| writes(op.node.ty)) {
            self.forgets.store(true, Ordering::Relaxed);
        }
        next.run(ctx, request).await
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut data = Data::default();
        if let (Some(caller), Some(services)) =
            (ctx.data_opt::<Ctx>(), ctx.data_opt::<Arc<Services>>())
        {
            let remember = !self.forgets.load(Ordering::Relaxed);
            let call = Call::new(caller.clone(), services.clone(), remember);
            data.insert(Arc::new(call));
        }
        next.run_with_data(ctx, operation_name, data).await
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
