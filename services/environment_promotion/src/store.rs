//! Finders and saves: the only code of the service that names columns.

mod environment;
mod promotion;
mod slot;

pub use environment::{EnvironmentFilter, EnvironmentOrder};
pub(crate) use environment::{
    EnvironmentList, every_of, find_by_projects, insert_environment, raise_set, set_of,
    update_environment, with_ended_holds,
};
pub use promotion::{PromotionFilter, PromotionOrder};
pub(crate) use promotion::{
    PromotionList, declared_before, find_by_releases, insert_promotion, newest_attempt,
    open_everywhere, succeeded_in, update_promotion, waiting,
};
pub(crate) use slot::{put_slot, slots_by_environments, slots_of, slots_of_in};
