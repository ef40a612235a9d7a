//! The statements. `$1` is the tenant and `$2` the repository in all of them.

use sea_orm::DbBackend;
use sluice_store::in_set_sql;

/// The commit of a recorded one's id `$2`.
pub(super) const BY_ID: &str = "SELECT a.node_key, n.project_id FROM lineage_alias a \
    JOIN lineage_node n ON n.tenant_id = $1 AND n.node_key = a.node_key \
    WHERE a.tenant_id = $1 AND a.object_id = $2 AND n.kind = 'Commit'";

/// Commits whose id begins with `$3`, which is below `$4`; `$5` is the node of one that was told
/// of before its history.
pub(super) const BY_PREFIX: &str = "SELECT sha, project_id FROM (\
      SELECT sha, project_id FROM history_commit \
      WHERE tenant_id = $1 AND repository_id = $2 AND sha >= $3 AND sha < $4 \
      ORDER BY sha LIMIT 2) told \
    UNION SELECT CAST($3 AS TEXT), project_id FROM lineage_node \
    WHERE tenant_id = $1 AND node_key = $5 AND project_id IS NOT NULL";

/// Environments of the project `$3`, each with every module that was released from the repository.
pub(super) const CELLS: &str = "SELECT e.id, e.name, m.module, b.running_promotion \
    FROM chain_environment e \
    LEFT JOIN (SELECT DISTINCT module FROM chain_release_item \
      WHERE tenant_id = $1 AND repository_id = $2) m ON 1 = 1 \
    LEFT JOIN board_cell b ON b.tenant_id = $1 AND b.project_id = $3 AND b.module = m.module \
      AND b.environment_id = e.id \
    WHERE e.tenant_id = $1 AND e.project_id = $3 AND COALESCE(e.retired, 0) = 0 \
    ORDER BY e.defined_sequence, e.id, m.module";

/// The newest 200 promotions of each module into each environment.
pub(super) const PROMOTIONS: &str = "SELECT * FROM (\
      SELECT p.id, p.environment_id, i.module, p.release_id, p.state, p.requested_at, \
        p.succeeded_at, p.reason, p.blockers, p.rolled_back_by, i.commit_sha, c.landing, \
        c.mainline, ROW_NUMBER() OVER (PARTITION BY p.environment_id, i.module \
          ORDER BY COALESCE(p.succeeded_sequence, p.requested_sequence, 0) DESC, p.id DESC) AS nth \
      FROM chain_release_item i \
      JOIN chain_promotion p ON p.tenant_id = $1 AND p.release_id = i.release_id \
      LEFT JOIN chain_promotion_item d ON d.tenant_id = $1 AND d.promotion_id = p.id \
        AND d.module = i.module \
      LEFT JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = $2 \
        AND c.sha = i.commit_sha \
      WHERE i.tenant_id = $1 AND i.repository_id = $2 \
        AND (p.declared_at IS NULL OR d.module IS NOT NULL)) newest \
    WHERE nth <= 200 ORDER BY nth";

/// The newest 200 releases of each module.
pub(super) const RELEASES: &str = "SELECT * FROM (\
      SELECT r.id, i.module, r.state, r.planned_at, r.ready_at, r.approved_at, i.commit_sha, \
        c.landing, c.mainline, ROW_NUMBER() OVER (PARTITION BY i.module \
          ORDER BY COALESCE(r.planned_at, 0) DESC, r.id DESC) AS nth \
      FROM chain_release_item i \
      JOIN chain_release r ON r.tenant_id = $1 AND r.id = i.release_id \
      LEFT JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = $2 \
        AND c.sha = i.commit_sha \
      WHERE i.tenant_id = $1 AND i.repository_id = $2) newest \
    WHERE nth <= 200 ORDER BY nth";

/// The ways from a commit `w.sha` to another one that has to do with the same change.
const WAYS: &[(&str, &str)] = &[
    (
        "r.by_sha AS sha, 'UNDOES' AS tie",
        "history_revert r WHERE r.tenant_id = $1 AND r.repository_id = $2 AND r.reverted_sha = w.sha",
    ),
    // One that reverts several changes at once is no answer to a single one.
    (
        "r.reverted_sha AS sha, 'UNDOES' AS tie",
        "history_revert r WHERE r.tenant_id = $1 AND r.repository_id = $2 AND r.by_sha = w.sha \
         AND NOT EXISTS (SELECT 1 FROM history_revert o WHERE o.tenant_id = $1 \
           AND o.repository_id = $2 AND o.by_sha = w.sha AND o.reverted_sha <> r.reverted_sha)",
    ),
    (
        "b.sha, CASE WHEN b.picked_from IS NULL AND a.picked_from IS NULL AND EXISTS (\
           SELECT 1 FROM history_member m JOIN history_member n ON n.tenant_id = $1 \
             AND n.repository_id = $2 AND n.sha = b.sha AND n.branch = m.branch \
           WHERE m.tenant_id = $1 AND m.repository_id = $2 AND m.sha = w.sha) \
         THEN 'REBASED' ELSE 'PICKED' END AS tie",
        "history_commit a JOIN history_commit b ON b.tenant_id = $1 AND b.repository_id = $2 \
           AND b.patch_id = a.patch_id AND b.sha <> a.sha \
         WHERE a.tenant_id = $1 AND a.repository_id = $2 AND a.sha = w.sha",
    ),
    (
        "b.sha, 'PICKED' AS tie",
        "history_commit b WHERE b.tenant_id = $1 AND b.repository_id = $2 AND b.picked_from = w.sha",
    ),
    (
        "a.picked_from AS sha, 'PICKED' AS tie",
        "history_commit a WHERE a.tenant_id = $1 AND a.repository_id = $2 AND a.sha = w.sha \
         AND a.picked_from IS NOT NULL",
    ),
    // The squash of a single commit is just another commit with its patch.
    (
        "b.sha, 'SQUASHED' AS tie",
        "history_head h JOIN history_commit b ON b.tenant_id = $1 AND b.repository_id = $2 \
           AND b.patch_id = h.squash_patch_id AND b.sha <> h.sha \
         WHERE h.tenant_id = $1 AND h.repository_id = $2 AND h.sha = w.sha \
           AND NOT EXISTS (SELECT 1 FROM history_commit a WHERE a.tenant_id = $1 \
             AND a.repository_id = $2 AND a.sha = h.sha AND a.patch_id = h.squash_patch_id)",
    ),
    (
        "q.sha, 'SQUASHED' AS tie",
        "history_head h JOIN history_merge q ON q.tenant_id = $1 AND q.repository_id = $2 \
           AND q.head_sha = h.head_sha AND q.strategy = 'SQUASH' \
         WHERE h.tenant_id = $1 AND h.repository_id = $2 AND h.sha = w.sha",
    ),
    // A rebase keeps who wrote the change, when, and its words.
    (
        "b.sha, 'REBASED' AS tie",
        "history_head h JOIN history_merge q ON q.tenant_id = $1 AND q.repository_id = $2 \
           AND q.head_sha = h.head_sha AND q.strategy = 'REBASE' \
         JOIN history_commit a ON a.tenant_id = $1 AND a.repository_id = $2 AND a.sha = h.sha \
         JOIN history_commit b ON b.tenant_id = $1 AND b.repository_id = $2 AND b.sha = q.sha \
           AND b.author = a.author AND b.authored_at = a.authored_at \
           AND b.subject_line = a.subject_line \
         WHERE h.tenant_id = $1 AND h.repository_id = $2 AND h.sha = w.sha",
    ),
    (
        "b.sha, 'MERGED' AS tie",
        "history_commit a JOIN history_commit b ON b.tenant_id = $1 AND b.repository_id = $2 \
           AND b.landing = a.landing AND b.mainline = 1 \
         WHERE a.tenant_id = $1 AND a.repository_id = $2 AND a.sha = w.sha AND a.landing > 0 \
           AND a.mainline = 0",
    ),
];

/// The web around the commit `$3`: each tie once, at most 2,000, with where its end stands. The
/// first row is the commit itself.
pub(super) fn web(backend: DbBackend) -> String {
    // PostgreSQL lets a recursive query name itself once, SQLite once in each part.
    let steps = match backend {
        DbBackend::Postgres => {
            let ways = WAYS
                .iter()
                .map(|(what, from)| format!("SELECT {what} FROM {from}"));
            let ways: Vec<String> = ways.collect();
            let ways = ways.join(" UNION ALL ");
            format!("SELECT w.sha, n.sha, n.tie FROM web w CROSS JOIN LATERAL ({ways}) n")
        }
        _ => {
            let steps = WAYS
                .iter()
                .map(|(what, from)| format!("SELECT w.sha, {what} FROM web w CROSS JOIN {from}"));
            steps.collect::<Vec<_>>().join(" UNION ")
        }
    };
    // SQLite's steps are `(from, to, tie)` of the step before, so that `sha` is its second column.
    format!(
        "WITH RECURSIVE web(via, sha, tie) AS (\
           SELECT CAST('' AS TEXT), CAST($3 AS TEXT), CAST('' AS TEXT) UNION {steps}) \
         SELECT t.via, t.sha, t.tie, c.landing, c.position \
         FROM (SELECT via, sha, tie FROM web LIMIT 2000) t \
         LEFT JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = $2 AND c.sha = t.sha"
    )
}

/// The history beside the line of each of the commits `$3`, at most 50,000 commits.
pub(super) fn walks(backend: DbBackend) -> String {
    let starts = in_set_sql(backend, "c.sha", 3);
    format!(
        "WITH RECURSIVE walk(start, sha) AS (\
           SELECT c.sha, c.sha FROM history_commit c \
           WHERE c.tenant_id = $1 AND c.repository_id = $2 AND {starts} \
           UNION SELECT w.start, p.parent FROM walk w \
           JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = $2 AND c.sha = w.sha \
             AND COALESCE(c.mainline, 0) = 0 \
           JOIN history_parent p ON p.tenant_id = $1 AND p.repository_id = $2 AND p.sha = w.sha) \
         SELECT t.start, t.sha, c.landing, c.mainline \
         FROM (SELECT start, sha FROM walk LIMIT 50000) t \
         LEFT JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = $2 AND c.sha = t.sha"
    )
}

/// The newest 200 runs and builds of what landed from `$3` on, or of one of the commits `$4`.
pub(super) fn works(backend: DbBackend) -> String {
    let exactly = in_set_sql(backend, "x.commit_sha", 4);
    let of = |table: &str, columns: &str| {
        format!(
            "SELECT * FROM (SELECT x.id, {columns}, x.state, x.reason, x.commit_sha, c.landing, \
               c.mainline FROM {table} x \
             LEFT JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = $2 \
               AND c.sha = x.commit_sha \
             WHERE x.tenant_id = $1 AND x.repository_id = $2 \
               AND ((c.mainline = 1 AND c.landing >= $3) OR {exactly}) \
             ORDER BY at DESC, x.id DESC LIMIT 200)"
        )
    };
    let builds = of(
        "chain_build",
        "CAST(1 AS BIGINT) AS is_build, x.module, COALESCE(x.completed_at, 0) AS at",
    );
    let runs = of(
        "chain_run",
        "CAST(0 AS BIGINT) AS is_build, CAST(NULL AS TEXT) AS module, \
         COALESCE(x.started_at, 0) AS at",
    );
    format!("{builds} builds UNION ALL {runs} runs ORDER BY at DESC")
}

/// The newest 100 pull requests that have one of the commits `$3`.
pub(super) fn pull_requests(backend: DbBackend) -> String {
    let is = |column: &str| in_set_sql(backend, column, 3);
    let (landed, merge, source) = (is("l.sha"), is("p.merge_sha"), is("p.source_sha"));
    let (member, head) = (is("m.sha"), is("h.sha"));
    let heads = "JOIN history_head h ON h.tenant_id = $1 AND h.repository_id = $2 \
        AND h.head_sha = b.head_sha \
        WHERE b.tenant_id = $1 AND b.repository_id = $2 AND b.branch = p.source_branch";
    // A branch that was rewritten may have lost a commit that it told once. Of long branches it is
    // not told exactly what they have.
    format!(
        "SELECT p.id, p.state, p.opened_at, p.merged_at FROM chain_pull_request p \
         WHERE p.tenant_id = $1 AND p.repository_id = $2 AND ({merge} OR {source} \
           OR p.id IN (SELECT l.pull_request_id FROM chain_landing l \
             WHERE l.tenant_id = $1 AND l.repository_id = $2 AND {landed}) \
           OR p.source_sha IN (SELECT h.head_sha FROM history_head h \
             WHERE h.tenant_id = $1 AND h.repository_id = $2 AND {head}) \
           OR (p.state <> 'MERGED' \
             AND p.source_branch IN (SELECT m.branch FROM history_member m \
               WHERE m.tenant_id = $1 AND m.repository_id = $2 AND {member}) \
             AND (NOT EXISTS (SELECT 1 FROM history_branch b {heads}) \
               OR EXISTS (SELECT 1 FROM history_branch b {heads} AND {head})))) \
         ORDER BY p.opened_at DESC, p.id DESC LIMIT 100"
    )
}
