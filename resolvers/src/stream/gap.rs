//! Holes in a stream.

use async_graphql::{Enum, SimpleObject};
use sluice_ledger as service;

use super::place::cursor;
use crate::ledger::Sequence;

/// Why there is a hole in a stream.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::GapReason")]
pub enum StreamGapReason {
    /// The events are further back than a stream may begin.
    Retention,
    /// The subscriber took its events too slowly.
    Overflow,
}

/// A hole in a stream: the events from one place in the ledger to another are not told by it,
/// those that match and those that do not. The list `events` still shows them.
#[derive(SimpleObject, Debug, Clone)]
pub struct StreamGap {
    /// Place of the first event that is not told.
    pub from: Sequence,
    /// Place of the last event that is not told.
    pub to: Sequence,
    /// Why.
    pub reason: StreamGapReason,
    /// Opaque; a stream `after` it goes on behind the hole.
    pub cursor: String,
}

impl From<service::Gap> for StreamGap {
    fn from(gap: service::Gap) -> Self {
        Self {
            from: Sequence(gap.from),
            to: Sequence(gap.to),
            reason: gap.reason.into(),
            cursor: cursor(gap.to, String::new()),
        }
    }
}
