//! Databases of the services behind one interface.
//!
//! SQLite keeps one file per service, PostgreSQL one schema per service. [`Tx`] is the only
//! type that commits: it saves aggregates with an expected version and writes the events to
//! the outbox in the same commit. [`Finder`] is the only way to read, and always tenant-scoped.

mod aggregate;
mod connect;
mod error;
mod finder;
mod import;
mod list;
mod outbox;
mod page;
mod published;
mod raw;
mod scoped;
mod session;
mod set;
mod store;
mod tx;

pub use aggregate::{AggregateColumns, AggregateEntity, meta_of_row};
pub use connect::StoreConfig;
pub use error::StoreError;
pub use finder::Finder;
pub use import::{Import, ImportError, Taking};
pub use list::{Keyed, List, Listing, Parent};
pub use outbox::{Outbox, OutboxRow};
pub use page::Order;
pub use raw::{RawRead, RawTx};
pub use set::{in_set, in_set_sql, list_meets_set, set_value};
pub use store::Store;
pub use tx::Tx;
