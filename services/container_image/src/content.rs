//! From what a build left to what an image holds. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use sluice_image_registry::{
    BaseImage, ImageFile, ImageName, ImageRepository, ImageSpec, Limits, Reference,
};
use sluice_kernel::Meta;
use sluice_schema::{
    ErrorCode,
    events::{BuildCompleted, ModuleDescription, ModuleImage, PublishedArtifact},
};

use crate::Unbuildable;

/// Where the module's files are in the image.
pub(crate) const TARGET: &str = "/app";
/// Nobody in particular, and not the superuser: clusters that forbid that one take the image.
const USER: &str = "65532:65532";

/// What of a build becomes an image, and what kind of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Buildable<'a> {
    pub(crate) module: &'a ModuleDescription,
    pub(crate) image: &'a ModuleImage,
}

/// The image that the build makes.
pub(crate) fn buildable(build: &BuildCompleted) -> Result<Buildable<'_>, Unbuildable> {
    if build.status != "SUCCEEDED" {
        let reason = format!(
            "the build ended as {}: only a successful one becomes an image",
            build.status
        );
        return Err(Unbuildable::precondition(reason));
    }
    let module = build
        .module
        .as_ref()
        .ok_or_else(|| Unbuildable::precondition("the build does not say which module it built"))?;
    let image = module.image.as_ref().ok_or_else(|| {
        Unbuildable::precondition(format!("the module {} makes no image", module.id))
    })?;
    Ok(Buildable { module, image })
}

/// The files of the build that the image holds, within the limits.
pub(crate) fn files<'a>(
    build: &'a BuildCompleted,
    image: &ModuleImage,
    limits: &Limits,
) -> Result<Vec<&'a PublishedArtifact>, Unbuildable> {
    let named = |artifact: &&PublishedArtifact| artifact.name == image.artifact;
    let files: Vec<_> = build.artifacts.iter().filter(named).collect();
    if files.is_empty() {
        let reason = format!(
            "the build has no files in its artifact '{}'",
            image.artifact
        );
        return Err(Unbuildable::precondition(reason));
    }
    if let Some(file) = files.iter().find(|file| file.blob.key.contains("://")) {
        let reason = format!("the file {} is kept outside of this server", file.path);
        return Err(Unbuildable::precondition(reason));
    }
    let sizes = files.iter().map(|file| file.blob.size);
    let size = sizes.fold(0_u64, u64::saturating_add);
    if files.len() > limits.max_files || size > limits.max_image_bytes {
        let (count, bytes) = (limits.max_files, limits.max_image_bytes);
        let reason = format!("an image holds at most {count} files and {bytes} bytes");
        return Err(Unbuildable::new(ErrorCode::LimitExceeded, reason));
    }
    Ok(files)
}

/// `name:tag` or `name@sha256:<hex>`.
pub(crate) fn parse_base(text: &str) -> Option<(ImageName, Reference)> {
    let (name, reference) = match text.split_once('@') {
        Some((name, digest)) => (name, Reference::Digest(digest.parse().ok()?)),
        None => {
            let (name, tag) = text.split_once(':')?;
            (name, Reference::Tag(tag.parse().ok()?))
        }
    };
    Some((name.parse().ok()?, reference))
}

/// Where images of that name live.
pub(crate) fn repository_of(meta: &Meta, name: &str) -> Result<ImageRepository, Unbuildable> {
    let name = name
        .parse()
        .map_err(|error| Unbuildable::new(ErrorCode::InvalidInput, format!("the {error}")))?;
    Ok(ImageRepository {
        tenant: meta.tenant_id.clone(),
        project: meta.project_id.clone(),
        name,
    })
}

/// What decides the image's bytes. Nothing of it depends on which build of the commit it was, or
/// on when: two builds of the same commit that leave the same files make the same image.
pub(crate) fn spec(
    what: &Buildable<'_>,
    commit_sha: &str,
    committed: DateTime<Utc>,
    source: &str,
    files: Vec<ImageFile>,
    base: Option<BaseImage>,
) -> ImageSpec {
    let (module, image) = (what.module, what.image);
    let entrypoint = entrypoint(&image.entrypoint, &files);
    let mut spec = ImageSpec::new(files, committed);
    spec.target = TARGET.to_owned();
    spec.entrypoint = entrypoint;
    spec.env.clone_from(&image.environment);
    let ports = module.ports.iter().chain(&image.port);
    spec.exposed_ports = ports.map(|port| format!("{port}/tcp")).collect();
    spec.user = Some(USER.to_owned());
    spec.base = base;
    let created = committed.to_rfc3339_opts(SecondsFormat::Secs, true);
    spec.labels = labels(&[
        ("org.opencontainers.image.title", &module.name),
        ("org.opencontainers.image.version", &module.version),
        ("org.opencontainers.image.revision", commit_sha),
        ("org.opencontainers.image.source", source),
        ("org.opencontainers.image.created", &created),
        ("sluice.module", &module.id),
    ]);
    spec.annotations = labels(&[
        ("org.opencontainers.image.version", &module.version),
        ("org.opencontainers.image.revision", commit_sha),
        ("org.opencontainers.image.created", &created),
    ]);
    spec
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    pairs
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// The program with its whole path when it is one of the files: `run` and `./run` are `/app/run`.
fn entrypoint(given: &[String], files: &[ImageFile]) -> Vec<String> {
    let mut entrypoint = given.to_vec();
    if let Some(program) = entrypoint.first_mut()
        && let Some(path) = own_file(program, files.iter().map(|file| file.path.as_str()))
    {
        *program = format!("{TARGET}/{path}");
    }
    entrypoint
}

fn own_file<'a>(program: &str, mut paths: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let inside = program
        .strip_prefix(TARGET)
        .and_then(|rest| rest.strip_prefix('/'))
        .or_else(|| program.strip_prefix("./"))
        .unwrap_or(program);
    paths.find(|path| *path == inside)
}

/// Whether a file is to be executable: artifacts do not keep it. Programs and scripts say what
/// they are in their first bytes; the entry point is one in any case.
pub(crate) fn is_executable(path: &str, beginning: &[u8], image: &ModuleImage) -> bool {
    let started = image
        .entrypoint
        .first()
        .is_some_and(|program| own_file(program, [path].into_iter()).is_some());
    started || beginning.starts_with(b"#!") || beginning.starts_with(b"\x7fELF")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(entrypoint: &[&str]) -> ModuleImage {
        ModuleImage {
            entrypoint: entrypoint.iter().map(ToString::to_string).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn programs_scripts_and_the_entry_point_are_executable() {
        for program in ["bin/run", "./bin/run", "/app/bin/run"] {
            assert!(is_executable("bin/run", b"", &described(&[program])));
        }
        let node = described(&["node", "src/main.mjs"]);
        assert!(!is_executable("src/main.mjs", b"import", &node));
        assert!(is_executable("tool", b"#!/bin/sh", &node));
        assert!(is_executable("tool", b"\x7fELF\x02", &node));
    }

    #[test]
    fn a_base_names_an_image_of_the_same_registry() {
        assert!(parse_base("node:20").is_some());
        assert!(parse_base(&format!("team/node@sha256:{}", "a".repeat(64))).is_some());
        for bad in [
            "node",
            "docker.io/node:20 ",
            "Node:20",
            "node@20",
            ":20",
            "a/../b:1",
        ] {
            assert!(parse_base(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_program_has_its_whole_path_when_it_is_a_file_of_the_image() {
        let file = ImageFile {
            path: "run".to_owned(),
            content: sluice_image_registry::FileContent::Link("x".to_owned()),
            executable: true,
        };
        let given = |program: &str| {
            entrypoint(
                &[program.to_owned(), "run".to_owned()],
                std::slice::from_ref(&file),
            )
        };
        assert_eq!(given("./run"), ["/app/run", "run"]);
        assert_eq!(given("run"), ["/app/run", "run"]);
        assert_eq!(given("node"), ["node", "run"]);
    }
}
