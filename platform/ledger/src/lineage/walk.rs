//! What a walk reads: a constant number of statements with constant texts.

use std::collections::{HashMap, HashSet};

use sea_orm::{DbBackend, Value};
use sluice_kernel::Ctx;
use sluice_store::{RawRead, set_value};

use super::{
    rules::{End, Manner, phase},
    sql::{EDGES, NODES, STARTS, STEP},
};
use crate::{
    LedgerError, LineageDirection, NodeKind, Relation, ShownNode, project::JUNCTION, rows,
};

/// Most nodes of an answer.
pub(super) const MAX_NODES: usize = 2_000;
/// Most pairs of a node and a manner that a walk looks at: a node is met in a few.
const MAX_ROWS: i64 = 6_000;

/// A node as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) key: String,
    pub(super) kind: NodeKind,
    /// Absent while only events of other projects named it.
    pub(super) shown: Option<ShownNode>,
    /// Of a synchronisation: the promotion that it was last for.
    pub(super) current: Option<String>,
}

/// An edge as it is stored, or its two halves made one.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) from: String,
    pub(super) relation: Relation,
    pub(super) to: String,
    pub(super) sequence: u64,
    pub(super) event_id: String,
    pub(super) at: chrono::DateTime<chrono::Utc>,
    pub(super) actor: String,
}

/// Reads of one snapshot.
pub(super) struct Reads<'a> {
    read: RawRead<'a>,
    tenant: String,
}

/// Longest text that can be an id or key.
const MAX_ID_LEN: usize = 600;

impl<'a> Reads<'a> {
    pub(super) fn new(ctx: &Ctx, read: RawRead<'a>) -> Self {
        let tenant = ctx.tenant().as_str().to_owned();
        Self { read, tenant }
    }

    fn of<'t>(&self, texts: &'t [String; 2]) -> &'t str {
        let [postgres, sqlite] = texts;
        match self.read.backend() {
            DbBackend::Postgres => postgres,
            _ => sqlite,
        }
    }

    fn set(&self, keys: impl IntoIterator<Item = String>) -> Value {
        set_value(self.read.backend(), keys)
    }

    /// How far the ledger is; read before all else, for SQLite's reads are no snapshot.
    pub(super) async fn head(&self) -> Result<u64, LedgerError> {
        let sql = "SELECT sequence FROM ledger_head WHERE tenant_id = $1";
        let found = self.read.query(sql, [self.tenant.as_str().into()]).await?;
        let head = found.first().map(|row| rows::int(row, "sequence"));
        Ok(head.transpose()?.unwrap_or(0).unsigned_abs())
    }

    /// The nodes of ids or keys, by what was asked for.
    pub(super) async fn starts(
        &self,
        ids: &[&str],
    ) -> Result<HashMap<String, Stored>, LedgerError> {
        // PostgreSQL takes no NUL.
        let fits = |id: &&&str| id.len() <= MAX_ID_LEN && !id.contains('\0');
        let ids = ids.iter().filter(fits).map(ToString::to_string);
        let values = [self.tenant.as_str().into(), self.set(ids)];
        let found = self.read.query(self.of(&STARTS), values).await?;
        let mut starts = HashMap::new();
        for row in &found {
            starts.insert(rows::text(row, "asked")?, stored(row)?);
        }
        Ok(starts)
    }

    /// Keys that a walk from `starts` meets, the nearest first, and whether there is more.
    pub(super) async fn walk(
        &self,
        starts: &[&Stored],
        direction: LineageDirection,
    ) -> Result<Walked, LedgerError> {
        let begin = starts.iter().flat_map(|start| {
            let manners = Manner::begin(direction).iter();
            manners.map(|manner| {
                let phase = phase(*manner, End::Node(start.kind));
                serde_json::json!({ "k": start.key, "p": phase })
            })
        });
        let begin = serde_json::Value::from_iter(begin).to_string();
        let values: [Value; 3] = [self.tenant.as_str().into(), begin.into(), MAX_ROWS.into()];
        let found = self.read.query(self.of(&STEP), values).await?;
        let mut walked = Walked {
            truncated: i64::try_from(found.len()).unwrap_or(i64::MAX) >= MAX_ROWS,
            ..Walked::default()
        };
        let (mut known, mut nodes) = (HashSet::new(), 0);
        for row in &found {
            let key = rows::text(row, "node_key")?;
            if !known.insert(key.clone()) {
                continue;
            }
            if !key.starts_with(JUNCTION) {
                if nodes == MAX_NODES {
                    walked.truncated = true;
                    break;
                }
                nodes += 1;
            }
            walked.keys.push(key);
        }
        Ok(walked)
    }

    /// The nodes of these keys; junctions have none.
    pub(super) async fn nodes(&self, keys: &[String]) -> Result<Vec<Stored>, LedgerError> {
        let nodes = keys.iter().filter(|key| !key.starts_with(JUNCTION));
        let values = [self.tenant.as_str().into(), self.set(nodes.cloned())];
        let found = self.read.query(self.of(&NODES), values).await?;
        found.iter().map(stored).collect()
    }

    /// The edges between these keys, those by way of junctions in one.
    pub(super) async fn edges(
        &self,
        keys: &[String],
        nodes: &[Stored],
    ) -> Result<Vec<Said>, LedgerError> {
        let shared = nodes.iter().filter(|node| has_many(node.kind));
        let shared: HashSet<&String> = shared.map(|node| &node.key).collect();
        let (many, few): (Vec<_>, Vec<_>) =
            keys.iter().cloned().partition(|key| shared.contains(key));
        let values = [
            self.tenant.as_str().into(),
            self.set(few),
            self.set(keys.iter().cloned()),
            self.set(many),
        ];
        let found = self.read.query(self.of(&EDGES), values).await?;
        let said: Result<Vec<_>, _> = found.iter().map(said).collect();
        Ok(joined(said?))
    }
}

/// What a walk met.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Keys of nodes and junctions, the nearest first.
    pub(super) keys: Vec<String>,
    /// Whether there is more.
    pub(super) truncated: bool,
}

/// Whether very many edges may begin at one such node.
fn has_many(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Repository | NodeKind::Branch | NodeKind::PipelineDefinition
    )
}

fn parsed<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, LedgerError> {
    let parsed = text.parse();
    Ok(parsed.map_err(|error: String| sluice_store::StoreError::damaged("lineage", error))?)
}

fn stored(row: &sea_orm::QueryResult) -> Result<Stored, LedgerError> {
    let key = rows::text(row, "node_key")?;
    let shown = match rows::text_opt(row, "project_id")? {
        None => None,
        Some(project_id) => Some(ShownNode {
            object_id: rows::text_opt(row, "object_id")?,
            project_id,
            module_id: rows::text_opt(row, "module_id")?,
            title: rows::text_opt(row, "title")?.unwrap_or_else(|| title_of(&key)),
            state: rows::text_opt(row, "state")?,
            sequence: rows::int(row, "sequence")?.unsigned_abs(),
            at: rows::time(row, "at")?,
            actor: rows::text(row, "actor")?,
        }),
    };
    Ok(Stored {
        kind: parsed(&rows::text(row, "kind")?)?,
        current: rows::text_opt(row, "current_key")?,
        key,
        shown,
    })
}

/// What a node is called of which no event told more than its key.
fn title_of(key: &str) -> String {
    match key.rsplit_once('@') {
        Some((_, sha)) => crate::project::short(sha).to_owned(),
        None => key.to_owned(),
    }
}

fn said(row: &sea_orm::QueryResult) -> Result<Said, LedgerError> {
    Ok(Said {
        from: rows::text(row, "from_key")?,
        relation: parsed(&rows::text(row, "relation")?)?,
        to: rows::text(row, "to_key")?,
        sequence: rows::int(row, "sequence")?.unsigned_abs(),
        event_id: rows::text(row, "event_id")?,
        at: rows::time(row, "at")?,
        actor: rows::text(row, "actor")?,
    })
}

/// Makes one edge of each two halves that meet; it is said once both are.
fn joined(said: Vec<Said>) -> Vec<Said> {
    let is_half = |edge: &Said| edge.from.starts_with(JUNCTION) || edge.to.starts_with(JUNCTION);
    let (halves, mut whole): (Vec<_>, Vec<_>) = said.into_iter().partition(is_half);
    let (leaving, arriving): (Vec<_>, Vec<_>) = halves
        .into_iter()
        .partition(|edge| edge.from.starts_with(JUNCTION));
    let mut by_junction: HashMap<&str, Vec<&Said>> = HashMap::new();
    for edge in &arriving {
        by_junction.entry(&edge.to).or_default().push(edge);
    }
    for second in &leaving {
        for first in by_junction.get(second.from.as_str()).into_iter().flatten() {
            let later = if first.sequence > second.sequence {
                first
            } else {
                second
            };
            whole.push(Said {
                from: first.from.clone(),
                to: second.to.clone(),
                ..later.clone()
            });
        }
    }
    whole
}
