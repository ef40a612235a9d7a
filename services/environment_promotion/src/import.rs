//! Data made elsewhere.

use sluice_kernel::{Ctx, Meta};
use sluice_schema::{EnvironmentId, PromotionId};
use sluice_store::{ImportError, Store, row_with_meta};

use crate::{
    Environment, EnvironmentPromotion, Environments, Promotions,
    entity::{environment, environment_set, promotion, slot},
    model::{Slot, slot_id},
};

/// What an environment declares of a module: where its next promotion takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredModule {
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The module.
    pub module: String,
    /// The promotion whose content Git declares.
    pub declared: Option<PromotionId>,
}

impl Environments {
    /// Takes environments as they are into `store`, all or none: for data made elsewhere. All
    /// environments of a project come together. Only whose they are is checked, and nothing is
    /// announced.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(store: &Store, ctx: &Ctx, all: &[Environment]) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        let rows = all.iter().map(environment::Model::try_from);
        import.take::<environment::Entity>(rows).await?;
        let mut metas: Vec<&Meta> = all.iter().map(|it| &it.meta).collect();
        metas.sort_by(|a, b| a.project_id.cmp(&b.project_id));
        metas.dedup_by(|a, b| a.project_id == b.project_id);
        let sets = metas.into_iter().map(|meta| Ok(set_of(meta)));
        import.take::<environment_set::Entity>(sets).await?;
        import.commit().await
    }
}

fn set_of(meta: &Meta) -> environment_set::Model {
    use environment_set::Model;
    row_with_meta!(
        meta,
        Model {
            id: meta.project_id.to_string()
        }
    )
}

impl Promotions {
    /// Takes promotions, and what environments declare by them, as they are into `store`, all or
    /// none: for data made elsewhere. Only whose they are is checked, and nothing is announced.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(
        store: &Store,
        ctx: &Ctx,
        all: &[EnvironmentPromotion],
        declared: &[DeclaredModule],
    ) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        let rows = all.iter().map(promotion::Model::try_from);
        import.take::<promotion::Entity>(rows).await?;
        let slots = declared.iter().map(|it| Ok((&slot_of(it)).into()));
        import.take::<slot::Entity>(slots).await?;
        import.commit().await
    }
}

fn slot_of(it: &DeclaredModule) -> Slot {
    Slot {
        id: slot_id(it.environment_id, &it.module),
        meta: it.meta.clone(),
        environment_id: it.environment_id,
        module: it.module.clone(),
        active: None,
        declared: it.declared,
    }
}
