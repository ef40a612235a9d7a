//! What every service shares and no service owns.
//!
//! [`Ctx`] is the first argument of every call below the edge; nothing reads tenancy from
//! anywhere else. [`Fault`] is what every error type of a service can say about itself.
//! [`directory`] holds the traits through which one service asks another for facts.

pub mod clock;
pub mod ctx;
pub mod digest;
pub mod directory;
pub mod idempotency;
pub mod meta;
pub mod outcome;
pub mod page;
pub mod policy;
pub mod reaction;
pub mod refusal;
mod reserved;
mod text_enum;

pub use clock::{Clock, ManualClock, SystemClock, micros, time_of_micros};
pub use ctx::{Ctx, Denied, Principal, ProjectAccess, StatementCounter};
pub use digest::{ContentDigest, InvalidDigest};
pub use idempotency::IdempotencyKey;
pub use meta::{Meta, StaleVersion};
pub use outcome::Outcome;
pub use page::{Cursor, Direction, Page, PageArgs, PageError, PageRequest};
pub use policy::ProjectPolicies;
pub use reaction::{Reaction, ReactionError, Reconciler};
pub use refusal::{Named, RefusalRecorder, Refused};
pub use reserved::{UNATTRIBUTED, reserved_branch, reserved_project};
pub use sluice_schema::{AnyFault, Blocker, BlockerCode, BoxFault, Fault, Finding, fault};
