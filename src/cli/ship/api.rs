//! The documents that `ship` sends, and the shapes of inputs and answers around the objects of
//! [`model`](super::model).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::cli::delivery::Blocker;

use super::{
    collect::SourceFile,
    model::{Build, Commit, Finding, Pipeline, PullRequest, Repository, Run, TestFailure},
};

macro_rules! documents {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) const $name: &str =
            include_str!(concat!("../../../schema/operations/", $file, ".graphql"));)*
    };
}

documents! {
    SERVER_LIMITS = "ServerLimits";
    REPOSITORY_BY_NAME = "RepositoryByName";
    PROVISION_REPOSITORY = "ProvisionRepository";
    REPOSITORY_TREE = "RepositoryTree";
    REPOSITORY_HEAD = "RepositoryHead";
    CREATE_BRANCH = "CreateBranch";
    CREATE_COMMIT = "CreateCommit";
    COMMIT_OF_ARTIFACT = "CommitOfArtifact";
    PULL_REQUESTS_FROM_BRANCH = "PullRequestsFromBranch";
    OPEN_PULL_REQUEST = "OpenPullRequest";
    MERGE_PULL_REQUEST = "MergePullRequest";
    ABANDON_PULL_REQUEST = "AbandonPullRequest";
    GENERATE_PIPELINE = "GeneratePipeline";
    RUN_PIPELINE = "RunPipeline";
    RETRY_PIPELINE_RUN = "RetryPipelineRun";
    FOLLOW_COMMIT = "FollowCommit";
    STEP_LOG = "StepLog";
    BUILD_FAILURES = "BuildFailures";
    FOLLOW_PROJECT = "FollowProject";
    WATCH_RUN_LOG = "WatchRunLog";
}

/// Why the domain refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserError {
    /// The code of the server's table.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// Where the offending value stands.
    #[serde(default)]
    pub path: Vec<String>,
    /// Places that break rules.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What stands in the way of a promotion.
    #[serde(default)]
    pub blockers: Vec<Blocker>,
}

impl std::fmt::Display for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "  {}: {}", self.code, self.message)?;
        // `input` alone says nothing.
        if self.path.len() > 1 {
            write!(f, " (at {})", self.path.join("."))?;
        }
        for finding in &self.findings {
            write!(f, "\n    {finding}")?;
        }
        for blocker in &self.blockers {
            write!(f, "\n    {}", blocker.line())?;
        }
        Ok(())
    }
}

/// The answer of every mutation, with the object under the alias `object`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<T> {
    pub(super) object: Option<T>,
    pub(super) user_errors: Vec<UserError>,
}

#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Nodes<T> {
    pub(in crate::cli) nodes: Vec<T>,
}

impl<T> Nodes<T> {
    pub(in crate::cli) fn first(self) -> Option<T> {
        self.nodes.into_iter().next()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerLimits {
    pub(super) server_info: ServerInfo,
}

#[derive(Debug, Deserialize)]
pub(super) struct ServerInfo {
    pub(super) limits: Limits,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Limits {
    pub(super) body_bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct RepositoryByName {
    pub(super) repository: Option<Repository>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TreeAnswer {
    pub(super) tree: Option<Tree>,
}

/// What a branch holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tree {
    pub(super) commit_sha: String,
    pub(super) tree_hash: String,
    pub(super) files: Option<TreePage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TreePage {
    pub(super) nodes: Vec<TreeFile>,
    pub(super) page_info: PageInfo,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct TreeFile {
    pub(super) path: String,
    pub(super) oid: String,
    pub(super) executable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PageInfo {
    pub(in crate::cli) has_next_page: bool,
    pub(in crate::cli) end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commits {
    pub(super) commits: Nodes<Commit>,
}

/// An object of which only its being there matters.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Present {
    pub(in crate::cli) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequests {
    pub(super) pull_requests: Nodes<PullRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowCommit {
    pub(super) pipelines: Nodes<Pipeline>,
    pub(super) pipeline_runs: Nodes<FollowedRun>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowedRun {
    #[serde(flatten)]
    pub(super) run: Run,
    pub(super) build: Option<Build>,
    pub(super) pull_request: Option<PullRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepLog {
    pub(super) pipeline_run: Option<RunLog>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RunLog {
    pub(super) log: LogPage,
}

#[derive(Debug, Deserialize)]
pub(super) struct LogPage {
    pub(super) lines: Vec<LogLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LogLine {
    pub(super) number: u64,
    pub(super) text: String,
}

/// An item of the stream of a run's log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunLogItem {
    pub(super) pipeline_run_log: RunLogLines,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunLogLines {
    pub(super) lines: Vec<RunLogLine>,
    pub(super) is_complete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunLogLine {
    pub(super) step_name: String,
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildFailures {
    pub(super) build_result: Option<Failures>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failures {
    pub(super) test_cases: Nodes<TestFailure>,
}

/// A change of one file, as `createCommit` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    pub(super) kind: &'static str,
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) executable: Option<bool>,
}

impl Change {
    /// The file as it is to be. Text goes as text; what is not UTF-8, or holds NUL, as base64.
    pub(super) fn put(file: &SourceFile) -> Self {
        let text = std::str::from_utf8(&file.content).ok();
        let text = text.filter(|text| !text.contains('\0'));
        let encoded = text.is_none().then(|| STANDARD.encode(&file.content));
        Self {
            kind: "PUT",
            path: file.path.clone(),
            content: text.map(str::to_owned),
            content_base64: encoded,
            executable: Some(file.executable),
        }
    }

    pub(super) fn delete(path: String) -> Self {
        Self {
            kind: "DELETE",
            path,
            content: None,
            content_base64: None,
            executable: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_as_text_and_everything_else_as_base64() {
        let put = |content: &[u8]| {
            let path = "a".to_owned();
            Change::put(&SourceFile {
                path,
                executable: true,
                content: content.to_vec(),
            })
        };
        assert_eq!(
            put("grüß\r\n".as_bytes()).content.as_deref(),
            Some("grüß\r\n")
        );
        for binary in [&[0xff, 0xfe][..], b"a\0b"] {
            let change = put(binary);
            assert_eq!(change.content, None);
            assert_eq!(
                STANDARD.decode(change.content_base64.unwrap()).unwrap(),
                binary
            );
        }
        assert_eq!(put(b"").content.as_deref(), Some(""));
    }

    #[test]
    fn a_refusal_shows_code_place_and_findings() {
        let finding = Finding {
            file: "a.txt".to_owned(),
            line: Some(3),
            rule: "aws-key".to_owned(),
            message: "looks like a key".to_owned(),
        };
        let error = UserError {
            code: "SECRET_DETECTED".to_owned(),
            message: "found one".to_owned(),
            path: vec!["input".to_owned(), "changes".to_owned(), "0".to_owned()],
            findings: vec![finding],
            blockers: Vec::new(),
        };
        let expected = "  SECRET_DETECTED: found one (at input.changes.0)\n    \
                        a.txt:3: aws-key: looks like a key";
        assert_eq!(error.to_string(), expected);
    }
}
