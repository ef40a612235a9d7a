//! What an operation costs: told to the caller, and taken from what it may spend.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{ServerError, Value, value};
use sluice_kernel::Ctx;
use sluice_resolvers::{Cost, Meter};
use sluice_schema::ErrorCode;

use super::{
    allowance::{Allowance, Payer},
    refused::give_code,
};

/// Complexity that the operations of one batch may have together.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    spent: AtomicUsize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            spent: AtomicUsize::new(0),
        })
    }

    fn take(&self, complexity: usize) -> Result<(), ServerError> {
        let before = self.spent.fetch_add(complexity, Ordering::Relaxed);
        if before.saturating_add(complexity) <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        let message =
            format!("the operations of the batch are too complex together: above {limit}");
        let mut error = ServerError::new(message, None);
        give_code(&mut error, ErrorCode::LimitExceeded);
        Err(error)
    }
}

/// One operation's bill.
pub(super) struct Bill {
    allowance: Option<Arc<Allowance>>,
    payer: Payer,
    budget: Option<Arc<Budget>>,
    due: OnceLock<(Cost, Option<u64>)>,
}

impl Bill {
    pub(super) fn new(
        ctx: &Ctx,
        allowance: Option<Arc<Allowance>>,
        budget: Option<Arc<Budget>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            allowance,
            payer: Payer::of(ctx),
            budget,
            due: OnceLock::new(),
        })
    }

    /// What stands in the answer as `cost`; `None` when the operation did not begin. Statements
    /// and rows are the request's: of an operation in a batch they are not known apart.
    pub(super) fn shown(&self, ctx: &Ctx) -> Option<Value> {
        let (cost, left) = self.due.get()?;
        let mut shown = value!({ "complexity": cost.complexity, "depth": cost.depth });
        let Value::Object(map) = &mut shown else {
            return None;
        };
        let mut set = |name, number: u64| {
            map.insert(async_graphql::Name::new(name), number.into());
        };
        if self.budget.is_none() {
            set("statements", ctx.statements().get());
            set("rows", ctx.statements().rows());
        }
        if let Some(left) = left {
            set("remaining", *left);
        }
        Some(shown)
    }
}

impl Meter for Bill {
    fn begin(&self, cost: Cost) -> Result<(), ServerError> {
        if let Some(budget) = &self.budget {
            budget.take(cost.complexity)?;
        }
        let allowance = self.allowance.as_ref();
        let left = allowance.map(|allowance| spend(allowance, &self.payer, cost.complexity));
        let _ = self.due.set((cost, left.transpose()?));
        Ok(())
    }
}

/// Takes `cost` from what the payer may spend.
pub(super) fn spend(allowance: &Allowance, payer: &Payer, cost: usize) -> Result<u64, ServerError> {
    allowance.spend(payer, cost).map_err(|wait| {
        // Whole seconds, as in the header.
        let wait = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message =
            format!("the caller has used up what it may spend; this fits in {wait} seconds");
        metrics::counter!("sluice_graphql_rate_limited_total").increment(1);
        let mut error = ServerError::new(message, None);
        give_code(&mut error, ErrorCode::RateLimited);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("retryAfter", wait);
        error
    })
}
