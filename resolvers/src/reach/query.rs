//! Where reach is asked for.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, Object};
use sluice_kernel::Ctx;
use sluice_ledger::{self as service, CommitKey};
use sluice_schema::{BoxFault, ErrorCode, Fault};

use super::{CommitKeyInput, EnvironmentReach};
use crate::{
    Services,
    fault::{InputFault, Result},
    loaders::{Call, Lookup},
};

/// What it costs besides its answer: each commit of a list is followed by itself.
pub(crate) const WEIGHT: usize = 1_000;

/// Where a commit's change has got to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ReachOf(CommitKey);

impl Lookup for ReachOf {
    type Value = Arc<Vec<service::EnvironmentReach>>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> std::result::Result<HashMap<Self, Self::Value>, BoxFault> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            match services.ledger.reach(ctx, &key.0).await {
                Ok(reached) => found.insert(key.clone(), Arc::new(reached)),
                // The ledger has not heard of it, or the caller may not.
                Err(fault) if fault.code() == ErrorCode::NotFound => None,
                Err(service::LedgerError::Invalid { field, rule }) => {
                    return Err(InputFault::new(format!("commit.{field}"), rule).into());
                }
                Err(fault) => return Err(fault.into()),
            };
        }
        Ok(found)
    }
}

/// Where the commit's change has got to; nothing when the ledger has not heard of the commit.
///
/// # Errors
/// What the ledger fails with.
pub(crate) async fn reach(call: &Call, of: CommitKey) -> Result<Option<Vec<EnvironmentReach>>> {
    call.spend(WEIGHT)?;
    let found = call.one(Some(ReachOf(of.clone()))).await?;
    Ok(found.map(|reached| {
        let reached = reached.iter().cloned();
        let of = |reach| EnvironmentReach {
            reach,
            of: of.clone(),
        };
        reached.map(of).collect()
    }))
}

/// Reach.
#[derive(Debug, Default)]
pub struct ReachQuery;

/// Reach.
#[Object]
impl ReachQuery {
    /// Where the commit's change has got to: one entry for each environment and module of its
    /// repository, environments in the order in which they were defined, modules by name. A change
    /// is known by its content: also squashed, rebased or picked it is the same, and of all that
    /// applied it or took it back the last in the history of what runs decides. Null when there is no such commit that the caller may
    /// see, and for the moment until the ledger has heard of it.
    #[graphql(complexity = "10 * child_complexity + WEIGHT")]
    async fn reach(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The commit.")] commit: CommitKeyInput,
    ) -> Result<Option<Vec<EnvironmentReach>>> {
        let call = Call::of(context)?;
        let key = commit
            .try_into()
            .map_err(|fault: InputFault| call.failure(fault))?;
        reach(call, key).await
    }
}
