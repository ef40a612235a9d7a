//! Data made elsewhere.

use sluice_kernel::Ctx;
use sluice_store::{ImportError, Store};

use crate::{
    Project, Projects,
    entity::{Entity, Model},
};

impl Projects {
    /// Takes configured projects as they are into `store`, all or none: for data made elsewhere.
    /// Only whose they are is checked, and nothing is announced. Those that nobody configured are
    /// left out.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(store: &Store, ctx: &Ctx, all: &[Project]) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        let configured = all.iter().filter_map(|it| Some((it.meta.as_ref()?, it)));
        let rows = configured.map(|(meta, it)| Model::try_from((meta, &it.policies)));
        import.take::<Entity>(rows).await?;
        import.commit().await
    }
}
