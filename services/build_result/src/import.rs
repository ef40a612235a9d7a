//! Data made elsewhere.

use sluice_kernel::Ctx;
use sluice_store::{ImportError, Store};

use crate::{
    BuildResult, BuildResults, TestCase,
    entity::{Entity, Model, test_case},
};

impl BuildResults {
    /// Takes build results with their test cases as they are into `store`, all or none: for data
    /// made elsewhere. Only whose they are is checked, and nothing is announced.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(
        store: &Store,
        ctx: &Ctx,
        all: &[(BuildResult, Vec<TestCase>)],
    ) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        let builds = all.iter().map(|(build, _)| Model::try_from(build));
        import.take::<Entity>(builds).await?;
        let cases = all.iter().flat_map(|(build, cases)| {
            let id = build.id.to_string();
            let row = move |case| Ok(test_case::row(&build.meta, &id, case));
            cases.iter().map(row)
        });
        import.take::<test_case::Entity>(cases).await?;
        import.commit().await
    }
}
