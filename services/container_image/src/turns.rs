//! One task of this process at a time works on an image.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as Plain, MutexGuard, PoisonError},
};

use sluice_schema::ImageId;
use tokio::sync::{Mutex, OwnedMutexGuard};

type Waiting = HashMap<ImageId, Arc<Mutex<()>>>;

/// Who is at work on what.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Plain<Waiting>>);

/// The right to work on an image, until it is dropped.
pub(crate) struct Turn {
    turns: Turns,
    id: ImageId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    fn map(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, id: ImageId) -> Arc<Mutex<()>> {
        self.map().entry(id).or_default().clone()
    }

    /// Waits until nobody else is at it.
    pub(crate) async fn take(&self, id: ImageId) -> Turn {
        let guard = self.place(id).lock_owned().await;
        self.turn(id, guard)
    }

    /// The turn, when nobody else has it.
    pub(crate) fn try_take(&self, id: ImageId) -> Option<Turn> {
        let guard = self.place(id).try_lock_owned().ok()?;
        Some(self.turn(id, guard))
    }

    fn turn(&self, id: ImageId, guard: OwnedMutexGuard<()>) -> Turn {
        Turn {
            turns: self.clone(),
            id,
            guard: Some(guard),
        }
    }
}

impl Turn {
    /// The image.
    pub(crate) fn id(&self) -> ImageId {
        self.id
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut map = self.turns.map();
        self.guard.take();
        // Only the map holds it: nobody waits, and nobody can begin to while the map is locked.
        if map
            .get(&self.id)
            .is_some_and(|place| Arc::strong_count(place) == 1)
        {
            map.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_schema::TypedId;

    #[tokio::test]
    async fn a_turn_is_had_by_one_and_leaves_nothing() {
        let turns = Turns::default();
        let id = ImageId::generate();
        let first = turns.take(id).await;
        assert!(turns.try_take(id).is_none());
        assert!(turns.try_take(ImageId::generate()).is_some());
        drop(first);
        assert!(turns.try_take(id).is_some());
        assert!(turns.map().is_empty());
    }
}
