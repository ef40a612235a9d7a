//! Reading the commits that separate modules: two statements, whatever the number of modules.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use sea_orm::{DbBackend, QueryResult};
use serde::Serialize;
use sluice_kernel::Ctx;
use sluice_store::RawRead;

use super::{
    Change,
    history::{self, Commit, Landed, MAX_ROWS, Range, Reached},
    read::Held,
};
use crate::{LedgerError, rows};

/// Commits off the first-parent line that are walked for one comparison.
const MAX_WALK: usize = 20_000;
const COMMIT: &str = "c.subject_line, c.author, c.committed_at, c.landing, c.mainline, c.position, \
    l.pull_request_id, r.number AS pull_request_number";
const PULL: &str = "LEFT JOIN chain_landing l ON l.tenant_id = $1 \
      AND l.repository_id = w.repository_id AND l.sha = w.sha \
    LEFT JOIN chain_pull_request r ON r.tenant_id = $1 AND r.id = l.pull_request_id";

/// From each root to where it meets the first-parent line.
static WALK: LazyLock<[String; 2]> = LazyLock::new(|| both(walk_sql));
/// The newest commits of each range.
static RANGES: LazyLock<[String; 2]> = LazyLock::new(|| both(ranges_sql));

fn both(sql: fn(DbBackend) -> String) -> [String; 2] {
    [sql(DbBackend::Postgres), sql(DbBackend::Sqlite)]
}

fn text(backend: DbBackend, [postgres, sqlite]: &[String; 2]) -> &str {
    match backend {
        DbBackend::Postgres => postgres,
        _ => sqlite,
    }
}

/// The list `$2` as rows `g` with these columns.
fn given(backend: DbBackend, columns: &[(&str, &str)]) -> String {
    if backend == DbBackend::Postgres {
        let typed: Vec<String> = columns
            .iter()
            .map(|(name, kind)| format!("{name} {kind}"))
            .collect();
        return format!("json_to_recordset($2::json) AS g({})", typed.join(", "));
    }
    let each: Vec<String> = columns
        .iter()
        .map(|(name, _)| format!("json_extract(value, '$.{name}') AS {name}"))
        .collect();
    format!("(SELECT {} FROM json_each($2)) AS g", each.join(", "))
}

fn walk_sql(backend: DbBackend) -> String {
    let roots = given(backend, &[("repository_id", "text"), ("sha", "text")]);
    let limit = MAX_WALK + 1;
    format!(
        "WITH RECURSIVE walk(repository_id, root, sha) AS (\
           SELECT g.repository_id, g.sha, g.sha FROM {roots} \
           UNION SELECT w.repository_id, w.root, a.parent FROM walk w \
           JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = w.repository_id \
             AND c.sha = w.sha AND COALESCE(c.mainline, 0) = 0 \
           JOIN history_parent a ON a.tenant_id = $1 AND a.repository_id = w.repository_id \
             AND a.sha = w.sha) \
         SELECT w.repository_id, w.root, w.sha, {COMMIT} \
         FROM (SELECT repository_id, root, sha FROM walk LIMIT {limit}) w \
         LEFT JOIN history_commit c ON c.tenant_id = $1 \
           AND c.repository_id = w.repository_id AND c.sha = w.sha {PULL}"
    )
}

fn ranges_sql(backend: DbBackend) -> String {
    let ranges = [
        ("repository_id", "text"),
        ("low", "bigint"),
        ("high", "bigint"),
    ];
    let ranges = given(backend, &ranges);
    format!(
        "SELECT w.repository_id, w.low, w.high, w.sha, {COMMIT} FROM (\
           SELECT g.repository_id, g.low, g.high, c.sha, ROW_NUMBER() OVER (\
             PARTITION BY g.repository_id, g.low, g.high \
             ORDER BY c.landing DESC, c.mainline DESC, c.position DESC, c.sha) AS place \
           FROM {ranges} JOIN history_commit c ON c.tenant_id = $1 \
             AND c.repository_id = g.repository_id AND c.landing > g.low AND c.landing <= g.high\
         ) w JOIN history_commit c ON c.tenant_id = $1 \
           AND c.repository_id = w.repository_id AND c.sha = w.sha {PULL} \
         WHERE w.place <= {MAX_ROWS} ORDER BY w.repository_id, w.low, w.high, w.place"
    )
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Root<'a> {
    repository_id: &'a str,
    sha: &'a str,
}

/// What is known of the commits of a comparison.
pub(super) struct Commits {
    /// By repository and commit.
    reached: HashMap<(String, String), Reached>,
    landed: HashMap<Range, Landed>,
}

/// Whether the history is to be looked at for the pair.
fn differs((one, other): (Option<&Held>, Option<&Held>)) -> bool {
    let commit = |held: &Held| {
        let compared = &held.compared;
        (compared.repository_id.clone(), compared.commit_sha.clone())
    };
    one.map(commit) != other.map(commit)
}

/// Reads what separates the pairs.
pub(super) async fn read(
    read: &RawRead<'_>,
    ctx: &Ctx,
    pairs: &[(Option<&Held>, Option<&Held>)],
) -> Result<Commits, LedgerError> {
    let differing: Vec<_> = pairs.iter().copied().filter(|it| differs(*it)).collect();
    let held: Vec<&Held> = differing
        .iter()
        .flat_map(|(one, other)| one.iter().chain(other))
        .copied()
        .collect();
    let mut commits = Commits {
        reached: walked(read, ctx, &held).await?,
        landed: HashMap::new(),
    };
    let mut ranges = BTreeSet::new();
    for (one, other) in differing {
        ranges.extend(commits.range(one, other));
        ranges.extend(commits.range(other, one));
    }
    commits.landed = landed(read, ctx, &ranges).await?;
    Ok(commits)
}

/// What each known commit has in its history.
async fn walked(
    read: &RawRead<'_>,
    ctx: &Ctx,
    held: &[&Held],
) -> Result<HashMap<(String, String), Reached>, LedgerError> {
    let mut reached: HashMap<(String, String), Reached> = HashMap::new();
    let mut roots = BTreeSet::new();
    for (held, landing) in held.iter().filter_map(|it| Some((it, it.landing?))) {
        let (repository_id, sha) = (&held.compared.repository_id, &held.compared.commit_sha);
        let known = if held.mainline {
            Reached::mainline(landing)
        } else {
            roots.insert(Root { repository_id, sha });
            Reached::default()
        };
        reached.insert((repository_id.clone(), sha.clone()), known);
    }
    let sql = text(read.backend(), &WALK);
    let roots = serde_json::to_string(&roots)?;
    let found = read
        .query(sql, [ctx.tenant().as_str().into(), roots.into()])
        .await?;
    for row in found.iter().take(MAX_WALK) {
        let root = (rows::text(row, "repository_id")?, rows::text(row, "root")?);
        if let Some(reached) = reached.get_mut(&root) {
            reached.add(rows::text(row, "sha")?, commit(row)?);
        }
    }
    if found.len() > MAX_WALK {
        for reached in reached.values_mut().filter(|it| !it.off.is_empty()) {
            reached.incomplete = true;
        }
    }
    Ok(reached)
}

async fn landed(
    read: &RawRead<'_>,
    ctx: &Ctx,
    ranges: &BTreeSet<Range>,
) -> Result<HashMap<Range, Landed>, LedgerError> {
    let sql = text(read.backend(), &RANGES);
    let ranges = serde_json::to_string(ranges)?;
    let found = read
        .query(sql, [ctx.tenant().as_str().into(), ranges.into()])
        .await?;
    let mut landed: HashMap<Range, Landed> = HashMap::new();
    for row in &found {
        let range = Range {
            repository_id: rows::text(row, "repository_id")?,
            low: rows::int(row, "low")?,
            high: rows::int(row, "high")?,
        };
        let of_range = landed.entry(range).or_default();
        of_range.commits.extend(commit(row)?);
    }
    for of_range in landed.values_mut() {
        of_range.cut = i64::try_from(of_range.commits.len()).unwrap_or(i64::MAX) >= MAX_ROWS;
    }
    Ok(landed)
}

fn commit(row: &QueryResult) -> Result<Option<Commit>, LedgerError> {
    let Some(committed_at) = rows::time_opt(row, "committed_at")? else {
        return Ok(None);
    };
    let number = rows::int_opt(row, "pull_request_number")?;
    Ok(Some(Commit {
        change: Change {
            repository_id: rows::text(row, "repository_id")?,
            sha: rows::text(row, "sha")?,
            subject_line: rows::text_opt(row, "subject_line")?.unwrap_or_default(),
            author: rows::text_opt(row, "author")?.unwrap_or_default(),
            committed_at,
            pull_request_id: rows::text_opt(row, "pull_request_id")?,
            pull_request_number: number.map(i64::unsigned_abs),
        },
        landing: rows::int_opt(row, "landing")?.unwrap_or(0),
        mainline: rows::int_opt(row, "mainline")? == Some(1),
        position: rows::int_opt(row, "position")?.unwrap_or(0),
    }))
}

impl Commits {
    /// What the one has, and what the other has of the same repository: nothing when it is of
    /// another one. None when the history of one of them is not known.
    fn known(&self, one: &Held, other: Option<&Held>) -> Option<(&Reached, Option<&Reached>)> {
        let reached = |held: &Held| {
            let compared = &held.compared;
            let key = (compared.repository_id.clone(), compared.commit_sha.clone());
            self.reached.get(&key)
        };
        let repository = &one.compared.repository_id;
        match other.filter(|it| it.compared.repository_id == *repository) {
            Some(other) => Some((reached(one)?, Some(reached(other)?))),
            None => Some((reached(one)?, None)),
        }
    }

    fn range(&self, one: Option<&Held>, other: Option<&Held>) -> Option<Range> {
        let one = one?;
        let (reached, lacking) = self.known(one, other)?;
        let none = Reached::default();
        let lacking = lacking.unwrap_or(&none);
        history::range(&one.compared.repository_id, reached, lacking)
    }

    /// The commits that the first has and the second lacks, and whether there are more.
    pub(super) fn only_in_first(
        &self,
        one: Option<&Held>,
        other: Option<&Held>,
    ) -> (Vec<Change>, bool) {
        let Some(held) = one.filter(|_| differs((one, other))) else {
            return (Vec::new(), false);
        };
        let Some((reached, lacking)) = self.known(held, other) else {
            return (Vec::new(), true);
        };
        let (none, empty) = (Reached::default(), Landed::default());
        let landed = self.range(one, other);
        let landed = landed.and_then(|range| self.landed.get(&range));
        history::only_in_first(reached, lacking.unwrap_or(&none), landed.unwrap_or(&empty))
    }
}
