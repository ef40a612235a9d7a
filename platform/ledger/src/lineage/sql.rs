//! The statements, for PostgreSQL and SQLite: one text each, made once.

use std::sync::LazyLock;

use sea_orm::DbBackend;
use sluice_store::in_set_sql;

use super::rules::values;

/// Pairs of a node and a phase that a walk meets: `$2` is a JSON list of starts, `$3` the most.
pub(super) static STEP: LazyLock<[String; 2]> = LazyLock::new(|| {
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

/// Edges from the nodes `$2`, and from the shared nodes `$4`, to any of the nodes `$3`.
pub(super) static EDGES: LazyLock<[String; 2]> = LazyLock::new(|| {
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

/// The nodes `$2`.
pub(super) static NODES: LazyLock<[String; 2]> = LazyLock::new(|| {
    [DbBackend::Postgres, DbBackend::Sqlite].map(|backend| {
        let set = in_set_sql(backend, "node_key", 2);
        format!("SELECT {NODE} FROM lineage_node WHERE tenant_id = $1 AND {set}")
    })
});

/// The nodes of the ids or keys `$2`, with what was `asked`.
pub(super) static STARTS: LazyLock<[String; 2]> = LazyLock::new(|| {
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
