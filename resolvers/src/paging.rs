//! Lists: the same arguments, cursors and counts on every one of them.

mod connection;
mod keys;

use std::{
    collections::HashMap,
    fmt::Debug,
    future::Future,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::{InputType, OutputType};
use sluice_kernel::{Ctx, Direction, Page, PageArgs, PageRequest};
use sluice_schema::BoxFault;

use crate::{
    Services,
    fault::{InputFault, Result},
    loaders::Call,
};

pub(crate) use connection::Total;
pub use connection::{Connection, Edge, PageInfo};
use keys::{CountOf, CountOfAll, PageOf, PageOfAll};

type Found<T> = std::result::Result<T, BoxFault>;

/// What lists are made of: their rows, filters and orders.
pub trait Listed: OutputType + From<Arc<Self::Model>> + Clone + 'static {
    /// The service's model.
    type Model: Send + Sync + 'static;
    /// The service's filter.
    type Filter: Default + Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// The service's orders.
    type Order: Default + Copy + Eq + Hash + Debug + Send + Sync + 'static;
    /// The filter argument.
    type FilterInput: InputType + TryInto<Self::Filter, Error = InputFault>;
    /// The order argument.
    type OrderInput: InputType + Into<(Self::Order, Direction)>;

    /// The order's name in cursors.
    fn order_name(order: Self::Order) -> &'static str;

    /// How a list is sorted that nobody asked to be sorted: the newest first.
    fn unasked() -> (Self::Order, Direction) {
        (Self::Order::default(), Direction::Descending)
    }
}

/// An object that is listed on its own: how one service pages through it.
pub trait Paged: Listed {
    /// One page of all that the caller may see.
    fn page(
        services: &Services,
        ctx: &Ctx,
        args: &ListArgs<Self>,
    ) -> impl Future<Output = Found<Page<Arc<Self::Model>>>> + Send;

    /// How many match.
    fn count(
        services: &Services,
        ctx: &Ctx,
        filter: &Self::Filter,
    ) -> impl Future<Output = Found<u64>> + Send;
}

/// Checked arguments of a list.
pub struct ListArgs<L: Listed> {
    /// Which rows.
    pub filter: L::Filter,
    /// Sorted by what, and which way.
    pub order: (L::Order, Direction),
    /// Which page.
    pub request: PageRequest,
}

impl<L: Listed> ListArgs<L> {
    /// Checks arguments as they came.
    ///
    /// # Errors
    /// `INVALID_INPUT` with the argument and its rule.
    pub fn new(
        page: &PageArgs,
        filter: Option<L::FilterInput>,
        order: Option<L::OrderInput>,
    ) -> Found<Self> {
        let filter = match filter {
            Some(filter) => filter.try_into()?,
            None => L::Filter::default(),
        };
        let order = order.map_or_else(L::unasked, Into::into);
        let request = PageRequest::new(page, L::order_name(order.0), order.1)?;
        Ok(Self {
            filter,
            order,
            request,
        })
    }
}

impl<L: Listed> Clone for ListArgs<L> {
    fn clone(&self) -> Self {
        Self {
            filter: self.filter.clone(),
            order: self.order,
            request: self.request.clone(),
        }
    }
}

impl<L: Listed> PartialEq for ListArgs<L> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order && self.request == other.request && self.filter == other.filter
    }
}

impl<L: Listed> Eq for ListArgs<L> {}

impl<L: Listed> Hash for ListArgs<L> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.filter.hash(state);
        self.order.0.hash(state);
        self.request.limit.hash(state);
        for cursor in [&self.request.after, &self.request.before] {
            cursor.as_ref().map(|cursor| &cursor.id).hash(state);
        }
    }
}

/// A list below a parent: how one service pages through the children of many parents at once.
pub trait Children: Send + Sync + 'static {
    /// What the parent is known by.
    type Parent: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is listed.
    type Item: Listed;

    /// One page for each parent, in one statement.
    fn pages(
        services: &Services,
        ctx: &Ctx,
        parents: &[Self::Parent],
        args: &ListArgs<Self::Item>,
    ) -> impl Future<Output = Found<ModelPages<Self>>> + Send;

    /// How many match for each parent, in one statement.
    fn counts(
        services: &Services,
        ctx: &Ctx,
        parents: &[Self::Parent],
        filter: &<Self::Item as Listed>::Filter,
    ) -> impl Future<Output = Found<HashMap<Self::Parent, u64>>> + Send;
}

/// Pages of models by parent.
pub type ModelPages<C> =
    HashMap<<C as Children>::Parent, Page<Arc<<<C as Children>::Item as Listed>::Model>>>;

/// One page of everything that the caller may see.
///
/// # Errors
/// `INVALID_INPUT` for arguments that break rules, and what the owning service fails with.
pub(crate) async fn top<L: Paged>(
    call: &Arc<Call>,
    page: PageArgs,
    filter: Option<L::FilterInput>,
    order: Option<L::OrderInput>,
) -> Result<Connection<L>> {
    let args = ListArgs::<L>::new(&page, filter, order).map_err(|fault| call.failure(fault))?;
    let filter = args.filter.clone();
    let page = call.one(Some(PageOfAll::<L>(Arc::new(args)))).await?;
    let page = page.unwrap_or_else(|| Arc::new(Page::empty()));
    let call = call.clone();
    let total: Total = Box::new(move || {
        let call = call.clone();
        let key = CountOfAll::<L>(filter.clone());
        Box::pin(async move { Ok(call.one(Some(key)).await?.unwrap_or(0)) })
    });
    Ok(Connection::new(&page, total, |model| {
        L::from(model.clone())
    }))
}

/// One page of a parent's children.
///
/// # Errors
/// `INVALID_INPUT` for arguments that break rules, and what the owning service fails with.
pub(crate) async fn below<C: Children>(
    call: &Arc<Call>,
    parent: C::Parent,
    page: PageArgs,
    filter: Option<<C::Item as Listed>::FilterInput>,
    order: Option<<C::Item as Listed>::OrderInput>,
) -> Result<Connection<C::Item>> {
    let args = ListArgs::<C::Item>::new(&page, filter, order);
    let args = args.map_err(|fault| call.failure(fault))?;
    let filter = args.filter.clone();
    let key = PageOf::<C> {
        parent: parent.clone(),
        args: Arc::new(args),
    };
    let page = call.one(Some(key)).await?;
    let page = page.unwrap_or_else(|| Arc::new(Page::empty()));
    let call = call.clone();
    let total: Total = Box::new(move || {
        let call = call.clone();
        let (parent, filter) = (parent.clone(), filter.clone());
        let key = CountOf::<C> { parent, filter };
        Box::pin(async move { Ok(call.one(Some(key)).await?.unwrap_or(0)) })
    });
    Ok(Connection::new(&page, total, |model| {
        C::Item::from(model.clone())
    }))
}

/// What a list costs: as many times a row as rows are asked for.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let rows = first.or(last).unwrap_or(PageRequest::DEFAULT);
    let rows = usize::try_from(rows.clamp(1, PageRequest::MAX)).unwrap_or(1);
    rows.saturating_mul(row.max(1)).saturating_add(1)
}
