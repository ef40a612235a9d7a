//! What a walk reads: a constant number of statements with constant texts.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use sea_orm::{DbBackend, Value};
use sluice_kernel::Ctx;
use sluice_store::{RawRead, in_set_sql, set_value};

use super::rules::{End, Manner, phase, values};
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

static STEP: LazyLock<[String; 2]> = LazyLock::new(|| {
    // A synchronisation leads back to the promotion that it was last for alone.
    let against = "e.tenant_id = $1 AND e.to_key = walk.node_key AND e.relation = rule.relation \
         AND (e.relation <> 'SYNCED_AS' OR e.from_key = (SELECT n.current_key FROM lineage_node n \
         WHERE n.tenant_id = $1 AND n.node_key = e.to_key))";
    let along = "e.tenant_id = $1 AND e.from_key = walk.node_key AND e.relation = rule.relation";
    let rules = format!(
        "rule(phase, relation, along, next) AS (VALUES {})",
        values()
    );
    // OFFSET 0 keeps the planner from joining the whole table: nodes have few edges of a relation
    // that a rule goes.
    let postgres = format!(
        "WITH RECURSIVE {rules}, walk(node_key, phase) AS (\
         SELECT s.k, s.p FROM json_to_recordset($2::json) AS s(k text, p bigint) UNION \
         SELECT step.other, rule.next::bigint FROM walk JOIN rule ON rule.phase = walk.phase \
         CROSS JOIN LATERAL (\
         SELECT e.to_key AS other FROM lineage_edge e WHERE rule.along = 1 AND {along} UNION ALL \
         SELECT e.from_key FROM lineage_edge e WHERE rule.along = 0 AND {against} OFFSET 0) step) \
         SELECT node_key, phase FROM walk LIMIT $3"
    );
    let sqlite = format!(
        "WITH RECURSIVE {rules}, walk(node_key, phase) AS (\
         SELECT json_extract(s.value, '$.k'), json_extract(s.value, '$.p') FROM json_each($2) s \
         UNION SELECT e.to_key, rule.next FROM walk CROSS JOIN rule CROSS JOIN lineage_edge e \
         WHERE rule.phase = walk.phase AND rule.along = 1 AND {along} \
         UNION SELECT e.from_key, rule.next FROM walk CROSS JOIN rule CROSS JOIN lineage_edge e \
         WHERE rule.phase = walk.phase AND rule.along = 0 AND {against} LIMIT $3) \
         SELECT node_key, phase FROM walk"
    );
    [postgres, sqlite]
});

const EDGE: &str = "e.from_key, e.relation, e.to_key, e.sequence, e.event_id, e.at, e.actor";

/// Relations of which a shared node is the `from` of very many.
const FROM_SHARED: &str = "'HAS_BRANCH', 'HOLDS', 'SOURCE_OF', 'RUN_AS'";

static EDGES: LazyLock<[String; 2]> = LazyLock::new(|| {
    // Edges are looked up from the end that has few of them; OFFSET 0 and + keep planners to it.
    let postgres = format!(
        "SELECT {EDGE} FROM unnest($2::text[]) AS k(node_key) CROSS JOIN LATERAL (\
         SELECT * FROM lineage_edge e WHERE e.tenant_id = $1 AND e.from_key = k.node_key \
         OFFSET 0) e WHERE e.to_key = ANY($3::text[]) UNION ALL \
         SELECT {EDGE} FROM unnest($3::text[]) AS k(node_key) CROSS JOIN LATERAL (\
         SELECT * FROM lineage_edge e WHERE e.tenant_id = $1 AND e.to_key = k.node_key \
         AND e.relation IN ({FROM_SHARED}) OFFSET 0) e WHERE e.from_key = ANY($4::text[])"
    );
    let set = |column: &str, position| in_set_sql(DbBackend::Sqlite, column, position);
    let sqlite = format!(
        "SELECT {EDGE} FROM lineage_edge e WHERE e.tenant_id = $1 AND {} AND {} UNION ALL \
         SELECT {EDGE} FROM lineage_edge e WHERE e.tenant_id = $1 AND {} \
         AND e.relation IN ({FROM_SHARED}) AND {}",
        set("e.from_key", 2),
        set("+e.to_key", 3),
        set("e.to_key", 3),
        set("+e.from_key", 4),
    );
    [postgres, sqlite]
});

const NODE: &str = "node_key, kind, object_id, project_id, module_id, title, state, current_key, \
     sequence, at, actor";

static NODES: LazyLock<[String; 2]> = LazyLock::new(|| {
    [DbBackend::Postgres, DbBackend::Sqlite].map(|backend| {
        let set = in_set_sql(backend, "node_key", 2);
        format!("SELECT {NODE} FROM lineage_node WHERE tenant_id = $1 AND {set}")
    })
});

static STARTS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [DbBackend::Postgres, DbBackend::Sqlite].map(|backend| {
        let (own, alias) = (
            in_set_sql(backend, "n.node_key", 2),
            in_set_sql(backend, "a.object_id", 2),
        );
        let node = NODE.replace(", ", ", n.");
        format!(
            "SELECT n.{node}, n.node_key AS asked FROM lineage_node n \
             WHERE n.tenant_id = $1 AND {own} UNION ALL \
             SELECT n.{node}, a.object_id AS asked FROM lineage_alias a \
             JOIN lineage_node n ON n.tenant_id = $1 AND n.node_key = a.node_key \
             WHERE a.tenant_id = $1 AND {alias}"
        )
    })
});

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
