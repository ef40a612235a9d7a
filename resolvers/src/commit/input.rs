//! What callers say about commits.

use async_graphql::{Enum, ID, InputObject};
use sluice_commit as service;

use super::{CommitOrigin, CommitStatus};
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which commits a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct CommitFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// On the branch of this name.
    pub branch: Option<String>,
    /// With this Git object id.
    pub sha: Option<String>,
    /// Of this source artifact.
    pub artifact_id: Option<String>,
    /// Written by the merge of this pull request.
    pub pull_request_id: Option<ID>,
    /// Of this author's email address.
    pub author_email: Option<String>,
    /// Of this origin.
    pub origin: Option<CommitOrigin>,
    /// Of this status.
    pub status: Option<CommitStatus>,
    /// Also those given up, which are left out otherwise unless `status` asks for them.
    #[graphql(default)]
    pub include_failed: bool,
}

impl TryFrom<CommitFilter> for service::CommitFilter {
    type Error = InputFault;
    fn try_from(filter: CommitFilter) -> Result<Self, InputFault> {
        let pull_request = filter.pull_request_id.as_ref();
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            branch: filter.branch,
            sha: filter.sha,
            artifact_id: filter.artifact_id,
            pull_request_id: optional_id("filter.pullRequestId", pull_request)?,
            author_email: filter.author_email,
            origin: filter.origin.map(Into::into),
            status: filter.status.map(Into::into),
            include_failed: filter.include_failed,
        })
    }
}

/// What happens to a file.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ChangeKind")]
pub enum CommitChangeKind {
    /// It is created; refused if it exists.
    Create,
    /// Its content is replaced; refused if it does not exist.
    Update,
    /// It is created or its content is replaced.
    Put,
    /// It is deleted; refused if it does not exist.
    Delete,
    /// It is moved from another path, with new content or the one that it has.
    Rename,
    /// Its executable bit is set or cleared.
    Chmod,
}

/// One change to one file.
#[derive(InputObject, Debug, Clone)]
pub struct CommitChangeInput {
    /// The file's path, with `/` between its parts.
    pub path: String,
    /// What happens to it.
    pub kind: CommitChangeKind,
    /// The path that a renamed file has.
    pub from_path: Option<String>,
    /// The content as text; not together with `contentBase64`.
    pub content: Option<String>,
    /// The content in base 64, for files that are not text.
    pub content_base64: Option<String>,
    /// The executable bit; absent, it stays as it is, and is off for a new file.
    pub executable: Option<bool>,
}

impl From<CommitChangeInput> for service::Change {
    fn from(change: CommitChangeInput) -> Self {
        Self {
            path: change.path,
            kind: change.kind.into(),
            from_path: change.from_path,
            content: change.content,
            content_base64: change.content_base64,
            executable: change.executable,
        }
    }
}

/// Who wrote a change.
#[derive(InputObject, Debug, Clone)]
pub struct CommitAuthorInput {
    /// 1 to 200 characters without `<`, `>` and control characters.
    pub name: String,
    /// The same.
    pub email: String,
}

/// One line at the end of a commit's message, for programs.
#[derive(InputObject, Debug, Clone)]
pub struct CommitTrailerInput {
    /// 1 to 100 letters, digits and inner hyphens.
    pub key: String,
    /// One line of 1 to 1,000 bytes.
    pub value: String,
}

/// Writes a commit to a branch. The repository, branch, artifact and resulting tree are its
/// natural key. It is scanned for secrets before anything is written.
#[derive(InputObject, Debug, Clone)]
pub struct CreateCommitInput {
    /// The repository.
    pub repository_id: ID,
    /// Name of a branch that is not protected.
    pub branch: String,
    /// 1 to 32,768 bytes, the first line for the subject.
    pub message: String,
    /// 1 to 10,000 changes, each path at most once.
    pub changes: Vec<CommitChangeInput>,
    /// Who wrote it; the caller when absent.
    pub author: Option<CommitAuthorInput>,
    /// The source artifact that it carries; committed to a branch once.
    pub artifact_id: Option<String>,
    /// The digest of that artifact.
    pub artifact_content_hash: Option<String>,
    /// Trailers of the caller's own, at most 20.
    pub trailers: Option<Vec<CommitTrailerInput>>,
    /// Refuse unless the branch stands at this commit.
    pub expected_head: Option<String>,
}

impl TryFrom<CreateCommitInput> for service::CreateCommit {
    type Error = InputFault;
    fn try_from(input: CreateCommitInput) -> Result<Self, InputFault> {
        let trailer = |trailer: CommitTrailerInput| service::Trailer {
            key: trailer.key,
            value: trailer.value,
        };
        let trailers = input.trailers;
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
            branch: input.branch,
            message: input.message,
            changes: input.changes.into_iter().map(Into::into).collect(),
            author: input.author.map(|author| service::Author {
                name: author.name,
                email: author.email,
            }),
            artifact_id: input.artifact_id,
            artifact_content_hash: input.artifact_content_hash,
            trailers: trailers.map(|all| all.into_iter().map(trailer).collect()),
            expected_head: input.expected_head,
        })
    }
}
