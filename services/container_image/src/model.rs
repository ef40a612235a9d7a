//! The ContainerImage aggregate: pure, without store or registry.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sluice_kernel::{Meta, text_enum};
use sluice_schema::{
    BuildId, ErrorCode, EventId, ImageId, RepositoryId,
    events::{ContainerImageBuilt, ContainerImageFailed, ReleaseArtifact},
};

use crate::Unbuildable;

/// The name of the registry on this server's disk.
pub const LOCAL: &str = "local";

text_enum! {
    /// Where an image is in its life.
    ImageStatus {
        /// Announced; the registry does not have it yet.
        Pending = "PENDING",
        /// It can be pulled.
        Built = "BUILT",
        /// It could not be built or pushed.
        Failed = "FAILED",
    }
}

/// What is being built, while somebody is at it or will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The image to build upon, as it was asked for.
    pub base: Option<String>,
    /// Tags besides those that every image gets.
    pub tags: Vec<String>,
}

/// What a command asks for; an absent base means the one that the image has, or its module names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) base: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// The container image of a build in a repository of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerImage {
    /// Its id.
    pub id: ImageId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// [`LOCAL`], or host and port.
    pub registry: String,
    /// Name below tenant and project in the registry.
    pub name: String,
    /// The build that it holds files of.
    pub build_id: BuildId,
    /// The repository of that build.
    pub repository_id: RepositoryId,
    /// The commit of that build.
    pub commit_sha: String,
    /// Where it is in its life.
    pub status: ImageStatus,
    /// The error code, when it failed or could not be rebuilt.
    pub code: Option<ErrorCode>,
    /// Why it failed or could not be rebuilt.
    pub reason: Option<String>,
    /// What is being built; absent once nothing is left to do.
    pub wanted: Option<Wanted>,
    /// When that is taken up, by whoever is free then.
    pub due_at: Option<DateTime<Utc>>,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// The image that it stands on, as it was asked for.
    pub base: Option<String>,
    /// The digest of that image.
    pub base_digest: Option<String>,
    /// Tags that commands asked for.
    pub requested_tags: Vec<String>,
    /// `sha256:<hex>` of its manifest: its identity.
    pub digest: Option<String>,
    /// `<repository>@<digest>`, with the registry in front unless it is [`LOCAL`].
    pub reference: Option<String>,
    /// Tags that pointed at it when it was built; `latest` and that of the commit move on.
    pub tags: Vec<String>,
    /// Bytes of its manifest, configuration and layers.
    pub size: u64,
    /// Digest of its configuration.
    pub config_digest: Option<String>,
    /// Digests of its layers, the lowest first.
    pub layers: Vec<String>,
    /// Digest of the attached bill of materials.
    pub sbom_digest: Option<String>,
    /// Digest of the attached provenance.
    pub provenance_digest: Option<String>,
    /// When it was last built.
    pub built_at: Option<DateTime<Utc>>,
    /// The event that asked for it first.
    pub caused_by: Option<EventId>,
}

/// What the registry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pushed {
    pub(crate) digest: String,
    pub(crate) reference: String,
    pub(crate) tags: Vec<String>,
    pub(crate) size: u64,
    pub(crate) config_digest: String,
    pub(crate) layers: Vec<String>,
    pub(crate) base_digest: Option<String>,
    pub(crate) sbom_digest: String,
    pub(crate) provenance_digest: String,
}

impl ContainerImage {
    /// Whether nothing is left to do.
    pub(crate) fn is_settled(&self) -> bool {
        self.wanted.is_none()
    }

    /// Whether it is, or is becoming, what is asked for.
    pub(crate) fn satisfies(&self, asked: &Asked) -> bool {
        let (base, tags) = match &self.wanted {
            Some(wanted) => (&wanted.base, &wanted.tags),
            None if self.status == ImageStatus::Built => (&self.base, &self.requested_tags),
            None => return false,
        };
        let same_base = asked.base.is_none() || asked.base == *base;
        same_base && asked.tags.iter().all(|tag| tags.contains(tag))
    }

    /// Begins to build what is asked for. One that is built stays so until the new one is there.
    pub(crate) fn begin(&mut self, asked: &Asked, due_at: DateTime<Utc>) {
        let mut tags = match self.status {
            ImageStatus::Built => self.requested_tags.clone(),
            // Tags may be why it failed.
            ImageStatus::Pending | ImageStatus::Failed => Vec::new(),
        };
        let more = asked.tags.iter().filter(|tag| !tags.contains(tag));
        let more: Vec<String> = more.cloned().collect();
        tags.extend(more);
        self.wanted = Some(Wanted {
            base: asked.base.clone().or_else(|| self.base.clone()),
            tags,
        });
        self.due_at = Some(due_at);
        self.attempts = 0;
        self.code = None;
        self.reason = None;
        if self.status == ImageStatus::Failed {
            self.status = ImageStatus::Pending;
        }
    }

    /// The registry has it: it may be announced.
    pub(crate) fn built(&mut self, pushed: Pushed, now: DateTime<Utc>) -> ContainerImageBuilt {
        if let Some(wanted) = self.wanted.take() {
            self.base = wanted.base;
            self.requested_tags = wanted.tags;
        }
        self.status = ImageStatus::Built;
        self.due_at = None;
        self.attempts = 0;
        self.code = None;
        self.reason = None;
        self.built_at = Some(now);
        self.base_digest = pushed.base_digest;
        self.digest = Some(pushed.digest.clone());
        self.reference = Some(pushed.reference.clone());
        self.tags = pushed.tags;
        self.size = pushed.size;
        self.config_digest = Some(pushed.config_digest);
        self.layers = pushed.layers;
        self.sbom_digest = Some(pushed.sbom_digest);
        self.provenance_digest = Some(pushed.provenance_digest);
        ContainerImageBuilt {
            image_id: self.id,
            registry: self.registry.clone(),
            name: self.name.clone(),
            build_id: self.build_id,
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            digest: pushed.digest,
            reference: pushed.reference,
            tags: self.tags.clone(),
            size: self.size,
            sbom_digest: self.sbom_digest.clone(),
            provenance_digest: self.provenance_digest.clone(),
        }
    }

    /// It cannot be built. One that was built before stays as it is, and nobody needs to know.
    pub(crate) fn failed(&mut self, why: &Unbuildable) -> Option<ContainerImageFailed> {
        let wanted = self.wanted.take();
        self.due_at = None;
        self.code = Some(why.code);
        self.reason = Some(why.reason.clone());
        if self.status == ImageStatus::Built {
            return None;
        }
        // What was asked for is asked for again when somebody tries again.
        self.base = wanted.and_then(|wanted| wanted.base);
        self.status = ImageStatus::Failed;
        Some(ContainerImageFailed {
            image_id: self.id,
            registry: self.registry.clone(),
            name: self.name.clone(),
            build_id: self.build_id,
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            code: why.code.as_str().to_owned(),
            reason: why.reason.clone(),
        })
    }

    /// Why it failed, or could not be rebuilt as was asked for last.
    pub(crate) fn failure(&self) -> Option<Unbuildable> {
        let reason = self.reason.clone().unwrap_or_default();
        Some(Unbuildable::new(self.code?, reason))
    }

    /// As releases know it.
    pub(crate) fn artifact(&self) -> ReleaseArtifact {
        let state = match self.status {
            ImageStatus::Pending => "PENDING",
            ImageStatus::Built => "READY",
            ImageStatus::Failed => "FAILED",
        };
        let failed = self.status == ImageStatus::Failed;
        ReleaseArtifact {
            kind: "IMAGE".to_owned(),
            id: Some(self.id.to_string()),
            name: self.name.clone(),
            state: state.to_owned(),
            reference: self.reference.clone(),
            digest: self.digest.clone(),
            reason: self.reason.clone().filter(|_| failed),
        }
    }
}

#[cfg(test)]
mod tests;
