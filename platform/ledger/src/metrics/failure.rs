//! Which deployments failed, and when failures ended.

use std::collections::{HashMap, HashSet};

use sluice_kernel::time_of_micros;

use super::{
    Deployment, Restore,
    brought::{Bringers, Brought},
    facts::{Declared, Revert},
};

/// Why a deployment counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// It ended without success.
    Own,
    /// The rollback at this place left it.
    RolledBack(usize),
    /// The deployment at this place brought a revert of what it had brought.
    Reverted(usize),
}

/// The deployments in order, and what made some of them fail or repair.
pub(super) struct Judged<'a> {
    deployments: &'a [Declared],
    causes: Vec<Option<Cause>>,
    repairs: HashSet<usize>,
}

impl<'a> Judged<'a> {
    /// Judges deployments in order; those that are under way stand at the end.
    pub(super) fn new(
        deployments: &'a [Declared],
        brought: &[Option<Brought>],
        reverts: &[Revert],
    ) -> Self {
        let bringers = Bringers::new(deployments, brought);
        let reverted = reverted(&bringers, reverts);
        let left = left(deployments);
        let cause = |(index, it): (usize, &Declared)| {
            it.at()?;
            if it.succeeded_at.is_none() {
                return Some(Cause::Own);
            }
            let rollback = left.get(&(it.promotion_id.as_str(), it.module.as_str()));
            let reverted = || reverted.get(&index).copied().map(Cause::Reverted);
            rollback.copied().map(Cause::RolledBack).or_else(reverted)
        };
        Self {
            causes: deployments.iter().enumerate().map(cause).collect(),
            deployments,
            repairs: repairs(&bringers, reverts),
        }
    }

    /// The deployment at this place, as it is shown; `None` while it is under way.
    pub(super) fn shown(&self, index: usize) -> Option<Deployment> {
        let it = &self.deployments[index];
        let failed_by = self.causes[index].map(|cause| match cause {
            Cause::Own => it.promotion_id.clone(),
            Cause::RolledBack(by) | Cause::Reverted(by) => {
                self.deployments[by].promotion_id.clone()
            }
        });
        Some(Deployment {
            promotion_id: it.promotion_id.clone(),
            module: it.module.clone(),
            release_id: it.release_id.clone(),
            version: it.version.clone(),
            at: time_of_micros(it.at()?),
            succeeded: it.succeeded_at.is_some(),
            rollback: it.rollback,
            failed: failed_by.is_some(),
            rework: it.rollback || self.repairs.contains(&index),
            failed_by,
        })
    }

    /// The failure of the deployment at this place, when it is one. A rollback that fails is no
    /// failure of its own: the one that it should have ended goes on.
    pub(super) fn failure(&self, index: usize) -> Option<Restore> {
        let it = &self.deployments[index];
        let cause = self.causes[index].filter(|_| !it.rollback)?;
        let end = match cause {
            Cause::Own => self.next_success(index, it.declared_at),
            Cause::RolledBack(by) => self.next_success(index, self.deployments[by].declared_at),
            Cause::Reverted(by) => Some(by),
        };
        let end = end.map(|end| &self.deployments[end]);
        Some(Restore {
            failed_promotion_id: it.promotion_id.clone(),
            module: it.module.clone(),
            failed_at: time_of_micros(it.declared_at),
            restored_by: end.map(|end| end.promotion_id.clone()),
            restored_at: end.and_then(|end| end.succeeded_at).map(time_of_micros),
        })
    }

    fn next_success(&self, index: usize, not_before: i64) -> Option<usize> {
        let module = &self.deployments[index].module;
        let later = self.deployments.iter().enumerate().skip(index + 1);
        let mut of_module = later.filter(|(_, it)| it.module == *module);
        let found = of_module.find(|(_, it)| it.succeeded_at.is_some_and(|at| at >= not_before));
        found.map(|(index, _)| index)
    }
}

/// The first rollback that left a module of a promotion.
fn left(deployments: &[Declared]) -> HashMap<(&str, &str), usize> {
    let mut left: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, it) in deployments.iter().enumerate() {
        let Some(promotion) = it.rollback_of.as_deref() else {
            continue;
        };
        let first = left.entry((promotion, &it.module)).or_insert(index);
        if it.declared_at < deployments[*first].declared_at {
            *first = index;
        }
    }
    left
}

/// The deployments a change of which was reverted later, and the first that brought a revert.
fn reverted(bringers: &Bringers, reverts: &[Revert]) -> HashMap<usize, usize> {
    let mut reverted: HashMap<usize, usize> = HashMap::new();
    for revert in reverts {
        for line in bringers.lines(&revert.repository) {
            let failed = bringers.of(line, revert.reverted);
            let repairing = bringers.of(line, revert.by);
            if let Some(((_, failed), (_, repairing))) = failed.zip(repairing)
                && failed < repairing
            {
                let first = reverted.entry(failed).or_insert(repairing);
                *first = repairing.min(*first);
            }
        }
    }
    reverted
}

/// The deployments that brought a revert of what had run there before.
fn repairs(bringers: &Bringers, reverts: &[Revert]) -> HashSet<usize> {
    let of_line = |revert: &Revert| {
        let repairing = |line| {
            let (brought, index) = bringers.of(line, revert.by)?;
            brought
                .ran
                .is_some_and(|ran| revert.reverted <= ran)
                .then_some(index)
        };
        bringers
            .lines(&revert.repository)
            .filter_map(repairing)
            .collect::<Vec<_>>()
    };
    reverts.iter().flat_map(of_line).collect()
}
