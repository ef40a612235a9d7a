//! Pages and counts as keys: those of many parents are looked up together, and those of several
//! roots in the same wave.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use futures::future::try_join_all;
use sluice_kernel::{Ctx, Page};

use super::{Children, Found, ListArgs, Listed, Paged};
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

/// A page of everything.
pub(super) struct PageOfAll<L: Paged>(pub(super) Arc<ListArgs<L>>);

/// A count of everything that matches.
pub(super) struct CountOfAll<L: Paged>(pub(super) L::Filter);

macro_rules! key_traits {
    ($($name:ident: $bound:ident { $($field:tt),* })*) => {$(
        impl<C: $bound> Clone for $name<C> {
            fn clone(&self) -> Self {
                Self { $($field: self.$field.clone(),)* }
            }
        }
        impl<C: $bound> PartialEq for $name<C> {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&*
            }
        }
        impl<C: $bound> Eq for $name<C> {}
        impl<C: $bound> Hash for $name<C> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                $(self.$field.hash(state);)*
            }
        }
    )*};
}
key_traits! {
    PageOf: Children { parent, args }
    CountOf: Children { parent, filter }
    PageOfAll: Paged { 0 }
    CountOfAll: Paged { 0 }
}

impl<L: Paged> Lookup for PageOfAll<L> {
    type Value = Arc<Page<Arc<L::Model>>>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> Found<HashMap<Self, Self::Value>> {
        let pages = keys.iter().map(async |key| {
            let page = L::page(services, ctx, &key.0).await?;
            Found::Ok((key.clone(), Arc::new(page)))
        });
        Ok(try_join_all(pages).await?.into_iter().collect())
    }
}

impl<L: Paged> Lookup for CountOfAll<L> {
    type Value = u64;

    async fn load(services: &Services, ctx: &Ctx, keys: &[Self]) -> Found<HashMap<Self, u64>> {
        let counts = keys.iter().map(async |key| {
            let count = L::count(services, ctx, &key.0).await?;
            Found::Ok((key.clone(), count))
        });
        Ok(try_join_all(counts).await?.into_iter().collect())
    }
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
