//! From what a build left to what a package holds. Pure.

use sluice_package_feed::{PackageId as FeedId, PackageMetadata, PackageVersion, SourceRepository};
use sluice_schema::{
    ErrorCode,
    events::{BuildCompleted, ModuleDescription, ModulePackage, PublishedArtifact},
};

use crate::Unpublishable;

/// Folders that have a meaning for NuGet clients; files in them stay where they are.
const OWN_FOLDERS: &[&str] = &[
    "analyzers",
    "build",
    "buildTransitive",
    "content",
    "contentFiles",
    "lib",
    "native",
    "ref",
    "runtimes",
    "tools",
];

/// What of a build is published, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publishable<'a> {
    pub(crate) module: &'a ModuleDescription,
    pub(crate) package: &'a ModulePackage,
}

/// The package that the build makes.
pub(crate) fn publishable(build: &BuildCompleted) -> Result<Publishable<'_>, Unpublishable> {
    if build.status != "SUCCEEDED" {
        let reason = format!(
            "the build ended as {}: only a successful one is published",
            build.status
        );
        return Err(Unpublishable::precondition(reason));
    }
    let module = build.module.as_ref().ok_or_else(|| {
        Unpublishable::precondition("the build does not say which module it built")
    })?;
    let package = module.package.as_ref().ok_or_else(|| {
        Unpublishable::precondition(format!("the module {} makes no package", module.id))
    })?;
    Ok(Publishable { module, package })
}

/// The package's id in a feed: `@acme/web` becomes `acme.web`, since feeds know no scopes.
pub(crate) fn feed_id(name: &str) -> Result<FeedId, Unpublishable> {
    name.trim_start_matches('@')
        .replace('/', ".")
        .parse()
        .map_err(|error: sluice_package_feed::PackageFeedError| {
            Unpublishable::new(ErrorCode::InvalidInput, format!("the package's {error}"))
        })
}

/// The files of the build that the package holds.
pub(crate) fn files<'a>(
    build: &'a BuildCompleted,
    package: &ModulePackage,
) -> Result<Vec<&'a PublishedArtifact>, Unpublishable> {
    let named = |artifact: &&PublishedArtifact| artifact.name == package.artifact;
    let files: Vec<_> = build.artifacts.iter().filter(named).collect();
    if files.is_empty() {
        let reason = format!(
            "the build has no files in its artifact '{}'",
            package.artifact
        );
        return Err(Unpublishable::precondition(reason));
    }
    if let Some(file) = files.iter().find(|file| file.blob.key.contains("://")) {
        let reason = format!("the file {} is kept outside of this server", file.path);
        return Err(Unpublishable::precondition(reason));
    }
    Ok(files)
}

/// Where a build's file is in the package.
pub(crate) fn path_in_package(path: &str) -> String {
    let first = path.split_once('/').map(|(first, _)| first);
    let own = |folder: &str| {
        OWN_FOLDERS
            .iter()
            .any(|own| own.eq_ignore_ascii_case(folder))
    };
    if first.is_some_and(own) {
        path.to_owned()
    } else {
        format!("content/{path}")
    }
}

/// What the package says about itself.
pub(crate) fn metadata(
    id: FeedId,
    version: PackageVersion,
    build: &BuildCompleted,
    module: &ModuleDescription,
    source: Option<&str>,
    owner: &str,
) -> PackageMetadata {
    let mut metadata = PackageMetadata::new(id, version);
    metadata.title = Some(module.name.chars().take(256).collect());
    metadata.description = format!(
        "{} ({}, {}), version {}, built from commit {}",
        module.name, module.kind, module.stack, module.version, build.commit_sha
    );
    metadata.authors = vec![owner.to_owned()];
    metadata.tags = vec![module.id.clone(), module.kind.clone(), module.stack.clone()];
    metadata.repository = source.map(|url| SourceRepository {
        kind: "git".to_owned(),
        url: url.to_owned(),
        branch: Some(build.branch.clone()),
        commit: Some(build.commit_sha.clone()),
    });
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_build_are_content_unless_their_folder_means_something() {
        assert_eq!(path_in_package("app.tgz"), "content/app.tgz");
        assert_eq!(path_in_package("src/app.js"), "content/src/app.js");
        assert_eq!(path_in_package("lib/net8.0/A.dll"), "lib/net8.0/A.dll");
        assert_eq!(path_in_package("Content/x"), "Content/x");
        assert_eq!(path_in_package("lib"), "content/lib");
    }

    #[test]
    fn names_of_other_ecosystems_become_ids_or_are_refused() {
        assert_eq!(feed_id("@acme/web").unwrap().as_str(), "acme.web");
        assert_eq!(feed_id("greeter-node").unwrap().as_str(), "greeter-node");
        let refused = feed_id("a--b").unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput);
    }
}
