//! Where events are found, and what the ledger says of itself.

use async_graphql::{Context, Enum, Object, SimpleObject};
use sluice_kernel::PageArgs;
use sluice_ledger as service;

use super::{LedgerEvent, LedgerEventFilter, LedgerEventOrder, Sequence};
use crate::{
    fault::Result,
    loaders::Call,
    paging::{self, Connection},
};

/// How far the ledger has got.
#[derive(SimpleObject, Debug, Clone)]
pub struct LedgerHead {
    /// Place of the last event; 0 while there is none.
    pub sequence: Sequence,
    /// Hash of the last event, 64 hex digits; zeros while there is none.
    pub hash: String,
}

impl From<service::Head> for LedgerHead {
    fn from(head: service::Head) -> Self {
        Self {
            sequence: Sequence(head.sequence),
            hash: head.hash,
        }
    }
}

/// What is wrong at a place in the ledger.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ViolationKind")]
pub enum LedgerViolationKind {
    /// A hole: there is no event, but there are later ones.
    Missing,
    /// The hash does not fit the event, or the one before it, which looked well, was made anew
    /// together with its hash.
    Altered,
    /// The first event that was looked at does not follow from the one before it, which was not
    /// looked at.
    Unchained,
    /// The ledger's head is not its last event: events are gone from the end, stand beyond it, or
    /// the last one was made anew together with its hash.
    Truncated,
}

/// Where the ledger is not what was appended.
#[derive(SimpleObject, Debug, Clone)]
pub struct LedgerViolation {
    /// The place.
    pub sequence: Sequence,
    /// What is wrong there.
    pub kind: LedgerViolationKind,
}

/// What holding the ledger against its hashes found.
#[derive(SimpleObject, Debug, Clone)]
pub struct LedgerVerification {
    /// First place that was looked at.
    pub from: Sequence,
    /// Last place that was looked at, or would have been, were nothing wrong; below `from` when
    /// there is none.
    pub to: Sequence,
    /// Events that were looked at and are well.
    pub checked: u64,
    /// Hash of the last of them, for comparison with a copy that is kept elsewhere.
    pub hash: String,
    /// Whether nothing is wrong.
    pub valid: bool,
    /// The first thing that is wrong.
    pub violation: Option<LedgerViolation>,
}

impl From<service::Verification> for LedgerVerification {
    fn from(found: service::Verification) -> Self {
        let violation = found.violation.map(|violation| LedgerViolation {
            sequence: Sequence(violation.sequence),
            kind: violation.kind.into(),
        });
        Self {
            from: Sequence(found.from),
            to: Sequence(found.to),
            checked: found.checked,
            hash: found.hash,
            valid: violation.is_none(),
            violation,
        }
    }
}

/// Events.
#[derive(Debug, Default)]
pub struct LedgerQuery;

/// Events.
#[Object]
impl LedgerQuery {
    /// The events of the projects that the caller may see, in the ledger's order.
    #[graphql(complexity = "crate::paging::cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a list")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what matches.")] filter: Option<LedgerEventFilter>,
        #[graphql(desc = "Sorted by what; the newest first when absent.")] order_by: Option<
            LedgerEventOrder,
        >,
    ) -> Result<Connection<LedgerEvent>> {
        let page = PageArgs {
            first,
            last,
            after,
            before,
        };
        paging::top::<LedgerEvent>(Call::of(context)?, page, filter, order_by).await
    }

    /// How far the tenant's ledger has got, read before anything else of the request: whatever
    /// the rest of the answer shows holds at least the events up to there. Whoever then follows
    /// the events after that place misses none.
    async fn ledger(&self, context: &Context<'_>) -> Result<LedgerHead> {
        let call = Call::of(context)?;
        Ok(call.head().await?.into())
    }

    /// Holds the tenant's ledger against its hashes: that no event is missing, was altered or
    /// stands elsewhere.
    #[graphql(complexity = "child_complexity + 1000")]
    async fn verify_ledger(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From there on; the first event when absent.")] from: Option<Sequence>,
        #[graphql(desc = "Up to there; the last event when absent.")] to: Option<Sequence>,
    ) -> Result<LedgerVerification> {
        let call = Call::of(context)?;
        let (from, to) = (from.map(|it| it.0), to.map(|it| it.0));
        let found = call.services.ledger.verify(&call.ctx, from, to).await;
        Ok(found.map_err(|fault| call.failure(fault))?.into())
    }
}
