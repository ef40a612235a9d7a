//! The reads that every service offers of its aggregate, from one declaration of its list.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    marker::PhantomData,
    sync::Arc,
};

use sea_orm::{Condition, EntityTrait};
use sluice_kernel::{Ctx, Direction, Page, PageRequest};
use sluice_schema::TypedId;

use crate::{AggregateEntity, Finder, Order, Store, StoreError, Tx};

type Row<L> = <<L as Listing>::Entity as EntityTrait>::Model;
type Found<L> = Arc<<L as Listing>::Aggregate>;

/// What a list of an aggregate means in rows: declared once per aggregate, beside its entity.
pub trait Listing: Send + Sync + 'static {
    /// The table.
    type Entity: AggregateEntity;
    /// What a row becomes.
    type Aggregate: TryFrom<Row<Self>, Error = StoreError> + Send + Sync;
    /// Which rows a list shows.
    type Filter: Sync;
    /// The list's orders.
    type Order: Copy + Send + Sync;

    /// The filter in columns.
    fn condition(filter: &Self::Filter) -> Condition;

    /// The order in columns.
    fn order(order: Self::Order, direction: Direction) -> Order<Self::Entity>;
}

/// A key's text, and the key of an aggregate.
pub type Keyed<K, A> = (fn(&K) -> String, fn(&A) -> Option<K>);

/// How rows hang on a parent `P`.
pub struct Parent<E: EntityTrait, P> {
    /// The column that names the parent.
    pub column: E::Column,
    /// The column's value for a parent.
    pub key: fn(&P) -> String,
    /// The row's value in that column.
    pub of: fn(&E::Model) -> String,
}

/// Reads aggregates; see [`Finder`], which it stands on, for tenancy and statement counts.
pub struct List<'a, L: Listing> {
    finder: Finder<'a, L::Entity>,
    listing: PhantomData<L>,
}

impl Store {
    /// Reads aggregates of `ctx`'s tenant and projects.
    pub fn list<'a, L: Listing>(&'a self, ctx: &'a Ctx) -> List<'a, L> {
        List {
            finder: self.find(ctx),
            listing: PhantomData,
        }
    }

    /// Aggregates of every tenant that match, for recovery loops and workers: never for a caller.
    ///
    /// # Errors
    /// What the database fails with, and [`StoreError::Damaged`].
    pub async fn list_everywhere<L: Listing>(
        &self,
        condition: Condition,
        limit: u64,
    ) -> Result<Vec<L::Aggregate>, StoreError> {
        let rows = self.find_everywhere::<L::Entity>(condition, limit).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

impl Tx {
    /// Reads aggregates inside the transaction.
    pub fn list<L: Listing>(&self) -> List<'_, L> {
        List {
            finder: self.find(),
            listing: PhantomData,
        }
    }
}

fn found<L: Listing>(rows: Vec<Row<L>>) -> Result<Vec<Found<L>>, StoreError> {
    rows.into_iter()
        .map(|row| Ok(Arc::new(row.try_into()?)))
        .collect()
}

fn found_page<L: Listing>(page: Page<Row<L>>) -> Result<Page<Found<L>>, StoreError> {
    let Page {
        items,
        cursors,
        has_next,
        has_previous,
    } = page;
    Ok(Page {
        items: found::<L>(items)?,
        cursors,
        has_next,
        has_previous,
    })
}

fn by_parent<P: Clone + Eq + Hash, T>(
    parents: &[P],
    key: fn(&P) -> String,
    mut groups: HashMap<String, T>,
) -> HashMap<P, T> {
    let found = parents
        .iter()
        .filter_map(|parent| Some((parent.clone(), groups.remove(&key(parent))?)));
    found.collect()
}

impl<L: Listing> List<'_, L> {
    /// The aggregate with this id.
    ///
    /// # Errors
    /// What the database fails with, and [`StoreError::Damaged`], as all methods here.
    pub async fn by_id(&self, id: impl TypedId) -> Result<Option<L::Aggregate>, StoreError> {
        self.finder
            .by_id(&id.to_string())
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    /// The aggregates with these ids, in any order; absent and foreign ones are left out.
    ///
    /// # Errors
    /// As above.
    pub async fn by_ids<I: TypedId>(&self, ids: &[I]) -> Result<Vec<Found<L>>, StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        found::<L>(self.finder.by_ids(ids).await?)
    }

    /// The aggregates whose `column` holds one of `values`, in any order.
    ///
    /// # Errors
    /// As above.
    pub async fn by_values(
        &self,
        column: <L::Entity as EntityTrait>::Column,
        values: Vec<String>,
        condition: Condition,
    ) -> Result<Vec<Found<L>>, StoreError> {
        found::<L>(self.finder.by_values(column, values, condition).await?)
    }

    /// All aggregates of each key, oldest first, in one statement: those whose `column` holds the
    /// key's text and that are of the key. Keys without any are left out.
    ///
    /// # Errors
    /// As above.
    pub async fn groups_by<K: Eq + Hash>(
        &self,
        column: <L::Entity as EntityTrait>::Column,
        keys: &[K],
        (key, of): Keyed<K, L::Aggregate>,
    ) -> Result<HashMap<K, Vec<Found<L>>>, StoreError> {
        let values: BTreeSet<String> = keys.iter().map(key).collect();
        let finder = &self.finder;
        let mut rows = finder.by_values(column, values, Condition::all()).await?;
        rows.sort_by(|one, other| L::Entity::id_of(one).cmp(L::Entity::id_of(other)));
        let mut groups: HashMap<K, Vec<Found<L>>> = HashMap::new();
        for aggregate in found::<L>(rows)? {
            if let Some(key) = of(&aggregate) {
                groups.entry(key).or_default().push(aggregate);
            }
        }
        Ok(groups)
    }

    /// All aggregates that match, in any order: for conditions that few can meet.
    ///
    /// # Errors
    /// As above.
    pub async fn matching(&self, condition: Condition) -> Result<Vec<Found<L>>, StoreError> {
        found::<L>(self.finder.all(condition).await?)
    }

    /// The one aggregate that matches, the first by id when several do.
    ///
    /// # Errors
    /// As above.
    pub async fn one(&self, condition: Condition) -> Result<Option<L::Aggregate>, StoreError> {
        self.finder
            .one(condition)
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    /// One page of the aggregates that match.
    ///
    /// # Errors
    /// As above.
    pub async fn page(
        &self,
        filter: &L::Filter,
        (order, direction): (L::Order, Direction),
        request: &PageRequest,
    ) -> Result<Page<Found<L>>, StoreError> {
        let order = L::order(order, direction);
        found_page::<L>(
            self.finder
                .page(L::condition(filter), &order, request)
                .await?,
        )
    }

    /// How many aggregates match.
    ///
    /// # Errors
    /// As above.
    pub async fn count(&self, filter: &L::Filter) -> Result<u64, StoreError> {
        self.finder.count(L::condition(filter)).await
    }

    /// One page for each parent, all in one statement; parents without any are left out.
    ///
    /// # Errors
    /// As above.
    pub async fn pages_by<P: Clone + Eq + Hash>(
        &self,
        parent: Parent<L::Entity, P>,
        parents: &[P],
        filter: &L::Filter,
        (order, direction): (L::Order, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<P, Page<Found<L>>>, StoreError> {
        let keys: Vec<String> = parents.iter().map(parent.key).collect();
        let (order, condition) = (L::order(order, direction), L::condition(filter));
        let finder = &self.finder;
        let pages = finder
            .page_per_parent(parent.column, keys, parent.of, condition, &order, request)
            .await?;
        let pages = by_parent(parents, parent.key, pages).into_iter();
        pages
            .map(|(parent, page)| Ok((parent, found_page::<L>(page)?)))
            .collect()
    }

    /// How many aggregates match for each parent, in one statement; parents without any are left
    /// out.
    ///
    /// # Errors
    /// As above.
    pub async fn counts_by<P: Clone + Eq + Hash>(
        &self,
        parent: Parent<L::Entity, P>,
        parents: &[P],
        filter: &L::Filter,
    ) -> Result<HashMap<P, u64>, StoreError> {
        let keys: Vec<String> = parents.iter().map(parent.key).collect();
        let counts = self
            .finder
            .count_per_parent(parent.column, keys, L::condition(filter))
            .await?;
        Ok(by_parent(parents, parent.key, counts))
    }
}

/// Gives a service look-ups of all aggregates by many keys, each in one statement. The key's text
/// stands in `column`; `of` tells an aggregate's key from its model.
///
/// ```ignore
/// finds! {
///     Branches: BranchList of Branch or BranchError;
///     /// The branches that have each commit as their head.
///     find_by_heads: CommitKey in Column::HeadSha, key |(_, sha)| sha.clone(),
///         of |it| Some((it.repository_id, it.head_sha.clone()));
/// }
/// ```
#[macro_export]
macro_rules! finds {
    (
        $service:ident: $list:ident of $aggregate:ident or $error:ident;
        $(
            $(#[$doc:meta])*
            $find:ident: $key:ident in $column:expr, key $text:expr, of $of:expr;
        )*
    ) => {
        impl $service {
            $(
                $(#[$doc])*
                /// Oldest first, in one statement; keys without any are left out.
                ///
                /// # Errors
                /// `FORBIDDEN`, and what the store fails with.
                pub async fn $find(
                    &self,
                    ctx: &::sluice_kernel::Ctx,
                    keys: &[$key],
                ) -> ::std::result::Result<
                    ::std::collections::HashMap<$key, Vec<::std::sync::Arc<$aggregate>>>,
                    $error,
                > {
                    ctx.require(::sluice_schema::Scope::Read)?;
                    let list = self.store().list::<$list>(ctx);
                    let how: $crate::Keyed<$key, $aggregate> = ($text, $of);
                    Ok(list.groups_by($column, keys, how).await?)
                }
            )*
        }
    };
}

/// Gives a service the reads that every service offers of its aggregate: `get`, `find_many`,
/// `page` and `count`, and, under a parent, `pages_by_…` and `counts_by_…`. Each demands the
/// scope to read; the service has a method `store()` and its error is made from [`StoreError`] and
/// [`Denied`](sluice_kernel::Denied).
///
/// ```ignore
/// reads! {
///     Branches: BranchList(BranchFilter, BranchOrder) of Branch by BranchId or BranchError, else BranchError::NotFound;
///     pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId,
///         key |id| id.to_string(), of |row| row.repository_id.clone();
/// }
/// ```
#[macro_export]
macro_rules! reads {
    (
        $service:ident: $list:ident($filter:ident, $order:ident) of $aggregate:ident by $id:ident or $error:ident, else $not_found:expr;
        $($pages:ident, $counts:ident: $parent:ident in $column:expr, key $key:expr, of $of:expr;)*
    ) => {
        impl $service {
            /// The object.
            ///
            /// # Errors
            /// `NOT_FOUND`, also for what belongs to another tenant or project.
            pub async fn get(
                &self,
                ctx: &::sluice_kernel::Ctx,
                id: $id,
            ) -> ::std::result::Result<::std::sync::Arc<$aggregate>, $error> {
                ctx.require(::sluice_schema::Scope::Read)?;
                let found = self.store().list::<$list>(ctx).by_id(id).await?;
                Ok(::std::sync::Arc::new(found.ok_or_else(|| $not_found)?))
            }

            /// The objects with these ids that the caller may see, in any order.
            ///
            /// # Errors
            /// What the store fails with.
            pub async fn find_many(
                &self,
                ctx: &::sluice_kernel::Ctx,
                ids: &[$id],
            ) -> ::std::result::Result<Vec<::std::sync::Arc<$aggregate>>, $error> {
                ctx.require(::sluice_schema::Scope::Read)?;
                Ok(self.store().list::<$list>(ctx).by_ids(ids).await?)
            }

            /// One page of the objects that match.
            ///
            /// # Errors
            /// What the store fails with.
            pub async fn page(
                &self,
                ctx: &::sluice_kernel::Ctx,
                filter: &$filter,
                order: ($order, ::sluice_kernel::Direction),
                request: &::sluice_kernel::PageRequest,
            ) -> ::std::result::Result<
                ::sluice_kernel::Page<::std::sync::Arc<$aggregate>>,
                $error,
            > {
                ctx.require(::sluice_schema::Scope::Read)?;
                Ok(self.store().list::<$list>(ctx).page(filter, order, request).await?)
            }

            /// How many objects match.
            ///
            /// # Errors
            /// What the store fails with.
            pub async fn count(
                &self,
                ctx: &::sluice_kernel::Ctx,
                filter: &$filter,
            ) -> ::std::result::Result<u64, $error> {
                ctx.require(::sluice_schema::Scope::Read)?;
                Ok(self.store().list::<$list>(ctx).count(filter).await?)
            }

            $(
                /// One page of the objects of each parent, in one statement; parents without any
                /// are left out.
                ///
                /// # Errors
                /// What the store fails with.
                pub async fn $pages(
                    &self,
                    ctx: &::sluice_kernel::Ctx,
                    parents: &[$parent],
                    filter: &$filter,
                    order: ($order, ::sluice_kernel::Direction),
                    request: &::sluice_kernel::PageRequest,
                ) -> ::std::result::Result<
                    ::std::collections::HashMap<
                        $parent,
                        ::sluice_kernel::Page<::std::sync::Arc<$aggregate>>,
                    >,
                    $error,
                > {
                    ctx.require(::sluice_schema::Scope::Read)?;
                    let list = self.store().list::<$list>(ctx);
                    let parent: $crate::Parent<<$list as $crate::Listing>::Entity, $parent> = $crate::Parent { column: $column, key: $key, of: $of };
                    Ok(list.pages_by(parent, parents, filter, order, request).await?)
                }

                /// How many objects of each parent match, in one statement; parents without any
                /// are left out.
                ///
                /// # Errors
                /// What the store fails with.
                pub async fn $counts(
                    &self,
                    ctx: &::sluice_kernel::Ctx,
                    parents: &[$parent],
                    filter: &$filter,
                ) -> ::std::result::Result<::std::collections::HashMap<$parent, u64>, $error> {
                    ctx.require(::sluice_schema::Scope::Read)?;
                    let parent: $crate::Parent<<$list as $crate::Listing>::Entity, $parent> = $crate::Parent { column: $column, key: $key, of: $of };
                    Ok(self.store().list::<$list>(ctx).counts_by(parent, parents, filter).await?)
                }
            )*
        }
    };
}
