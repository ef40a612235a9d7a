//! From a commit to a definition that is in the repository and announced.

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHostError, Oid};
use sluice_kernel::{Ctx, Meta, Outcome, directory::RepositoryView};
use sluice_schema::{EventId, NewEvent, Scope, TypedId, events::PullRequestMerged};
use sluice_store::StoreError;

use super::{ATTEMPTS, Pipelines, Result, place, repository_path, unless_race};
use crate::{
    GeneratePipeline, PipelineDefinition, PipelineError,
    model::{Generated, Generation, GenerationStatus, Reading, Refused, Source, inspect},
    module_yaml::{self, Finding},
    store::{self, generations},
};

const COMMAND: &str = "generatePipeline";

/// What generating for a commit came to.
enum Made {
    Pipeline(Outcome<Arc<PipelineDefinition>>),
    Refused(Vec<Finding>),
}

impl Pipelines {
    /// Generates the pipeline of a commit, writes it to the repository and announces it.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND` for the repository or the branch; `INVALID_INPUT` when the commit
    /// is none of the branch; `INVALID_PIPELINE` with the findings when `module.yaml` is missing or
    /// wrong, in which case an invalid definition is kept; `FAILED_PRECONDITION` when the
    /// repository is archived; `CONFLICT` when a branch stands in the way of the pipelines branch.
    pub async fn generate(
        &self,
        ctx: &Ctx,
        command: GeneratePipeline,
    ) -> Result<Outcome<Arc<PipelineDefinition>>> {
        ctx.require(Scope::PipelinesGenerate)?;
        let (branch, commit) = command.validate()?;
        if let Some(key) = self.store.recall(ctx, COMMAND).await? {
            let found = generations::find(&self.store, ctx, &key).await?;
            let generation = found.ok_or(PipelineError::NotFound)?;
            let definition = self.finish(ctx, generation, None).await?;
            return Ok(Outcome::replayed(definition));
        }
        let repository = self.repository(ctx, command.repository_id).await?;
        let source = self.source(repository, branch, commit).await?;
        match self.generate_for(ctx, &source, None).await? {
            Made::Pipeline(outcome) => Ok(outcome),
            Made::Refused(findings) => Err(PipelineError::InvalidPipeline { findings }),
        }
    }

    async fn source(
        &self,
        repository: RepositoryView,
        branch: Option<BranchName>,
        commit: Option<Oid>,
    ) -> Result<Source> {
        let path = repository_path(&repository)?;
        let branch = match branch {
            Some(branch) => branch,
            None => repository.default_branch.parse()?,
        };
        let head = self.git.head(&path, &branch).await?;
        let head = head.ok_or_else(|| PipelineError::BranchNotFound(branch.to_string()))?;
        let commit = commit.unwrap_or(head);
        if commit != head {
            let on_branch = match self.git.is_ancestor(&path, &commit, &head).await {
                Err(GitHostError::NotFound { .. }) => false,
                known => known?,
            };
            if !on_branch {
                let rule = format!("commitSha must be a commit of the branch '{branch}'");
                return Err(PipelineError::invalid("commitSha", rule));
            }
        }
        Ok(Source {
            repository,
            branch: branch.to_string(),
            commit_sha: commit.to_string(),
            pull_request_id: None,
        })
    }

    /// Generates for a merge commit, when it came to the default branch.
    pub(crate) async fn follow_merge(
        &self,
        ctx: &Ctx,
        event: EventId,
        merged: PullRequestMerged,
    ) -> Result<()> {
        let repository = self.repository(ctx, merged.repository_id).await?;
        if merged.target_branch != repository.default_branch || !repository.is_writable {
            return self.note(ctx, Some(event)).await;
        }
        let source = Source {
            repository,
            branch: merged.target_branch,
            commit_sha: merged.merge_commit_sha,
            pull_request_id: Some(merged.pull_request_id),
        };
        self.generate_for(ctx, &source, Some(event)).await?;
        Ok(())
    }

    async fn generate_for(
        &self,
        ctx: &Ctx,
        source: &Source,
        event: Option<EventId>,
    ) -> Result<Made> {
        let key = source.key().to_string();
        let mut generated = None;
        for _ in 0..ATTEMPTS {
            if let Some(existing) = generations::find(&self.store, ctx, &key).await? {
                let definition = self.finish(ctx, existing, event).await?;
                return Ok(Made::Pipeline(Outcome::replayed(definition)));
            }
            if !source.repository.is_writable {
                return Err(PipelineError::NotWritable);
            }
            let ready = match generated.take() {
                Some(ready) => ready,
                None => match self.inspect(source).await? {
                    Ok(ready) => ready,
                    Err(refused) => {
                        let kept = self.keep_refused(ctx, source, &refused, event).await?;
                        return Ok(Made::Refused(kept.findings));
                    }
                },
            };
            if let Some(generation) = self.announce(ctx, source, &ready).await? {
                let definition = self.finish(ctx, generation, event).await?;
                return Ok(Made::Pipeline(Outcome::done(definition)));
            }
            generated = Some(ready);
        }
        Err(PipelineError::Contended)
    }

    async fn inspect(&self, source: &Source) -> Result<std::result::Result<Generated, Refused>> {
        let path = repository_path(&source.repository)?;
        let commit = source.commit_sha.parse()?;
        let limit = module_yaml::MAX_BYTES as u64;
        let file = self.git.read_file(&path, &commit, module_yaml::FILE, limit);
        let reading = match file.await {
            Ok(Some(file)) => Reading::File(file.bytes),
            Ok(None) => Reading::Missing,
            Err(GitHostError::TooLarge { .. }) => Reading::TooLarge,
            Err(error) => return Err(error.into()),
        };
        let branch = &source.repository.default_branch;
        Ok(inspect(&reading, &source.commit_sha, branch))
    }

    // The intent: from here on a crash is found and finished by the recovery loop. `None` when
    // somebody else was first with the commit or with the content.
    async fn announce(
        &self,
        ctx: &Ctx,
        source: &Source,
        generated: &Generated,
    ) -> Result<Option<Generation>> {
        let (repository, digest) = (source.repository.id, &generated.content_digest);
        let meta = self.new_meta(ctx, source, Some(&generated.module.id));
        let auto_run = self.auto_run(ctx, &meta.project_id).await?;
        let tx = self.store.begin(ctx).await?;
        let existing = store::find_by_content_in(&tx, repository, digest).await?;
        let is_new = existing.is_none();
        let definition = existing.unwrap_or_else(|| {
            let id = TypedId::generate();
            PipelineDefinition::valid(id, meta.clone(), source, generated, auto_run)
        });
        let generation = Generation::new(meta, source, definition.id);
        let key = generation.key.to_string();
        let saved: std::result::Result<(), StoreError> = async {
            if is_new {
                store::insert(&tx, &definition).await?;
            }
            generations::insert(&tx, &generation).await?;
            tx.remember(COMMAND, &key).await
        }
        .await;
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(Some(generation))
            }
            Err(error) if error.is_race() => {
                drop(tx);
                let theirs = generations::find(&self.store, ctx, &key).await?;
                // Without either it is the idempotency key that was taken, by another request.
                if theirs.is_none() && !is_new {
                    return Err(error.into());
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn new_meta(&self, ctx: &Ctx, source: &Source, module: Option<&str>) -> Meta {
        let now = self.store.clock().now();
        let named = module.and_then(|id| id.parse().ok());
        let module = source.repository.module_id.clone().or(named);
        Meta::new(ctx, now, source.repository.project_id.clone(), module)
    }

    /// Acts on the intent and records the outcome; whoever finds a generation that is pending
    /// helps to finish it, and exactly one of the helpers announces it.
    pub(crate) async fn finish(
        &self,
        ctx: &Ctx,
        mut generation: Generation,
        event: Option<EventId>,
    ) -> Result<Arc<PipelineDefinition>> {
        for _ in 0..ATTEMPTS {
            let mut definition = self.load(ctx, generation.pipeline_id).await?;
            if generation.status == GenerationStatus::Done {
                self.note(ctx, event).await?;
                return Ok(Arc::new(definition));
            }
            let sha = self
                .publish(ctx, &definition, &generation)
                .await?
                .to_string();
            if self
                .record(ctx, &mut definition, &mut generation, &sha, event)
                .await?
            {
                return Ok(Arc::new(definition));
            }
            let key = generation.key.to_string();
            let found = generations::find(&self.store, ctx, &key).await?;
            generation = found.ok_or(PipelineError::NotFound)?;
        }
        Err(PipelineError::Contended)
    }

    /// Records the outcome; `false` when somebody else was first.
    async fn record(
        &self,
        ctx: &Ctx,
        definition: &mut PipelineDefinition,
        generation: &mut Generation,
        definition_sha: &str,
        event: Option<EventId>,
    ) -> Result<bool> {
        let path = place(&definition.meta, &definition.repository_name)?;
        let (commit, newest) = (&generation.key.commit_sha, &definition.commit_sha);
        let is_older = self.is_older(&path, commit, newest).await?;
        let before = definition.clone();
        // Equal content is one definition for many commits: the project decides for each anew.
        definition.auto_run = self.auto_run(ctx, &before.meta.project_id).await?;
        let Some(announcement) = definition.written(generation, definition_sha, is_older) else {
            return Err(StoreError::damaged("PipelineDefinition", "generated, yet invalid").into());
        };
        generation.status = GenerationStatus::Done;
        let now = self.store.clock().now();
        generation.meta.touch(ctx, now);
        let meta = &definition.meta;
        let announcement = NewEvent::of(&meta.project_id, meta.module_id.as_ref(), &announcement)?;
        let tx = self.begin(ctx, event).await?;
        if *definition != before {
            definition.meta.touch(ctx, now);
            if !unless_race(store::update(&tx, definition).await)? {
                return Ok(false);
            }
        }
        if !unless_race(generations::update(&tx, generation).await)? {
            return Ok(false);
        }
        unless_race(tx.commit([announcement]).await.map(|_| ()))
    }
}
