//! Where comparisons are asked for.

use async_graphql::{Context, ID, Object};
use sluice_ledger::Side;
use sluice_schema::{EnvironmentId, ModuleId, ReleaseId};

use super::DeliveryComparison;
use crate::{
    fault::{self, Result},
    loaders::Call,
};

async fn compare(
    call: &Call,
    sides: std::result::Result<(Side, Side), fault::InputFault>,
    module: Option<&ID>,
) -> Result<DeliveryComparison> {
    let (from, to) = sides.map_err(|fault| call.failure(fault))?;
    let module = fault::optional_name::<ModuleId>("module", module);
    let module = module.map_err(|fault| call.failure(fault))?;
    let module = module.as_ref().map(ModuleId::as_str);
    let found = call.services.ledger.compare(&call.ctx, &from, &to, module);
    let found = found.await.map_err(|fault| call.failure(fault))?;
    Ok(DeliveryComparison(found))
}

/// Comparisons.
#[derive(Debug, Default)]
pub struct CompareQuery;

/// Comparisons.
#[Object]
impl CompareQuery {
    /// What runs in one environment and not in the other: commits, packages, images, settings
    /// and infrastructure, both ways. `NOT_FOUND`, with the argument, when the caller may not see
    /// a side.
    #[graphql(complexity = "child_complexity + 500")]
    async fn compare_environments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Id of the first environment.")] from: ID,
        #[graphql(desc = "Id of the second environment.")] to: ID,
        #[graphql(desc = "Only this module; all when absent.")] module: Option<ID>,
    ) -> Result<DeliveryComparison> {
        let side = |field, id| {
            let id = fault::id::<EnvironmentId>(field, id)?;
            Ok(Side::Environment(id.to_string()))
        };
        let sides = side("from", &from).and_then(|from| Ok((from, side("to", &to)?)));
        compare(Call::of(context)?, sides, module.as_ref()).await
    }

    /// What one release holds and the other does not: commits, packages, images, settings and
    /// infrastructure, both ways. `NOT_FOUND`, with the argument, when the caller may not see a
    /// side.
    #[graphql(complexity = "child_complexity + 500")]
    async fn compare_releases(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Id of the first release.")] from: ID,
        #[graphql(desc = "Id of the second release.")] to: ID,
        #[graphql(desc = "Only this module; all when absent.")] module: Option<ID>,
    ) -> Result<DeliveryComparison> {
        let side = |field, id| {
            let id = fault::id::<ReleaseId>(field, id)?;
            Ok(Side::Release(id.to_string()))
        };
        let sides = side("from", &from).and_then(|from| Ok((from, side("to", &to)?)));
        compare(Call::of(context)?, sides, module.as_ref()).await
    }
}
