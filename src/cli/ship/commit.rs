//! From a feature branch to the commit that makes it hold the shipped files.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::cli::client::ClientError;

use super::{
    ShipError, Shipment,
    api::{self, Change, Commits, ServerLimits, TreeFile},
    collect::SourceFile,
    digest::Identity,
    model::{Commit, Repository},
    session::Session,
    source,
};

const AGAIN: Duration = Duration::from_millis(200);
/// Looks at a branch that holds the content, after which its commit needs no record.
const PATIENT_LOOKS: u32 = 50;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CommitInput<'a> {
    repository_id: &'a str,
    branch: &'a str,
    message: &'a str,
    artifact_id: String,
    artifact_content_hash: String,
    expected_head: &'a str,
    changes: &'a [Change],
}

/// The commit that makes a feature branch hold the shipped files.
#[derive(Debug)]
pub(super) struct Committed {
    /// Git object id.
    pub(super) sha: String,
    /// Its record; absent when somebody brought the same files without one.
    pub(super) record: Option<Commit>,
}

/// One commit that makes the branch hold the shipped files and nothing else.
pub(super) async fn write(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
    branch: &str,
) -> Result<Committed, ShipError> {
    let deadline = session.deadline("a commit on an unmoved branch");
    for look in 0_u32.. {
        let head = source::head(session, repository, branch).await?;
        let head = head.ok_or_else(|| ShipError::Inconsistent(format!("no branch {branch}")))?;
        let made = if head.tree_hash == shipment.identity.tree {
            existing(session, shipment, repository, branch).await?
        } else {
            create(session, shipment, repository, branch, &head.commit_sha).await?
        };
        if let Some(commit) = made
            && let Some(sha) = settled(&commit)?
        {
            session.tell("commit", format!("{sha} ({})", commit.id));
            let record = Some(commit);
            return Ok(Committed { sha, record });
        }
        if head.tree_hash == shipment.identity.tree && look >= PATIENT_LOOKS {
            let (sha, record) = (head.commit_sha, None);
            session.tell("commit", format!("{sha} (found on the branch)"));
            return Ok(Committed { sha, record });
        }
        deadline.pause(AGAIN).await?;
    }
    Err(ShipError::Inconsistent(
        "the commit was never written".to_owned(),
    ))
}

/// The commit that brought this content to the branch, once it is recorded.
async fn existing(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
    branch: &str,
) -> Result<Option<Commit>, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Filter<'a> {
        repository_id: &'a str,
        branch: &'a str,
        artifact_id: String,
    }
    #[derive(Serialize)]
    struct Variables<'a> {
        filter: Filter<'a>,
    }
    let artifact_id = shipment.identity.artifact_id();
    let filter = Filter {
        repository_id: &repository.id,
        branch,
        artifact_id,
    };
    let found: Commits = session
        .ask(api::COMMIT_OF_ARTIFACT, Variables { filter })
        .await?;
    Ok(found.commits.first())
}

/// Asks for the commit; `None` when the branch moved since its files were listed.
async fn create(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
    branch: &str,
    expected_head: &str,
) -> Result<Option<Commit>, ShipError> {
    let there = source::files(session, repository, expected_head).await?;
    let changes = changes(&shipment.source.files, shipment.identity, &there);
    let input = CommitInput {
        repository_id: &repository.id,
        branch,
        message: &shipment.message(),
        artifact_id: shipment.identity.artifact_id(),
        artifact_content_hash: shipment.identity.digest.to_string(),
        expected_head,
        changes: &changes,
    };
    check_size(session, &input).await?;
    match session.command(api::CREATE_COMMIT, input).await {
        Ok(commit) => Ok(Some(commit)),
        Err(refusal) if refusal.has("VERSION_CONFLICT") => Ok(None),
        Err(refusal) => Err(refusal.into_error("creating the commit")),
    }
}

// `None` while it is being written.
fn settled(commit: &Commit) -> Result<Option<String>, ShipError> {
    match (commit.status.as_str(), &commit.sha) {
        ("CREATED", Some(sha)) => Ok(Some(sha.clone())),
        ("FAILED", _) => {
            let reason = commit.reason.as_deref().unwrap_or("no reason is known");
            Err(ShipError::Inconsistent(format!(
                "the commit could not be written: {reason}"
            )))
        }
        _ => Ok(None),
    }
}

/// What turns the files that are there into the shipped ones.
fn changes(
    files: &[SourceFile],
    identity: &Identity,
    there: &BTreeMap<String, TreeFile>,
) -> Vec<Change> {
    let same = |file: &SourceFile| {
        there.get(&file.path).is_some_and(|old| {
            Some(&old.oid) == identity.blobs.get(&file.path) && old.executable == file.executable
        })
    };
    let puts = files.iter().filter(|file| !same(file)).map(Change::put);
    let gone = there
        .keys()
        .filter(|path| !identity.blobs.contains_key(*path));
    puts.chain(gone.cloned().map(Change::delete)).collect()
}

// A server that refuses a body may close the connection while it is still being sent, which looks
// like a lost connection; so large ones are weighed before.
async fn check_size(session: &mut Session<'_>, input: &CommitInput<'_>) -> Result<(), ShipError> {
    const SMALL: u64 = 512 * 1024;
    const ENVELOPE: u64 = 4 * 1024;
    let body = serde_json::to_vec(input).map_err(|e| ShipError::Inconsistent(e.to_string()))?;
    let bytes = body.len() as u64 + ENVELOPE;
    if bytes < SMALL {
        return Ok(());
    }
    let limits: ServerLimits = session
        .ask(api::SERVER_LIMITS, serde_json::json!({}))
        .await?;
    let limit = limits.server_info.limits.body_bytes;
    if bytes > limit {
        return Err(ClientError::RequestTooLarge {
            bytes,
            limit: Some(limit),
        }
        .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ship::collect::Source;

    fn file(path: &str, content: &str, executable: bool) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            executable,
            content: content.into(),
        }
    }

    fn there(identity: &Identity, files: &[SourceFile]) -> BTreeMap<String, TreeFile> {
        let listed = |file: &SourceFile| TreeFile {
            path: file.path.clone(),
            oid: identity.blobs[&file.path].clone(),
            executable: file.executable,
        };
        files
            .iter()
            .map(|file| (file.path.clone(), listed(file)))
            .collect()
    }

    fn planned(old: Vec<SourceFile>, new: Vec<SourceFile>) -> Vec<(&'static str, String)> {
        let source = |files: &[SourceFile]| Source {
            files: files.to_vec(),
            copied_links: Vec::new(),
        };
        let old_identity = Identity::of(&source(&old)).unwrap();
        let identity = Identity::of(&source(&new)).unwrap();
        let changes = changes(&new, &identity, &there(&old_identity, &old));
        changes
            .into_iter()
            .map(|change| (change.kind, change.path))
            .collect()
    }

    #[test]
    fn a_commit_puts_what_differs_and_deletes_what_is_gone() {
        let old = vec![
            file("changed", "1", false),
            file("gone", "", false),
            file("mode", "x", false),
            file("same", "s", true),
        ];
        let new = vec![
            file("changed", "2", false),
            file("mode", "x", true),
            file("new", "", false),
            file("same", "s", true),
        ];
        let expected = [
            ("PUT", "changed"),
            ("PUT", "mode"),
            ("PUT", "new"),
            ("DELETE", "gone"),
        ];
        let planned = planned(old, new);
        let planned: Vec<_> = planned
            .iter()
            .map(|(kind, path)| (*kind, path.as_str()))
            .collect();
        assert_eq!(planned, expected);
    }
}
