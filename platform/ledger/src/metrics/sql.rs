//! The statements. `$1` is the tenant; ranges of landings travel as one JSON list.

use std::sync::LazyLock;

pub(super) const HEAD: &str = "SELECT sequence FROM ledger_head WHERE tenant_id = $1";

pub(super) const ENVIRONMENT: &str =
    "SELECT id FROM chain_environment WHERE tenant_id = $1 AND id = $2 AND project_id = $3";

/// Promotions into `$2`, of module `$4` unless that is empty, that Git declared, and that ended
/// at or after `$3` or have not ended.
pub(super) const DECLARED: &str = "\
    SELECT d.module, p.id, p.release_id, p.version, p.kind, p.rollback_of, p.declared_at, \
        p.succeeded_at, p.ended_at, i.repository_id, c.landing, c.mainline, \
        b.completed_at AS built_at, r.approved_at \
    FROM chain_promotion p \
    JOIN chain_promotion_item d ON d.tenant_id = p.tenant_id AND d.promotion_id = p.id \
    LEFT JOIN chain_release r ON r.tenant_id = p.tenant_id AND r.id = p.release_id \
    LEFT JOIN chain_release_item i ON i.tenant_id = p.tenant_id \
        AND i.release_id = p.release_id AND i.module = d.module \
    LEFT JOIN chain_build b ON b.tenant_id = p.tenant_id AND b.id = i.build_id \
    LEFT JOIN history_commit c ON c.tenant_id = p.tenant_id \
        AND c.repository_id = i.repository_id AND c.sha = i.commit_sha \
    WHERE p.tenant_id = $1 AND p.environment_id = $2 AND p.declared_at IS NOT NULL \
        AND p.state NOT IN ('CANCELLED', 'SUPERSEDED') \
        AND (p.succeeded_at >= $3 OR (p.succeeded_at IS NULL \
            AND (p.ended_at IS NULL OR p.ended_at >= $3))) \
        AND ($4 = '' OR d.module = $4) \
    LIMIT 100001";

/// The highest landing of each module and repository that ran in `$2` before `$3`.
pub(super) const MARKS: &str = "\
    SELECT d.module, i.repository_id, MAX(c.landing) AS landing \
    FROM chain_promotion p \
    JOIN chain_promotion_item d ON d.tenant_id = p.tenant_id AND d.promotion_id = p.id \
    JOIN chain_release_item i ON i.tenant_id = p.tenant_id \
        AND i.release_id = p.release_id AND i.module = d.module \
    JOIN history_commit c ON c.tenant_id = p.tenant_id \
        AND c.repository_id = i.repository_id AND c.sha = i.commit_sha \
    WHERE p.tenant_id = $1 AND p.environment_id = $2 AND p.succeeded_at < $3 \
        AND p.declared_at IS NOT NULL AND c.mainline = 1 AND c.landing > 0 \
        AND ($4 = '' OR d.module = $4) \
    GROUP BY d.module, i.repository_id";

// The ranges `$2`, one row each.
fn on_both(sql: &str) -> [String; 2] {
    let postgres = "json_to_recordset($2::json) AS w(repository_id text, low bigint, high bigint)";
    let sqlite = "(SELECT json_extract(value, '$.repository_id') AS repository_id, \
         json_extract(value, '$.low') AS low, json_extract(value, '$.high') AS high \
         FROM json_each($2)) AS w";
    [postgres, sqlite].map(|ranges| sql.replace("{ranges}", ranges))
}

/// The commits of the landings, each with the pull request whose merge wrote it.
pub(super) static COMMITS: LazyLock<[String; 2]> = LazyLock::new(|| {
    on_both(
        "SELECT c.repository_id, c.sha, c.landing, c.mainline, c.authored_at, c.committed_at, \
            l.pull_request_id, p.merged_at \
        FROM {ranges} \
        JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = w.repository_id \
            AND c.landing > w.low AND c.landing <= w.high \
        LEFT JOIN chain_landing l ON l.tenant_id = c.tenant_id \
            AND l.repository_id = c.repository_id AND l.sha = c.sha \
        LEFT JOIN chain_pull_request p ON p.tenant_id = c.tenant_id AND p.id = l.pull_request_id \
        LIMIT 100001",
    )
});

/// The commits that squashes among the landings stand for: what the source's head held when it was
/// merged, and the squash does not.
pub(super) static SOURCES: LazyLock<[String; 2]> = LazyLock::new(|| {
    on_both(
        "WITH RECURSIVE source(repository_id, landing, sha) AS (\
            SELECT c.repository_id, c.landing, p.source_sha \
            FROM {ranges} \
            JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = w.repository_id \
                AND c.landing > w.low AND c.landing <= w.high \
            JOIN chain_pull_request p ON p.tenant_id = c.tenant_id \
                AND p.repository_id = c.repository_id AND p.merge_sha = c.sha \
                AND p.strategy = 'SQUASH' \
            UNION \
            SELECT s.repository_id, s.landing, h.parent \
            FROM source s \
            JOIN history_commit x ON x.tenant_id = $1 AND x.repository_id = s.repository_id \
                AND x.sha = s.sha AND (COALESCE(x.landing, 0) = 0 OR x.landing > s.landing) \
            JOIN history_parent h ON h.tenant_id = x.tenant_id \
                AND h.repository_id = x.repository_id AND h.sha = x.sha) \
        SELECT s.repository_id, s.sha, s.landing, CAST(0 AS bigint) AS mainline, x.authored_at, \
            x.committed_at, CAST(NULL AS text) AS pull_request_id, \
            CAST(NULL AS bigint) AS merged_at \
        FROM source s \
        JOIN history_commit x ON x.tenant_id = $1 AND x.repository_id = s.repository_id \
            AND x.sha = s.sha AND (COALESCE(x.landing, 0) = 0 OR x.landing > s.landing) \
        LIMIT 100001",
    )
});

/// The reverts in the ranges' repositories, with the landings of both commits.
pub(super) static REVERTS: LazyLock<[String; 2]> = LazyLock::new(|| {
    on_both(
        "SELECT v.repository_id, v.reverted_sha, v.by_sha, a.landing AS reverted_landing, \
            b.landing AS by_landing \
        FROM {ranges} \
        JOIN history_revert v ON v.tenant_id = $1 AND v.repository_id = w.repository_id \
        JOIN history_commit a ON a.tenant_id = v.tenant_id \
            AND a.repository_id = v.repository_id AND a.sha = v.reverted_sha \
        JOIN history_commit b ON b.tenant_id = v.tenant_id \
            AND b.repository_id = v.repository_id AND b.sha = v.by_sha \
        LIMIT 100001",
    )
});

/// Of commits in reverts that did not land: the landing of the first squash that stands for them.
pub(super) static SQUASHED: LazyLock<[String; 2]> = LazyLock::new(|| {
    on_both(
        "WITH RECURSIVE ahead(repository_id, origin, sha) AS (\
            SELECT c.repository_id, c.sha, c.sha \
            FROM (SELECT v.repository_id, v.reverted_sha AS sha FROM {ranges} \
                    JOIN history_revert v ON v.tenant_id = $1 \
                        AND v.repository_id = w.repository_id \
                UNION SELECT v.repository_id, v.by_sha FROM {ranges} \
                    JOIN history_revert v ON v.tenant_id = $1 \
                        AND v.repository_id = w.repository_id) r \
            JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = r.repository_id \
                AND c.sha = r.sha AND COALESCE(c.landing, 0) = 0 \
            UNION \
            SELECT a.repository_id, a.origin, h.sha \
            FROM ahead a \
            JOIN history_parent h ON h.tenant_id = $1 AND h.repository_id = a.repository_id \
                AND h.parent = a.sha \
            JOIN history_commit x ON x.tenant_id = h.tenant_id \
                AND x.repository_id = h.repository_id AND x.sha = h.sha \
                AND COALESCE(x.landing, 0) = 0) \
        SELECT a.repository_id, a.origin AS sha, MIN(s.landing) AS landing \
        FROM ahead a \
        JOIN history_merge g ON g.tenant_id = $1 AND g.repository_id = a.repository_id \
            AND g.head_sha = a.sha AND g.strategy = 'SQUASH' \
        JOIN history_commit s ON s.tenant_id = g.tenant_id \
            AND s.repository_id = g.repository_id AND s.sha = g.sha AND s.landing > 0 \
        GROUP BY a.repository_id, a.origin \
        LIMIT 100001",
    )
});
