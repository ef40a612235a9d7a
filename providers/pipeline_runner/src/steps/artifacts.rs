//! Artifacts: published by one job, downloaded by later ones.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::{Copied, Copy, blocking, inside, target_folder};
use crate::glob::{Patterns, walk};
use crate::plan::DownloadTarget;
use crate::port::PublishedArtifact;
use crate::run::{Session, StepEnd};

const MAX_ARTIFACTS: usize = 500;

/// `publish`: the name must be new in the run.
pub(super) async fn publish(
    session: &mut Session<'_>,
    path: &str,
    artifact: &str,
) -> Result<(), StepEnd> {
    let path = session.path(&session.expand(path)?);
    let name = session.expand(artifact)?;
    let claimed = check_name(&name).and_then(|()| {
        session.run.collected(|collected| {
            if collected.artifact_names.len() >= MAX_ARTIFACTS {
                return Err(format!("a run has at most {MAX_ARTIFACTS} artifacts"));
            }
            if collected.artifact_names.insert(name.to_lowercase()) {
                return Ok(());
            }
            Err(format!("the artifact {name} exists already"))
        })
    });
    claimed.map_err(failed)?;
    match store(session, path, &name).await {
        Ok(copied) => {
            let text = format!(
                "Published {} file(s), {} bytes, as {name}.",
                copied.files, copied.bytes
            );
            session.say(&text).await;
            Ok(())
        }
        Err(error) => {
            // A second try may use the name again.
            session
                .run
                .collected(|collected| collected.artifact_names.remove(&name.to_lowercase()));
            Err(failed(error))
        }
    }
}

/// `##vso[artifact.upload]`: adds to the artifact when it exists.
pub(super) async fn upload(
    session: &mut Session<'_>,
    path: &str,
    artifact: &str,
) -> Result<(), String> {
    check_name(artifact)?;
    let path = session.path(path);
    let full = session.run.collected(|collected| {
        collected.artifact_names.insert(artifact.to_lowercase());
        collected.artifact_names.len() > MAX_ARTIFACTS
    });
    if full {
        return Err(format!("a run has at most {MAX_ARTIFACTS} artifacts"));
    }
    store(session, path, artifact).await.map(drop)
}

fn failed(error: String) -> StepEnd {
    StepEnd::failed(error)
}

fn check_name(name: &str) -> Result<(), String> {
    const FORBIDDEN: &[char] = &[
        '\\', '/', '"', ':', '<', '>', '|', '*', '?', '\0', '\n', '\r',
    ];
    let dots = name.trim_matches('.').is_empty();
    if dots || name.len() > 200 || name.contains(FORBIDDEN) || name.trim() != name {
        return Err(format!("`{name}` is not a name of an artifact"));
    }
    Ok(())
}

async fn store(session: &Session<'_>, path: PathBuf, name: &str) -> Result<Copied, String> {
    let dir = session.run.layout.folder("artifacts").join(name);
    let (root, quota) = (session.run.layout.root.clone(), session.run.quota.clone());
    let target = dir.clone();
    let copied = blocking(move |stop| {
        let files = sources(&path, &root)?;
        fs::create_dir_all(&target)
            .map_err(|error| format!("the artifact cannot be stored: {error}"))?;
        let quota = Some(quota.as_ref());
        Copy {
            root: &root,
            target: &target,
            quota,
            overwrite: true,
            stop,
        }
        .all(&files)
    })
    .await?;
    let job_id = session.step.job_id.clone();
    session.run.collected(|collected| {
        let artifact = collected.artifacts.entry(name.to_owned());
        let artifact = artifact.or_insert_with(|| PublishedArtifact {
            name: name.to_owned(),
            dir,
            files: 0,
            bytes: 0,
            job_id,
        });
        artifact.files += copied.files;
        artifact.bytes += copied.bytes;
    });
    Ok(copied)
}

/// A file by its name, or all files of a folder.
fn sources(path: &Path, root: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let real = inside(path, root)?;
    if real.is_dir() {
        return walk(&real);
    }
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(vec![(name.unwrap_or_default(), real)])
}

/// `download: current`.
pub(super) async fn download(
    session: &mut Session<'_>,
    artifact: Option<&str>,
    patterns: Option<&str>,
    target: &DownloadTarget,
) -> Result<(), StepEnd> {
    let wanted = artifact.map(|name| session.expand(name)).transpose()?;
    let known: Vec<PublishedArtifact> = session
        .run
        .collected(|collected| collected.artifacts.values().cloned().collect());
    let matching = |known: &PublishedArtifact| {
        wanted
            .as_ref()
            .is_none_or(|wanted| known.name.eq_ignore_ascii_case(wanted))
    };
    let chosen: Vec<PublishedArtifact> = known.into_iter().filter(matching).collect();
    if let Some(wanted) = wanted.filter(|_| chosen.is_empty()) {
        return Err(StepEnd::failed(format!("there is no artifact {wanted}")));
    }
    let patterns = patterns.map(|text| session.expand(text)).transpose()?;
    let patterns = patterns
        .map(|text| Patterns::new(&text, Path::new("/")))
        .transpose();
    let patterns = patterns.map_err(failed)?;
    for artifact in chosen {
        let folder = match target {
            DownloadTarget::Direct(path) => session.path(&session.expand(path)?),
            DownloadTarget::PerArtifact(path) => {
                let base = match path {
                    Some(path) => session.path(&session.expand(path)?),
                    None => session.job.dirs.root.clone(),
                };
                base.join(&artifact.name)
            }
        };
        let copied = fetch(session, &artifact, folder.clone(), patterns.clone()).await;
        let copied = copied.map_err(failed)?;
        let text = format!("Downloaded {} file(s) of {}.", copied.files, artifact.name);
        session.say(&text).await;
    }
    Ok(())
}

async fn fetch(
    session: &Session<'_>,
    artifact: &PublishedArtifact,
    folder: PathBuf,
    patterns: Option<Patterns>,
) -> Result<Copied, String> {
    let (dir, name) = (artifact.dir.clone(), artifact.name.clone());
    let (root, workspace) = (
        session.run.layout.root.clone(),
        session.job.dirs.root.clone(),
    );
    blocking(move |stop| {
        let mut files = walk(&dir)?;
        if let Some(patterns) = patterns {
            // Patterns may begin with the name of the artifact, as they must for several.
            files.retain(|(path, _)| {
                patterns.matches(path) || patterns.matches(&format!("{name}/{path}"))
            });
        }
        let target = target_folder(&folder, &workspace)?;
        Copy {
            root: &root,
            target: &target,
            quota: None,
            overwrite: true,
            stop,
        }
        .all(&files)
    })
    .await
}
