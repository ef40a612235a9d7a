//! The PackagePublication aggregate: pure, without store or provider.

use chrono::{DateTime, Utc};
use semver::{Prerelease, Version};
use sluice_kernel::{Meta, text_enum};
use sluice_package_feed::PackageVersion;
use sluice_schema::{
    BuildId, ErrorCode, PackageId, RepositoryId,
    events::{PackagePublicationFailed, PackagePublished, ReleaseArtifact},
};

use crate::Unpublishable;

text_enum! {
    /// Where a publication is in its life.
    PackageStatus {
        /// Announced; the feed has not confirmed it.
        Pending = "PENDING",
        /// It can be installed.
        Published = "PUBLISHED",
        /// It could not be published; its version is free again.
        Failed = "FAILED",
    }
}

text_enum! {
    /// Where a package came from.
    Origin {
        /// It was made of a build.
        Build = "BUILD",
        /// A client pushed it.
        Push = "PUSH",
    }
}

/// A version of a package in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePublication {
    /// Its id.
    pub id: PackageId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// Name of the feed: the project.
    pub feed: String,
    /// Id of the package in the feed.
    pub name: String,
    /// Its normalised version.
    pub version: String,
    /// The version that its module asked for.
    pub base_version: String,
    /// Whether the version was chosen here, so that a taken one gives way to the next.
    pub automatic: bool,
    /// Where it came from.
    pub origin: Origin,
    /// The build that it holds files of.
    pub build_id: Option<BuildId>,
    /// The repository of that build.
    pub repository_id: Option<RepositoryId>,
    /// The commit of that build.
    pub commit_sha: Option<String>,
    /// Where it is in its life.
    pub status: PackageStatus,
    /// The error code, when it failed.
    pub code: Option<ErrorCode>,
    /// Why it failed.
    pub reason: Option<String>,
    /// How often it was tried, from 1.
    pub attempts: u32,
    /// `sha256:<hex>` of the `.nupkg`, once it is known.
    pub digest: Option<String>,
    /// Base64 of the SHA-512 of the `.nupkg`, once it is known.
    pub sha512: Option<String>,
    /// Bytes of the `.nupkg`.
    pub size: u64,
    /// Files that it holds, when it was made of a build.
    pub files: u32,
    /// Whether searches of the feed find it.
    pub listed: bool,
    /// When it came into the feed.
    pub published_at: Option<DateTime<Utc>>,
}

/// What the feed holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) digest: String,
    pub(crate) sha512: String,
    pub(crate) size: u64,
}

impl PackagePublication {
    /// The feed has it: it may be announced.
    pub(crate) fn published(&mut self, stored: Stored, now: DateTime<Utc>) -> PackagePublished {
        self.status = PackageStatus::Published;
        self.code = None;
        self.reason = None;
        self.digest = Some(stored.digest.clone());
        self.sha512 = Some(stored.sha512.clone());
        self.size = stored.size;
        self.published_at = Some(now);
        PackagePublished {
            package_id: self.id,
            feed: self.feed.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            build_id: self.build_id,
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            digest: stored.digest,
            sha512: stored.sha512,
            size: stored.size,
        }
    }

    /// It cannot be published.
    pub(crate) fn failed(&mut self, why: &Unpublishable) -> PackagePublicationFailed {
        self.status = PackageStatus::Failed;
        self.code = Some(why.code);
        self.reason = Some(why.reason.clone());
        PackagePublicationFailed {
            package_id: self.id,
            feed: self.feed.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            build_id: self.build_id,
            repository_id: self.repository_id,
            commit_sha: self.commit_sha.clone(),
            code: why.code.as_str().to_owned(),
            reason: why.reason.clone(),
        }
    }

    /// Tries again what failed, under this version.
    pub(crate) fn retry(&mut self, version: String, automatic: bool) {
        self.status = PackageStatus::Pending;
        self.code = None;
        self.reason = None;
        self.version = version;
        self.automatic = automatic;
        self.attempts += 1;
    }

    /// Why it failed, when it did.
    pub(crate) fn failure(&self) -> Option<Unpublishable> {
        (self.status == PackageStatus::Failed).then(|| {
            Unpublishable::new(
                self.code.unwrap_or(ErrorCode::Internal),
                self.reason.clone().unwrap_or_default(),
            )
        })
    }

    /// As releases know it.
    pub(crate) fn artifact(&self) -> ReleaseArtifact {
        let ready = self.status == PackageStatus::Published;
        let state = match self.status {
            PackageStatus::Pending => "PENDING",
            PackageStatus::Published => "READY",
            PackageStatus::Failed => "FAILED",
        };
        ReleaseArtifact {
            kind: "PACKAGE".to_owned(),
            id: Some(self.id.to_string()),
            name: self.name.clone(),
            state: state.to_owned(),
            reference: ready.then(|| self.version.clone()),
            digest: self.digest.clone().filter(|_| ready),
            reason: self.reason.clone(),
        }
    }
}

/// The `n`th version that a build of `base` is published as: `base` itself first, then
/// pre-releases of the next patch, so that a build of an unchanged version sorts behind what was
/// released and before what is to come.
pub(crate) fn candidate(base: &Version, n: u64) -> String {
    let mut version = base.clone();
    version.build = semver::BuildMetadata::EMPTY;
    if n == 0 {
        return version.to_string();
    }
    let label = if base.pre.is_empty() {
        version.patch += 1;
        format!("build.{n}")
    } else {
        format!("{}.build.{n}", base.pre)
    };
    version.pre = Prerelease::new(&label).unwrap_or(Prerelease::EMPTY);
    version.to_string()
}

/// What versions are compared by: normalised, case aside.
pub(crate) fn version_key(version: &PackageVersion) -> String {
    version.key()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_one_version_sort_between_it_and_the_next() {
        let base = "1.2.3+meta".parse().unwrap();
        let names: Vec<String> = (0..12).map(|n| candidate(&base, n)).collect();
        assert_eq!(names[0], "1.2.3");
        assert_eq!(names[1], "1.2.4-build.1");
        let versions: Vec<PackageVersion> = names.iter().map(|n| n.parse().unwrap()).collect();
        assert!(versions.is_sorted(), "{versions:?}");
        assert!(versions[11] < "1.2.4".parse().unwrap());
        let pre = "2.0.0-rc.1".parse().unwrap();
        assert_eq!(candidate(&pre, 2), "2.0.0-rc.1.build.2");
    }
}
