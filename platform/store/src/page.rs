//! Keyset pages over a table.

use sea_orm::{
    EntityTrait, IdenStatic, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, SimpleExpr, Value},
};
use sluice_kernel::{Cursor, Direction, Page, PageRequest, page::CursorValue};

use crate::AggregateEntity;

/// One documented order of a list: by a column, ties broken by id.
pub struct Order<E: EntityTrait> {
    /// Its name in the API and in cursors, for example `CREATED_AT`.
    pub name: &'static str,
    /// The column; an index (tenant, …, column, id) should match.
    pub column: E::Column,
    /// Which way.
    pub direction: Direction,
    /// The row's value in that column.
    pub value_of: fn(&E::Model) -> CursorValue,
}

impl<E: AggregateEntity> Order<E> {
    /// The order by id, which is the order of creation.
    pub fn by_id(direction: Direction) -> Self {
        Self {
            name: "ID",
            column: E::COLUMNS.id,
            direction,
            value_of: |row| CursorValue::Text(E::id_of(row).to_owned()),
        }
    }

    pub(crate) fn cursor_of(&self, row: &E::Model) -> Cursor {
        Cursor {
            order: self.name.to_owned(),
            direction: self.direction,
            value: (self.value_of)(row),
            id: E::id_of(row).to_owned(),
        }
    }

    // The way in which rows are fetched: a page from the end is fetched reversed.
    pub(crate) fn fetch_direction(&self, request: &PageRequest) -> Direction {
        if request.backward {
            self.direction.reversed()
        } else {
            self.direction
        }
    }

    pub(crate) fn apply_bounds(&self, query: Select<E>, request: &PageRequest) -> Select<E> {
        let ascending = self.direction == Direction::Ascending;
        let mut query = query;
        if let Some(cursor) = &request.after {
            query = query.filter(self.beyond(cursor, ascending));
        }
        if let Some(cursor) = &request.before {
            query = query.filter(self.beyond(cursor, !ascending));
        }
        query
    }

    fn beyond(&self, cursor: &Cursor, greater: bool) -> SimpleExpr {
        let value: Value = match &cursor.value {
            CursorValue::Integer(number) => (*number).into(),
            CursorValue::Text(text) => text.clone().into(),
        };
        let left = Expr::tuple([
            Expr::col(sea_orm::sea_query::Alias::new(self.column.as_str())),
            Expr::col(sea_orm::sea_query::Alias::new(E::COLUMNS.id.as_str())),
        ]);
        let right = Expr::tuple([Expr::val(value), Expr::val(cursor.id.clone())]);
        if greater {
            left.gt(right)
        } else {
            left.lt(right)
        }
    }

    pub(crate) fn sorted(&self, query: Select<E>, request: &PageRequest) -> Select<E> {
        let way = match self.fetch_direction(request) {
            Direction::Ascending => sea_orm::Order::Asc,
            Direction::Descending => sea_orm::Order::Desc,
        };
        query
            .order_by(self.column, way.clone())
            .order_by(E::COLUMNS.id, way)
    }

    /// Builds the select of one page: one row more than asked tells whether others follow.
    pub(crate) fn select(&self, query: Select<E>, request: &PageRequest) -> Select<E> {
        self.sorted(self.apply_bounds(query, request), request)
            .limit(request.limit + 1)
    }

    /// Turns fetched rows (at most one more than asked) into the page.
    pub(crate) fn page_of(&self, mut rows: Vec<E::Model>, request: &PageRequest) -> Page<E::Model> {
        let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        if request.backward {
            rows.reverse();
        }
        let (has_next, has_previous) = if request.backward {
            (request.before.is_some(), more)
        } else {
            (more, request.after.is_some())
        };
        let cursors = rows.iter().map(|row| self.cursor_of(row)).collect();
        Page {
            items: rows,
            cursors,
            has_next,
            has_previous,
        }
    }
}
