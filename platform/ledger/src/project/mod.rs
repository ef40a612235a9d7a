//! Events become patches of read models: pure, so that a rebuild comes out equal.

mod chain;
mod history;
mod lineage;

pub(crate) use lineage::{JUNCTION, short};

use chrono::{DateTime, Utc};
use sluice_kernel::micros;
use sluice_schema::{Envelope, EventPayload};

use crate::patch::{Patch, Table};

/// An event with its place in the ledger.
pub(crate) struct Recorded<'a> {
    /// The tenant's sequence.
    pub(crate) sequence: i64,
    /// The event.
    pub(crate) event: &'a Envelope,
}

impl Recorded<'_> {
    /// When it happened, in microseconds.
    pub(crate) fn at(&self) -> i64 {
        let at: DateTime<Utc> = self.event.occurred_at;
        micros(at)
    }

    /// The payload when it is a `P`. What does not have `P`'s shape is told and left out: the
    /// ledger keeps the event, and a rebuild by a version that knows the shape takes it up.
    pub(crate) fn payload<P: EventPayload>(&self) -> Option<P> {
        self.event.decode::<P>().unwrap_or_else(|error| {
            let (kind, event) = (&self.event.event_type, self.event.event_id);
            tracing::error!(event.r#type = %kind, event.id = %event, %error, "a payload does not have its type's shape");
            metrics::counter!("sluice_ledger_unread_payloads_total").increment(1);
            None
        })
    }
}

/// The patches that an event amounts to, for every read model.
pub(crate) fn patches(recorded: &Recorded<'_>) -> Vec<Patch> {
    let mut patches = lineage::patches(recorded);
    patches.extend(chain::patches(recorded));
    patches.extend(history::patches(recorded));
    patches
}

/// Every table of read models, for writing and for rebuilds.
pub(crate) fn tables() -> Vec<&'static Table> {
    [lineage::TABLES, chain::TABLES, history::TABLES].concat()
}
