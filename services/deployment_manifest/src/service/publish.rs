//! Bringing manifests to the branch of rendered manifests of a project's GitOps repository.
//!
//! The branch has a root of its own, so that nothing of it is declared by being merged. A manifest's folder is
//! replaced as a whole, in one commit, by compare and swap; a manifest that landed before a crash is found
//! again by its trailer and its content.

use std::collections::BTreeSet;

use sluice_git_host::{
    BranchName, CommitInfo, CommitSpec, FileChange, GitHostError, Oid, RefChange, RepoPath,
    Signature,
};
use sluice_kernel::{AnyFault, Ctx};

use super::{ATTEMPTS, DeploymentManifests, RENDERED_BRANCH, Result};
use crate::{DeploymentManifest, ManifestError, ManifestFile, model::Carrier, store};

/// How far back a commit that landed before a crash is looked for.
const HISTORY: usize = 500;
/// Files that a tree of the GitOps repository may have.
const MAX_TREE: usize = 100_000;
/// Git's name of the tree without files, which every repository has.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const DESCRIPTION: &str = "Declares what the environments of the project run";
const MANIFEST: &str = "Manifest-Id";

struct Place {
    repository: RepoPath,
    branch: BranchName,
}

fn signature(manifest: &DeploymentManifest) -> Signature {
    Signature {
        name: "Sluice".to_owned(),
        email: "sluice@localhost".to_owned(),
        time: manifest.meta.created_at,
    }
}

fn claims(commit: &CommitInfo, id: &str) -> bool {
    commit
        .trailers
        .iter()
        .any(|(key, value)| key == MANIFEST && value == id)
}

impl DeploymentManifests {
    /// Brings the manifest to the branch, unless it is there; where it stands. Safe to repeat, also at the same
    /// time.
    pub(super) async fn publish(
        &self,
        ctx: &Ctx,
        manifest: &DeploymentManifest,
    ) -> Result<Carrier> {
        let project = &manifest.meta.project_id;
        let policies = self
            .ports
            .projects
            .policies(ctx, project)
            .await
            .map_err(AnyFault)?;
        let name = policies.gitops_repository;
        let provisioner = &self.ports.provisioner;
        let made = provisioner
            .ensure_repository(ctx, project, &name, DESCRIPTION)
            .await;
        let view = made.map_err(AnyFault)?;
        let place = Place {
            repository: RepoPath::new(ctx.tenant().as_str(), view.project_id.as_str(), &view.name)?,
            branch: RENDERED_BRANCH.parse()?,
        };
        let kept = store::files(&self.store, ctx, manifest.id).await?;
        let files = kept.ok_or(ManifestError::NotFound)?.files;
        let commit = self.land(&place, manifest, &files).await?;
        Ok(Carrier {
            repository_id: view.id,
            repository: view.name,
            commit_sha: commit.to_string(),
        })
    }

    async fn land(
        &self,
        place: &Place,
        manifest: &DeploymentManifest,
        files: &[ManifestFile],
    ) -> Result<Oid> {
        let git = &self.ports.git;
        for _ in 0..ATTEMPTS {
            let head = git.head(&place.repository, &place.branch).await?;
            let base = match head {
                Some(head) => {
                    if let Some(commit) = self.landed(place, head, manifest, files).await? {
                        return Ok(commit);
                    }
                    head
                }
                None => self.root(place, manifest).await?,
            };
            let commit = self.write(place, base, manifest, files).await?;
            let change = RefChange {
                expected: head,
                new: Some(commit),
            };
            match git
                .update_ref(&place.repository, &place.branch, change)
                .await
            {
                Ok(()) => return Ok(commit),
                Err(GitHostError::RefMoved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ManifestError::Contended)
    }

    /// The commit on the branch that holds the manifest: the head when that shows it, else the one that
    /// brought it.
    async fn landed(
        &self,
        place: &Place,
        head: Oid,
        manifest: &DeploymentManifest,
        files: &[ManifestFile],
    ) -> Result<Option<Oid>> {
        let id = manifest.id.to_string();
        let git = &self.ports.git;
        let log = git.log(&place.repository, &head, None, HISTORY).await?;
        for commit in log.iter().filter(|commit| claims(commit, &id)) {
            // Trailers can be written by anyone; the content counts.
            if self
                .changes(place, &commit.id, manifest, files)
                .await?
                .is_none()
            {
                return Ok(Some(commit.id));
            }
        }
        let shown = self.changes(place, &head, manifest, files).await?.is_none();
        Ok(shown.then_some(head))
    }

    /// What the folder lacks of the manifest at a commit; `None` when it holds it and nothing else.
    async fn changes(
        &self,
        place: &Place,
        commit: &Oid,
        manifest: &DeploymentManifest,
        files: &[ManifestFile],
    ) -> Result<Option<Oid>> {
        let git = &self.ports.git;
        let info = git.commit(&place.repository, commit).await?;
        let tree = git.list_files(&place.repository, commit, MAX_TREE).await?;
        let prefix = format!("{}/", manifest.path);
        let wanted: BTreeSet<String> = files
            .iter()
            .map(|file| format!("{prefix}{}", file.name))
            .collect();
        let stale = tree
            .iter()
            .filter(|file| file.path.starts_with(&prefix) && !wanted.contains(&file.path));
        let mut changes: Vec<FileChange> = stale
            .map(|file| FileChange::Delete {
                path: file.path.clone(),
            })
            .collect();
        changes.extend(files.iter().map(|file| FileChange::Put {
            path: format!("{prefix}{}", file.name),
            content: file.text.clone().into(),
            executable: Some(false),
        }));
        let staged = git.stage(&place.repository, commit, &changes).await?;
        let same = info.is_some_and(|info| info.tree == staged.tree);
        Ok((!same).then_some(staged.tree))
    }

    async fn root(&self, place: &Place, manifest: &DeploymentManifest) -> Result<Oid> {
        let spec = CommitSpec {
            tree: EMPTY_TREE.parse()?,
            parents: Vec::new(),
            author: signature(manifest),
            committer: signature(manifest),
            message: "Begin the branch of rendered manifests".to_owned(),
            trailers: Vec::new(),
        };
        Ok(self
            .ports
            .git
            .write_commit(&place.repository, &spec)
            .await?)
    }

    async fn write(
        &self,
        place: &Place,
        base: Oid,
        manifest: &DeploymentManifest,
        files: &[ManifestFile],
    ) -> Result<Oid> {
        let Some(tree) = self.changes(place, &base, manifest, files).await? else {
            return Ok(base);
        };
        let (module, version, environment) =
            (&manifest.module, &manifest.version, &manifest.environment);
        let trailers = [
            ("Release-Id", manifest.release_id.to_string()),
            (MANIFEST, manifest.id.to_string()),
            ("Content-Digest", manifest.content_digest.clone()),
            ("Trace-Id", manifest.meta.trace_id.clone()),
        ];
        let spec = CommitSpec {
            tree,
            parents: vec![base],
            author: signature(manifest),
            committer: signature(manifest),
            message: format!(
                "Render {module} {version} for {environment}\n\nFrom the commit {}.",
                manifest.source_commit
            ),
            trailers: trailers.map(|(key, value)| (key.to_owned(), value)).into(),
        };
        Ok(self
            .ports
            .git
            .write_commit(&place.repository, &spec)
            .await?)
    }
}
