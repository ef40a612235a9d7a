//! Subscriptions: what can be followed, and how the edge runs one.
//!
//! The edge may have one execution serve many subscribers. It says where an execution begins and
//! ends ([`Range`]) instead of the operation's own argument `after`, and is told the position of
//! each answer, so that it can hand a subscriber over from one execution to another.

mod describe;
mod event;
mod gap;
mod log;
mod open;
mod place;
mod root;
mod rule;

use async_graphql::{Response, Variables};

pub use describe::describe;
pub use event::{
    BuildEvent, BuildEventItem, DeliveryEvent, DeliveryEventItem, PipelineRunEvent,
    PipelineRunEventItem, PromotionEvent, PromotionEventItem, ReleaseEvent, ReleaseEventItem,
};
pub use gap::{StreamGap, StreamGapReason};
pub use log::LogStream;
pub use open::subscribe;
pub(crate) use place::cursor;
pub use root::EventStreams;
pub(crate) use rule::OneRoot;

/// Which part of its stream an execution answers, whatever its argument `after` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Only items after this position.
    pub after: u64,
    /// End before the first item beyond this position; `None`: never end.
    pub until: Option<u64>,
}

/// One answer of a subscription.
#[derive(Debug)]
pub struct Delivered {
    /// The position of its item: a stream after it goes on behind it. Where the stream itself
    /// fails, the position that it had got to.
    pub position: u64,
    /// Whether its item is a hole: one that was told to another subscriber may begin before what
    /// this one has.
    pub gap: bool,
    /// The answer.
    pub response: Response,
}

/// What a subscription's document says of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Name of its one root field.
    pub field: String,
    /// Where it begins: its argument `after`, read.
    pub after: Option<u64>,
    /// The variables that its answers depend on: all that the operation declares but the one that
    /// gives `after`.
    pub variables: Variables,
    /// Whether executions of different ranges of it can follow each other: its positions are
    /// places in the ledger.
    pub shareable: bool,
}
