//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use similar::TextDiff;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{ManifestDirectory, ManifestView},
};
use sluice_schema::{EnvironmentId, ManifestId, ReleaseId, RepositoryId, Scope};
use sluice_store::{finds, reads};

use super::{APPROVED, DeploymentManifests, Result};
use crate::{
    DeploymentManifest, ManifestError, ManifestFile, ManifestFilter, ManifestOrder, ManifestStatus,
    entity::Column,
    model::{newest, stream},
    store::{self, ManifestList},
};

/// Bytes of a diff; the rest is left out and said to be.
const MAX_DIFF: usize = 256 * 1024;

impl DeploymentManifests {
    /// The files of a manifest, in the order in which their objects are applied; none of one that failed.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn files(&self, ctx: &Ctx, id: ManifestId) -> Result<Vec<ManifestFile>> {
        ctx.require(Scope::Read)?;
        self.load(ctx, id).await?;
        let kept = store::files(&self.store, ctx, id).await?;
        Ok(kept.map(|kept| kept.files).unwrap_or_default())
    }

    /// The objects of a manifest as one YAML stream; empty for one that failed.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn text(&self, ctx: &Ctx, id: ManifestId) -> Result<String> {
        Ok(stream(&self.files(ctx, id).await?))
    }

    /// The objects of each manifest as one YAML stream, in one statement; manifests that failed,
    /// and those that the caller may not see, are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_texts(
        &self,
        ctx: &Ctx,
        manifests: &[ManifestId],
    ) -> Result<HashMap<ManifestId, String>> {
        ctx.require(Scope::Read)?;
        let kept = store::find_files(&self.store, ctx, manifests).await?;
        Ok(kept
            .into_iter()
            .map(|(id, files)| (id, stream(&files)))
            .collect())
    }

    /// What changes from one manifest to another, as a unified diff of at most 256 KiB; empty when nothing does.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn diff(&self, ctx: &Ctx, from: ManifestId, to: ManifestId) -> Result<String> {
        ctx.require(Scope::Read)?;
        let (old, new) = (self.load(ctx, from).await?, self.load(ctx, to).await?);
        let (before, after) = (self.text(ctx, from).await?, self.text(ctx, to).await?);
        let name = |manifest: &DeploymentManifest| {
            let (path, version) = (&manifest.path, &manifest.version);
            format!("{path} {version}")
        };
        let diff = TextDiff::from_lines(before.as_str(), after.as_str());
        let text = diff
            .unified_diff()
            .context_radius(3)
            .header(&name(&old), &name(&new))
            .to_string();
        Ok(bounded(text))
    }

    /// Every manifest of each release, oldest first, in one statement.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_releases(
        &self,
        ctx: &Ctx,
        releases: &[ReleaseId],
    ) -> Result<HashMap<ReleaseId, Vec<Arc<DeploymentManifest>>>> {
        ctx.require(Scope::Read)?;
        let mut all = store::of_releases(&self.store, ctx, releases, None).await?;
        all.sort_by_key(|manifest| manifest.id);
        let mut found: HashMap<_, Vec<_>> = releases.iter().map(|id| (*id, Vec::new())).collect();
        for manifest in all {
            found.entry(manifest.release_id).or_default().push(manifest);
        }
        Ok(found)
    }
}

fn bounded(mut text: String) -> String {
    if text.len() <= MAX_DIFF {
        return text;
    }
    let mut end = MAX_DIFF;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').map_or(end, |at| at + 1);
    text.truncate(end);
    text.push_str("\\ the rest of the diff is left out\n");
    text
}

reads! {
    DeploymentManifests: ManifestList(ManifestFilter, ManifestOrder) of DeploymentManifest by ManifestId or ManifestError, else ManifestError::NotFound;
    pages_by_release, counts_by_release: ReleaseId in Column::ReleaseId, key |id| id.to_string(), of |row| row.release_id.clone();
    pages_by_environment, counts_by_environment: EnvironmentId in Column::EnvironmentId, key |id| id.to_string(), of |row| row.environment_id.clone();
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
    pages_by_gitops_repository, counts_by_gitops_repository: RepositoryId in Column::GitopsRepositoryId, key |id| id.to_string(), of |row| row.gitops_repository_id.clone().unwrap_or_default();
}

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

finds! {
    DeploymentManifests: ManifestList of DeploymentManifest or ManifestError;
    /// The manifests that were rendered from each commit.
    find_by_commits: CommitKey in Column::SourceCommit, key |(_, sha)| sha.clone(),
        of |it| Some((it.repository_id, it.source_commit.clone()));
}

#[async_trait]
impl ManifestDirectory for DeploymentManifests {
    async fn manifests(
        &self,
        ctx: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> std::result::Result<Vec<ManifestView>, BoxFault> {
        let all = store::of_releases(&self.store, ctx, &[release], Some(environment)).await?;
        // Of a release that was approved anew for other content, earlier manifests do not count:
        // the ones that its approvals stand for are about to be rendered.
        let release = self.release(ctx, release).await?;
        let approved = release.filter(|it| it.status == APPROVED);
        let is_meant = |manifest: &DeploymentManifest| {
            let mut covered = approved.iter().map(|it| &it.content_digest);
            covered.all(|digest| manifest.release_digest == *digest)
        };
        let rendered = all
            .iter()
            .map(AsRef::as_ref)
            .filter(|manifest: &&DeploymentManifest| manifest.status == ManifestStatus::Rendered)
            .filter(|manifest| is_meant(manifest));
        Ok(newest(rendered)
            .into_iter()
            .filter_map(DeploymentManifest::view)
            .collect())
    }
}
