//! The contract of Sluice: what programs outside this repository depend on.
//!
//! Ids, the event envelope and its payloads, and error codes. The golden files beside this
//! crate (`schema.graphql`, `events/*.json`, `operations/*.graphql`) are part of the contract.

pub mod blocker;
pub mod envelope;
pub mod error_code;
pub mod events;
pub mod fault;
pub mod ids;
pub mod names;
pub mod scope;

pub use blocker::{Blocker, BlockerCode, UnknownBlocker};
pub use envelope::{Actor, ActorKind, Envelope, EventPayload, NewEvent, Subject};
pub use error_code::{ErrorClass, ErrorCode};
pub use fault::{AnyFault, BoxFault, Fault, Finding, bounded_message, public_message};
pub use ids::*;
pub use names::{InvalidName, ModuleId, ProjectId, TenantId};
pub use scope::Scope;
