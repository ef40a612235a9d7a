//! Made-up worlds of any size: objects of every service, and the events between them, that agree
//! with each other. The same [`WorldPlan`] makes the same world, byte by byte.
//!
//! A world comes in [`Chunk`]s, tenant by tenant, and is never held as a whole. A tenant's modules
//! live side by side: its events come in the order of their times, over all projects. An object
//! comes once, in its last state, when nothing about it changes any more; that is not later than
//! the chunk with its last event, and may be earlier.
//!
//! There are no files behind a world: no Git repositories, no blobs, no packages, no targets.

mod maker;
mod module;
mod plan;
mod random;
mod rows;
mod scene;
mod tenant;
mod write;

use sluice_schema::{Envelope, InvalidName, TenantId};

pub use plan::{InvalidPlan, MAX_TENANTS, SCALES, WorldPlan};
pub use rows::Rows;
pub use write::{Progress, Target, WriteError};

use tenant::TenantWorld;

/// Why a world could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// An event could not be written as JSON.
    #[error("an event could not be written")]
    Event(#[from] serde_json::Error),
    /// A name that the world gives breaks its rule.
    #[error(transparent)]
    Name(#[from] InvalidName),
}

/// A part of a tenant's world.
#[derive(Debug)]
pub struct Chunk {
    /// The tenant.
    pub tenant: TenantId,
    /// Objects in their last state.
    pub rows: Rows,
    /// Events, later than those of the tenant's chunks before.
    pub events: Vec<Envelope>,
}

/// Yields a world; see the crate's documentation.
pub struct World {
    plan: WorldPlan,
    next: usize,
    current: Option<TenantWorld>,
}

impl World {
    /// The world of a plan.
    pub fn new(plan: WorldPlan) -> Self {
        Self {
            plan,
            next: 0,
            current: None,
        }
    }

    fn advance(&mut self) -> Result<Option<Chunk>, WorldError> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(chunk) = current.chunk()? {
                    return Ok(Some(chunk));
                }
                self.current = None;
            }
            if self.next >= self.plan.tenants.len() {
                return Ok(None);
            }
            self.current = Some(TenantWorld::begin(&self.plan, self.next)?);
            self.next += 1;
        }
    }
}

impl Iterator for World {
    type Item = Result<Chunk, WorldError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

#[cfg(test)]
mod tests;
