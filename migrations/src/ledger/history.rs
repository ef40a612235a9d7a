//! Tables of Git history.

use sea_orm_migration::prelude::*;

use super::{create, index};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "history_commit",
        "repository_id TEXT NOT NULL, sha TEXT NOT NULL, project_id TEXT, parents TEXT, \
         subject_line TEXT, author TEXT, authored_at BIGINT, committed_at BIGINT, \
         patch_id TEXT, landing BIGINT, mainline BIGINT, picked_from TEXT, position BIGINT",
        "repository_id, sha",
    )
    .await?;
    index(manager, "history_commit", "repository_id, patch_id").await?;
    index(manager, "history_commit", "repository_id, landing").await?;
    index(manager, "history_commit", "repository_id, picked_from").await?;
    create(
        manager,
        "history_parent",
        "repository_id TEXT NOT NULL, sha TEXT NOT NULL, parent TEXT NOT NULL, place BIGINT",
        "repository_id, sha, parent",
    )
    .await?;
    index(manager, "history_parent", "repository_id, parent").await?;
    create(
        manager,
        "history_revert",
        "repository_id TEXT NOT NULL, reverted_sha TEXT NOT NULL, by_sha TEXT NOT NULL, sequence BIGINT",
        "repository_id, reverted_sha, by_sha",
    )
    .await?;
    index(manager, "history_revert", "repository_id, by_sha").await?;
    create(
        manager,
        "history_member",
        "repository_id TEXT NOT NULL, sha TEXT NOT NULL, branch TEXT NOT NULL, sequence BIGINT",
        "repository_id, sha, branch",
    )
    .await?;
    index(manager, "history_member", "repository_id, branch").await?;
    create(
        manager,
        "history_head",
        "repository_id TEXT NOT NULL, sha TEXT NOT NULL, head_sha TEXT NOT NULL, squash_patch_id TEXT",
        "repository_id, sha, head_sha",
    )
    .await?;
    index(manager, "history_head", "repository_id, head_sha").await?;
    create(
        manager,
        "history_merge",
        "repository_id TEXT NOT NULL, head_sha TEXT NOT NULL, sha TEXT NOT NULL, strategy TEXT",
        "repository_id, head_sha, sha",
    )
    .await?;
    create(
        manager,
        "history_branch",
        "repository_id TEXT NOT NULL, branch TEXT NOT NULL, project_id TEXT, head_sha TEXT, \
         is_default BIGINT, landings BIGINT, merge_base TEXT, squash_patch_id TEXT",
        "repository_id, branch",
    )
    .await?;
    Ok(())
}
