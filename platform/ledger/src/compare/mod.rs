//! What separates two points of delivery.

mod model;

pub use model::{
    Change, Compared, Comparison, ItemDifference, ModuleComparison, Side, ValueDifference,
};
