//! Reading the facts: eight statements for a commit by its Git object id, one more by id,
//! whatever the number of rows.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{QueryResult, Value};
use sluice_kernel::Ctx;
use sluice_schema::ProjectId;
use sluice_store::{RawRead, set_value};

use super::{
    contained::{Built, Walks},
    facts::{Cell, Facts, Promotion, PullRequest, Release, Work},
    sql,
    web::{Edge, Operation, Stand, Tie, operations},
};
use crate::{CommitKey, LedgerError, rows};

/// Digits of a whole Git object id.
const WHOLE: usize = 40;
/// Digits that a prefix has at least.
const SHORTEST: usize = 7;

/// A commit that is known.
pub(super) struct Found {
    repository: String,
    sha: String,
    project: ProjectId,
}

/// One snapshot for a caller.
pub(super) struct Reads<'a> {
    pub(super) read: RawRead<'a>,
    pub(super) ctx: &'a Ctx,
}

impl Reads<'_> {
    async fn query(
        &self,
        sql: &str,
        binds: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>, LedgerError> {
        let tenant = Value::from(self.ctx.tenant().as_str());
        let binds: Vec<Value> = std::iter::once(tenant).chain(binds).collect();
        Ok(self.read.query(sql, binds).await?)
    }

    /// The commit, when the caller may know of it.
    pub(super) async fn find(&self, key: &CommitKey) -> Result<Found, LedgerError> {
        let (repository, prefix, field) = match key {
            CommitKey::Id(id) => {
                let (repository, sha) = self.by_id(id).await?;
                (repository, sha, "id")
            }
            CommitKey::Sha(repository, sha) => (repository.clone(), prefix(sha)?, "sha"),
        };
        let binds = [
            repository.as_str().into(),
            prefix.as_str().into(),
            format!("{prefix}g").into(),
            format!("{repository}@{prefix}").into(),
        ];
        let found = self.query(sql::BY_PREFIX, binds).await?;
        let mut commits = BTreeSet::new();
        for row in &found {
            let project = rows::text_opt(row, "project_id")?.unwrap_or_default();
            let seen = project.parse::<ProjectId>().ok();
            if let Some(project) = seen.filter(|project| self.ctx.sees(project)) {
                commits.insert((rows::text(row, "sha")?, project));
            }
        }
        let mut commits = commits.into_iter();
        let first = commits
            .next()
            .ok_or(LedgerError::NotFound("commit", field))?;
        if commits.any(|(sha, _)| sha != first.0) {
            return Err(LedgerError::invalid(
                "sha",
                "names several commits: give more digits",
            ));
        }
        let (sha, project) = first;
        Ok(Found {
            repository,
            sha,
            project,
        })
    }

    async fn by_id(&self, id: &str) -> Result<(String, String), LedgerError> {
        let found = self.query(sql::BY_ID, [id.into()]).await?;
        let row = found.first().ok_or(LedgerError::NotFound("commit", "id"))?;
        let key = rows::text(row, "node_key")?;
        let parts = key
            .split_once('@')
            .ok_or(LedgerError::NotFound("commit", "id"))?;
        Ok((parts.0.to_owned(), parts.1.to_owned()))
    }

    /// All that the answer for the commit is made from.
    pub(super) async fn facts(&self, commit: &Found) -> Result<Facts, LedgerError> {
        let operations = self.operations(commit).await?;
        let repository = || Value::from(commit.repository.as_str());
        let binds = [repository(), commit.project.as_str().into()];
        let cells = self.query(sql::CELLS, binds).await?;
        let promotions = self.query(sql::PROMOTIONS, [repository()]).await?;
        let releases = self.query(sql::RELEASES, [repository()]).await?;
        let works = self.works(commit, &operations).await?;
        let applied = operations.iter().filter(|operation| operation.applies);
        let applied = applied.map(|operation| operation.sha.clone());
        let binds = [repository(), set_value(self.read.backend(), applied)];
        let pull_requests = sql::pull_requests(self.read.backend());
        let pull_requests = self.query(&pull_requests, binds).await?;
        let mut facts = Facts {
            operations,
            walks: Walks::default(),
            cells: each(&cells, cell)?,
            promotions: each(&promotions, promotion)?,
            releases: each(&releases, release)?,
            works: each(&works, work)?,
            pull_requests: each(&pull_requests, pull_request)?,
        };
        facts.walks = self.walks(commit, &facts).await?;
        Ok(facts)
    }

    async fn operations(&self, commit: &Found) -> Result<Vec<Operation>, LedgerError> {
        let web = sql::web(self.read.backend());
        let binds = [
            commit.repository.as_str().into(),
            commit.sha.as_str().into(),
        ];
        let (mut edges, mut stands) = (Vec::new(), HashMap::new());
        for row in self.query(&web, binds).await? {
            let to = rows::text(&row, "sha")?;
            let stand = Stand {
                landing: rows::int_opt(&row, "landing")?.unwrap_or(0),
                position: rows::int_opt(&row, "position")?.unwrap_or(-1),
            };
            stands.insert(to.clone(), stand);
            if let Some(tie) = tie(&rows::text(&row, "tie")?) {
                let from = rows::text(&row, "via")?;
                edges.push(Edge { from, to, tie });
            }
        }
        // Rows come in no order; which tie is found first must not depend on it.
        edges.sort_by(|a, b| {
            let order = |edge: &Edge| {
                let at = |sha: &str| stands.get(sha).map(|stand: &Stand| stand.position);
                (at(&edge.from), at(&edge.to), edge.tie.order())
            };
            order(a).cmp(&order(b)).then_with(|| a.to.cmp(&b.to))
        });
        Ok(operations(&commit.sha, &edges, &stands))
    }

    async fn works(
        &self,
        commit: &Found,
        operations: &[Operation],
    ) -> Result<Vec<QueryResult>, LedgerError> {
        let applied = || operations.iter().filter(|operation| operation.applies);
        let landings = applied().map(|operation| operation.stand.landing);
        let first = landings.filter(|landing| *landing > 0).min();
        let shas = applied().map(|operation| operation.sha.clone());
        let binds = [
            commit.repository.as_str().into(),
            first.unwrap_or(i64::MAX).into(),
            set_value(self.read.backend(), shas),
        ];
        self.query(&sql::works(self.read.backend()), binds).await
    }

    async fn walks(&self, commit: &Found, facts: &Facts) -> Result<Walks, LedgerError> {
        let built = facts.promotions.iter().map(|promotion| &promotion.built);
        let built = built.chain(facts.releases.iter().map(|release| &release.built));
        let built = built.chain(facts.works.iter().map(|work| &work.built));
        let beside = built.filter(|built| !built.mainline);
        let beside: BTreeSet<String> = beside.map(|built| built.sha.clone()).collect();
        let backend = self.read.backend();
        let binds = [
            commit.repository.as_str().into(),
            set_value(backend, beside),
        ];
        let mut walks = Walks::default();
        for row in self.query(&sql::walks(backend), binds).await? {
            let landing = rows::int_opt(&row, "landing")?.filter(|landing| *landing > 0);
            let on_line = rows::int_opt(&row, "mainline")? == Some(1);
            let line = landing.filter(|_| on_line);
            walks.note(&rows::text(&row, "start")?, &rows::text(&row, "sha")?, line);
        }
        Ok(walks)
    }
}

/// A Git object id, or the beginning of one, in lower case.
fn prefix(sha: &str) -> Result<String, LedgerError> {
    let digits = sha.bytes().all(|b| b.is_ascii_hexdigit());
    if !digits || !(SHORTEST..=WHOLE).contains(&sha.len()) {
        let rule = format!("must have {SHORTEST} to {WHOLE} hexadecimal digits");
        return Err(LedgerError::invalid("sha", rule));
    }
    Ok(sha.to_ascii_lowercase())
}

fn tie(text: &str) -> Option<Tie> {
    Some(match text {
        "UNDOES" => Tie::Undoes,
        "PICKED" => Tie::Picked,
        "REBASED" => Tie::Rebased,
        "SQUASHED" => Tie::Squashed,
        "MERGED" => Tie::Merged,
        _ => return None,
    })
}

fn each<T>(
    found: &[QueryResult],
    of: impl Fn(&QueryResult) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    found.iter().map(of).collect()
}

fn built(row: &QueryResult) -> Result<Built, LedgerError> {
    Ok(Built {
        sha: rows::text_opt(row, "commit_sha")?.unwrap_or_default(),
        landing: rows::int_opt(row, "landing")?.unwrap_or(0),
        mainline: rows::int_opt(row, "mainline")? == Some(1),
    })
}

fn state(row: &QueryResult) -> Result<String, LedgerError> {
    Ok(rows::text_opt(row, "state")?.unwrap_or_default())
}

fn cell(row: &QueryResult) -> Result<Cell, LedgerError> {
    Ok(Cell {
        environment_id: rows::text(row, "id")?,
        environment: rows::text_opt(row, "name")?.unwrap_or_default(),
        module: rows::text_opt(row, "module")?,
        running: rows::text_opt(row, "running_promotion")?,
    })
}

fn promotion(row: &QueryResult) -> Result<Promotion, LedgerError> {
    let blockers = rows::text_opt(row, "blockers")?;
    let blockers = blockers.filter(|text| !text.is_empty());
    Ok(Promotion {
        id: rows::text(row, "id")?,
        environment_id: rows::text_opt(row, "environment_id")?.unwrap_or_default(),
        module: rows::text(row, "module")?,
        release_id: rows::text_opt(row, "release_id")?.unwrap_or_default(),
        state: state(row)?,
        requested_at: rows::time_opt(row, "requested_at")?,
        succeeded_at: rows::time_opt(row, "succeeded_at")?,
        reason: rows::text_opt(row, "reason")?,
        blockers: match blockers {
            Some(text) => serde_json::from_str(&text)?,
            None => Vec::new(),
        },
        rolled_back_by: rows::text_opt(row, "rolled_back_by")?,
        built: built(row)?,
    })
}

fn release(row: &QueryResult) -> Result<Release, LedgerError> {
    Ok(Release {
        id: rows::text(row, "id")?,
        module: rows::text(row, "module")?,
        state: state(row)?,
        planned_at: rows::time_opt(row, "planned_at")?,
        ready_at: rows::time_opt(row, "ready_at")?,
        approved_at: rows::time_opt(row, "approved_at")?,
        built: built(row)?,
    })
}

fn work(row: &QueryResult) -> Result<Work, LedgerError> {
    Ok(Work {
        id: rows::text(row, "id")?,
        is_build: rows::int(row, "is_build")? == 1,
        module: rows::text_opt(row, "module")?,
        state: state(row)?,
        reason: rows::text_opt(row, "reason")?,
        at: rows::time_opt(row, "at")?,
        built: built(row)?,
    })
}

fn pull_request(row: &QueryResult) -> Result<PullRequest, LedgerError> {
    Ok(PullRequest {
        id: rows::text(row, "id")?,
        state: state(row)?,
        opened_at: rows::time_opt(row, "opened_at")?,
        merged_at: rows::time_opt(row, "merged_at")?,
    })
}
