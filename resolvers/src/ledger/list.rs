//! Lists of events: the whole ledger, and what happened to one object.

use std::{collections::HashMap, sync::Arc};

use sluice_kernel::{Ctx, Page, PageArgs, PageRequest};
use sluice_ledger as service;
use sluice_schema::BoxFault;

use super::{LedgerEvent, LedgerEventFilter, LedgerEventOrder};
use crate::{
    Services,
    fault::Result,
    loaders::Call,
    paging::{Children, Connection, ListArgs, ModelPages, Paged, below},
};

/// What a row of a history weighs, where the document does not say how much of it is asked for.
const ROW: usize = 10;

type Found<T> = std::result::Result<T, BoxFault>;

impl Paged for LedgerEvent {
    async fn page(
        services: &Services,
        ctx: &Ctx,
        args: &ListArgs<Self>,
    ) -> Found<Page<Arc<service::LedgerEvent>>> {
        let (_, direction) = args.order;
        let ledger = &services.ledger;
        Ok(ledger
            .events(ctx, &args.filter, direction, &args.request)
            .await?)
    }

    async fn count(services: &Services, ctx: &Ctx, filter: &service::EventFilter) -> Found<u64> {
        Ok(services.ledger.count_events(ctx, filter).await?)
    }
}

/// The events about an object, by its id.
enum HistoryOf {}

impl Children for HistoryOf {
    type Parent = String;
    type Item = LedgerEvent;

    async fn pages(
        services: &Services,
        ctx: &Ctx,
        parents: &[String],
        args: &ListArgs<LedgerEvent>,
    ) -> Found<ModelPages<Self>> {
        let (_, direction) = args.order;
        let pages = services
            .ledger
            .events_of(ctx, parents, &args.filter, direction, &args.request);
        Ok(pages.await?)
    }

    async fn counts(
        services: &Services,
        ctx: &Ctx,
        parents: &[String],
        filter: &service::EventFilter,
    ) -> Found<HashMap<String, u64>> {
        Ok(services
            .ledger
            .count_events_of(ctx, parents, filter)
            .await?)
    }
}

/// One page of what happened to the object.
///
/// # Errors
/// `INVALID_INPUT` for arguments that break rules, and what the ledger fails with.
pub(crate) async fn history(
    call: &Arc<Call>,
    id: String,
    page: PageArgs,
    filter: Option<LedgerEventFilter>,
    order: Option<LedgerEventOrder>,
) -> Result<Connection<LedgerEvent>> {
    let rows = page.first.or(page.last).unwrap_or(PageRequest::DEFAULT);
    call.spend(usize::try_from(rows).unwrap_or(1).saturating_mul(ROW))?;
    below::<HistoryOf>(call, id, page, filter, order).await
}
