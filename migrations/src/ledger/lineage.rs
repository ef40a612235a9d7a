//! Tables of the lineage graph.

use sea_orm_migration::prelude::*;

use super::{create, index};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "lineage_node",
        "node_key TEXT NOT NULL, kind TEXT, object_id TEXT, project_id TEXT, \
         module_id TEXT, title TEXT, state TEXT, current_key TEXT, sequence BIGINT, \
         at BIGINT, actor TEXT",
        "node_key",
    )
    .await?;
    create(
        manager,
        "lineage_edge",
        "from_key TEXT NOT NULL, relation TEXT NOT NULL, to_key TEXT NOT NULL, sequence BIGINT, \
         event_id TEXT, event_type TEXT, at BIGINT, actor TEXT",
        "from_key, relation, to_key",
    )
    .await?;
    index(manager, "lineage_edge", "to_key, relation, from_key").await?;
    create(
        manager,
        "lineage_alias",
        "object_id TEXT NOT NULL, node_key TEXT",
        "object_id",
    )
    .await?;
    Ok(())
}
