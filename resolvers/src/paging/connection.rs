//! Connections: a page, its cursors, and a count that is made only when asked for.

use std::borrow::Cow;

use async_graphql::{Object, OutputType, SimpleObject, TypeName};
use futures::future::BoxFuture;
use sluice_kernel::Page;

use crate::fault::Result;

/// Counts a list when it is asked to.
pub(crate) type Total = Box<dyn Fn() -> BoxFuture<'static, Result<u64>> + Send + Sync>;

/// One page of a list.
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    has_next: bool,
    has_previous: bool,
    total: Total,
}

/// An object and where it stands in its list.
#[derive(Clone)]
pub struct Edge<N> {
    cursor: String,
    node: N,
}

/// Where a page stands in its list.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
pub struct PageInfo {
    /// Whether objects follow this page.
    pub has_next_page: bool,
    /// Whether objects precede this page.
    pub has_previous_page: bool,
    /// Cursor of the page's first object; absent when the page is empty.
    pub start_cursor: Option<String>,
    /// Cursor of the page's last object; absent when the page is empty.
    pub end_cursor: Option<String>,
}

impl<N: OutputType + Clone + 'static> Connection<N> {
    /// A page of rows that objects are made from.
    pub(crate) fn new<R>(page: &Page<R>, total: Total, object: impl Fn(&R) -> N) -> Self {
        let pairs = page.items.iter().zip(&page.cursors);
        let edges = pairs.map(|(row, cursor)| Edge {
            cursor: cursor.encode(),
            node: object(row),
        });
        Self {
            edges: edges.collect(),
            has_next: page.has_next,
            has_previous: page.has_previous,
            total,
        }
    }
}

/// One page of a list, in the list's order.
#[Object(name_type)]
impl<N: OutputType + Clone + 'static> Connection<N> {
    /// The page's objects with their cursors.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The page's objects.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }

    /// How many objects match the filter on all pages; counted only when asked for.
    async fn total_count(&self) -> Result<u64> {
        (self.total)().await
    }
}

impl<N: OutputType + Clone + 'static> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <N as OutputType>::type_name()).into()
    }
}

/// An object and where it stands in its list.
#[Object(name_type)]
impl<N: OutputType + Clone + 'static> Edge<N> {
    /// Opaque; hand it back as `after` or `before`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The object.
    async fn node(&self) -> &N {
        &self.node
    }
}

impl<N: OutputType + Clone + 'static> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <N as OutputType>::type_name()).into()
    }
}
