//! What a world is asked to be.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sluice_schema::TenantId;

/// Smallest and largest scale.
pub const SCALES: std::ops::RangeInclusive<f64> = 0.001..=20.0;
/// Most tenants of a world.
pub const MAX_TENANTS: usize = 20;

const MODULES: f64 = 100.0;
const LANDINGS: f64 = 60_000.0;
const PROJECTS: usize = 5;

/// Why a world cannot be as it is asked to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// The scale is out of range.
    #[error("the scale must be a number from 0.001 to 20")]
    Scale,
    /// No tenants, too many, or one twice.
    #[error("there must be 1 to 20 tenants, each once")]
    Tenants,
    /// The end of time is too early for ids, or not in the common calendar.
    #[error("the world must end between the years 1980 and 9999")]
    Until,
}

/// The same plan makes the same world, byte by byte.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldPlan {
    scale: f64,
    pub(crate) seed: u64,
    pub(crate) until: DateTime<Utc>,
    pub(crate) tenants: Vec<TenantId>,
}

impl WorldPlan {
    /// A world whose last events happen shortly before `until`, whole seconds of it.
    ///
    /// At scale 1 its tenants together have 100 modules with 60,000 landings, 200,000 commits,
    /// 50,000 runs, 20,000 releases and 80,000 promotions. Modules grow with the square root of
    /// the scale, and so does the history of each. The first tenant has a project `fleet` besides,
    /// of as many modules with one landing each that is promoted everywhere.
    ///
    /// # Errors
    /// [`InvalidPlan`].
    pub fn new(
        scale: f64,
        seed: u64,
        until: DateTime<Utc>,
        tenants: Vec<TenantId>,
    ) -> Result<Self, InvalidPlan> {
        if !SCALES.contains(&scale) {
            return Err(InvalidPlan::Scale);
        }
        let mut distinct = tenants.clone();
        distinct.sort();
        distinct.dedup();
        if distinct.len() != tenants.len() || !(1..=MAX_TENANTS).contains(&tenants.len()) {
            return Err(InvalidPlan::Tenants);
        }
        let year = |year: i64| DateTime::from_timestamp((year - 1970) * 31_556_952, 0);
        if year(1980).is_none_or(|it| until < it) || year(9999).is_none_or(|it| until > it) {
            return Err(InvalidPlan::Until);
        }
        Ok(Self {
            scale,
            seed,
            until: until.trunc_subsecs(0),
            tenants,
        })
    }

    /// Modules of all tenants together, `fleet` aside.
    pub(crate) fn modules(&self) -> usize {
        let modules = whole(MODULES * self.scale.sqrt());
        modules.max(2 * self.tenants.len())
    }

    /// Modules of `fleet`.
    pub(crate) fn fleet(&self) -> usize {
        whole(MODULES * self.scale.sqrt()).max(2)
    }

    /// Modules of the tenant of that index, dealt out evenly.
    pub(crate) fn modules_of(&self, tenant: usize) -> usize {
        let count = self.tenants.len();
        (self.modules() + count - 1 - tenant) / count
    }

    /// Over how many projects a tenant's modules are spread.
    pub(crate) fn projects_of(&self, tenant: usize) -> usize {
        self.modules_of(tenant).div_ceil(2).clamp(1, PROJECTS)
    }

    /// Landings on the default branch of each module.
    pub(crate) fn landings(&self) -> u64 {
        let all = whole(LANDINGS * self.scale);
        u64::try_from(all / self.modules().max(1))
            .unwrap_or(1)
            .max(2)
    }

    /// When the history begins.
    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.until - TimeDelta::days(360)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the scale is bounded, so that every size is a small positive number"
)]
fn whole(number: f64) -> usize {
    number.round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(scale: f64, tenants: &[&str]) -> Result<WorldPlan, InvalidPlan> {
        let tenants = tenants.iter().map(|name| name.parse().unwrap()).collect();
        WorldPlan::new(
            scale,
            1,
            DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            tenants,
        )
    }

    #[test]
    fn a_world_that_cannot_be_is_refused() {
        assert_eq!(plan(0.0, &["a"]), Err(InvalidPlan::Scale));
        assert_eq!(plan(f64::NAN, &["a"]), Err(InvalidPlan::Scale));
        assert_eq!(plan(1.0, &[]), Err(InvalidPlan::Tenants));
        assert_eq!(plan(1.0, &["a", "a"]), Err(InvalidPlan::Tenants));
        let early = WorldPlan::new(1.0, 1, DateTime::UNIX_EPOCH, vec!["a".parse().unwrap()]);
        assert_eq!(early, Err(InvalidPlan::Until));
    }

    #[test]
    fn modules_are_dealt_out_and_grow_with_their_history() {
        let one = plan(1.0, &["a", "b"]).unwrap();
        assert_eq!((one.modules_of(0), one.modules_of(1)), (50, 50));
        assert_eq!(
            (one.landings(), one.projects_of(0), one.fleet()),
            (600, 5, 100)
        );
        let odd = plan(0.09, &["a", "b", "c", "d"]).unwrap();
        let all: usize = (0..4).map(|tenant| odd.modules_of(tenant)).sum();
        assert_eq!((all, odd.landings()), (30, 180));
    }
}
