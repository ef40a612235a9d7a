//! Where a stream begins.

use sluice_kernel::{Cursor, Direction, PageArgs, PageRequest, page::CursorValue};
use sluice_ledger::EVENT_ORDER;

use crate::{fault::InputFault, ledger::MAX_SEQUENCE};

/// The argument that says where a stream of events begins.
pub(super) const AFTER: &str = "after";

/// Reads a place in the ledger: the cursor of an event, from whichever list or stream it is, or
/// its sequence in decimal digits.
///
/// # Errors
/// [`InputFault`] naming `after` for anything else.
pub(super) fn place(after: &str) -> Result<u64, InputFault> {
    let place = if after.bytes().all(|byte| byte.is_ascii_digit()) {
        after.parse().ok()
    } else {
        of_cursor(after)
    };
    place.filter(|place| *place <= MAX_SEQUENCE).ok_or_else(|| {
        let rule = "must be the cursor of an event, or a place in the ledger in decimal digits";
        InputFault::new(AFTER, rule)
    })
}

// A cursor leads on in its list's direction; here it only names a place.
fn of_cursor(after: &str) -> Option<u64> {
    let cursor = [Direction::Ascending, Direction::Descending]
        .into_iter()
        .find_map(|direction| {
            let args = PageArgs {
                after: Some(after.to_owned()),
                ..PageArgs::default()
            };
            PageRequest::new(&args, EVENT_ORDER, direction).ok()?.after
        })?;
    match cursor.value {
        CursorValue::Integer(value) => u64::try_from(value).ok(),
        CursorValue::Text(_) => None,
    }
}

/// The cursor of a place in the ledger; `id` of what stands there.
pub(crate) fn cursor(sequence: u64, id: String) -> String {
    let cursor = Cursor {
        order: EVENT_ORDER.to_owned(),
        direction: Direction::Ascending,
        value: CursorValue::Integer(i64::try_from(sequence).unwrap_or(i64::MAX)),
        id,
    };
    cursor.encode()
}

#[cfg(test)]
mod tests {
    use sluice_schema::Fault;

    use super::*;

    #[test]
    fn a_place_is_a_cursor_or_a_sequence() {
        assert_eq!(place("0").unwrap(), 0);
        assert_eq!(place("17").unwrap(), 17);
        assert_eq!(place(&cursor(42, "evt-x".into())).unwrap(), 42);
        let descending = Cursor {
            order: EVENT_ORDER.to_owned(),
            direction: Direction::Descending,
            value: CursorValue::Integer(7),
            id: String::new(),
        };
        assert_eq!(place(&descending.encode()).unwrap(), 7);
    }

    #[test]
    fn anything_else_is_refused_and_names_its_argument() {
        let other = Cursor {
            order: "CREATED_AT".to_owned(),
            direction: Direction::Ascending,
            value: CursorValue::Integer(7),
            id: "build_1".to_owned(),
        };
        let negative = Cursor {
            order: EVENT_ORDER.to_owned(),
            direction: Direction::Ascending,
            value: CursorValue::Integer(-1),
            id: String::new(),
        };
        let beyond = (MAX_SEQUENCE + 1).to_string();
        let (other, negative) = (other.encode(), negative.encode());
        for wrong in ["", "-1", "1.5", "x", &beyond, &other, &negative] {
            let refused = place(wrong).unwrap_err();
            assert_eq!(refused.field().as_deref(), Some("after"), "{wrong}");
        }
    }
}
