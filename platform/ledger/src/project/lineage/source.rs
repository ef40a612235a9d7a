//! What events tell from the repository to the build.

use sluice_schema::events::*;

use super::{Facts, Telling, branch_key, commit_key, short};
use crate::{NodeKind, Relation};

impl Telling<'_> {
    /// A branch of a repository of the event's project.
    fn branch(&mut self, repository: impl ToString, name: &str, facts: Facts<'_>) -> String {
        let repository = self.own(NodeKind::Repository, repository.to_string());
        let key = branch_key(&repository, name);
        let branch = self.own_with(NodeKind::Branch, key, facts);
        self.edge(&repository, Relation::HasBranch, &branch);
        branch
    }

    /// The same, of which nothing but the name is told.
    fn named_branch(&mut self, repository: impl ToString, name: &str) -> String {
        self.branch(repository, name, Facts::titled(name))
    }

    /// A commit of a repository of the event's project.
    fn commit(&mut self, repository: impl ToString, sha: &str) -> String {
        self.own(NodeKind::Commit, commit_key(repository.to_string(), sha))
    }

    /// A commit on a branch.
    pub(super) fn commit_on(
        &mut self,
        repository: impl ToString,
        branch: &str,
        sha: &str,
    ) -> String {
        let repository = repository.to_string();
        let branch = self.named_branch(&repository, branch);
        let commit = self.commit(&repository, sha);
        self.edge(&branch, Relation::Holds, &commit);
        commit
    }
}

pub(super) fn repository_provisioned(on: &mut Telling<'_>, event: &RepositoryProvisioned) {
    let facts = Facts::new(&event.name, "PROVISIONED");
    let repository = on.subject(NodeKind::Repository, event.repository_id, facts);
    on.commit_on(repository, &event.default_branch, &event.head_sha);
}

pub(super) fn repository_updated(on: &mut Telling<'_>, event: &RepositoryUpdated) {
    let facts = Facts::titled(&event.name);
    on.subject(NodeKind::Repository, event.repository_id, facts);
}

pub(super) fn repository_archived(on: &mut Telling<'_>, event: &RepositoryArchived) {
    let facts = Facts::new(&event.name, "ARCHIVED");
    on.subject(NodeKind::Repository, event.repository_id, facts);
}

fn recorded_branch(
    on: &mut Telling<'_>,
    repository: impl ToString,
    name: &str,
    id: impl ToString,
    state: Option<&str>,
) {
    let facts = Facts {
        object_id: Some(id.to_string()),
        state,
        ..Facts::titled(name)
    };
    let key = on.branch(repository, name, facts);
    on.alias(id.to_string(), &key);
}

pub(super) fn branch_created(on: &mut Telling<'_>, event: &BranchCreated) {
    let (repository, id) = (event.repository_id, event.branch_id);
    recorded_branch(on, repository, &event.name, id, Some("ACTIVE"));
}

pub(super) fn branch_policy_changed(on: &mut Telling<'_>, event: &BranchPolicyChanged) {
    let (repository, id) = (event.repository_id, event.branch_id);
    recorded_branch(on, repository, &event.name, id, None);
}

pub(super) fn branch_deleted(on: &mut Telling<'_>, event: &BranchDeleted) {
    let (repository, id) = (event.repository_id, event.branch_id);
    recorded_branch(on, repository, &event.name, id, Some("DELETED"));
}

pub(super) fn commit_created(on: &mut Telling<'_>, event: &CommitCreated) {
    let commit = on.commit_on(event.repository_id, &event.branch, &event.sha);
    let facts = Facts {
        object_id: Some(event.commit_id.to_string()),
        ..Facts::titled(&event.subject_line)
    };
    on.subject(NodeKind::Commit, &commit, facts);
    on.alias(event.commit_id, &commit);
    if let Some(id) = event.pull_request_id {
        let pull_request = on.own(NodeKind::PullRequest, id);
        on.edge(&pull_request, Relation::MergedAs, &commit);
    }
}

pub(super) fn history_recorded(on: &mut Telling<'_>, event: &HistoryRecorded) {
    let repository = event.repository_id.to_string();
    let branch = on.named_branch(&repository, &event.branch);
    for commit in &event.commits {
        let key = commit_key(&repository, &commit.sha);
        on.own_with(NodeKind::Commit, &key, Facts::titled(&commit.subject_line));
        on.edge(&branch, Relation::Holds, &key);
    }
    for (parent, child) in lines_of_work(event) {
        let parent = on.commit(&repository, parent);
        on.edge(&parent, Relation::ParentOf, &commit_key(&repository, child));
    }
}

/// Parents and children that both are work beside the default branch: its own line would tie all
/// changes of a repository together.
pub(super) fn lines_of_work(event: &HistoryRecorded) -> Vec<(&str, &str)> {
    let told = |sha: &str| event.commits.iter().find(|commit| commit.sha == sha);
    // A push that merges the default branch tells as the merge base what it merged; a first
    // parent that is not told with it may then be on the default branch.
    let merges_base = event.commits.iter().any(|commit| {
        let mut merged = commit.parents.iter().skip(1);
        merged.any(|parent| event.merge_base.as_ref() == Some(parent))
    });
    let mut found = Vec::new();
    for commit in &event.commits {
        for (place, parent) in commit.parents.iter().enumerate() {
            let together = if event.default_branch {
                let other = told(parent);
                let same =
                    |other: &HistoryCommit| !other.mainline && other.landing == commit.landing;
                !commit.mainline && other.is_some_and(same)
            } else if told(parent).is_some() {
                true
            } else {
                place == 0 && !merges_base && event.merge_base.as_ref() != Some(parent)
            };
            if together {
                found.push((parent.as_str(), commit.sha.as_str()));
            }
        }
    }
    found
}

pub(super) fn pull_request_opened(on: &mut Telling<'_>, event: &PullRequestOpened) {
    let facts = Facts::new(format!("#{} {}", event.number, event.title), "OPEN");
    let pull_request = on.subject(NodeKind::PullRequest, event.pull_request_id, facts);
    let repository = event.repository_id;
    branches(
        on,
        &pull_request,
        repository,
        &event.source_branch,
        &event.target_branch,
    );
    let source = on.commit_on(repository, &event.source_branch, &event.source_sha);
    on.edge(&source, Relation::ProposedIn, &pull_request);
}

fn branches(
    on: &mut Telling<'_>,
    pull_request: &str,
    repository: impl ToString,
    source: &str,
    target: &str,
) {
    let source = on.named_branch(repository.to_string(), source);
    on.edge(&source, Relation::SourceOf, pull_request);
    let target = on.named_branch(repository, target);
    on.edge(pull_request, Relation::Targets, &target);
}

pub(super) fn pull_request_reviewed(on: &mut Telling<'_>, event: &PullRequestReviewed) {
    let pull_request = on.subject(
        NodeKind::PullRequest,
        event.pull_request_id,
        Facts::default(),
    );
    let source = on.commit(event.repository_id, &event.source_sha);
    on.edge(&source, Relation::ProposedIn, &pull_request);
}

pub(super) fn pull_request_merged(on: &mut Telling<'_>, event: &PullRequestMerged) {
    let facts = Facts::new(format!("#{} {}", event.number, event.title), "MERGED");
    let pull_request = on.subject(NodeKind::PullRequest, event.pull_request_id, facts);
    let repository = event.repository_id;
    branches(
        on,
        &pull_request,
        repository,
        &event.source_branch,
        &event.target_branch,
    );
    let source = on.commit_on(repository, &event.source_branch, &event.source_sha);
    on.edge(&source, Relation::ProposedIn, &pull_request);
    for sha in event.created_shas.iter().chain([&event.merge_commit_sha]) {
        let commit = on.commit_on(repository, &event.target_branch, sha);
        on.edge(&pull_request, Relation::MergedAs, &commit);
    }
}

pub(super) fn pull_request_abandoned(on: &mut Telling<'_>, event: &PullRequestAbandoned) {
    let facts = Facts {
        state: Some("ABANDONED"),
        ..Facts::default()
    };
    on.subject(NodeKind::PullRequest, event.pull_request_id, facts);
}

pub(super) fn pipeline_generated(on: &mut Telling<'_>, event: &PipelineGenerated) {
    let facts = Facts::titled(format!(
        "{} at {}",
        event.module.id,
        short(&event.commit_sha)
    ));
    let pipeline = on.subject(NodeKind::PipelineDefinition, event.pipeline_id, facts);
    let commit = on.commit_on(event.repository_id, &event.branch, &event.commit_sha);
    on.edge(&commit, Relation::DefinedBy, &pipeline);
    if let Some(id) = event.pull_request_id {
        let pull_request = on.own(NodeKind::PullRequest, id);
        on.edge(&pull_request, Relation::MergedAs, &commit);
    }
}

fn run_of(on: &mut Telling<'_>, run: &str, pipeline: impl ToString, commit: &str) {
    let pipeline = on.own(NodeKind::PipelineDefinition, pipeline.to_string());
    on.edge(commit, Relation::DefinedBy, &pipeline);
    on.edge(&pipeline, Relation::RunAs, run);
    on.edge(commit, Relation::BuiltBy, run);
}

pub(super) fn run_started(on: &mut Telling<'_>, event: &PipelineRunStarted) {
    let sha = short(&event.commit_sha);
    let facts = Facts::new(format!("{sha}, attempt {}", event.attempt), "RUNNING");
    let run = on.subject(NodeKind::PipelineRun, event.run_id, facts);
    let commit = on.commit_on(event.repository_id, &event.branch, &event.commit_sha);
    run_of(on, &run, event.pipeline_id, &commit);
}

pub(super) fn run_completed(on: &mut Telling<'_>, event: &PipelineRunCompleted) {
    let title = format!(
        "{} {}, attempt {}",
        event.module.id, event.module.version, event.attempt
    );
    let facts = Facts::new(title, &event.outcome);
    let run = on.subject(NodeKind::PipelineRun, event.run_id, facts);
    let commit = on.commit_on(event.repository_id, &event.branch, &event.commit_sha);
    run_of(on, &run, event.pipeline_id, &commit);
}

pub(super) fn build_completed(on: &mut Telling<'_>, event: &BuildCompleted) {
    let title = match &event.module {
        Some(module) => format!("{} {}", module.id, module.version),
        None => format!("{} at {}", event.branch, short(&event.commit_sha)),
    };
    let facts = Facts::new(title, &event.status);
    let build = on.subject(NodeKind::BuildResult, event.build_id, facts);
    let commit = on.commit_on(event.repository_id, &event.branch, &event.commit_sha);
    let Some(run) = event.run_id else {
        on.edge(&commit, Relation::ResultedIn, &build);
        return;
    };
    let run = on.own(NodeKind::PipelineRun, run);
    on.edge(&run, Relation::ResultedIn, &build);
    match event.pipeline_id {
        Some(pipeline) => run_of(on, &run, pipeline, &commit),
        None => on.edge(&commit, Relation::BuiltBy, &run),
    }
}
