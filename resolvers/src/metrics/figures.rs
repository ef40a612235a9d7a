//! The figures.

use async_graphql::{Object, SimpleObject};
use sluice_ledger as service;

use super::{ChangeLeadTime, Deployment, Restore};
use crate::{ledger::Sequence, scalars::Long};

/// Median, 90th percentile and mean of durations; all 0 when there are none.
#[derive(SimpleObject, Debug, Clone)]
pub struct DurationSummary {
    /// How many durations.
    pub count: u64,
    /// Milliseconds that half of them take at most.
    pub p50_ms: Long,
    /// Milliseconds that nine of ten take at most, by nearest rank.
    pub p90_ms: Long,
    /// Their mean in milliseconds, rounded down.
    pub mean_ms: Long,
}

impl From<service::Durations> for DurationSummary {
    fn from(it: service::Durations) -> Self {
        Self {
            count: it.count,
            p50_ms: Long(it.p50_ms),
            p90_ms: Long(it.p90_ms),
            mean_ms: Long(it.mean_ms),
        }
    }
}

/// How well delivery into an environment went in a window of time. Every figure follows exactly
/// from the rows that stand beside it.
#[derive(Debug, Clone)]
pub struct DeliveryMetrics(pub(crate) service::DeliveryMetrics);

/// How well delivery into an environment went in a window of time. Every figure follows exactly
/// from the rows that stand beside it.
#[Object]
impl DeliveryMetrics {
    /// Deployments that succeeded, rollbacks among them, per day of the window.
    async fn deployments_per_day(&self) -> f64 {
        self.0.deployments_per_day
    }
    /// The deployments, by time.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn deployments(&self) -> Vec<Deployment> {
        self.0.deployments.iter().cloned().map(Deployment).collect()
    }
    /// How long changes took from their first commit until they ran.
    async fn lead_time(&self) -> DurationSummary {
        self.0.lead_time.into()
    }
    /// The changes, by deployment, then by landing.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn changes(&self) -> Vec<ChangeLeadTime> {
        self.0.changes.iter().cloned().map(ChangeLeadTime).collect()
    }
    /// Deployments that failed, as a part of one of all, rollbacks not counted on either side;
    /// null without any.
    async fn change_failure_rate(&self) -> Option<f64> {
        self.0.change_failure_rate
    }
    /// How long failures took until they ended; those that last are left out.
    async fn time_to_restore(&self) -> DurationSummary {
        self.0.time_to_restore.into()
    }
    /// The failures, by time.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn restores(&self) -> Vec<Restore> {
        self.0.restores.iter().cloned().map(Restore).collect()
    }
    /// Deployments that are rework, as a part of one of all that succeeded; null without any.
    async fn rework_rate(&self) -> Option<f64> {
        self.0.rework_rate
    }
    /// The place in the ledger that they reflect.
    async fn sequence(&self) -> Sequence {
        Sequence(self.0.sequence)
    }
}
