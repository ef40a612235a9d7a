//! How well delivery goes: the figures of DORA, each with the rows that it is made from.

mod figures;
mod query;
mod rows;

pub use figures::{DeliveryMetrics, DurationSummary};
pub use query::MetricsQuery;
pub use rows::{ChangeLeadTime, Deployment, LeadTimeParts, Restore};
