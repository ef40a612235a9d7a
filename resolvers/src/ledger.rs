//! The ledger: every event of the tenant in one order, chained by hashes.

mod event;
mod input;
mod list;
mod query;
mod sequence;
mod snapshot;

pub use event::{EventSubject, LedgerEvent};
pub use input::{EventOrder, LedgerEventFilter, LedgerEventOrder, LedgerEventOrderField};
pub(crate) use input::{text, values};
pub(crate) use list::history;
pub use query::{
    LedgerHead, LedgerQuery, LedgerVerification, LedgerViolation, LedgerViolationKind,
};
pub(crate) use sequence::MAX as MAX_SEQUENCE;
pub use sequence::Sequence;
pub(crate) use snapshot::asks_for_head;
