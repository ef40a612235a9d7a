//! Data made elsewhere.

use sluice_kernel::Ctx;
use sluice_store::{ImportError, Store};

use crate::{
    PipelineDefinition, Pipelines,
    entity::{Entity, Model},
};

impl Pipelines {
    /// Takes definitions as they are into `store`, all or none: for data made elsewhere. Only whose
    /// they are is checked, and nothing is announced.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(
        store: &Store,
        ctx: &Ctx,
        all: &[PipelineDefinition],
    ) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        import
            .take::<Entity>(all.iter().map(Model::try_from))
            .await?;
        import.commit().await
    }
}
