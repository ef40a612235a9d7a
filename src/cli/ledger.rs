//! `sluice ledger`: the ledger held against its hashes, and read models made anew.

use std::fmt::Write as _;

use sluice_kernel::Ctx;
use sluice_ledger::{Ledger, LedgerError, Rebuilt, Verification};
use sluice_schema::TenantId;

use super::{fail, print};
use crate::{
    compose::{self, StartError},
    config::ConfigFlags,
    telemetry,
};

/// Verify the event ledger, or make anew what follows from it; servers may run
///
/// Both work on the configured database itself.
#[derive(Debug, clap::Subcommand)]
pub(super) enum LedgerCommand {
    /// Hold every event against its hash and the one before it
    ///
    /// Exit codes: 0 when all is well, 1 when something is missing or was altered, or for what
    /// fails.
    Verify(LedgerArgs),
    /// Make the read models anew from the events, each tenant's in one step
    ///
    /// Prints for every table whether it came out as it was. It may differ after an update of the
    /// program.
    Rebuild(LedgerArgs),
}

/// Whose ledger.
#[derive(Debug, clap::Args)]
pub(super) struct LedgerArgs {
    /// This tenant's alone [default: every tenant's]
    #[arg(long)]
    tenant: Option<TenantId>,
    #[command(flatten)]
    settings: ConfigFlags,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the tenant {0} has no ledger")]
    NoTenant(TenantId),
    #[error("a ledger is not what was appended")]
    Violated,
}

/// Runs the command and gives its exit code.
pub(super) async fn run(command: &LedgerCommand) -> u8 {
    let (LedgerCommand::Verify(args) | LedgerCommand::Rebuild(args)) = command;
    let config = match args.settings.load_unchecked() {
        Ok(config) => config,
        Err(error) => return fail(2, &error),
    };
    telemetry::init_logs(config.log);
    let done = async {
        let ledger = compose::ledger(&config, &config.data_dir).await?;
        let tenants = tenants(&ledger, args.tenant.as_ref()).await?;
        match command {
            LedgerCommand::Verify(_) => verify(&ledger, &tenants).await,
            LedgerCommand::Rebuild(_) => rebuild(&ledger, &tenants).await,
        }
    };
    match done.await {
        Ok(code) => code,
        Err(error) => fail(1, &error),
    }
}

async fn tenants(ledger: &Ledger, wanted: Option<&TenantId>) -> Result<Vec<TenantId>, Failure> {
    let mut tenants = ledger.tenants().await?;
    if let Some(wanted) = wanted {
        tenants.retain(|tenant| tenant == wanted);
        if tenants.is_empty() {
            return Err(Failure::NoTenant(wanted.clone()));
        }
    }
    Ok(tenants)
}

async fn verify(ledger: &Ledger, tenants: &[TenantId]) -> Result<u8, Failure> {
    let mut whole = true;
    for tenant in tenants {
        let ctx = Ctx::for_system("ledger", tenant.clone(), "verify", "verify");
        let found = ledger.verify(&ctx, None, None).await?;
        whole &= found.violation.is_none();
        print(&verified(tenant, &found));
    }
    if whole { Ok(0) } else { Err(Failure::Violated) }
}

async fn rebuild(ledger: &Ledger, tenants: &[TenantId]) -> Result<u8, Failure> {
    for tenant in tenants {
        print(&rebuilt(&ledger.rebuild(tenant).await?));
    }
    Ok(0)
}

fn verified(tenant: &TenantId, found: &Verification) -> String {
    let outcome = match &found.violation {
        None => format!("whole, hash {}", found.hash),
        Some(violation) => {
            let kind = violation.kind.as_str();
            format!("{kind} at sequence {}", violation.sequence)
        }
    };
    format!("{tenant}: {} events: {outcome}\n", found.checked)
}

fn rebuilt(done: &Rebuilt) -> String {
    let names = done.tables.iter().map(|table| table.name.len());
    let width = names.max().unwrap_or(0);
    let mut text = format!("{}: {} events\n", done.tenant, done.events);
    for table in &done.tables {
        let outcome = match table.before == table.after {
            true => "equal",
            false => "differed",
        };
        let _ = writeln!(
            text,
            "  {:width$} {:>9} rows  {outcome}",
            table.name, table.rows
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use sluice_ledger::{TableState, Violation, ViolationKind};

    use super::*;

    #[test]
    fn a_rebuild_tells_which_tables_differed() {
        let table = |name, before: &str| TableState {
            name,
            rows: 12,
            before: before.to_owned(),
            after: "a".to_owned(),
        };
        let text = rebuilt(&Rebuilt {
            tenant: "acme".parse().unwrap(),
            events: 7,
            tables: vec![table("one", "a"), table("three", "b")],
        });
        let expected = "acme: 7 events\n  one          12 rows  equal\n  \
                        three        12 rows  differed\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_violation_is_told_with_its_place() {
        let found = Verification {
            from: 1,
            to: 9,
            checked: 4,
            hash: "ab".to_owned(),
            violation: Some(Violation {
                sequence: 5,
                kind: ViolationKind::Altered,
            }),
        };
        let text = verified(&"acme".parse().unwrap(), &found);
        assert_eq!(text, "acme: 4 events: ALTERED at sequence 5\n");
        let whole = Verification {
            violation: None,
            ..found
        };
        let text = verified(&"acme".parse().unwrap(), &whole);
        assert_eq!(text, "acme: 4 events: whole, hash ab\n");
    }
}
