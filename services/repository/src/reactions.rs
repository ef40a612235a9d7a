//! What the service does without a caller: it reacts to no events, and it finishes what a
//! crash left half provisioned.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Reconciler};

use crate::{Repositories, store};

const BATCH: u64 = 100;

/// Finishes repositories that were announced and not confirmed.
pub struct Recovery(pub Repositories);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "repository.provisioning"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let unfinished = store::provisioning(self.0.store(), BATCH).await?;
        let count = unfinished.len();
        for repository in unfinished {
            let ctx = repository.meta.system_ctx("repository");
            self.0.finish_provisioning(&ctx, repository).await?;
        }
        Ok(count)
    }
}
