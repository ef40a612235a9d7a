//! From repositories to builds.

use sluice_schema::events::{
    BuildCompleted, PipelineRunCompleted, PipelineRunStarted, PullRequestAbandoned,
    PullRequestMerged, PullRequestOpened, PullRequestReviewed, RepositoryProvisioned,
};

use super::{BUILD, LANDING, PULL_REQUEST, REPOSITORY, RUN, row, when};
use crate::{patch::Patch, project::Recorded};

/// The patches, when the event is of this part of the chain.
pub(super) fn patches(recorded: &Recorded<'_>) -> Option<Vec<Patch>> {
    Some(match recorded.event.event_type.as_str() {
        "RepositoryProvisioned" => when(recorded, repository),
        "PullRequestOpened" => when(recorded, opened),
        "PullRequestReviewed" => when(recorded, reviewed),
        "PullRequestMerged" => when(recorded, merged),
        "PullRequestAbandoned" => when(recorded, abandoned),
        "PipelineRunStarted" => when(recorded, started),
        "PipelineRunCompleted" => when(recorded, completed),
        "BuildCompleted" => when(recorded, built),
        _ => return None,
    })
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn repository(recorded: &Recorded<'_>, it: RepositoryProvisioned) -> Vec<Patch> {
    vec![
        row(recorded, &REPOSITORY, it.repository_id)
            .set("name", it.name)
            .set("default_branch", it.default_branch),
    ]
}

fn opened(recorded: &Recorded<'_>, it: PullRequestOpened) -> Vec<Patch> {
    vec![
        row(recorded, &PULL_REQUEST, it.pull_request_id)
            .set("repository_id", it.repository_id.to_string())
            .set("number", number(it.number))
            .set("title", it.title)
            .set("source_branch", it.source_branch)
            .set("target_branch", it.target_branch)
            .set("opened_at", recorded.at())
            .set("opened_by", &recorded.event.actor.id)
            .set("source_sha", it.source_sha)
            .set("state", "OPEN"),
    ]
}

fn reviewed(recorded: &Recorded<'_>, it: PullRequestReviewed) -> Vec<Patch> {
    vec![
        row(recorded, &PULL_REQUEST, it.pull_request_id)
            .set("repository_id", it.repository_id.to_string())
            .set("number", number(it.number))
            .set("source_sha", it.source_sha),
    ]
}

fn merged(recorded: &Recorded<'_>, it: PullRequestMerged) -> Vec<Patch> {
    let repository = it.repository_id.to_string();
    let mut written = it.created_shas;
    if !written.contains(&it.merge_commit_sha) {
        written.push(it.merge_commit_sha.clone());
    }
    let landings = written.into_iter().map(|sha| {
        Patch::of(&LANDING)
            .set("repository_id", &repository)
            .set("sha", sha)
            .set("pull_request_id", it.pull_request_id.to_string())
            .set("at", recorded.at())
    });
    let mut patches: Vec<Patch> = landings.collect();
    patches.push(
        row(recorded, &PULL_REQUEST, it.pull_request_id)
            .set("repository_id", &repository)
            .set("number", number(it.number))
            .set("title", it.title)
            .set("source_branch", it.source_branch)
            .set("target_branch", it.target_branch)
            .set("source_sha", it.source_sha)
            .set("merged_at", recorded.at())
            .set("merged_by", it.merged_by)
            .set("merge_sha", it.merge_commit_sha)
            .set("strategy", it.strategy)
            .set("state", "MERGED"),
    );
    patches
}

fn abandoned(recorded: &Recorded<'_>, it: PullRequestAbandoned) -> Vec<Patch> {
    vec![
        row(recorded, &PULL_REQUEST, it.pull_request_id)
            .set("repository_id", it.repository_id.to_string())
            .set("number", number(it.number))
            .set("state", "ABANDONED"),
    ]
}

fn started(recorded: &Recorded<'_>, it: PipelineRunStarted) -> Vec<Patch> {
    vec![
        row(recorded, &RUN, it.run_id)
            .set("pipeline_id", it.pipeline_id.to_string())
            .set("repository_id", it.repository_id.to_string())
            .set("commit_sha", it.commit_sha)
            .set("attempt", it.attempt)
            .set("started_at", recorded.at())
            .set("state", "RUNNING"),
    ]
}

fn completed(recorded: &Recorded<'_>, it: PipelineRunCompleted) -> Vec<Patch> {
    vec![
        row(recorded, &RUN, it.run_id)
            .set("pipeline_id", it.pipeline_id.to_string())
            .set("repository_id", it.repository_id.to_string())
            .set("commit_sha", it.commit_sha)
            .set("attempt", it.attempt)
            .set_some("started_at", it.started_at.map(sluice_kernel::micros))
            .set("finished_at", sluice_kernel::micros(it.finished_at))
            .set("state", it.outcome)
            .set_some("reason", it.reason),
    ]
}

fn built(recorded: &Recorded<'_>, it: BuildCompleted) -> Vec<Patch> {
    vec![
        row(recorded, &BUILD, it.build_id)
            .set_some("run_id", it.run_id.map(|id| id.to_string()))
            .set("repository_id", it.repository_id.to_string())
            .set("branch", it.branch)
            .set("commit_sha", it.commit_sha)
            .set_some("module", it.module.map(|module| module.id))
            .set("state", it.status)
            .set_some("reason", it.reason)
            .set("completed_at", recorded.at()),
    ]
}
