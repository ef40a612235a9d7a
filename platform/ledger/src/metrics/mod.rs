//! How well delivery goes: the figures of DORA, exact, each with the rows that it is made from.

mod model;

pub use model::{
    ChangeLeadTime, DeliveryMetrics, Deployment, Durations, LeadTimeParts, MetricsRequest, Restore,
};
