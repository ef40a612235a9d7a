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

/// The commits that squashes among the landings stand for: those of the source branch that were
/// made before the merge and were in no squash before.
pub(super) static SOURCES: LazyLock<[String; 2]> = LazyLock::new(|| {
    on_both(
        "SELECT c.repository_id, x.sha, c.landing, CAST(0 AS bigint) AS mainline, x.authored_at, x.committed_at, \
            p.id AS pull_request_id, p.merged_at \
        FROM {ranges} \
        JOIN history_commit c ON c.tenant_id = $1 AND c.repository_id = w.repository_id \
            AND c.landing > w.low AND c.landing <= w.high \
        JOIN chain_pull_request p ON p.tenant_id = c.tenant_id \
            AND p.repository_id = c.repository_id AND p.merge_sha = c.sha \
            AND p.strategy = 'SQUASH' \
        JOIN history_member m ON m.tenant_id = p.tenant_id \
            AND m.repository_id = p.repository_id AND m.branch = p.source_branch \
        JOIN history_commit x ON x.tenant_id = m.tenant_id \
            AND x.repository_id = m.repository_id AND x.sha = m.sha \
        WHERE x.committed_at <= p.merged_at AND NOT EXISTS (\
            SELECT 1 FROM chain_pull_request q \
            WHERE q.tenant_id = p.tenant_id AND q.repository_id = p.repository_id \
                AND q.source_branch = p.source_branch AND q.strategy = 'SQUASH' \
                AND q.merged_at < p.merged_at AND q.merged_at >= x.committed_at) \
        LIMIT 100001",
    )
});

/// The reverts in the ranges' repositories, by the landings of both commits.
pub(super) static REVERTS: LazyLock<[String; 2]> = LazyLock::new(|| {
    let (reverted, by) = (landing_of("a"), landing_of("b"));
    on_both(&format!(
        "SELECT v.repository_id, {reverted} AS reverted_landing, {by} AS by_landing \
        FROM {{ranges}} \
        JOIN history_revert v ON v.tenant_id = $1 AND v.repository_id = w.repository_id \
        JOIN history_commit a ON a.tenant_id = v.tenant_id \
            AND a.repository_id = v.repository_id AND a.sha = v.reverted_sha \
        JOIN history_commit b ON b.tenant_id = v.tenant_id \
            AND b.repository_id = v.repository_id AND b.sha = v.by_sha \
        LIMIT 100001"
    ))
});

// The landing of a commit, or of the first squash that stands for it.
fn landing_of(commit: &str) -> String {
    format!(
        "COALESCE(NULLIF({commit}.landing, 0), (\
            SELECT MIN(s.landing) FROM history_member m \
            JOIN chain_pull_request p ON p.tenant_id = m.tenant_id \
                AND p.repository_id = m.repository_id AND p.source_branch = m.branch \
                AND p.strategy = 'SQUASH' \
            JOIN history_commit s ON s.tenant_id = p.tenant_id \
                AND s.repository_id = p.repository_id AND s.sha = p.merge_sha \
            WHERE m.tenant_id = {commit}.tenant_id \
                AND m.repository_id = {commit}.repository_id AND m.sha = {commit}.sha \
                AND p.merged_at >= {commit}.committed_at AND s.landing > 0))"
    )
}
