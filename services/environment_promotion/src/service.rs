//! The use cases: environments with their definitions and holds, and promotions with asking,
//! judging, running, verifying, rolling back and cancelling.

mod ask;
mod cancel;
mod declare;
mod define;
mod drive;
mod environments;
mod hold;
mod judge;
mod promotions;
mod record;
mod rollback;
mod scene;
mod verify;

pub use environments::Environments;
pub use promotions::{Neighbours, Promotions};

use sluice_kernel::Meta;
use sluice_schema::{EventPayload, NewEvent};
use sluice_store::StoreError;

use crate::PromotionError;

type Result<T> = std::result::Result<T, PromotionError>;

/// The service's name: of its store, of its consumer, and of what it does without a caller.
pub(crate) const SERVICE: &str = "environment_promotion";
/// How often a command reads and decides again when others change the same object.
const ATTEMPTS: usize = 64;

/// The event as the transaction takes it.
fn announced<P: EventPayload>(meta: &Meta, event: &P) -> Result<NewEvent> {
    Ok(NewEvent::of(
        &meta.project_id,
        meta.module_id.as_ref(),
        event,
    )?)
}

/// Another writer was first: read and decide again.
fn lost(kind: &'static str, id: impl std::fmt::Display) -> PromotionError {
    PromotionError::Store(StoreError::VersionConflict {
        kind,
        id: id.to_string(),
    })
}
