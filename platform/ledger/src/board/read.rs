//! The facts of a board: six statements whatever its size.
//!
//! All start at the project's cells and go on by primary keys, so that the work follows the size of
//! the board and not the length of the history.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::QueryResult;
use sluice_kernel::Ctx;
use sluice_schema::ProjectId;
use sluice_store::RawRead;

use super::BoardHold;
use crate::{Ledger, LedgerError, rows};

const HEAD: &str = "SELECT sequence FROM ledger_head WHERE tenant_id = $1";
const ENVIRONMENTS: &str = "SELECT id, name, upstream, COALESCE(retired, 0) AS retired \
    FROM chain_environment WHERE tenant_id = $1 AND project_id = $2 \
    ORDER BY defined_sequence, id";
const HOLDS: &str = "SELECT environment_id, module, reason, held_by, at, promotion_id \
    FROM chain_hold WHERE tenant_id = $1 AND project_id = $2 AND held = 1";
const CELLS: &str = "SELECT module, environment_id, environment, declared_promotion, declared_at, \
    declared_by, running_promotion, running_at, running_by, sync_id, synced_promotion, \
    sync_state, health, sync_reason, synced_at, drift, observed_at \
    FROM board_cell WHERE tenant_id = $1 AND project_id = $2 ORDER BY module, environment_id";
/// What each cell's promotions brought, and from where.
const DEPLOYED: &str = "WITH seen AS (\
      SELECT module, declared_promotion AS promotion FROM board_cell \
      WHERE tenant_id = $1 AND project_id = $2 AND declared_promotion IS NOT NULL \
      UNION SELECT module, running_promotion FROM board_cell \
      WHERE tenant_id = $1 AND project_id = $2 AND running_promotion IS NOT NULL \
      UNION SELECT module, synced_promotion FROM board_cell \
      WHERE tenant_id = $1 AND project_id = $2 AND synced_promotion <> '') \
    SELECT seen.module, p.id, p.release_id, p.version, p.state, p.requested_by, p.rolled_back_by, \
      i.build_id, b.run_id, i.repository_id, i.commit_sha, r.id AS pull_request_id, \
      r.number AS pull_request_number, \
      CASE WHEN c.mainline = 1 THEN c.landing END AS landing, h.landings \
    FROM seen \
    JOIN chain_promotion p ON p.tenant_id = $1 AND p.id = seen.promotion \
    LEFT JOIN chain_release_item i ON i.tenant_id = $1 AND i.release_id = p.release_id \
      AND i.module = seen.module \
    LEFT JOIN chain_build b ON b.tenant_id = $1 AND b.id = i.build_id \
    LEFT JOIN chain_landing l ON l.tenant_id = $1 AND l.repository_id = i.repository_id \
      AND l.sha = i.commit_sha \
    LEFT JOIN chain_pull_request r ON r.tenant_id = $1 AND r.id = l.pull_request_id \
    LEFT JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = i.repository_id \
      AND c.sha = i.commit_sha \
    LEFT JOIN chain_repository o ON o.tenant_id = $1 AND o.id = i.repository_id \
    LEFT JOIN history_branch h ON h.tenant_id = $1 AND h.repository_id = i.repository_id \
      AND h.branch = o.default_branch";
/// Promotions that are not over, by module; once something is declared, for what is.
const UNDER_WAY: &str = "SELECT p.id, p.environment_id, p.environment, i.module \
    FROM chain_promotion p \
    JOIN chain_release_item i ON i.tenant_id = $1 AND i.release_id = p.release_id \
    LEFT JOIN chain_promotion_item d ON d.tenant_id = $1 AND d.promotion_id = p.id \
      AND d.module = i.module \
    WHERE p.tenant_id = $1 AND p.project_id = $2 \
      AND p.state IN ('REQUESTED', 'GATED', 'VERIFYING') \
      AND (p.declared_at IS NULL OR d.module IS NOT NULL) \
    ORDER BY COALESCE(p.requested_sequence, 0), p.id";

/// An environment and a module.
pub(super) type Place = (String, String);

pub(super) struct EnvironmentRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) upstream: Vec<String>,
    pub(super) retired: bool,
}

/// A promotion that stands in a cell.
pub(super) struct Standing {
    pub(super) promotion: String,
    pub(super) since: DateTime<Utc>,
    pub(super) by: Option<String>,
}

pub(super) struct SyncRow {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) health: Option<String>,
    pub(super) drift: u64,
    pub(super) reason: Option<String>,
    pub(super) observed_at: DateTime<Utc>,
}

pub(super) struct CellRow {
    pub(super) module: String,
    pub(super) environment_id: String,
    pub(super) environment: String,
    pub(super) declared: Option<Standing>,
    pub(super) running: Option<Standing>,
    pub(super) synced: Option<Standing>,
    pub(super) sync: Option<SyncRow>,
}

/// A promotion's release and where it came from.
pub(super) struct Origin {
    pub(super) release_id: String,
    pub(super) version: String,
    pub(super) state: String,
    pub(super) requested_by: Option<String>,
    pub(super) rolled_back: bool,
    pub(super) build_id: Option<String>,
    pub(super) run_id: Option<String>,
    pub(super) repository_id: Option<String>,
    pub(super) commit_sha: Option<String>,
    pub(super) pull_request: Option<(String, u64)>,
    pub(super) waiting: Option<u64>,
}

pub(super) struct UnderWay {
    pub(super) promotion: String,
    pub(super) environment: String,
}

/// All that a board is made from.
pub(super) struct Facts {
    pub(super) sequence: u64,
    pub(super) environments: Vec<EnvironmentRow>,
    pub(super) holds: HashMap<Place, BoardHold>,
    pub(super) cells: Vec<CellRow>,
    /// By promotion and module.
    pub(super) origins: HashMap<(String, String), Origin>,
    pub(super) under_way: HashMap<Place, UnderWay>,
}

/// Reads the facts in one snapshot; on SQLite, which has none, what is newer than the sequence may
/// show already.
pub(super) async fn facts(
    ledger: &Ledger,
    ctx: &Ctx,
    project: &ProjectId,
) -> Result<Facts, LedgerError> {
    let read = ledger.store().read_raw(ctx).await?;
    let reader = Reader { read, ctx, project };
    let head = reader.read.query(HEAD, [ctx.tenant().as_str().into()]);
    let head = head.await?;
    let sequence = head.first().map(|row| rows::int(row, "sequence"));
    Ok(Facts {
        sequence: sequence.transpose()?.unwrap_or(0).unsigned_abs(),
        environments: reader.all(ENVIRONMENTS, environment).await?,
        holds: reader.all(HOLDS, hold).await?.into_iter().collect(),
        cells: reader.all(CELLS, cell).await?,
        origins: reader.all(DEPLOYED, origin).await?.into_iter().collect(),
        under_way: reader
            .all(UNDER_WAY, under_way)
            .await?
            .into_iter()
            .collect(),
    })
}

struct Reader<'a> {
    read: RawRead<'a>,
    ctx: &'a Ctx,
    project: &'a ProjectId,
}

impl Reader<'_> {
    async fn all<T>(
        &self,
        sql: &str,
        each: fn(&QueryResult) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        let binds = [
            self.ctx.tenant().as_str().into(),
            self.project.as_str().into(),
        ];
        let found = self.read.query(sql, binds).await?;
        found.iter().map(each).collect()
    }
}

fn environment(row: &QueryResult) -> Result<EnvironmentRow, LedgerError> {
    let upstream = rows::text_opt(row, "upstream")?;
    Ok(EnvironmentRow {
        id: rows::text(row, "id")?,
        name: rows::text_opt(row, "name")?.unwrap_or_default(),
        upstream: serde_json::from_str(upstream.as_deref().unwrap_or("[]"))?,
        retired: rows::int(row, "retired")? != 0,
    })
}

fn hold(row: &QueryResult) -> Result<(Place, BoardHold), LedgerError> {
    let place = (
        rows::text(row, "environment_id")?,
        rows::text(row, "module")?,
    );
    let hold = BoardHold {
        reason: rows::text_opt(row, "reason")?.unwrap_or_default(),
        held_by: rows::text_opt(row, "held_by")?.unwrap_or_default(),
        since: rows::time(row, "at")?,
        promotion_id: some(row, "promotion_id")?,
    };
    Ok((place, hold))
}

/// A text that is there and not empty: what was taken away is empty.
fn some(row: &QueryResult, column: &str) -> Result<Option<String>, LedgerError> {
    Ok(rows::text_opt(row, column)?.filter(|text| !text.is_empty()))
}

fn standing(
    row: &QueryResult,
    (promotion, since, by): (&str, &str, Option<&str>),
) -> Result<Option<Standing>, LedgerError> {
    let (Some(promotion), Some(since)) = (some(row, promotion)?, rows::time_opt(row, since)?)
    else {
        return Ok(None);
    };
    let by = by.map(|by| rows::text_opt(row, by)).transpose()?.flatten();
    Ok(Some(Standing {
        promotion,
        since,
        by,
    }))
}

fn cell(row: &QueryResult) -> Result<CellRow, LedgerError> {
    Ok(CellRow {
        module: rows::text(row, "module")?,
        environment_id: rows::text(row, "environment_id")?,
        environment: rows::text_opt(row, "environment")?.unwrap_or_default(),
        declared: standing(
            row,
            ("declared_promotion", "declared_at", Some("declared_by")),
        )?,
        running: standing(row, ("running_promotion", "running_at", Some("running_by")))?,
        synced: standing(row, ("synced_promotion", "synced_at", None))?,
        sync: sync(row)?,
    })
}

fn sync(row: &QueryResult) -> Result<Option<SyncRow>, LedgerError> {
    let (Some(id), Some(state), Some(observed_at)) = (
        rows::text_opt(row, "sync_id")?,
        rows::text_opt(row, "sync_state")?,
        rows::time_opt(row, "observed_at")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(SyncRow {
        id,
        state,
        health: rows::text_opt(row, "health")?,
        drift: rows::int_opt(row, "drift")?.unwrap_or(0).unsigned_abs(),
        reason: some(row, "sync_reason")?,
        observed_at,
    }))
}

fn origin(row: &QueryResult) -> Result<((String, String), Origin), LedgerError> {
    let key = (rows::text(row, "id")?, rows::text(row, "module")?);
    let landing = rows::int_opt(row, "landing")?.filter(|landing| *landing > 0);
    let landings = rows::int_opt(row, "landings")?;
    let number = rows::int_opt(row, "pull_request_number")?.unwrap_or(0);
    let pull_request = rows::text_opt(row, "pull_request_id")?;
    let origin = Origin {
        release_id: rows::text_opt(row, "release_id")?.unwrap_or_default(),
        version: rows::text_opt(row, "version")?.unwrap_or_default(),
        state: rows::text_opt(row, "state")?.unwrap_or_default(),
        requested_by: rows::text_opt(row, "requested_by")?,
        rolled_back: some(row, "rolled_back_by")?.is_some(),
        build_id: rows::text_opt(row, "build_id")?,
        run_id: rows::text_opt(row, "run_id")?,
        repository_id: rows::text_opt(row, "repository_id")?,
        commit_sha: rows::text_opt(row, "commit_sha")?,
        pull_request: pull_request.map(|id| (id, number.unsigned_abs())),
        waiting: landing.zip(landings).map(|(landing, landings)| {
            u64::try_from(landings.saturating_sub(landing)).unwrap_or(0)
        }),
    };
    Ok((key, origin))
}

fn under_way(row: &QueryResult) -> Result<(Place, UnderWay), LedgerError> {
    let place = (
        rows::text(row, "environment_id")?,
        rows::text(row, "module")?,
    );
    let under_way = UnderWay {
        promotion: rows::text(row, "id")?,
        environment: rows::text_opt(row, "environment")?.unwrap_or_default(),
    };
    Ok((place, under_way))
}
