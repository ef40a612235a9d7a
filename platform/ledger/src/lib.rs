//! The read side: every event of a tenant in one order, durable and chained by hashes, and what
//! follows from them: the lineage graph and the read models.
//!
//! [`Ledger::append`] is the only writer. In one transaction it gives events the tenant's next
//! sequences, chains their hashes and patches the read models, so that these are a function of the
//! ledger: [`Ledger::rebuild`] makes them anew and must come out equal.

mod append;
mod board;
mod compare;
mod consumer;
mod error;
mod events;
mod ledger;
mod lineage;
mod metrics;
mod patch;
mod project;
mod reach;
mod rebuild;
mod record;
mod refusal;
mod rows;
mod stream;
mod verify;

pub use board::{Board, BoardCell, BoardEnvironment, BoardHold, Deployed, DriftState, SyncView};
pub use compare::{
    Change, Compared, Comparison, ItemDifference, ModuleComparison, Side, ValueDifference,
};
pub use consumer::Consumer;
pub use error::LedgerError;
pub use events::{EVENT_ORDER, EventFilter, LedgerEvent};
pub use ledger::{Head, Ledger};
pub use lineage::{
    LineageDirection, LineageEdge, LineageGraph, LineageNode, LineageRequest, NodeKind, Relation,
    ShownNode,
};
pub use metrics::{
    ChangeLeadTime, DeliveryMetrics, Deployment, Durations, LeadTimeParts, MetricsRequest, Restore,
};
pub use reach::{CommitKey, EnvironmentReach, Landing, LandingHow, ReachStage, ReachState};
pub use rebuild::{Rebuilt, TableState};
pub use stream::{Feed, FeedItem, FeedRequest, Gap, GapReason, Hub, HubOptions};
pub use verify::{Verification, Violation, ViolationKind};
