//! Following the ledger: what is there already and what comes, once each, in order.

mod hub;
mod model;

pub use hub::{Feed, Hub, HubOptions};
pub use model::{FeedItem, FeedRequest, Gap, GapReason};
