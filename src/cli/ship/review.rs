//! From a feature branch to the default branch.

use std::time::Duration;

use serde::Serialize;

use super::{
    ShipError, Shipment, Strategy,
    api::{self, PullRequests},
    model::{PullRequest, Repository},
    session::{Refusal, Session},
    source,
};

const AGAIN: Duration = Duration::from_millis(200);
/// How often one content may be brought to the default branch of one repository.
const MAX_ATTEMPTS: u32 = 100;

/// Where a content stands on its way to the default branch.
#[derive(Debug)]
pub(super) enum Position {
    /// The default branch holds it, since this commit.
    Shipped {
        /// The commit on the default branch.
        sha: String,
        /// What brought it there, when it is known.
        pull_request: Option<PullRequest>,
    },
    /// It is on its way, or about to be, by this branch.
    Underway {
        /// The feature branch's name.
        branch: String,
        /// The pull request that is open.
        pull_request: Option<PullRequest>,
    },
}

#[derive(Serialize)]
struct Filtered<F> {
    filter: F,
    first: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FromBranch<'a> {
    repository_id: &'a str,
    source_branch: &'a str,
    target_branch: &'a str,
}

async fn latest(
    session: &mut Session<'_>,
    filter: impl Serialize,
) -> Result<Option<PullRequest>, ShipError> {
    let variables = Filtered { filter, first: 1 };
    let found: PullRequests = session
        .ask(api::PULL_REQUESTS_FROM_BRANCH, variables)
        .await?;
    Ok(found.pull_requests.first())
}

/// Finds out where the content stands. A content that was shipped before and replaced since is
/// shipped again, by a branch with the next number.
pub(super) async fn position(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
) -> Result<Position, ShipError> {
    let target = repository.default_branch.as_str();
    let missing = || ShipError::Inconsistent(format!("the repository has no branch {target}"));
    let head = source::head(session, repository, target)
        .await?
        .ok_or_else(missing)?;
    if head.tree_hash == shipment.identity.tree {
        return Ok(Position::Shipped {
            sha: head.commit_sha,
            pull_request: None,
        });
    }
    for attempt in 1..=MAX_ATTEMPTS {
        let branch = shipment.identity.branch(shipment.module.as_str(), attempt);
        let from = FromBranch {
            repository_id: &repository.id,
            source_branch: &branch,
            target_branch: target,
        };
        match latest(session, from).await? {
            None => {
                return Ok(Position::Underway {
                    branch,
                    pull_request: None,
                });
            }
            Some(found) => match found.status.as_str() {
                "OPEN" | "MERGING" => {
                    return Ok(Position::Underway {
                        branch,
                        pull_request: Some(found),
                    });
                }
                // Merged with changes of others: the tree is theirs and ours together.
                "MERGED" if found.merge_commit_sha.as_ref() == Some(&head.commit_sha) => {
                    let pull_request = Some(found);
                    return Ok(Position::Shipped {
                        sha: head.commit_sha,
                        pull_request,
                    });
                }
                _ => {}
            },
        }
    }
    let text = format!("this content was shipped {MAX_ATTEMPTS} times before");
    Err(ShipError::Inconsistent(text))
}

/// The pull request, opened if it is not.
pub(super) async fn open(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
    branch: &str,
    found: Option<PullRequest>,
) -> Result<PullRequest, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Input<'a> {
        repository_id: &'a str,
        source_branch: &'a str,
        target_branch: &'a str,
        title: String,
        description: String,
    }
    let pull_request = match found {
        Some(pull_request) => pull_request,
        None => {
            let input = Input {
                repository_id: &repository.id,
                source_branch: branch,
                target_branch: &repository.default_branch,
                title: shipment.title(),
                description: shipment.description(),
            };
            let opened = session.command(api::OPEN_PULL_REQUEST, input).await;
            opened.map_err(|refusal| refusal.into_error("opening the pull request"))?
        }
    };
    session.tell(
        "pull",
        format!("#{} ({})", pull_request.number, pull_request.id),
    );
    Ok(pull_request)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MergeInput<'a> {
    pull_request_id: &'a str,
    strategy: Strategy,
    expected_source_sha: &'a str,
    delete_source_branch: bool,
}

/// Merges; `None` when others changed the same lines of the default branch meanwhile, so that the
/// content must start from there. The pull request is abandoned then.
pub(super) async fn merge(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    pull_request: &PullRequest,
    sha: &str,
) -> Result<Option<PullRequest>, ShipError> {
    let deadline = session.deadline("the merge of the pull request");
    loop {
        let input = MergeInput {
            pull_request_id: &pull_request.id,
            strategy: shipment.options.strategy,
            expected_source_sha: sha,
            delete_source_branch: true,
        };
        match session
            .command::<PullRequest>(api::MERGE_PULL_REQUEST, input)
            .await
        {
            Ok(merged) if merged.status == "MERGED" => {
                let sha = merged.merge_commit_sha.as_deref().unwrap_or("?");
                session.tell("merge", format!("{sha} on {}", merged.target_branch));
                return Ok(Some(merged));
            }
            // Another process is about to, or the service has not yet heard of the commit.
            Ok(_) => deadline.pause(AGAIN).await?,
            Err(refusal) if refusal.has("VERSION_CONFLICT") => deadline.pause(AGAIN).await?,
            Err(refusal) if refusal.has("MERGE_CONFLICT") => {
                abandon(session, pull_request).await?;
                return Ok(None);
            }
            Err(refusal) => return Err(refusal.into_error("merging the pull request")),
        }
    }
}

async fn abandon(session: &mut Session<'_>, pull_request: &PullRequest) -> Result<(), ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Input<'a> {
        pull_request_id: &'a str,
        reason: &'a str,
    }
    let input = Input {
        pull_request_id: &pull_request.id,
        reason: "the target changed so that this does not merge; shipped again from its new head",
    };
    let abandoned: Result<PullRequest, Refusal> =
        session.command(api::ABANDON_PULL_REQUEST, input).await;
    let doing = "abandoning a pull request that does not merge";
    abandoned.map_err(|refusal| refusal.into_error(doing))?;
    session.tell(
        "pull",
        format!(
            "#{} abandoned: it does not merge any more",
            pull_request.number
        ),
    );
    Ok(())
}
