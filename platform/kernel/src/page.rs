//! Keyset paging: a page starts after a row, never at an offset.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sluice_schema::ErrorCode;

use crate::Fault;

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Smallest first.
    #[serde(rename = "a")]
    Ascending,
    /// Largest first.
    #[serde(rename = "d")]
    Descending,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// Where a row stands in one order: the order's name, the row's value in it, the row's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The order that the cursor belongs to, for example `CREATED_AT`.
    #[serde(rename = "o")]
    pub order: String,
    /// The way it is sorted.
    #[serde(rename = "d")]
    pub direction: Direction,
    /// The row's value in that order.
    #[serde(rename = "v")]
    pub value: CursorValue,
    /// The row's id: ties are broken by it.
    #[serde(rename = "i")]
    pub id: String,
}

/// A value of a sort column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CursorValue {
    /// Times (microseconds), numbers.
    Integer(i64),
    /// Names.
    Text(String),
}

impl Cursor {
    /// The opaque text that clients hand back.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() > 1_024 {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// Why paging arguments were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct PageError {
    /// The argument.
    pub argument: &'static str,
    /// The rule that it breaks.
    pub rule: String,
}

impl Fault for PageError {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidInput
    }
    fn field(&self) -> Option<String> {
        Some(self.argument.to_owned())
    }
}

/// Relay's paging arguments as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageArgs {
    /// At most so many from the start.
    pub first: Option<i32>,
    /// At most so many from the end.
    pub last: Option<i32>,
    /// Only rows after this cursor.
    pub after: Option<String>,
    /// Only rows before this cursor.
    pub before: Option<String>,
}

/// Checked paging arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows wanted, 1 to [`PageRequest::MAX`].
    pub limit: u64,
    /// Whether the page is taken from the end.
    pub backward: bool,
    /// Only rows after it.
    pub after: Option<Cursor>,
    /// Only rows before it.
    pub before: Option<Cursor>,
}

impl PageRequest {
    /// Rows of a page when neither `first` nor `last` is given.
    pub const DEFAULT: i32 = 20;
    /// The largest page.
    pub const MAX: i32 = 200;

    /// Checks the arguments against the list's order.
    ///
    /// # Errors
    /// [`PageError`] with the argument and the rule.
    pub fn new(args: &PageArgs, order: &str, direction: Direction) -> Result<Self, PageError> {
        if args.first.is_some() && args.last.is_some() {
            return Err(PageError {
                argument: "last",
                rule: "first and last exclude each other".into(),
            });
        }
        let (argument, count) = match (args.first, args.last) {
            (_, Some(last)) => ("last", last),
            (Some(first), _) => ("first", first),
            _ => ("first", Self::DEFAULT),
        };
        if !(1..=Self::MAX).contains(&count) {
            return Err(PageError {
                argument,
                rule: format!("{argument} must be 1 to {}", Self::MAX),
            });
        }
        Ok(Self {
            limit: count.unsigned_abs().into(),
            backward: args.last.is_some(),
            after: cursor("after", args.after.as_deref(), order, direction)?,
            before: cursor("before", args.before.as_deref(), order, direction)?,
        })
    }

    /// The first `limit` rows.
    pub fn first(limit: u64) -> Self {
        Self {
            limit,
            backward: false,
            after: None,
            before: None,
        }
    }
}

fn cursor(
    argument: &'static str,
    text: Option<&str>,
    order: &str,
    direction: Direction,
) -> Result<Option<Cursor>, PageError> {
    let Some(text) = text else { return Ok(None) };
    let refused = |rule: &str| PageError {
        argument,
        rule: format!("{argument} {rule}"),
    };
    let cursor = Cursor::decode(text).ok_or_else(|| refused("is not a cursor of this API"))?;
    if cursor.order != order || cursor.direction != direction {
        return Err(refused("belongs to another orderBy"));
    }
    Ok(Some(cursor))
}

/// One page of rows, in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where each row stands.
    pub cursors: Vec<Cursor>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The same page of other values.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            cursors: self.cursors,
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }

    /// A page without rows.
    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            cursors: Vec::new(),
            has_next: false,
            has_previous: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(first: Option<i32>, last: Option<i32>, after: Option<String>) -> PageArgs {
        PageArgs {
            first,
            last,
            after,
            before: None,
        }
    }

    #[test]
    fn page_sizes_outside_the_limits_name_the_argument() {
        for (first, last, argument) in [
            (Some(0), None, "first"),
            (Some(201), None, "first"),
            (None, Some(-1), "last"),
            (Some(1), Some(1), "last"),
        ] {
            let refused = PageRequest::new(&args(first, last, None), "ID", Direction::Ascending);
            assert_eq!(refused.unwrap_err().argument, argument);
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let cursor = Cursor {
            order: "NAME".into(),
            direction: Direction::Ascending,
            value: CursorValue::Text("x".into()),
            id: "repo_1".into(),
        };
        let with = |order| {
            PageRequest::new(
                &args(None, None, Some(cursor.encode())),
                order,
                Direction::Ascending,
            )
        };
        assert_eq!(with("NAME").unwrap().after, Some(cursor.clone()));
        assert!(
            with("CREATED_AT")
                .unwrap_err()
                .rule
                .contains("another orderBy")
        );
    }
}
