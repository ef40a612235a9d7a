//! From the bus to the ledger.

use std::sync::Arc;

use sluice_bus::Transport;

use crate::Ledger;

/// Takes events from the bus to the ledger, in the bus's order.
#[derive(Clone)]
pub struct Consumer {
    _transport: Arc<dyn Transport>,
    _ledger: Ledger,
}
