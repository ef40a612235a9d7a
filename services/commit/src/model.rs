//! The Commit aggregate: pure, without store or provider.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{CommitSpec, GitHostError, Oid, Signature};
use sluice_kernel::{Meta, text_enum};
use sluice_schema::{
    CommitId, PullRequestId, RepositoryId,
    events::{self, CommitCreated},
};

text_enum! {
    /// How a commit came to be.
    CommitOrigin {
        /// Written from file contents by a command.
        Authored = "AUTHORED",
        /// Written by the merge of a pull request.
        Merge = "MERGE",
    }
}

text_enum! {
    /// Where a commit is in its life.
    CommitStatus {
        /// Its content is stored; the branch does not have it yet.
        Pending = "PENDING",
        /// The branch has it.
        Created = "CREATED",
        /// It was given up; the branch never had it.
        Failed = "FAILED",
    }
}

/// One line at the end of a commit's message, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trailer {
    /// 1 to 100 letters, digits and inner hyphens.
    pub key: String,
    /// One line of 1 to 1,000 bytes.
    pub value: String,
}

/// The record of a commit on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The record's id (not the Git object id).
    pub id: CommitId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The repository's name; with tenant and project, its place at the Git host.
    pub repository_name: String,
    /// The branch that it was written to.
    pub branch: String,
    /// Git object id, 40 hex digits; absent until the branch has it.
    pub sha: Option<String>,
    /// Git object id of its tree.
    pub tree_hash: String,
    /// Git object ids of its parents.
    pub parent_shas: Vec<String>,
    /// The source artifact that it carries, when it was made from one.
    pub artifact_id: Option<String>,
    /// The digest of that artifact, as the caller states it.
    pub artifact_content_hash: Option<String>,
    /// The message without the trailers that the service adds.
    pub message: String,
    /// The caller's trailers.
    pub trailers: Vec<Trailer>,
    /// Who wrote it.
    pub author_name: String,
    /// Their email address.
    pub author_email: String,
    /// When it was made; Git keeps whole seconds of it.
    pub committed_at: DateTime<Utc>,
    /// How it came to be.
    pub origin: CommitOrigin,
    /// The pull request whose merge wrote it.
    pub pull_request_id: Option<PullRequestId>,
    /// How many paths it changes against its first parent.
    pub changed_paths: u32,
    /// Where it is in its life.
    pub status: CommitStatus,
    /// Why it was given up.
    pub reason: Option<String>,
    /// What makes the command that asked for it the same command, unique on its branch: `tree:<tree>:<base>`
    /// or `artifact:<id>` of what was authored, `merge:<sha>` of what a merge wrote.
    pub natural_key: String,
    /// `sha256:<hex>` of the changes that were asked for; empty for a merge.
    pub changes_digest: String,
    /// The head that the caller demanded.
    pub expected_head: Option<String>,
}

/// The part of a natural key that comes after repository and branch.
pub(crate) enum NaturalKey<'a> {
    /// An artifact is committed to a branch once.
    Artifact(&'a str),
    /// Without an artifact, the same tree on the same base is the same commit. The base belongs
    /// to it because going back to an earlier content is a new commit.
    Tree(Oid, Oid),
    /// What a merge wrote.
    Merge(&'a str),
    /// A record that claims no key any more.
    Past(CommitId),
}

impl std::fmt::Display for NaturalKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Artifact(id) => write!(f, "artifact:{id}"),
            Self::Tree(tree, base) => write!(f, "tree:{tree}:{base}"),
            Self::Merge(sha) => write!(f, "merge:{sha}"),
            Self::Past(id) => write!(f, "past:{id}"),
        }
    }
}

/// Trailers that the service writes by itself; callers may not.
pub(crate) const RESERVED_TRAILERS: [&str; 5] = [
    "Artifact-Id",
    "Artifact-Hash",
    "Trace-Id",
    "Correlation-Id",
    "Commit-Id",
];

impl Commit {
    /// What Git shall write: a function of the record alone, so that whoever writes it, and
    /// however often, gets the same object id.
    pub(crate) fn spec(&self) -> Result<CommitSpec, GitHostError> {
        let signature = |name: &str, email: &str| Signature {
            name: name.to_owned(),
            email: email.to_owned(),
            time: self.committed_at,
        };
        let parents = self.parent_shas.iter().map(|sha| sha.parse());
        Ok(CommitSpec {
            tree: self.tree_hash.parse()?,
            parents: parents.collect::<Result<_, _>>()?,
            author: signature(&self.author_name, &self.author_email),
            committer: self.committer(),
            message: self.message.clone(),
            trailers: self.lineage(),
        })
    }

    /// Who makes the commit, for Git.
    pub(crate) fn committer(&self) -> Signature {
        Signature {
            name: "Sluice".to_owned(),
            email: "sluice@localhost".to_owned(),
            time: self.committed_at,
        }
    }

    fn lineage(&self) -> Vec<(String, String)> {
        let id = self.id.to_string();
        let values = [
            self.artifact_id.as_deref().unwrap_or_default(),
            self.artifact_content_hash.as_deref().unwrap_or_default(),
            &self.meta.trace_id,
            &self.meta.correlation_id,
            &id,
        ];
        let own = RESERVED_TRAILERS.iter().zip(values);
        let own = own.filter(|(_, value)| !value.is_empty());
        let callers = self.trailers.iter();
        callers
            .map(|trailer| (trailer.key.clone(), trailer.value.clone()))
            .chain(own.map(|(key, value)| ((*key).to_owned(), value.to_owned())))
            .collect()
    }

    /// The commit that it was staged on.
    pub(crate) fn base(&self) -> Result<Option<Oid>, GitHostError> {
        self.parent_shas.first().map(|sha| sha.parse()).transpose()
    }

    /// The branch moved before it had the commit: it shall stand on the new head.
    pub(crate) fn restage(&mut self, head: Oid, tree: Oid, changed_paths: Option<u32>) {
        self.parent_shas = vec![head.to_string()];
        self.tree_hash = tree.to_string();
        self.changed_paths = changed_paths.unwrap_or(self.changed_paths);
    }

    /// The branch has it.
    pub(crate) fn created(&mut self, sha: Oid) -> CommitCreated {
        self.status = CommitStatus::Created;
        let sha = sha.to_string();
        self.sha = Some(sha.clone());
        CommitCreated {
            commit_id: self.id,
            repository_id: self.repository_id,
            branch: self.branch.clone(),
            sha,
            tree_hash: self.tree_hash.clone(),
            parent_shas: self.parent_shas.clone(),
            artifact_id: self.artifact_id.clone(),
            subject_line: subject_line(&self.message),
            author: self.author_name.clone(),
            origin: match self.origin {
                CommitOrigin::Authored => events::CommitOrigin::Authored,
                CommitOrigin::Merge => events::CommitOrigin::Merge,
            },
            pull_request_id: self.pull_request_id,
            changed_paths: self.changed_paths,
        }
    }

    /// The branch will not have it; the same command may try again.
    pub(crate) fn failed(&mut self, reason: String) {
        self.status = CommitStatus::Failed;
        self.reason = Some(reason);
        self.release_key();
    }

    /// Another commit may be made by the same command from now on.
    pub(crate) fn release_key(&mut self) {
        self.natural_key = NaturalKey::Past(self.id).to_string();
    }
}

/// The first line that is not empty, at most 200 characters.
fn subject_line(message: &str) -> String {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use sluice_kernel::{Ctx, time_of_micros};
    use sluice_schema::TypedId;

    pub(crate) fn commit() -> Commit {
        let ctx = Ctx::for_system("commit", "acme".parse().unwrap(), "trace", "correlation");
        let id = CommitId::generate();
        Commit {
            id,
            meta: Meta::new(&ctx, time_of_micros(0), "web".parse().unwrap(), None),
            repository_id: RepositoryId::generate(),
            repository_name: "shop".into(),
            branch: "feature/x".into(),
            sha: None,
            tree_hash: "a".repeat(40),
            parent_shas: vec!["b".repeat(40)],
            artifact_id: Some("artifact-1".into()),
            artifact_content_hash: None,
            message: "\nAdd x\n\nBecause.".into(),
            trailers: vec![Trailer {
                key: "Ticket".into(),
                value: "T-1".into(),
            }],
            author_name: "Ada".into(),
            author_email: "ada@example.com".into(),
            committed_at: time_of_micros(1_700_000_000_000_000),
            origin: CommitOrigin::Authored,
            pull_request_id: None,
            changed_paths: 1,
            status: CommitStatus::Pending,
            reason: None,
            natural_key: NaturalKey::Artifact("artifact-1").to_string(),
            changes_digest: String::new(),
            expected_head: None,
        }
    }

    #[test]
    fn the_spec_depends_on_the_record_alone_and_carries_the_lineage() {
        let commit = commit();
        assert_eq!(commit.spec().unwrap(), commit.clone().spec().unwrap());
        let trailers = commit.spec().unwrap().trailers;
        let keys: Vec<_> = trailers.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "Ticket",
                "Artifact-Id",
                "Trace-Id",
                "Correlation-Id",
                "Commit-Id"
            ]
        );
        assert_eq!(trailers[4].1, commit.id.to_string());
    }

    #[test]
    fn a_failed_commit_frees_its_key() {
        let (mut first, mut second) = (commit(), commit());
        assert_eq!(first.natural_key, second.natural_key);
        first.failed("x".into());
        second.failed("x".into());
        assert_ne!(first.natural_key, second.natural_key);
        assert_eq!(first.status, CommitStatus::Failed);
    }

    #[test]
    fn the_event_shows_the_first_line() {
        let event = commit().created("c".repeat(40).parse().unwrap());
        assert_eq!(event.subject_line, "Add x");
        assert_eq!(event.sha, "c".repeat(40));
    }
}
