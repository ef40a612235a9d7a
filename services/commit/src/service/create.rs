//! Writing a commit.

use std::sync::Arc;

use sluice_git_host::{GitHostError, Oid, RepoPath, Staged};
use sluice_kernel::{AnyFault, Ctx, Meta, Outcome, directory::RepositoryView};
use sluice_schema::{Scope, TypedId};

use super::{ATTEMPTS, Commits, Result, Work, repository_path};
use crate::{
    Commit, CommitError, CommitOrigin, CommitStatus, CreateCommit,
    commands::{Draft, content},
    model::NaturalKey,
    secrets,
    store::{self, Same},
};

const COMMAND: &str = "createCommit";

/// What a command came to before the branch is touched.
enum Placed {
    /// It was carried out before, or is being carried out.
    Existing(Commit),
    /// Its intent is recorded now.
    Announced(Commit),
    /// Somebody else recorded the same intent at the same time.
    Raced,
}

impl Commits {
    /// Writes a commit to a branch that is not protected.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND` for repository and branch; `INVALID_INPUT` with the field, also
    /// when nothing changes; `SECRET_DETECTED` with findings; `BRANCH_PROTECTED`; `CONFLICT` when
    /// the branch has the artifact with another content; `VERSION_CONFLICT` when it is not at the
    /// expected head; `FAILED_PRECONDITION` when the repository is archived.
    pub async fn create(&self, ctx: &Ctx, command: CreateCommit) -> Result<Outcome<Arc<Commit>>> {
        ctx.require(Scope::CommitsWrite)?;
        let draft = Arc::new(command.validate(ctx)?);
        scan(draft.clone()).await?;
        if let Some(id) = self.store.recall(ctx, COMMAND).await? {
            let id = id.parse().map_err(|_| CommitError::NotFound)?;
            let commit = self.load(ctx, id).await?;
            return Ok(Outcome::replayed(self.complete(ctx, commit, &draft).await?));
        }
        let repository = self.repository(ctx, draft.repository_id).await?;
        for _ in 0..ATTEMPTS {
            match self.place(ctx, &repository, &draft).await? {
                Placed::Existing(commit) => {
                    let commit = self.complete(ctx, commit, &draft).await?;
                    return Ok(Outcome::replayed(commit));
                }
                Placed::Announced(commit) => {
                    let id = commit.id;
                    let commit = self.complete(ctx, commit, &draft).await?;
                    // Another command may have brought the same content in between.
                    let replayed = commit.id != id;
                    return Ok(Outcome {
                        value: commit,
                        replayed,
                    });
                }
                Placed::Raced => {}
            }
        }
        Err(CommitError::Contended)
    }

    async fn complete(&self, ctx: &Ctx, commit: Commit, draft: &Draft) -> Result<Arc<Commit>> {
        let commit = self.finish(ctx, commit, Work::Command(draft)).await?;
        if commit.status != CommitStatus::Pending {
            return Ok(commit);
        }
        // The one that superseded it has still to be finished.
        let other = Arc::unwrap_or_clone(commit);
        self.finish(ctx, other, Work::Command(draft)).await
    }

    async fn place(&self, ctx: &Ctx, repository: &RepositoryView, draft: &Draft) -> Result<Placed> {
        let path = repository_path(repository)?;
        let head = self.git.head(&path, &draft.branch).await?;
        if let Some(artifact) = &draft.artifact_id
            && let Some(commit) = self.of_artifact(ctx, &path, draft, artifact).await?
        {
            return Ok(Placed::Existing(commit));
        }
        self.ensure_open(ctx, repository, draft).await?;
        let head = head.ok_or_else(|| not_found(draft))?;
        let base = draft.expected_head.unwrap_or(head);
        let staged = match self.git.stage(&path, &base, &draft.changes).await {
            Ok(staged) => staged,
            Err(GitHostError::NotFound { .. }) if base != head => return Err(moved(head)),
            Err(error) => {
                // What was carried out before often cannot be again: the file exists by now.
                let same = Same::Changes(&draft.digest.to_string());
                let before = self.standing(ctx, draft, same).await?;
                return before
                    .map(Placed::Existing)
                    .ok_or_else(|| draft.refusal(error));
            }
        };
        if staged.tree == self.tree_of(&path, &base).await? {
            let same = Same::Tree(&staged.tree.to_string());
            let before = self.standing(ctx, draft, same).await?;
            return before
                .map(Placed::Existing)
                .ok_or(CommitError::NothingChanges);
        }
        let key = draft.key(staged.tree, base);
        let on = (draft.repository_id, draft.branch.as_str());
        if let Some(commit) = store::find_by_key(&self.store, ctx, on, &key).await? {
            // An artifact's commit is looked at once more: its content may be another.
            return Ok(match draft.artifact_id {
                Some(_) => Placed::Raced,
                None => Placed::Existing(commit),
            });
        }
        if base != head {
            return Err(moved(head));
        }
        self.announce(ctx, repository, draft, base, &staged).await
    }

    async fn standing(&self, ctx: &Ctx, draft: &Draft, same: Same<'_>) -> Result<Option<Commit>> {
        let on = (draft.repository_id, draft.branch.as_str());
        let artifact = draft.artifact_id.as_deref();
        let found = store::newest(&self.store, ctx, on, artifact, same, None).await?;
        match found {
            Some(commit) if self.stands(&commit).await? => Ok(Some(commit)),
            _ => Ok(None),
        }
    }

    /// The branch's commit of the artifact, if it is the one that the command asks for.
    async fn of_artifact(
        &self,
        ctx: &Ctx,
        path: &RepoPath,
        draft: &Draft,
        artifact: &str,
    ) -> Result<Option<Commit>> {
        let key = NaturalKey::Artifact(artifact).to_string();
        let on = (draft.repository_id, draft.branch.as_str());
        let Some(mut commit) = store::find_by_key(&self.store, ctx, on, &key).await? else {
            return Ok(None);
        };
        if !self.stands(&commit).await? {
            // The branch was deleted and made anew since: the new one does not have it.
            commit.release_key();
            self.save(ctx, &mut commit, None).await?;
            return Ok(None);
        }
        if commit.changes_digest == draft.digest.to_string() {
            return Ok(Some(commit));
        }
        let taken = || CommitError::ArtifactTaken {
            artifact_id: artifact.to_owned(),
        };
        // The same content may have been said in another way.
        let base = commit.base()?.ok_or_else(taken)?;
        match self.git.stage(path, &base, &draft.changes).await {
            Ok(staged) if staged.tree.to_string() == commit.tree_hash => Ok(Some(commit)),
            Ok(_) | Err(GitHostError::InvalidPath { .. }) => Err(taken()),
            Err(error) => Err(error.into()),
        }
    }

    async fn ensure_open(
        &self,
        ctx: &Ctx,
        repository: &RepositoryView,
        draft: &Draft,
    ) -> Result<()> {
        if !repository.is_writable {
            return Err(CommitError::NotWritable);
        }
        let name = draft.branch.as_str();
        let found = self.branches.branch(ctx, repository.id, name).await;
        let is_protected = match found.map_err(AnyFault)? {
            Some(view) => view.policy.is_protected,
            // A default branch is protected from its first moment, also when the branch service
            // has not heard of it yet.
            None if name == repository.default_branch => true,
            None => return Err(not_found(draft)),
        };
        if is_protected {
            let branch = name.to_owned();
            return Err(CommitError::Protected { branch });
        }
        Ok(())
    }

    // The intent: from here on a crash is found and finished by the recovery loop.
    async fn announce(
        &self,
        ctx: &Ctx,
        repository: &RepositoryView,
        draft: &Draft,
        base: Oid,
        staged: &Staged,
    ) -> Result<Placed> {
        let commit = self.intent(ctx, repository, draft, base, staged);
        let tx = self.store.begin(ctx).await?;
        let saved = match store::insert(&tx, &commit).await {
            Ok(()) => tx.remember(COMMAND, &commit.id.to_string()).await,
            refused => refused,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(Placed::Announced(commit))
            }
            Err(error) if error.is_unique() => {
                drop(tx);
                let on = (commit.repository_id, commit.branch.as_str());
                let key = &commit.natural_key;
                let theirs = store::find_by_key(&self.store, ctx, on, key).await?;
                match theirs {
                    // It is the idempotency key that was taken, by another request.
                    None if ctx.idempotency().is_some() => Err(error.into()),
                    _ => Ok(Placed::Raced),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn intent(
        &self,
        ctx: &Ctx,
        repository: &RepositoryView,
        draft: &Draft,
        base: Oid,
        staged: &Staged,
    ) -> Commit {
        let now = self.store.clock().now();
        let (project, module) = (&repository.project_id, &repository.module_id);
        Commit {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, project.clone(), module.clone()),
            repository_id: repository.id,
            repository_name: repository.name.clone(),
            branch: draft.branch.as_str().to_owned(),
            sha: None,
            tree_hash: staged.tree.to_string(),
            parent_shas: vec![base.to_string()],
            artifact_id: draft.artifact_id.clone(),
            artifact_content_hash: draft.artifact_content_hash.clone(),
            message: draft.message.clone(),
            trailers: draft.trailers.clone(),
            author_name: draft.author.name.clone(),
            author_email: draft.author.email.clone(),
            committed_at: now,
            origin: CommitOrigin::Authored,
            pull_request_id: None,
            changed_paths: u32::try_from(staged.changed.len()).unwrap_or(u32::MAX),
            status: CommitStatus::Pending,
            reason: None,
            natural_key: draft.key(staged.tree, base),
            changes_digest: draft.digest.to_string(),
            expected_head: draft.expected_head.map(|sha| sha.to_string()),
        }
    }
}

fn moved(head: Oid) -> CommitError {
    CommitError::HeadMoved {
        actual: head.to_string(),
    }
}

fn not_found(draft: &Draft) -> CommitError {
    CommitError::BranchNotFound {
        branch: draft.branch.as_str().to_owned(),
    }
}

/// Refuses content and messages that hold secrets. Large content takes a while, so other work
/// goes on meanwhile.
async fn scan(draft: Arc<Draft>) -> Result<()> {
    let findings = tokio::task::spawn_blocking(move || {
        let files = draft.changes.iter().filter_map(content);
        let files = files.map(|(path, bytes)| (path, bytes.as_ref()));
        let trailers = draft.trailers.iter();
        let trailers = trailers.map(|trailer| ("(trailers)", trailer.value.as_bytes()));
        let message = [("(message)", draft.message.as_bytes())];
        secrets::scan(files.chain(message).chain(trailers))
    });
    match findings.await? {
        findings if findings.is_empty() => Ok(()),
        findings => Err(CommitError::Secrets { findings }),
    }
}
