//! What separates two points of delivery.

mod commits;
mod differences;
mod history;
mod model;
mod read;

pub use model::{
    Change, Compared, Comparison, ItemDifference, ModuleComparison, Side, ValueDifference,
};

use std::collections::BTreeSet;

use sluice_kernel::Ctx;
use sluice_schema::Scope;

use crate::{Ledger, LedgerError};
use commits::Commits;
use read::{Facts, Held, Reader};

impl Ledger {
    /// What one point has and the other lacks, module by module, or of one module; equal points
    /// have no differences. A release is compared with an environment as far as it was rendered and
    /// provisioned for it, and with another release for each environment that both were.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the scope to read; [`LedgerError::NotFound`] for a side that
    /// does not exist for the caller; what the database fails with.
    pub async fn compare(
        &self,
        ctx: &Ctx,
        from: &Side,
        to: &Side,
        module: Option<&str>,
    ) -> Result<Comparison, LedgerError> {
        ctx.require(Scope::Read)?;
        let read = self.store().read_raw(ctx).await?;
        let reader = Reader::new(&read, ctx, module);
        let facts = reader.facts(from, to).await?;
        let names: BTreeSet<&String> = facts.from.keys().chain(facts.to.keys()).collect();
        let pairs: Vec<_> = names
            .iter()
            .map(|name| (facts.from.get(*name), facts.to.get(*name)))
            .collect();
        let commits = commits::read(&read, ctx, &pairs).await?;
        let modules = names
            .into_iter()
            .zip(pairs)
            .map(|(name, pair)| compared(name, pair, &facts, &commits))
            .collect();
        Ok(Comparison {
            from: from.clone(),
            to: to.clone(),
            modules,
            sequence: facts.sequence,
        })
    }
}

fn compared(
    module: &str,
    (from, to): (Option<&Held>, Option<&Held>),
    facts: &Facts,
    commits: &Commits,
) -> ModuleComparison {
    let (only_in_from, cut_from) = commits.only_in_first(from, to);
    let (only_in_to, cut_to) = commits.only_in_first(to, from);
    let artifacts = |held: Option<&Held>| held.map(|it| it.artifacts.clone()).unwrap_or_default();
    let (of_from, of_to) = (artifacts(from), artifacts(to));
    ModuleComparison {
        module: module.to_owned(),
        from: from.map(|it| it.compared.clone()),
        to: to.map(|it| it.compared.clone()),
        only_in_from,
        only_in_to,
        truncated: cut_from || cut_to,
        packages: differences::items("PACKAGE", &of_from, &of_to),
        images: differences::items("IMAGE", &of_from, &of_to),
        configuration: differences::configuration(module, (from, to), facts),
        infrastructure: differences::infrastructure(module, (from, to), facts),
    }
}
