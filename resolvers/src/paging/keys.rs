//! Pages and counts of children as keys: those of many parents are looked up together.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use sluice_kernel::{Ctx, Page};

use super::{Children, Found, ListArgs, Listed};
use crate::{
    Services,
    loaders::{Lookup, grouped},
};

/// A parent's page: batched with the pages of other parents under the same arguments.
pub(super) struct PageOf<C: Children> {
    pub(super) parent: C::Parent,
    pub(super) args: Arc<ListArgs<C::Item>>,
}

/// A parent's count: batched with the counts of other parents under the same filter.
pub(super) struct CountOf<C: Children> {
    pub(super) parent: C::Parent,
    pub(super) filter: <C::Item as Listed>::Filter,
}

macro_rules! key_traits {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl<C: Children> Clone for $name<C> {
            fn clone(&self) -> Self {
                Self { $($field: self.$field.clone(),)* }
            }
        }
        impl<C: Children> PartialEq for $name<C> {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&*
            }
        }
        impl<C: Children> Eq for $name<C> {}
        impl<C: Children> Hash for $name<C> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                $(self.$field.hash(state);)*
            }
        }
    )*};
}
key_traits! {
    PageOf { parent, args }
    CountOf { parent, filter }
}

impl<C: Children> Lookup for PageOf<C> {
    type Value = Arc<Page<Arc<<C::Item as Listed>::Model>>>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> Found<HashMap<Self, Self::Value>> {
        let mut found = HashMap::with_capacity(keys.len());
        let groups = grouped(keys.iter().cloned(), |key| (key.args, key.parent));
        for (args, parents) in groups {
            for (parent, page) in C::pages(services, ctx, &parents, &args).await? {
                let args = args.clone();
                found.insert(Self { parent, args }, Arc::new(page));
            }
        }
        Ok(found)
    }
}

impl<C: Children> Lookup for CountOf<C> {
    type Value = u64;

    async fn load(services: &Services, ctx: &Ctx, keys: &[Self]) -> Found<HashMap<Self, u64>> {
        let mut found = HashMap::with_capacity(keys.len());
        let groups = grouped(keys.iter().cloned(), |key| (key.filter, key.parent));
        for (filter, parents) in groups {
            for (parent, count) in C::counts(services, ctx, &parents, &filter).await? {
                let filter = filter.clone();
                found.insert(Self { parent, filter }, count);
            }
        }
        Ok(found)
    }
}
