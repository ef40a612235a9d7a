//! What a subscriber asks for and gets.

use std::sync::Arc;

use crate::{EventFilter, LedgerEvent};

/// Which part of the ledger to follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FeedRequest {
    /// Which events; the caller's projects restrict them further.
    pub filter: EventFilter,
    /// Only events after this place; `None`: after the ledger's end at the time of the call.
    pub after: Option<u64>,
    /// End before the first event beyond this place; `None`: never end.
    pub until: Option<u64>,
}

/// Why there is a hole in what a subscriber gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GapReason {
    /// The events are further back than a subscription may begin.
    Retention,
    /// The subscriber was too slow.
    Overflow,
}

/// Events that a subscriber does not get by its stream; lists still show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gap {
    /// Place of the first of them.
    pub from: u64,
    /// Place of the last of them.
    pub to: u64,
    /// Why.
    pub reason: GapReason,
}

/// One item of a feed.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedItem {
    /// What happened.
    Event(Arc<LedgerEvent>),
    /// A hole.
    Gap(Gap),
}

impl FeedItem {
    /// The place up to which the feed has got with it: a feed `after` it goes on behind it.
    pub fn position(&self) -> u64 {
        match self {
            Self::Event(event) => event.sequence,
            Self::Gap(gap) => gap.to,
        }
    }
}
