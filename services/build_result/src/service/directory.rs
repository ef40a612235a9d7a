//! What other services learn of build results.

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{BuildDirectory, BuildView},
};
use sluice_schema::BuildId;

use super::BuildResults;
use crate::store::BuildList;

#[async_trait]
impl BuildDirectory for BuildResults {
    async fn builds(&self, ctx: &Ctx, ids: &[BuildId]) -> Result<Vec<BuildView>, BoxFault> {
        let builds = self.store.list::<BuildList>(ctx).by_ids(ids).await?;
        let view = |build: &crate::BuildResult| BuildView {
            project_id: build.meta.project_id.clone(),
            module_id: build.meta.module_id.clone(),
            build: build.completed(),
        };
        Ok(builds.iter().map(|build| view(build)).collect())
    }
}
