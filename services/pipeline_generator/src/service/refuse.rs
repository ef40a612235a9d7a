//! Keeping what is wrong with a commit's `module.yaml`.

use sluice_kernel::Ctx;
use sluice_schema::{EventId, TypedId};

use super::{ATTEMPTS, Pipelines, Result, repository_path, unless_race};
use crate::{
    PipelineDefinition, PipelineError,
    model::{Refused, Source},
    store,
};

impl Pipelines {
    /// Keeps an invalid definition with its findings; nothing is announced.
    pub(super) async fn keep_refused(
        &self,
        ctx: &Ctx,
        source: &Source,
        refused: &Refused,
        event: Option<EventId>,
    ) -> Result<PipelineDefinition> {
        let path = repository_path(&source.repository)?;
        let (repository, digest) = (source.repository.id, &refused.content_digest);
        for _ in 0..ATTEMPTS {
            let existing = store::find_by_content(&self.store, ctx, repository, digest).await?;
            let Some(mut definition) = existing else {
                let meta = self.new_meta(ctx, source, None);
                let id = TypedId::generate();
                let definition = PipelineDefinition::invalid(id, meta, source, refused);
                let tx = self.begin(ctx, event).await?;
                if unless_race(store::insert(&tx, &definition).await)? {
                    tx.commit([]).await?;
                    return Ok(definition);
                }
                continue;
            };
            let (commit, newest) = (&source.commit_sha, &definition.commit_sha);
            let known = commit == newest || self.is_older(&path, commit, newest).await?;
            if known {
                self.note(ctx, event).await?;
                return Ok(definition);
            }
            definition.invalid_again(source, refused);
            definition.meta.touch(ctx, self.store.clock().now());
            let tx = self.begin(ctx, event).await?;
            if unless_race(store::update(&tx, &mut definition).await)? {
                tx.commit([]).await?;
                return Ok(definition);
            }
        }
        Err(PipelineError::Contended)
    }
}
