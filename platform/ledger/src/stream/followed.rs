//! One followed tenant, and who keeps its ring without a hole.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};

use sluice_bus::LiveMessage;
use sluice_kernel::Ctx;
use sluice_schema::TenantId;
use tokio::sync::watch;

use super::{
    HubOptions,
    retry::Pauses,
    ring::{Look, Ring},
    tell,
};
use crate::{Head, Ledger, LedgerError, LedgerEvent};

// Events of one statement that fills a hole.
const PAGE: u64 = 256;

/// The tenants that are followed at the moment.
#[derive(Default)]
pub(super) struct Tenants(Mutex<HashMap<TenantId, Weak<Followed>>>);

/// One followed tenant; whoever holds it follows it.
pub(super) struct Followed {
    tenant: TenantId,
    tenants: Arc<Tenants>,
    options: HubOptions,
    /// Whether its filler works.
    begun: Mutex<bool>,
    ring: RwLock<Ring>,
    /// The newest event in the ring, or the last before it began.
    head: watch::Sender<u64>,
    /// The newest event that anybody spoke of.
    told: watch::Sender<u64>,
}

impl Tenants {
    // Every step leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<Followed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenant, if it is followed.
    pub(super) fn get(&self, tenant: &TenantId) -> Option<Arc<Followed>> {
        self.lock().get(tenant).and_then(Weak::upgrade)
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<TenantId> {
        self.lock().keys().cloned().collect()
    }

    /// The tenant, followed from now on.
    pub(super) fn follow(
        self: &Arc<Self>,
        tenant: &TenantId,
        options: HubOptions,
    ) -> Arc<Followed> {
        let mut tenants = self.lock();
        if let Some(followed) = tenants.get(tenant).and_then(Weak::upgrade) {
            return followed;
        }
        let followed = Arc::new(Followed {
            tenant: tenant.clone(),
            tenants: self.clone(),
            options,
            begun: Mutex::new(false),
            ring: RwLock::new(Ring::new(options.recent, options.recent_bytes)),
            head: watch::channel(0).0,
            told: watch::channel(0).0,
        });
        tenants.insert(tenant.clone(), Arc::downgrade(&followed));
        tell_count(tenants.len());
        followed
    }
}

// Gauges are floats; there are not 2^52 tenants.
#[allow(clippy::cast_precision_loss, reason = "a count")]
fn tell_count(tenants: usize) {
    metrics::gauge!("sluice_stream_tenants").set(tenants as f64);
}

impl Drop for Followed {
    fn drop(&mut self) {
        let mut tenants = self.tenants.lock();
        // Another may have taken its place already.
        if tenants
            .get(&self.tenant)
            .is_some_and(|held| held.strong_count() == 0)
        {
            tenants.remove(&self.tenant);
            tell_count(tenants.len());
        }
    }
}

impl Followed {
    fn read(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the ledger was found to end. The first time this is where the ring begins.
    pub(super) fn begin(self: &Arc<Self>, ledger: &Ledger, head: Head) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if *begun {
            drop(begun);
            return self.tell(head.sequence);
        }
        *begun = true;
        let mut ring = self.write();
        // What was heard while the end was read is newer.
        if head.sequence >= ring.end().sequence {
            ring.jump(head);
        }
        drop(ring);
        self.announce();
        let filler = Filler {
            followed: Arc::downgrade(self),
            ctx: Ctx::for_system("stream", self.tenant.clone(), "", ""),
            ledger: ledger.clone(),
            told: self.told.subscribe(),
            end: self.end(),
        };
        tokio::spawn(filler.run());
    }

    /// Somebody spoke of this event: if it is not known, what is missing is read.
    pub(super) fn tell(&self, sequence: u64) {
        self.told.send_if_modified(|told| {
            let more = sequence > *told;
            *told = sequence.max(*told);
            more
        });
    }

    /// Takes what the live channel tells.
    pub(super) fn hear(&self, message: &LiveMessage) {
        let end = self.read().end().clone();
        if message.sequence <= end.sequence {
            return;
        }
        if message.sequence > end.sequence + 1 {
            return self.tell(message.sequence);
        }
        let Some(event) = tell::decode(message, &end.hash) else {
            metrics::counter!("sluice_stream_broken_total").increment(1);
            return self.tell(message.sequence);
        };
        self.write().push(event, message.body.len());
        self.announce();
    }

    /// What comes after `after`, as far as it is known here.
    pub(super) fn look(
        &self,
        after: u64,
        until: u64,
        wanted: impl Fn(&LedgerEvent) -> bool,
    ) -> Look {
        self.read().look(after, until, wanted)
    }

    /// Waits until an event after `after` is known.
    pub(super) async fn beyond(&self, after: u64) {
        // Never closed: its sender is here.
        let _ = self.head.subscribe().wait_for(|head| *head > after).await;
    }

    fn end(&self) -> u64 {
        self.read().end().sequence
    }

    fn announce(&self) {
        let end = self.end();
        self.head.send_if_modified(|head| {
            let more = end > *head;
            *head = end.max(*head);
            more
        });
    }

    // Nothing of what was told is in the ledger: whoever told it spoke of another one.
    fn untell(&self, told: u64) {
        let end = self.end();
        self.told.send_if_modified(|now| {
            let same = *now == told;
            if same {
                *now = end;
            }
            same
        });
    }
}

/// The one reader of a followed tenant's ledger.
struct Filler {
    followed: Weak<Followed>,
    ctx: Ctx,
    ledger: Ledger,
    told: watch::Receiver<u64>,
    end: u64,
}

impl Filler {
    // Until the tenant is followed no more.
    async fn run(mut self) {
        let mut pauses = Pauses::default();
        loop {
            let end = self.end;
            let Ok(told) = self
                .told
                .wait_for(|told| *told > end)
                .await
                .map(|told| *told)
            else {
                return;
            };
            let Some(followed) = self.followed.upgrade() else {
                return;
            };
            let filled = self.fill(&followed, told).await;
            self.end = followed.end();
            drop(followed);
            match filled {
                Ok(()) => pauses = Pauses::default(),
                Err(error) => {
                    pauses
                        .pause("a followed ledger cannot be read", &error)
                        .await
                }
            }
        }
    }

    async fn fill(&self, followed: &Followed, told: u64) -> Result<(), LedgerError> {
        let end = followed.end();
        if told <= end {
            return Ok(());
        }
        metrics::counter!("sluice_stream_fills_total").increment(1);
        let recent = followed.options.recent as u64;
        if told - end > recent {
            let head = self.ledger.head(&self.ctx).await?;
            if head.sequence.saturating_sub(end) > recent {
                // Those who follow read it, and each only what it wants.
                followed.write().jump(head);
                followed.announce();
                return Ok(());
            }
        }
        let page = self.ledger.all_after(&self.ctx, end, PAGE).await?;
        if page.is_empty() {
            followed.untell(told);
            return Ok(());
        }
        metrics::counter!("sluice_stream_read_back_total").increment(page.len() as u64);
        let mut ring = followed.write();
        for (event, bytes) in page {
            ring.fill(event, bytes);
        }
        drop(ring);
        followed.announce();
        Ok(())
    }
}
