//! What the service does without a caller: it queues a run for every generated pipeline that
//! asks for one, and it ends what a dead process left behind.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Meta, Reaction, ReactionError, Reconciler};
use sluice_schema::{Envelope, EventPayload, RunId, TypedId, events::PipelineGenerated};
use sluice_store::StoreError;

use crate::{Executor, PipelineRun, PipelineRuns, SERVICE, model::RunSubject, store};

const TRIES: usize = 20;

/// Queues the first attempt for `PipelineGenerated` with `autoRun`.
pub struct Reactions(pub PipelineRuns);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        SERVICE
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[PipelineGenerated::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some(generated) = event.decode::<PipelineGenerated>()? else {
            return Ok(());
        };
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.queue(ctx, event, &generated).await {
                Ok(()) => return Ok(()),
                // A caller asked for the same run, or another run took the number.
                Err(error) if error.is_race() && tries > 0 => {}
                Err(error) => return Err(BoxFault::from(error).into()),
            }
        }
    }
}

impl Reactions {
    async fn queue(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        generated: &PipelineGenerated,
    ) -> Result<(), StoreError> {
        let store = self.0.store();
        let tx = store.begin(ctx).await?;
        if !tx.first_delivery(SERVICE, event.event_id).await? {
            return Ok(());
        }
        let (pipeline, commit) = (generated.pipeline_id, &generated.commit_sha);
        let wanted = generated.auto_run && !store::has_attempt(&tx, pipeline, commit, 1).await?;
        if wanted {
            let project = event.project_id.clone();
            let meta = Meta::new(ctx, store.clock().now(), project, event.module_id.clone());
            let subject = subject(generated);
            let mut run = PipelineRun::queued(RunId::generate(), meta, subject, 1);
            run.caused_by = Some(event.event_id);
            store::insert(&tx, &mut run).await?;
        }
        tx.commit([]).await?;
        if wanted {
            self.0.queued().notify_one();
        }
        Ok(())
    }
}

fn subject(generated: &PipelineGenerated) -> RunSubject {
    RunSubject {
        pipeline_id: generated.pipeline_id,
        repository_id: generated.repository_id,
        repository_name: generated.repository_name.clone(),
        branch: generated.branch.clone(),
        commit_sha: generated.commit_sha.clone(),
        module: generated.module.clone(),
        variables: Default::default(),
    }
}

/// Ends runs that nobody runs any more. It runs beside the executor of the same process.
pub struct Recovery(pub Executor);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "pipeline_execution.runs"
    }

    // Lost runs are waited for by people.
    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs(5)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        Ok(self.0.recover().await?)
    }
}
