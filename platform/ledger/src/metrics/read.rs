//! What is read: a constant number of statements, whatever the window holds.

use std::collections::HashMap;

use sea_orm::{DbBackend, QueryResult, Value};
use sluice_kernel::{Ctx, micros};
use sluice_store::RawRead;

use super::{
    MetricsRequest,
    facts::{Commit, Commits, Declared, Marks, Range, Revert},
    sql,
};
use crate::{Ledger, LedgerError, rows};

/// Most rows of one kind that a window may need.
const MAX_ROWS: usize = 100_000;

/// One snapshot of a tenant's read models.
pub(super) struct Read<'a> {
    read: RawRead<'a>,
    ctx: &'a Ctx,
}

impl<'a> Read<'a> {
    pub(super) async fn begin(ledger: &Ledger, ctx: &'a Ctx) -> Result<Self, LedgerError> {
        let read = ledger.store().read_raw(ctx).await?;
        Ok(Self { read, ctx })
    }

    async fn rows(
        &self,
        sql: &str,
        binds: impl IntoIterator<Item = Value> + Send,
    ) -> Result<Vec<QueryResult>, LedgerError> {
        let tenant: Value = self.ctx.tenant().as_str().into();
        let binds: Vec<Value> = std::iter::once(tenant).chain(binds).collect();
        let found = self.read.query(sql, binds).await?;
        if found.len() > MAX_ROWS {
            let rule = "the window needs too many rows; ask for a later or a shorter one";
            return Err(LedgerError::invalid("since", rule));
        }
        Ok(found)
    }

    /// The ledger's sequence that the read models reflect at least.
    pub(super) async fn sequence(&self) -> Result<u64, LedgerError> {
        let found = self.rows(sql::HEAD, []).await?;
        let sequence = found.first().map(|row| rows::int(row, "sequence"));
        Ok(sequence.transpose()?.unwrap_or_default().unsigned_abs())
    }

    /// Whether the project has the environment.
    pub(super) async fn has_environment(
        &self,
        request: &MetricsRequest,
    ) -> Result<bool, LedgerError> {
        let binds = [&request.environment_id, &request.project_id];
        let binds = binds.map(|id| id.as_str().into());
        Ok(!self.rows(sql::ENVIRONMENT, binds).await?.is_empty())
    }

    /// What Git declared since the window began, in the order in which it ended; what is under
    /// way stands last.
    pub(super) async fn declared(
        &self,
        request: &MetricsRequest,
    ) -> Result<Vec<Declared>, LedgerError> {
        let found = self.rows(sql::DECLARED, window(request)).await?;
        let found: Result<Vec<Declared>, _> = found.iter().map(declared).collect();
        let mut found = found?;
        found.sort_by(|a, b| order(a).cmp(&order(b)));
        Ok(found)
    }

    /// The highest landings that ran before the window.
    pub(super) async fn marks(&self, request: &MetricsRequest) -> Result<Marks, LedgerError> {
        let found = self.rows(sql::MARKS, window(request)).await?;
        let mark = |row: &QueryResult| {
            let line = (
                rows::text(row, "module")?,
                rows::text(row, "repository_id")?,
            );
            Ok((line, rows::int(row, "landing")?))
        };
        found.iter().map(mark).collect()
    }

    /// The commits of the landings: those that landed, and those that squashes stand for.
    pub(super) async fn commits(&self, ranges: &[Range]) -> Result<Commits, LedgerError> {
        let mut commits = Commits::new();
        for row in self.of_ranges(&sql::COMMITS, ranges).await? {
            add(&mut commits, &row)?;
        }
        for row in self.of_ranges(&sql::SOURCES, ranges).await? {
            add(&mut commits, &row)?;
        }
        Ok(commits)
    }

    /// The reverts in the ranges' repositories that have landed.
    pub(super) async fn reverts(&self, ranges: &[Range]) -> Result<Vec<Revert>, LedgerError> {
        let found = self.of_ranges(&sql::REVERTS, ranges).await?;
        let squashed = self.squashed(ranges).await?;
        let mut reverts = Vec::new();
        for row in &found {
            let repository = rows::text(row, "repository_id")?;
            let landing = |sha: &str, landing: &str| -> Result<Option<i64>, LedgerError> {
                let own = rows::int_opt(row, landing)?.filter(|landing| *landing > 0);
                let key = (repository.clone(), rows::text(row, sha)?);
                Ok(own.or_else(|| squashed.get(&key).copied()))
            };
            let reverted = landing("reverted_sha", "reverted_landing")?;
            let by = landing("by_sha", "by_landing")?;
            if let Some((reverted, by)) = reverted.zip(by) {
                reverts.push(Revert {
                    repository,
                    reverted,
                    by,
                });
            }
        }
        Ok(reverts)
    }

    // By repository and commit.
    async fn squashed(
        &self,
        ranges: &[Range],
    ) -> Result<HashMap<(String, String), i64>, LedgerError> {
        let found = self.of_ranges(&sql::SQUASHED, ranges).await?;
        let landing = |row: &QueryResult| {
            let key = (rows::text(row, "repository_id")?, rows::text(row, "sha")?);
            Ok((key, rows::int(row, "landing")?))
        };
        found.iter().map(landing).collect()
    }

    async fn of_ranges(
        &self,
        sql: &[String; 2],
        ranges: &[Range],
    ) -> Result<Vec<QueryResult>, LedgerError> {
        let [postgres, sqlite] = sql;
        let sql = match self.read.backend() {
            DbBackend::Postgres => postgres,
            _ => sqlite,
        };
        let ranges = serde_json::to_string(ranges)?;
        self.rows(sql, [ranges.into()]).await
    }
}

fn window(request: &MetricsRequest) -> [Value; 3] {
    [
        request.environment_id.as_str().into(),
        micros(request.since).into(),
        request.module.clone().unwrap_or_default().into(),
    ]
}

fn order(it: &Declared) -> (bool, Option<i64>, &str, &str) {
    (
        it.at().is_none(),
        it.at(),
        it.promotion_id.as_str(),
        it.module.as_str(),
    )
}

fn declared(row: &QueryResult) -> Result<Declared, LedgerError> {
    let landing = rows::int_opt(row, "landing")?.filter(|landing| *landing > 0);
    let mainline = rows::int_opt(row, "mainline")? == Some(1);
    Ok(Declared {
        module: rows::text(row, "module")?,
        promotion_id: rows::text(row, "id")?,
        release_id: rows::text(row, "release_id")?,
        version: rows::text(row, "version")?,
        rollback: rows::text(row, "kind")? == "ROLLBACK",
        rollback_of: rows::text_opt(row, "rollback_of")?,
        declared_at: rows::int(row, "declared_at")?,
        succeeded_at: rows::int_opt(row, "succeeded_at")?,
        ended_at: rows::int_opt(row, "ended_at")?,
        repository: rows::text_opt(row, "repository_id")?,
        landing: landing.filter(|_| mainline),
        built_at: rows::int_opt(row, "built_at")?,
        approved_at: rows::int_opt(row, "approved_at")?,
    })
}

fn add(commits: &mut Commits, row: &QueryResult) -> Result<(), LedgerError> {
    let commit = Commit {
        sha: rows::text(row, "sha")?,
        mainline: rows::int_opt(row, "mainline")? == Some(1),
        authored_at: rows::int(row, "authored_at")?,
        committed_at: rows::int(row, "committed_at")?,
        pull_request_id: rows::text_opt(row, "pull_request_id")?,
        merged_at: rows::int_opt(row, "merged_at")?,
    };
    let landings = commits
        .entry(rows::text(row, "repository_id")?)
        .or_default();
    let landing = landings.entry(rows::int(row, "landing")?).or_default();
    landing.push(commit);
    Ok(())
}
