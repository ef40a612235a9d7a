//! Tables of the facts of the chain and of the delivery board.

use sea_orm_migration::prelude::*;

use super::{create, index};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    source(manager).await?;
    releases(manager).await?;
    promotions(manager).await?;
    environments(manager).await
}

async fn source(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "chain_repository",
        "id TEXT NOT NULL, project_id TEXT, name TEXT, default_branch TEXT",
        "id",
    )
    .await?;
    create(
        manager,
        "chain_pull_request",
        "id TEXT NOT NULL, project_id TEXT, repository_id TEXT, number BIGINT, \
         title TEXT, source_branch TEXT, target_branch TEXT, opened_at BIGINT, \
         opened_by TEXT, source_sha TEXT, merged_at BIGINT, merged_by TEXT, \
         merge_sha TEXT, strategy TEXT, state TEXT",
        "id",
    )
    .await?;
    index(manager, "chain_pull_request", "repository_id, merge_sha").await?;
    index(
        manager,
        "chain_pull_request",
        "repository_id, source_branch",
    )
    .await?;
    create(
        manager,
        "chain_landing",
        "repository_id TEXT NOT NULL, sha TEXT NOT NULL, pull_request_id TEXT, at BIGINT",
        "repository_id, sha",
    )
    .await?;
    create(
        manager,
        "chain_run",
        "id TEXT NOT NULL, project_id TEXT, pipeline_id TEXT, repository_id TEXT, \
         commit_sha TEXT, attempt BIGINT, started_at BIGINT, finished_at BIGINT, \
         state TEXT, reason TEXT",
        "id",
    )
    .await?;
    index(manager, "chain_run", "repository_id, commit_sha").await?;
    create(
        manager,
        "chain_build",
        "id TEXT NOT NULL, project_id TEXT, run_id TEXT, repository_id TEXT, \
         branch TEXT, commit_sha TEXT, module TEXT, state TEXT, \
         reason TEXT, completed_at BIGINT",
        "id",
    )
    .await?;
    index(manager, "chain_build", "repository_id, commit_sha").await?;
    index(manager, "chain_build", "run_id").await?;
    Ok(())
}

async fn releases(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "chain_release",
        "id TEXT NOT NULL, project_id TEXT, name TEXT, version TEXT, \
         content_digest TEXT, planned_at BIGINT, planned_by TEXT, ready_at BIGINT, \
         approved_at BIGINT, state TEXT",
        "id",
    )
    .await?;
    index(manager, "chain_release", "project_id, planned_at").await?;
    create(
        manager,
        "chain_release_item",
        "release_id TEXT NOT NULL, module TEXT NOT NULL, project_id TEXT, build_id TEXT, \
         repository_id TEXT, repository_name TEXT, commit_sha TEXT, artifacts TEXT, \
         configuration TEXT",
        "release_id, module",
    )
    .await?;
    index(manager, "chain_release_item", "build_id").await?;
    index(manager, "chain_release_item", "repository_id, commit_sha").await?;
    create(
        manager,
        "chain_manifest",
        "id TEXT NOT NULL, project_id TEXT, release_id TEXT, environment_id TEXT, \
         module TEXT, content_digest TEXT, configuration TEXT, rendered_at BIGINT",
        "id",
    )
    .await?;
    index(manager, "chain_manifest", "release_id, environment_id").await?;
    create(
        manager,
        "chain_infrastructure",
        "id TEXT NOT NULL, project_id TEXT, release_id TEXT, environment_id TEXT, \
         module TEXT, program_digest TEXT, state TEXT, changes TEXT, \
         resources TEXT, reason TEXT, at BIGINT",
        "id",
    )
    .await?;
    index(
        manager,
        "chain_infrastructure",
        "release_id, environment_id",
    )
    .await?;
    Ok(())
}

async fn promotions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "chain_promotion",
        "id TEXT NOT NULL, project_id TEXT, release_id TEXT, version TEXT, \
         environment_id TEXT, environment TEXT, kind TEXT, attempt BIGINT, \
         automatic BIGINT, requested_at BIGINT, requested_by TEXT, requested_sequence BIGINT, \
         declared_at BIGINT, declared_sequence BIGINT, revision TEXT, previous_id TEXT, \
         rollback_of TEXT, restored_id TEXT, succeeded_at BIGINT, succeeded_sequence BIGINT, \
         ended_at BIGINT, state TEXT, code TEXT, reason TEXT, \
         blockers TEXT, rolled_back_by TEXT, rolled_back_at BIGINT",
        "id",
    )
    .await?;
    index(manager, "chain_promotion", "release_id, environment_id").await?;
    index(manager, "chain_promotion", "environment_id, succeeded_at").await?;
    index(manager, "chain_promotion", "project_id, succeeded_at").await?;
    index(manager, "chain_promotion", "project_id, requested_at").await?;
    index(manager, "chain_promotion", "project_id, state").await?;
    create(
        manager,
        "chain_promotion_item",
        "promotion_id TEXT NOT NULL, module TEXT NOT NULL, project_id TEXT, manifest_id TEXT, \
         manifest_digest TEXT, path TEXT",
        "promotion_id, module",
    )
    .await?;
    Ok(())
}

async fn environments(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "chain_environment",
        "id TEXT NOT NULL, project_id TEXT, name TEXT, upstream TEXT, \
         retired BIGINT, defined_sequence BIGINT",
        "id",
    )
    .await?;
    index(manager, "chain_environment", "project_id, id").await?;
    create(
        manager,
        "chain_hold",
        "environment_id TEXT NOT NULL, module TEXT NOT NULL, project_id TEXT, held BIGINT, \
         reason TEXT, held_by TEXT, at BIGINT, promotion_id TEXT",
        "environment_id, module",
    )
    .await?;
    index(manager, "chain_hold", "project_id, environment_id").await?;
    create(
        manager,
        "board_cell",
        "project_id TEXT NOT NULL, module TEXT NOT NULL, environment_id TEXT NOT NULL, environment TEXT, \
         declared_promotion TEXT, declared_at BIGINT, declared_by TEXT, running_promotion TEXT, \
         running_at BIGINT, running_by TEXT, sync_id TEXT, synced_promotion TEXT, \
         sync_revision TEXT, sync_digest TEXT, sync_state TEXT, health TEXT, \
         sync_reason TEXT, synced_at BIGINT, drift BIGINT, drift_at BIGINT, \
         observed_at BIGINT, sequence BIGINT",
        "project_id, module, environment_id",
    )
    .await?;
    index(manager, "board_cell", "environment_id, module").await?;
    Ok(())
}
