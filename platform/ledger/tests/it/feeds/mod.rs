//! Following the ledger.

mod channel;
mod filters;
mod healing;
mod joined;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use sluice_bus::LiveChannel;
use sluice_kernel::Ctx;
use sluice_ledger::{Feed, FeedItem, FeedRequest, Hub, HubOptions, Ledger};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::world::World;
use channel::{Channel, Fault};

const DEADLINE: Duration = Duration::from_secs(60);

/// Looks that no test waits for.
const NEVER: Duration = Duration::from_secs(3_600);
/// Looks that tests wait for.
const SOON: Duration = Duration::from_millis(20);

/// A hub at work; it ends with this.
struct Running {
    hub: Hub,
    _stop: DropGuard,
}

fn run(ledger: &Ledger, live: Arc<dyn LiveChannel>, options: HubOptions) -> Running {
    let hub = Hub::new(ledger.clone(), live, options);
    let stop = CancellationToken::new();
    tokio::spawn(hub.clone().run(stop.clone()));
    Running {
        hub,
        _stop: stop.drop_guard(),
    }
}

/// A hub of a world whose ledger tells a channel.
fn hub(world: &World, fault: Fault, recent: usize, check: Duration) -> (Running, Arc<Channel>) {
    let channel = Arc::new(Channel::with(fault));
    world.ledger.tells(channel.clone());
    let options = HubOptions {
        recent,
        check,
        ..HubOptions::default()
    };
    (run(&world.ledger, channel.clone(), options), channel)
}

fn after(after: u64) -> FeedRequest {
    FeedRequest {
        after: Some(after),
        ..FeedRequest::default()
    }
}

impl Running {
    async fn feed(&self, ctx: &Ctx, request: FeedRequest) -> Feed {
        self.hub.feed(ctx, request).await.unwrap()
    }
}

/// The next item; `None` at the end.
async fn next(feed: &mut Feed) -> Option<FeedItem> {
    let item = tokio::time::timeout(DEADLINE, feed.next()).await;
    item.expect("an item in time").map(Result::unwrap)
}

async fn event(feed: &mut Feed) -> u64 {
    match next(feed).await {
        Some(FeedItem::Event(event)) => event.sequence,
        other => panic!("{other:?}"),
    }
}

/// The sequences of the next events, up to this one.
async fn up_to(feed: &mut Feed, last: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.last().is_none_or(|seen| *seen < last) {
        seen.push(event(feed).await);
    }
    seen
}

/// Everything until the feed ends.
async fn rest(feed: &mut Feed) -> Vec<FeedItem> {
    let mut items = Vec::new();
    while let Some(item) = next(feed).await {
        items.push(item);
    }
    items
}

fn consecutive(after: u64, last: u64) -> Vec<u64> {
    (after + 1..=last).collect()
}
