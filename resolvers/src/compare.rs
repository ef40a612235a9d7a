//! What separates two points of delivery.

mod object;
mod query;

pub use object::{
    ComparedChange, ComparedItem, ComparedValue, ComparedVersion, DeliveryComparison,
    ModuleComparison,
};
pub use query::CompareQuery;
