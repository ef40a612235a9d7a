//! Reads: the only way to a row, and always within the caller's tenant and projects.

use std::{collections::HashMap, marker::PhantomData};

use sea_orm::{
    Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IdenStatic, Iterable,
    JoinType, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query, SelectStatement},
};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, ProjectAccess};

use crate::{AggregateEntity, Order, Store, StoreError, Tx, in_set, set_value};

enum Source<'a> {
    Store(&'a Store),
    Tx(&'a Tx),
}

/// Reads rows of one aggregate, of one tenant, of the projects that the caller may see.
pub struct Finder<'a, E> {
    source: Source<'a>,
    ctx: &'a Ctx,
    entity: PhantomData<E>,
}

const PARENTS: &str = "parents";

impl<'a, E: AggregateEntity> Finder<'a, E> {
    pub(crate) fn of_store(store: &'a Store, ctx: &'a Ctx) -> Self {
        Self {
            source: Source::Store(store),
            ctx,
            entity: PhantomData,
        }
    }

    pub(crate) fn of_tx(tx: &'a Tx) -> Self {
        Self {
            source: Source::Tx(tx),
            ctx: tx.ctx(),
            entity: PhantomData,
        }
    }

    fn store(&self) -> &'a Store {
        match self.source {
            Source::Store(store) => store,
            Source::Tx(tx) => tx.store(),
        }
    }

    /// The base of every query.
    fn scoped(&self) -> Select<E> {
        let tenant =
            Expr::col(Alias::new(E::COLUMNS.tenant.as_str())).eq(self.ctx.tenant().as_str());
        let query = <E as EntityTrait>::find().filter(tenant);
        match self.ctx.projects() {
            ProjectAccess::All => query,
            ProjectAccess::Only(projects) => query.filter(in_set(
                self.store().backend(),
                E::COLUMNS.project.as_str(),
                projects.iter().map(ToString::to_string),
            )),
        }
    }

    async fn fetch(&self, query: Select<E>) -> Result<Vec<E::Model>, StoreError> {
        self.ctx.statements().add();
        let rows = match self.source {
            Source::Tx(tx) => query.all(tx.connection()).await?,
            Source::Store(store) => query.all(&store.reader(self.ctx).await?).await?,
        };
        self.ctx.statements().add_rows(rows.len());
        Ok(rows)
    }

    async fn fetch_as<R: FromQueryResult>(
        &self,
        select: &sea_orm::sea_query::SelectStatement,
    ) -> Result<Vec<R>, StoreError> {
        self.ctx.statements().add();
        let rows = match self.source {
            Source::Tx(tx) => tx.connection().query_all(select).await?,
            Source::Store(store) => store.reader(self.ctx).await?.query_all(select).await?,
        };
        self.ctx.statements().add_rows(rows.len());
        Ok(rows
            .iter()
            .map(|row| R::from_query_result(row, ""))
            .collect::<Result<_, _>>()?)
    }

    /// The row with this id.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn by_id(&self, id: &str) -> Result<Option<E::Model>, StoreError> {
        let by_id = Expr::col(Alias::new(E::COLUMNS.id.as_str())).eq(id);
        self.one(Condition::all().add(by_id)).await
    }

    /// The rows with these ids, in any order; absent and foreign ids are left out.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn by_ids(
        &self,
        ids: impl IntoIterator<Item = String>,
    ) -> Result<Vec<E::Model>, StoreError> {
        self.by_values(E::COLUMNS.id, ids, Condition::all()).await
    }

    /// The rows whose `column` holds one of `values`, in any order.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn by_values(
        &self,
        column: E::Column,
        values: impl IntoIterator<Item = String>,
        condition: Condition,
    ) -> Result<Vec<E::Model>, StoreError> {
        let set = in_set(self.store().backend(), column.as_str(), values);
        self.fetch(self.scoped().filter(set).filter(condition))
            .await
    }

    /// All rows that match, in any order: for conditions that few can meet.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn all(&self, condition: Condition) -> Result<Vec<E::Model>, StoreError> {
        self.fetch(self.scoped().filter(condition)).await
    }

    /// The one row that matches (the first by id when several do).
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn one(&self, condition: Condition) -> Result<Option<E::Model>, StoreError> {
        let query = self.scoped().filter(condition);
        let order = Order::<E>::by_id(Direction::Ascending);
        let query = order.sorted(query, &PageRequest::first(1)).limit(1);
        Ok(self.fetch(query).await?.into_iter().next())
    }

    /// One page of the rows that match.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn page(
        &self,
        condition: Condition,
        order: &Order<E>,
        request: &PageRequest,
    ) -> Result<Page<E::Model>, StoreError> {
        let query = order.select(self.scoped().filter(condition), request);
        Ok(order.page_of(self.fetch(query).await?, request))
    }

    /// How many rows match.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn count(&self, condition: Condition) -> Result<u64, StoreError> {
        #[derive(FromQueryResult)]
        struct Count {
            count: i64,
        }
        let mut select = self.scoped().filter(condition).into_query();
        select
            .clear_selects()
            .expr_as(Func::count(Expr::col(Asterisk)), Alias::new("count"));
        let rows: Vec<Count> = self.fetch_as(&select).await?;
        Ok(rows.first().map_or(0, |row| row.count.unsigned_abs()))
    }

    /// One page for each parent, all in one statement.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn page_per_parent(
        &self,
        parent: E::Column,
        parents: impl IntoIterator<Item = String>,
        parent_of: fn(&E::Model) -> String,
        condition: Condition,
        order: &Order<E>,
        request: &PageRequest,
    ) -> Result<HashMap<String, Page<E::Model>>, StoreError> {
        let query = self.scoped().filter(condition);
        let backend = self.store().backend();
        let select = per_parent::<E>(backend, query, (parent, parents), order, request);
        let rows: Vec<E::Model> = self.fetch_as(&select).await?;
        let mut groups: HashMap<String, Vec<E::Model>> = HashMap::new();
        for row in rows {
            groups.entry(parent_of(&row)).or_default().push(row);
        }
        Ok(groups
            .into_iter()
            .map(|(key, rows)| (key, order.page_of(rows, request)))
            .collect())
    }

    /// How many rows match for each parent, in one statement; parents without rows are left out.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn count_per_parent(
        &self,
        parent: E::Column,
        parents: impl IntoIterator<Item = String>,
        condition: Condition,
    ) -> Result<HashMap<String, u64>, StoreError> {
        #[derive(FromQueryResult)]
        struct Count {
            parent: String,
            count: i64,
        }
        let set = in_set(self.store().backend(), parent.as_str(), parents);
        let column = Alias::new(parent.as_str());
        let mut select = self.scoped().filter(set).filter(condition).into_query();
        select
            .clear_selects()
            .expr_as(Expr::col(column.clone()), Alias::new("parent"))
            .expr_as(Func::count(Expr::col(Asterisk)), Alias::new("count"))
            .group_by_col(column);
        let rows: Vec<Count> = self.fetch_as(&select).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.parent, row.count.unsigned_abs()))
            .collect())
    }
}

// For each parent the first rows by an index that begins with the parent and goes on with the
// order: as many rows are read as are answered. Numbering the rows of a window would read all.
fn per_parent<E: AggregateEntity>(
    backend: DbBackend,
    query: Select<E>,
    (parent, parents): (E::Column, impl IntoIterator<Item = String>),
    order: &Order<E>,
    request: &PageRequest,
) -> SelectStatement {
    let entity = E::default();
    let table = || Alias::new(entity.table_name());
    let (function, value) = match backend {
        DbBackend::Postgres => ("unnest", PARENTS),
        _ => ("json_each", "value"),
    };
    let of_parent = Expr::col(Alias::new(parent.as_str()))
        .eq(Expr::col((Alias::new(PARENTS), Alias::new(value))));
    let mut rows = order.select(query.filter(of_parent), request).into_query();
    let mut select = Query::select();
    for column in E::Column::iter() {
        select.column((table(), Alias::new(column.as_str())));
    }
    let keys = Func::cust(Alias::new(function)).arg(set_value(backend, parents));
    select.from_function(keys, Alias::new(PARENTS));
    match backend {
        DbBackend::Postgres => {
            select.join_lateral(JoinType::InnerJoin, rows, table(), Expr::val(true));
        }
        _ => {
            let row = || Expr::col((table(), Alias::new("rowid")));
            rows.clear_selects().expr(row());
            // Cross joins are made in the order in which they are written.
            select
                .cross_join(table())
                .and_where(row().in_subquery(rows));
        }
    }
    let way = match order.fetch_direction(request) {
        Direction::Ascending => sea_orm::Order::Asc,
        Direction::Descending => sea_orm::Order::Desc,
    };
    for column in [order.column, E::COLUMNS.id] {
        select.order_by((table(), Alias::new(column.as_str())), way.clone());
    }
    select
}
