//! What Git declares: the files of a folder at a commit.

use std::collections::BTreeMap;

use sluice_deployment_target::{DeclaredObject, declare};
use sluice_git_host::{Oid, RepoPath};
use sluice_kernel::ContentDigest;

use super::{GitOpsSyncs, Result};
use crate::{GitOpsSyncError, GitOpsSyncState};

/// The description of a rendered manifest, which is no object.
const DESCRIPTION: &str = "manifest.json";

/// The manifests of a folder, not yet read.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    commit: Oid,
    /// Full paths, by the path in the folder.
    files: BTreeMap<String, String>,
    /// Equal for equal files.
    pub(super) fingerprint: String,
}

pub(super) fn repository(state: &GitOpsSyncState) -> Result<RepoPath> {
    let meta = &state.meta;
    let (tenant, project) = (meta.tenant_id.as_str(), meta.project_id.as_str());
    Ok(RepoPath::new(tenant, project, &state.gitops_repository)?)
}

fn is_manifest(path: &str) -> bool {
    let ends = |end: &str| path.ends_with(end);
    path != DESCRIPTION && (ends(".yaml") || ends(".yml") || ends(".json"))
}

impl GitOpsSyncs {
    /// The folder at a commit; without files when there is none.
    pub(super) async fn folder(&self, repo: &RepoPath, commit: Oid, path: &str) -> Result<Folder> {
        let max = self.settings.max_files;
        let all = self.git.list_files(repo, &commit, max).await?;
        // A list that was cut would read as objects that are no longer declared.
        if all.len() >= max {
            return Err(GitOpsSyncError::TooManyFiles { max });
        }
        let prefix = format!("{path}/");
        let mut files = BTreeMap::new();
        let mut parts = Vec::new();
        for file in &all {
            let Some(inner) = file.path.strip_prefix(&prefix).filter(|p| is_manifest(p)) else {
                continue;
            };
            files.insert(inner.to_owned(), file.path.clone());
            parts.push(format!("{inner} {}", file.oid));
        }
        parts.sort();
        let fingerprint = ContentDigest::of_parts(parts.iter().map(String::as_bytes));
        Ok(Folder {
            commit,
            files,
            fingerprint: fingerprint.to_string(),
        })
    }

    /// The objects that the folder declares.
    ///
    /// # Errors
    /// [`GitOpsSyncError::Manifest`] when what stands there is not deployable.
    pub(super) async fn declared(
        &self,
        repo: &RepoPath,
        folder: &Folder,
    ) -> Result<Vec<DeclaredObject>> {
        let max = self.limits.max_total_bytes as u64;
        let mut texts = BTreeMap::new();
        let mut total = 0;
        for (inner, path) in &folder.files {
            let read = self.git.read_file(repo, &folder.commit, path, max).await?;
            let bytes = read.map(|file| file.bytes).unwrap_or_default();
            total += bytes.len() as u64;
            if total > max {
                return Err(invalid(inner, "the folder's manifests are too large"));
            }
            let text = String::from_utf8(bytes.to_vec());
            let text = text.map_err(|_| invalid(inner, "not UTF-8 text"))?;
            texts.insert(inner.clone(), text);
        }
        declare(&texts, &self.limits).map_err(|source| GitOpsSyncError::Manifest { source })
    }
}

fn invalid(file: &str, rule: &str) -> GitOpsSyncError {
    GitOpsSyncError::Manifest {
        source: sluice_deployment_target::TargetError::InvalidManifest {
            file: file.to_owned(),
            line: None,
            rule: rule.to_owned(),
        },
    }
}
