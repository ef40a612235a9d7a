//! Recovery loops.

use std::{sync::Arc, time::Duration};

use sluice_kernel::Reconciler;
use tokio_util::sync::CancellationToken;

/// Runs a service's recovery loop at once and then every `period`, until `stop`.
pub async fn run_reconciler(
    reconciler: Arc<dyn Reconciler>,
    period: Duration,
    stop: CancellationToken,
) {
    loop {
        match reconciler.reconcile().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(name = reconciler.name(), count, "recovered"),
            Err(error) => {
                tracing::warn!(name = reconciler.name(), error = %error, "recovery failed");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(period) => {}
        }
    }
}
