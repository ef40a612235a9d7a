//! Writing a pipeline to its repository's pipelines branch.
//!
//! The branch has a root of its own, so that nothing of it can be merged into the module by
//! mistake. Its head shows the pipeline of the default branch's newest commit. A generation for
//! another branch, or one that comes late, gets its commit too, followed by one that puts the
//! shown pipeline back: every definition is in the branch's history, and the head does not
//! depend on the order in which generations are handled.

use sluice_git_host::{
    BranchName, CommitInfo, CommitSpec, FileChange, GitHostError, Oid, RefChange, RepoPath,
    Signature, Staged,
};
use sluice_kernel::{Ctx, Meta};

use super::{ATTEMPTS, PIPELINES_BRANCH, Pipelines, Result, place};
use crate::{PipelineDefinition, PipelineError, model::Generation, store};

/// How far back an earlier commit with the same content is looked for.
const HISTORY: usize = 200;
/// Git's name of the tree without files, which every repository has.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const PIPELINE: &str = "Pipeline-Id";
const SOURCE: &str = "Source-Commit";
const DIGEST: &str = "Content-Digest";
const TRACE: &str = "Trace-Id";

/// A definition's file, and where it goes.
struct File<'a> {
    repository: RepoPath,
    branch: BranchName,
    path: &'a str,
    yaml: &'a str,
    digest: &'a str,
    module: &'a str,
}

fn file(definition: &PipelineDefinition) -> Result<File<'_>> {
    let parts = (&definition.yaml_path, &definition.yaml, &definition.module);
    let (Some(path), Some(yaml), Some(module)) = parts else {
        // Only generations of valid definitions are begun.
        return Err(PipelineError::NotFound);
    };
    Ok(File {
        repository: place(&definition.meta, &definition.repository_name)?,
        branch: PIPELINES_BRANCH.parse()?,
        path,
        yaml,
        digest: &definition.content_digest,
        module: &module.id,
    })
}

fn signature(meta: &Meta) -> Signature {
    Signature {
        name: "Sluice".to_owned(),
        email: "sluice@localhost".to_owned(),
        time: meta.created_at,
    }
}

fn trailer<'a>(commit: &'a CommitInfo, key: &str) -> Option<&'a str> {
    let mut all = commit.trailers.iter();
    all.find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

impl Pipelines {
    /// Brings the definition to the pipelines branch, unless it is there; the commit that
    /// carries it. Safe to repeat, also at the same time.
    pub(super) async fn publish(
        &self,
        ctx: &Ctx,
        definition: &PipelineDefinition,
        generation: &Generation,
    ) -> Result<Oid> {
        let file = file(definition)?;
        for _ in 0..ATTEMPTS {
            let head = self.git.head(&file.repository, &file.branch).await?;
            let (base, shown) = match head {
                None => (self.root(&file, generation).await?, None),
                Some(head) => {
                    let shown = self.shown(ctx, &file, head, generation).await?;
                    if let Some(sha) = self.carrier(&file, head, shown.is_some()).await? {
                        return Ok(sha);
                    }
                    (head, shown)
                }
            };
            let sha = self.write(&file, base, generation, definition).await?;
            let new = match &shown {
                Some(shown) => self.put_back(&file, sha, shown, generation).await?,
                None => sha,
            };
            let change = RefChange {
                expected: head,
                new: Some(new),
            };
            let moved = self.git.update_ref(&file.repository, &file.branch, change);
            match moved.await {
                Ok(()) => return Ok(sha),
                Err(GitHostError::RefMoved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(PipelineError::Contended)
    }

    /// The head, when the pipeline that it shows must stay the one shown.
    async fn shown(
        &self,
        ctx: &Ctx,
        file: &File<'_>,
        head: Oid,
        generation: &Generation,
    ) -> Result<Option<CommitInfo>> {
        let Some(head) = self.git.commit(&file.repository, &head).await? else {
            return Ok(None);
        };
        let id =
            trailer(&head, PIPELINE).and_then(|id| id.parse::<sluice_schema::PipelineId>().ok());
        let Some(id) = id else {
            return Ok(None);
        };
        let Some(shown) = self
            .store
            .list::<store::PipelineList>(ctx)
            .by_id(id)
            .await?
        else {
            return Ok(None);
        };
        if shown.id == generation.pipeline_id || shown.repository_id != generation.key.repository_id
        {
            return Ok(None);
        }
        let default = &generation.default_branch;
        let stays = if shown.branch == generation.branch {
            let (commit, newest) = (&generation.key.commit_sha, &shown.commit_sha);
            self.is_older(&file.repository, commit, newest).await?
        } else {
            shown.branch == *default
        };
        Ok(stays.then_some(head))
    }

    /// The commit on the branch that carries the definition, when there is one and the head
    /// shows what it must.
    async fn carrier(&self, file: &File<'_>, head: Oid, aside: bool) -> Result<Option<Oid>> {
        let at_head = self.holds(file, &head).await?;
        if !at_head && !aside {
            return Ok(None);
        }
        let log = self.git.log(&file.repository, &head, None, HISTORY).await?;
        for commit in log {
            let claims = trailer(&commit, DIGEST) == Some(file.digest);
            // Trailers can be written by anyone; the content counts.
            if claims && self.holds(file, &commit.id).await? {
                return Ok(Some(commit.id));
            }
        }
        Ok(at_head.then_some(head))
    }

    async fn holds(&self, file: &File<'_>, commit: &Oid) -> Result<bool> {
        let limit = file.yaml.len() as u64;
        let found = self
            .git
            .read_file(&file.repository, commit, file.path, limit);
        match found.await {
            Ok(found) => Ok(found.is_some_and(|found| found.bytes == file.yaml.as_bytes())),
            Err(GitHostError::TooLarge { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn root(&self, file: &File<'_>, generation: &Generation) -> Result<Oid> {
        let spec = CommitSpec {
            tree: EMPTY_TREE.parse()?,
            parents: Vec::new(),
            author: signature(&generation.meta),
            committer: signature(&generation.meta),
            message: "Begin the branch of generated pipelines".to_owned(),
            trailers: Vec::new(),
        };
        Ok(self.git.write_commit(&file.repository, &spec).await?)
    }

    async fn write(
        &self,
        file: &File<'_>,
        base: Oid,
        generation: &Generation,
        definition: &PipelineDefinition,
    ) -> Result<Oid> {
        let change = FileChange::Put {
            path: file.path.to_owned(),
            content: file.yaml.to_owned().into(),
            executable: None,
        };
        let staged = self.git.stage(&file.repository, &base, &[change]).await?;
        let Staged { tree, .. } = staged;
        let (branch, commit) = (&generation.branch, &generation.key.commit_sha);
        let message = format!(
            "Generate the pipeline of {}\n\nFrom module.yaml on {branch} at {commit}.",
            file.module
        );
        let trailers = [
            (PIPELINE, definition.id.to_string()),
            (SOURCE, commit.clone()),
            (DIGEST, file.digest.to_owned()),
            (TRACE, generation.meta.trace_id.clone()),
        ];
        let spec = CommitSpec {
            tree,
            parents: vec![base],
            author: signature(&generation.meta),
            committer: signature(&generation.meta),
            message,
            trailers: trailers.map(|(key, value)| (key.to_owned(), value)).into(),
        };
        Ok(self.git.write_commit(&file.repository, &spec).await?)
    }

    async fn put_back(
        &self,
        file: &File<'_>,
        over: Oid,
        shown: &CommitInfo,
        generation: &Generation,
    ) -> Result<Oid> {
        let kept = |key: &str| trailer(shown, key).map(|value| (key.to_owned(), value.to_owned()));
        let spec = CommitSpec {
            tree: shown.tree,
            parents: vec![over],
            author: signature(&generation.meta),
            committer: signature(&generation.meta),
            message: "Show the pipeline of the default branch's newest commit".to_owned(),
            trailers: [PIPELINE, SOURCE, DIGEST, TRACE]
                .into_iter()
                .filter_map(kept)
                .collect(),
        };
        Ok(self.git.write_commit(&file.repository, &spec).await?)
    }
}
