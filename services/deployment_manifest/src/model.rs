//! The DeploymentManifest aggregate: pure, without store or provider.

mod content;
mod facts;
mod settings;
mod sources;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sluice_kernel::{
    Finding, Meta,
    directory::{EnvironmentView, ManifestView, ReleaseView},
    text_enum,
};
use sluice_schema::{
    EnvironmentId, ManifestId, ReleaseId, RepositoryId,
    events::{DeploymentManifestRendered, ReleaseItem},
};

pub(crate) use content::{Draft, stream};
pub use content::{ManifestFile, ObjectSummary, Preview};
pub(crate) use facts::facts;
pub(crate) use sources::{ROOT, Sources, is_source};

/// Settings that an event of a manifest tells at most.
const MAX_SETTINGS: usize = 2_000;

text_enum! {
    /// Where a manifest is in its life.
    ManifestStatus {
        /// Rendered, and on its way to the GitOps repository.
        Rendering = "RENDERING",
        /// In the GitOps repository, and announced.
        Rendered = "RENDERED",
        /// It cannot be rendered; the findings say why.
        Failed = "FAILED",
    }
}

/// The manifests of a module of a release for an environment: one per content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentManifest {
    /// Its id.
    pub id: ManifestId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's name.
    pub release_name: String,
    /// The release's version.
    pub version: String,
    /// `sha256:<hex>` of what the release covered when this became the newest content.
    pub release_digest: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The module's repository.
    pub repository_id: RepositoryId,
    /// The commit of the module that it was rendered from.
    pub source_commit: String,
    /// Where it is in its life.
    pub status: ManifestStatus,
    /// What is wrong, when it cannot be rendered.
    pub findings: Vec<Finding>,
    /// The objects, in the order in which they are applied.
    pub objects: Vec<ObjectSummary>,
    /// `sha256:<hex>` of the rendered objects; of the findings when there are none.
    pub content_digest: String,
    /// Whether the module's repository has an overlay for the environment, from which it was built.
    pub overlay: bool,
    /// The project's GitOps repository, once it stands there.
    pub gitops_repository_id: Option<RepositoryId>,
    /// Its name.
    pub gitops_repository: Option<String>,
    /// The commit that holds it there.
    pub commit_sha: Option<String>,
    /// Its folder there: `environments/<environment>/<module>`.
    pub path: String,
    /// Of the manifests of a module of a release for an environment, the one with the highest is the newest.
    pub rank: i64,
}

/// What is rendered, and for which environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'s> {
    pub(crate) release: &'s ReleaseView,
    pub(crate) item: &'s ReleaseItem,
    pub(crate) environment: &'s EnvironmentView,
}

impl Subject<'_> {
    pub(crate) fn path(&self) -> String {
        format!(
            "environments/{}/{}",
            self.environment.name, self.item.module.id
        )
    }
}

/// Where a manifest stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carrier {
    pub(crate) repository_id: RepositoryId,
    pub(crate) repository: String,
    pub(crate) commit_sha: String,
}

impl DeploymentManifest {
    /// What was drafted, before it stands in the GitOps repository.
    pub(crate) fn new(
        id: ManifestId,
        meta: Meta,
        subject: Subject<'_>,
        draft: &Draft,
        rank: i64,
    ) -> Self {
        let (status, objects, findings) = match &draft.content {
            Ok(content) => (
                ManifestStatus::Rendering,
                content.objects.clone(),
                Vec::new(),
            ),
            Err(findings) => (ManifestStatus::Failed, Vec::new(), findings.clone()),
        };
        Self {
            id,
            meta,
            release_id: subject.release.id,
            release_name: subject.release.name.clone(),
            version: subject.release.version.clone(),
            release_digest: subject.release.content_digest.clone(),
            environment_id: subject.environment.id,
            environment: subject.environment.name.clone(),
            module: subject.item.module.id.clone(),
            repository_id: subject.item.repository_id,
            source_commit: subject.item.commit_sha.clone(),
            status,
            findings,
            objects,
            content_digest: draft.digest.clone(),
            overlay: draft.overlay,
            gitops_repository_id: None,
            gitops_repository: None,
            commit_sha: None,
            path: subject.path(),
            rank,
        }
    }

    /// Whether it is what the release means now: the newest content, for what the release covers.
    pub(crate) fn is_current(&self, release: &ReleaseView, highest: i64) -> bool {
        self.rank == highest && self.release_digest == release.content_digest
    }

    /// It is the newest content again: told to all once more, when it stands in the repository.
    pub(crate) fn renew(
        &mut self,
        release: &ReleaseView,
        rank: i64,
    ) -> Option<DeploymentManifestRendered> {
        self.rank = rank;
        self.release_digest.clone_from(&release.content_digest);
        self.rendered()
    }

    /// It stands in the GitOps repository.
    pub(crate) fn stands(&mut self, carrier: Carrier) -> Option<DeploymentManifestRendered> {
        if self.status != ManifestStatus::Rendering {
            return None;
        }
        self.status = ManifestStatus::Rendered;
        self.gitops_repository_id = Some(carrier.repository_id);
        self.gitops_repository = Some(carrier.repository);
        self.commit_sha = Some(carrier.commit_sha);
        self.rendered()
    }

    /// What others learn of it; nothing before it stands in the repository.
    fn rendered(&self) -> Option<DeploymentManifestRendered> {
        let view = self.view()?;
        Some(DeploymentManifestRendered {
            manifest_id: view.id,
            release_id: view.release_id,
            version: self.version.clone(),
            environment_id: view.environment_id,
            environment: self.environment.clone(),
            module: view.module,
            content_digest: view.content_digest,
            gitops_repository_id: view.gitops_repository_id,
            gitops_repository: view.gitops_repository,
            commit_sha: view.commit_sha,
            path: view.path,
            objects: u32::try_from(self.objects.len()).unwrap_or(u32::MAX),
            configuration: self.configuration(),
        })
    }

    /// Settings of all objects, the first so many.
    fn configuration(&self) -> BTreeMap<String, String> {
        let settings = self.objects.iter().flat_map(|object| &object.settings);
        let settings = settings.map(|(key, digest)| (key.clone(), digest.clone()));
        settings.take(MAX_SETTINGS).collect()
    }

    /// What other services know of it; nothing before it stands in the repository.
    pub(crate) fn view(&self) -> Option<ManifestView> {
        if self.status != ManifestStatus::Rendered {
            return None;
        }
        Some(ManifestView {
            id: self.id,
            release_id: self.release_id,
            environment_id: self.environment_id,
            module: self.module.clone(),
            content_digest: self.content_digest.clone(),
            gitops_repository_id: self.gitops_repository_id?,
            gitops_repository: self.gitops_repository.clone()?,
            commit_sha: self.commit_sha.clone()?,
            path: self.path.clone(),
        })
    }
}

/// The newest of the manifests, each with its module: what a release means for an environment.
pub(crate) fn newest<'m>(
    manifests: impl IntoIterator<Item = &'m DeploymentManifest>,
) -> Vec<&'m DeploymentManifest> {
    let mut newest: std::collections::BTreeMap<&str, &DeploymentManifest> =
        std::collections::BTreeMap::new();
    for manifest in manifests {
        let known = newest.entry(&manifest.module).or_insert(manifest);
        if (manifest.rank, manifest.id) > (known.rank, known.id) {
            *known = manifest;
        }
    }
    newest.into_values().collect()
}

/// Files of a manifest as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) files: Vec<ManifestFile>,
}

#[cfg(test)]
mod tests;
