//! Following the ledger: what is there already and what comes, once each, in order.

mod feed;
mod followed;
mod hub;
mod model;
mod read;
mod retry;
mod ring;
mod tell;

pub use hub::{Feed, Hub, HubOptions};
pub use model::{FeedItem, FeedRequest, Gap, GapReason};

pub(crate) use tell::Teller;
