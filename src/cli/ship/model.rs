//! The objects of the chain as `ship` reads them: the answers of its documents.

use serde::{Deserialize, Serialize};

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Global id.
    pub id: String,
    /// Unique in the project.
    pub name: String,
    /// Where `git clone` finds it.
    pub remote_url: String,
    /// The branch that the content is shipped to.
    pub default_branch: String,
    /// `PROVISIONING`, `PROVISIONED` or `ARCHIVED`.
    pub status: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Global id.
    pub id: String,
    /// Git object id; absent while it is being written.
    pub sha: Option<String>,
    /// Git object id of the tree.
    pub tree_hash: Option<String>,
    /// `PENDING`, `CREATED` or `FAILED`.
    pub status: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// The source artifact that it carries.
    pub artifact_id: Option<String>,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullRequest {
    /// Global id.
    pub id: String,
    /// Unique in the repository.
    pub number: u64,
    /// `OPEN`, `MERGING`, `MERGED` or `ABANDONED`.
    pub status: String,
    /// The branch that receives the changes.
    pub target_branch: String,
    /// Head of the source.
    pub source_sha: String,
    /// The commit that carries the changes on the target, once merged.
    pub merge_commit_sha: Option<String>,
    /// The tree of that commit.
    pub tree_hash: Option<String>,
}

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// File that it stands in.
    pub file: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Name of the rule.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.rule, self.message)
    }
}

/// A pipeline definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// Global id.
    pub id: String,
    /// `VALID` or `INVALID`.
    pub status: String,
    /// Whether a run starts without a command.
    pub auto_run: bool,
    /// Why it is invalid.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

impl Pipeline {
    /// One that is known only by what it ran.
    pub(super) fn valid(id: &str) -> Self {
        let status = "VALID".to_owned();
        Self {
            id: id.to_owned(),
            status,
            auto_run: true,
            findings: Vec::new(),
        }
    }
}

/// A stage, job or step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Unique in the run.
    pub id: String,
    /// As people read it.
    #[serde(rename = "displayName")]
    pub name: String,
    /// `PENDING`, `RUNNING` or `COMPLETED`.
    pub state: String,
    /// How it ended.
    pub result: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Lines in its log; counted for steps.
    #[serde(default)]
    pub log_lines: u64,
}

impl Record {
    /// Not begun.
    pub fn is_pending(&self) -> bool {
        self.state == "PENDING"
    }

    /// Begun and not finished.
    pub fn is_running(&self) -> bool {
        self.state == "RUNNING"
    }

    /// Finished.
    pub fn is_completed(&self) -> bool {
        self.state == "COMPLETED"
    }

    /// Finished, and neither well nor skipped.
    pub fn is_failed(&self) -> bool {
        let good = ["SUCCEEDED", "SUCCEEDED_WITH_ISSUES", "SKIPPED"];
        self.result
            .as_deref()
            .is_some_and(|result| !good.contains(&result))
    }

    /// The result, or the state while there is none, for people.
    pub fn state_text(&self) -> String {
        words(self.result.as_deref().unwrap_or(&self.state))
    }
}

/// A job with its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The job itself.
    #[serde(flatten)]
    pub record: Record,
    /// Its steps in order.
    pub steps: Vec<Record>,
}

/// A stage with its jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The stage itself.
    #[serde(flatten)]
    pub record: Record,
    /// Its jobs in order.
    pub jobs: Vec<Job>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Global id.
    pub id: String,
    /// What it runs.
    pub pipeline_id: String,
    /// Build number in the repository.
    pub number: u64,
    /// Attempt, from 1.
    pub attempt: u32,
    /// `QUEUED`, `RUNNING` or `COMPLETED`.
    pub status: String,
    /// `SUCCEEDED`, `FAILED`, `ERRORED` or `CANCELLED`, once completed.
    pub outcome: Option<String>,
    /// Why, when it did not succeed.
    pub reason: Option<String>,
    /// The stages in order; empty until it starts.
    pub stages: Vec<Stage>,
}

impl Run {
    /// The outcome, or the status while there is none, for people.
    pub fn state(&self) -> String {
        words(self.outcome.as_deref().unwrap_or(&self.status))
    }

    /// All steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &Record> {
        self.stages
            .iter()
            .flat_map(|stage| &stage.jobs)
            .flat_map(|job| &job.steps)
    }
}

fn words(text: &str) -> String {
    text.to_lowercase().replace('_', " ")
}

/// Counted tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tests {
    /// All test cases.
    pub total: u64,
    /// Passed.
    pub passed: u64,
    /// Failed an assertion.
    pub failed: u64,
    /// Ended by an error.
    pub errored: u64,
    /// Not executed.
    pub skipped: u64,
}

/// Line coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Lines that tests reached.
    pub lines_covered: u64,
    /// Lines that they could reach.
    pub lines_valid: u64,
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Name in the run.
    pub name: String,
    /// Path inside the artifact.
    pub path: String,
    /// `sha256:<hex>` of the content.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

/// A test that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestFailure {
    /// The suite.
    pub suite: Option<String>,
    /// The test.
    pub name: String,
    /// `FAILED` or `ERRORED`.
    pub outcome: String,
    /// Why.
    pub message: Option<String>,
}

/// A build result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Global id.
    pub id: String,
    /// `SUCCEEDED`, `FAILED`, `ERRORED` or `CANCELLED`.
    pub status: String,
    /// Why, when it did not succeed.
    pub reason: Option<String>,
    /// Counted tests; absent when none were published.
    pub tests: Option<Tests>,
    /// Line coverage; absent when none was published.
    pub coverage: Option<Coverage>,
    /// Published files.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// Result files that could not be read.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    fn record(id: &str, name: &str, (state, result): (&str, Option<&str>)) -> Record {
        Record {
            id: id.to_owned(),
            name: name.to_owned(),
            state: state.to_owned(),
            result: result.map(str::to_owned),
            error: None,
            log_lines: 0,
        }
    }

    /// Run 7 with stages `s0`, `s1`, … of one job and one step in the given states.
    pub(in super::super) fn run(status: &str, stages: &[(&str, Option<&str>)]) -> Run {
        let stage = |(index, state): (usize, &(&str, Option<&str>))| {
            let id = format!("s{index}");
            let step = record(&format!("{id}/job/1"), "step", *state);
            let job = Job {
                record: record(&format!("{id}/job"), "job", *state),
                steps: vec![step],
            };
            Stage {
                record: record(&id, &id, *state),
                jobs: vec![job],
            }
        };
        Run {
            id: "run_1".to_owned(),
            pipeline_id: "pipeline_1".to_owned(),
            number: 7,
            attempt: 1,
            status: status.to_owned(),
            outcome: (status == "COMPLETED").then(|| "SUCCEEDED".to_owned()),
            reason: None,
            stages: stages.iter().enumerate().map(stage).collect(),
        }
    }
}
