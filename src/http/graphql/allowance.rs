//! What each caller may spend.
//!
//! A caller owes what its operations cost; the debt shrinks all the time, and an operation begins
//! when it fits under what a minute allows. One that costs more than a minute allows begins when
//! nothing is owed, so that every operation within the other limits can be had by waiting.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sluice_kernel::Ctx;
use sluice_schema::{ActorKind, TenantId};

/// Callers that are known before those without debts are forgotten.
const MANY: usize = 4_096;

/// What callers owe, in this process.
pub(super) struct Allowance {
    per_minute: f64,
    debts: Mutex<Debts>,
}

/// Who pays: one actor of one tenant, whatever the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Payer(TenantId, ActorKind, String);

impl Payer {
    pub(super) fn of(ctx: &Ctx) -> Self {
        let actor = ctx.actor();
        Self(ctx.tenant().clone(), actor.kind, actor.id.clone())
    }
}

#[derive(Default)]
struct Debts {
    of: HashMap<Payer, Debt>,
    sweep_at: usize,
}

#[derive(Clone, Copy)]
struct Debt {
    cost: f64,
    at: Instant,
}

impl Allowance {
    /// `None` when nothing is limited.
    pub(super) fn new(per_minute: u32) -> Option<Self> {
        (per_minute > 0).then(|| Self {
            per_minute: per_minute.into(),
            debts: Mutex::default(),
        })
    }

    /// Takes `cost` from what the caller may spend; what is left.
    ///
    /// # Errors
    /// How long to wait, when it is too much now: then nothing is taken.
    pub(super) fn spend(&self, payer: &Payer, cost: usize) -> Result<u64, Duration> {
        self.spend_at(payer, cost, Instant::now())
    }

    fn spend_at(&self, payer: &Payer, cost: usize, now: Instant) -> Result<u64, Duration> {
        let mut debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = debts.of.get(payer).map_or(0.0, |debt| self.left(debt, now));
        let cost = f64::from(u32::try_from(cost).unwrap_or(u32::MAX));
        // To ask whether anything may begin is to ask for the least that can.
        let room = (self.per_minute - cost.max(1.0)).max(0.0);
        if owed > room {
            let minutes = (owed - room) / self.per_minute;
            return Err(Duration::from_secs_f64((minutes * 60.0).max(1.0)));
        }
        let debt = Debt {
            cost: owed + cost,
            at: now,
        };
        if cost > 0.0 {
            debts.of.insert(payer.clone(), debt);
            self.sweep(&mut debts, now);
        }
        Ok(whole((self.per_minute - debt.cost).max(0.0)))
    }

    fn left(&self, debt: &Debt, now: Instant) -> f64 {
        let minutes = now.saturating_duration_since(debt.at).as_secs_f64() / 60.0;
        (debt.cost - minutes * self.per_minute).max(0.0)
    }

    // Seldom, and each time over twice as many: constant work per operation.
    fn sweep(&self, debts: &mut Debts, now: Instant) {
        if debts.of.len() < debts.sweep_at.max(MANY) {
            return;
        }
        debts.of.retain(|_, debt| self.left(debt, now) > 0.0);
        debts.sweep_at = debts.of.len() * 2;
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the limit, which is a u32"
)]
fn whole(cost: f64) -> u64 {
    cost as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payer(name: &str) -> Payer {
        Payer("acme".parse().unwrap(), ActorKind::User, name.to_owned())
    }

    #[test]
    fn a_caller_waits_exactly_until_the_next_operation_fits() {
        let allowance = Allowance::new(600).unwrap();
        let (ada, now) = (payer("ada"), Instant::now());
        assert_eq!(allowance.spend_at(&ada, 400, now), Ok(200));
        assert_eq!(allowance.spend_at(&ada, 200, now), Ok(0));
        let wait = allowance.spend_at(&ada, 100, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(10));
        // Refusals cost nothing.
        assert_eq!(allowance.spend_at(&ada, 100, now), Err(wait));
        assert_eq!(allowance.spend_at(&ada, 100, now + wait), Ok(0));
        assert_eq!(allowance.spend_at(&payer("eve"), 600, now), Ok(0));
    }

    #[test]
    fn an_operation_above_a_minutes_allowance_begins_when_nothing_is_owed() {
        let allowance = Allowance::new(60).unwrap();
        let (ada, now) = (payer("ada"), Instant::now());
        assert_eq!(allowance.spend_at(&ada, 120, now), Ok(0));
        // Two minutes' worth is owed: even what costs nothing waits until there is room.
        let wait = allowance.spend_at(&ada, 0, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(61));
        let wait = allowance.spend_at(&ada, 120, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(120));
        assert_eq!(allowance.spend_at(&ada, 120, now + wait), Ok(0));
    }

    #[test]
    fn callers_who_owe_nothing_are_forgotten() {
        let allowance = Allowance::new(60).unwrap();
        let now = Instant::now();
        let later = now + Duration::from_secs(61);
        for n in 0..3 * MANY {
            let at = if n < MANY { now } else { later };
            let _ = allowance.spend_at(&payer(&n.to_string()), 60, at);
        }
        let known = allowance.debts.lock().unwrap().of.len();
        assert!(known <= 2 * MANY, "{known}");
        assert!(Allowance::new(0).is_none());
    }
}
