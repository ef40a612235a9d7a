//! How many may be connected: in this process, of a tenant, of a caller.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sluice_kernel::Principal;
use sluice_schema::{Actor, TenantId};

/// The most connections at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Most {
    pub(super) process: usize,
    pub(super) tenant: usize,
    pub(super) principal: usize,
}

/// Which of the limits is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    #[error("the server has no place for more connections at the moment")]
    Process,
    #[error("the tenant has no place for more connections at the moment")]
    Tenant,
    #[error("the caller has no place for more connections at the moment")]
    Principal,
}

/// Hands out places; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: Most,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    tenants: HashMap<TenantId, usize>,
    principals: HashMap<(TenantId, Actor), usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    transport: &'static str,
    caller: Option<(TenantId, Actor)>,
}

impl Places {
    pub(super) fn new(most: Most) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Inner { most, taken }))
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Counts are whole after every step.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub(super) fn len(&self) -> usize {
        self.taken().all
    }

    /// A place for a caller who is not known yet.
    pub(super) fn enter(&self, transport: &'static str) -> Result<Place, Full> {
        let mut taken = self.taken();
        if taken.all >= self.0.most.process {
            return Err(Full::Process);
        }
        taken.all += 1;
        drop(taken);
        metrics::gauge!("sluice_stream_connections", "transport" => transport).increment(1.0);
        Ok(Place {
            places: self.clone(),
            transport,
            caller: None,
        })
    }
}

impl Place {
    /// Makes it the place of a caller.
    pub(super) fn claim(&mut self, principal: &Principal) -> Result<(), Full> {
        let most = self.places.0.most;
        let tenant = principal.tenant.clone();
        let caller = (tenant.clone(), principal.actor.clone());
        let mut taken = self.places.taken();
        let of_tenant = taken.tenants.get(&tenant).copied().unwrap_or(0);
        let of_principal = taken.principals.get(&caller).copied().unwrap_or(0);
        if of_tenant >= most.tenant {
            return Err(Full::Tenant);
        }
        if of_principal >= most.principal {
            return Err(Full::Principal);
        }
        *taken.tenants.entry(tenant).or_default() += 1;
        *taken.principals.entry(caller.clone()).or_default() += 1;
        drop(taken);
        self.caller = Some(caller);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(caller) = self.caller.take() {
            release(&mut taken.tenants, &caller.0);
            release(&mut taken.principals, &caller);
        }
        drop(taken);
        metrics::gauge!("sluice_stream_connections", "transport" => self.transport).decrement(1.0);
    }
}

fn release<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_kernel::ProjectAccess;
    use sluice_schema::ActorKind;

    use super::*;

    fn principal(tenant: &str, id: &str) -> Principal {
        Principal {
            tenant: tenant.parse().unwrap(),
            projects: ProjectAccess::All,
            actor: Actor {
                kind: ActorKind::User,
                id: id.to_owned(),
            },
            scopes: std::collections::BTreeSet::new(),
        }
    }

    #[test]
    fn every_limit_holds_and_places_that_are_left_can_be_taken_again() {
        let places = Places::new(Most {
            process: 5,
            tenant: 3,
            principal: 2,
        });
        let take = |tenant: &str, id: &str| {
            let mut place = places.enter("test")?;
            place.claim(&principal(tenant, id)).map(|()| place)
        };
        let first = take("acme", "ada").unwrap();
        let second = take("acme", "ada").unwrap();
        assert_eq!(take("acme", "ada").unwrap_err(), Full::Principal);
        let third = take("acme", "grace").unwrap();
        assert_eq!(take("acme", "alan").unwrap_err(), Full::Tenant);
        let others = [
            take("umbrella", "ada").unwrap(),
            places.enter("test").unwrap(),
        ];
        assert_eq!(places.enter("test").unwrap_err(), Full::Process);
        drop(first);
        assert_eq!(places.len(), 4);
        assert!(take("acme", "ada").is_ok());
        drop((second, third, others));
        let taken = places.taken();
        assert_eq!(taken.all, 0);
        assert!(taken.tenants.is_empty() && taken.principals.is_empty());
    }
}
