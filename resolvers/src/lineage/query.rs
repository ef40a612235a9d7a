//! Where lineage is asked for.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, Object};
use sluice_kernel::Ctx;
use sluice_ledger as service;
use sluice_schema::{BoxFault, ErrorCode, Fault};

use super::{LineageDirection, LineageGraph, LineageKind};
use crate::{
    Services,
    fault::Result,
    loaders::{Call, Lookup},
};

/// What a walk costs besides its answer: each object of a list has a walk of its own.
pub(crate) const WEIGHT: usize = 1_000;

/// A walk from an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LineageOf {
    id: String,
    direction: service::LineageDirection,
    max_depth: u32,
    kinds: Vec<service::NodeKind>,
}

impl Lookup for LineageOf {
    type Value = Arc<service::LineageGraph>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> std::result::Result<HashMap<Self, Self::Value>, BoxFault> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            let request = service::LineageRequest {
                id: key.id.clone(),
                direction: key.direction,
                max_depth: key.max_depth,
                kinds: key.kinds.clone(),
            };
            match services.ledger.lineage(ctx, &request).await {
                Ok(graph) => found.insert(key.clone(), Arc::new(graph)),
                // The ledger has not heard of it, or the caller may not.
                Err(fault) if fault.code() == ErrorCode::NotFound => None,
                Err(fault) => return Err(fault.into()),
            };
        }
        Ok(found)
    }
}

/// The lineage of the object; nothing when the ledger has not heard of it.
///
/// # Errors
/// `INVALID_INPUT` for arguments that break rules, and what the ledger fails with.
pub(crate) async fn lineage(
    call: &Call,
    id: String,
    direction: LineageDirection,
    max_depth: u32,
    kinds: Option<Vec<LineageKind>>,
) -> Result<Option<LineageGraph>> {
    call.spend(WEIGHT)?;
    let kinds = kinds.into_iter().flatten();
    let key = LineageOf {
        id,
        direction: direction.into(),
        max_depth,
        kinds: kinds.map(Into::into).collect(),
    };
    Ok(call.one(Some(key)).await?.map(LineageGraph))
}

/// Lineage.
#[derive(Debug, Default)]
pub struct LineageQuery;

/// Lineage.
#[Object]
impl LineageQuery {
    /// Where the object with this id came from and what came of it; null when there is none that
    /// the caller may see, and for the moment until the ledger has heard of it.
    #[graphql(complexity = "child_complexity + WEIGHT")]
    async fn lineage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id, or the key of a node.")] id: ID,
        #[graphql(desc = "Which way.", default)] direction: LineageDirection,
        #[graphql(desc = "At most so many edges away, 1 to 50.", default = 20)] max_depth: u32,
        #[graphql(
            desc = "Only nodes of these kinds, and edges between them; all when absent. \
                          The others are passed through all the same."
        )]
        kinds: Option<Vec<LineageKind>>,
    ) -> Result<Option<LineageGraph>> {
        lineage(Call::of(context)?, id.0, direction, max_depth, kinds).await
    }

    /// A shortest way between two objects: upstream from one of them to the other where there is
    /// one, else by the rules of `BOTH`; its nodes stand from `from` to `to`, `depth` being their
    /// place. Null when nothing joins them, or nothing within the nearest 2,000 nodes.
    /// `NOT_FOUND`, with the argument, when the caller may not see an end.
    #[graphql(complexity = "child_complexity + WEIGHT")]
    async fn lineage_path(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Global id or key of one end.")] from: ID,
        #[graphql(desc = "Global id or key of the other end.")] to: ID,
    ) -> Result<Option<LineageGraph>> {
        let call = Call::of(context)?;
        let found = call
            .services
            .ledger
            .lineage_path(&call.ctx, &from, &to)
            .await;
        let found = found.map_err(|fault| call.failure(fault))?;
        Ok(found.map(|graph| LineageGraph(Arc::new(graph))))
    }
}
