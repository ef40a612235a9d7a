//! The PullRequest aggregate: pure, without store or provider.

mod merging;
mod parts;
pub(crate) mod policy;

use chrono::{DateTime, Utc};
use sluice_kernel::Meta;
use sluice_schema::{
    PullRequestId, RepositoryId,
    events::{PullRequestAbandoned, PullRequestOpened, PullRequestReviewed},
};

pub(crate) use merging::{Landed, Refusal};
pub use parts::{
    Check, CheckState, MergeIntent, MergeStrategy, Mergeability, PullRequestStatus, Review,
    ReviewDecision,
};
pub(crate) use parts::{HeadCheck, MERGEABLE, Sighting, cut};

use crate::PullRequestError;

/// Distinct people whose review a pull request keeps.
pub(crate) const MAX_REVIEWERS: usize = 200;
/// Paths in conflict that a pull request keeps and names.
pub(crate) const MAX_CONFLICT_PATHS: usize = 1_000;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its id.
    pub id: PullRequestId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The repository of both branches.
    pub repository_id: RepositoryId,
    /// The repository's name; with tenant and project, its place at the Git host.
    pub repository_name: String,
    /// Number in the repository, from 1 without holes.
    pub number: u64,
    /// What it is about, one line.
    pub title: String,
    /// Why.
    pub description: Option<String>,
    /// Branch with the changes.
    pub source_branch: String,
    /// Branch that shall receive them.
    pub target_branch: String,
    /// Head of the source when it was last looked at; once merged, what was merged.
    pub source_sha: String,
    /// Head of the target when it was last looked at; once merged, what it was merged onto.
    pub target_sha: String,
    /// Where it is in its life.
    pub status: PullRequestStatus,
    /// Who opened it.
    pub author: String,
    /// The latest review of each reviewer, in the order of their first.
    pub reviews: Vec<Review>,
    /// What is known of the source's head; `mergeable` is always among them.
    pub checks: Vec<Check>,
    /// Whether it would merge.
    pub mergeability: Mergeability,
    /// The paths in conflict, sorted, at most 1,000.
    pub conflict_paths: Vec<String>,
    /// The merge that is under way or took place.
    pub merge_intent: Option<MergeIntent>,
    /// How it is or was merged.
    pub strategy: Option<MergeStrategy>,
    /// The commit that carries the changes on the target.
    pub merge_commit_sha: Option<String>,
    /// Tree of that commit.
    pub tree_hash: Option<String>,
    /// Parents of that commit.
    pub parent_shas: Vec<String>,
    /// Every commit that the merge wrote, oldest first.
    pub created_shas: Vec<String>,
    /// Who merged, or is merging.
    pub merged_by: Option<String>,
    /// When the merge was recorded.
    pub merged_at: Option<DateTime<Utc>>,
    /// Whether the source branch is deleted after the merge.
    pub delete_source_branch: bool,
    /// Why it was abandoned, or why the last attempt to merge it did not take place.
    pub reason: Option<String>,
}

impl PullRequest {
    pub(crate) fn opened(&self) -> PullRequestOpened {
        PullRequestOpened {
            pull_request_id: self.id,
            repository_id: self.repository_id,
            number: self.number,
            title: self.title.clone(),
            source_branch: self.source_branch.clone(),
            target_branch: self.target_branch.clone(),
            source_sha: self.source_sha.clone(),
            target_sha: self.target_sha.clone(),
        }
    }

    /// Refuses when the source has another head than the caller saw.
    pub(crate) fn ensure_source(&self, expected: Option<&str>) -> Result<(), PullRequestError> {
        match expected {
            Some(sha) if sha != self.source_sha => Err(PullRequestError::SourceMoved {
                expected: sha.to_owned(),
                actual: self.source_sha.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn ensure_open(&self) -> Result<(), PullRequestError> {
        match self.status {
            PullRequestStatus::Open => Ok(()),
            PullRequestStatus::Merging => Err(PullRequestError::BeingMerged),
            PullRequestStatus::Merged => Err(PullRequestError::Merged),
            PullRequestStatus::Abandoned => Err(PullRequestError::Abandoned),
        }
    }

    /// Keeps the review in place of the reviewer's earlier one; `None` when it is the same,
    /// even when the source moved since.
    pub(crate) fn review(
        &mut self,
        review: Review,
    ) -> Result<Option<PullRequestReviewed>, PullRequestError> {
        if review.reviewer == self.author {
            return Err(PullRequestError::OwnReview);
        }
        let earlier = self
            .reviews
            .iter()
            .position(|kept| kept.reviewer == review.reviewer);
        if earlier.is_some_and(|index| self.reviews[index].says_the_same(&review)) {
            return Ok(None);
        }
        self.ensure_open()?;
        self.ensure_source(Some(&review.source_sha))?;
        let event = PullRequestReviewed {
            pull_request_id: self.id,
            repository_id: self.repository_id,
            number: self.number,
            reviewer: review.reviewer.clone(),
            decision: review.decision.as_str().to_owned(),
            source_sha: review.source_sha.clone(),
        };
        match earlier {
            Some(index) => self.reviews[index] = review,
            None if self.reviews.len() >= MAX_REVIEWERS => {
                return Err(PullRequestError::TooManyReviewers {
                    limit: MAX_REVIEWERS,
                });
            }
            None => self.reviews.push(review),
        }
        Ok(Some(event))
    }

    /// Closes it; `None` when it was abandoned already.
    pub(crate) fn abandon(
        &mut self,
        reason: Option<String>,
    ) -> Result<Option<PullRequestAbandoned>, PullRequestError> {
        if self.status == PullRequestStatus::Abandoned {
            return Ok(None);
        }
        self.ensure_open()?;
        self.status = PullRequestStatus::Abandoned;
        self.reason = reason;
        Ok(Some(PullRequestAbandoned {
            pull_request_id: self.id,
            repository_id: self.repository_id,
            number: self.number,
            reason: self.reason.clone(),
        }))
    }

    /// Takes over what was seen at the Git host; whether anything is new. What is merged or
    /// abandoned stays as it was then.
    pub(crate) fn see(&mut self, sighting: &Sighting, now: DateTime<Utc>) -> bool {
        if self.status != PullRequestStatus::Open {
            return false;
        }
        let before = self.clone();
        self.source_sha.clone_from(&sighting.source_sha);
        self.target_sha.clone_from(&sighting.target_sha);
        self.mergeability = sighting.mergeability;
        self.conflict_paths.clone_from(&sighting.conflict_paths);
        self.conflict_paths.truncate(MAX_CONFLICT_PATHS);
        self.checks.retain(|check| check.sha == sighting.source_sha);
        for check in &sighting.checks {
            self.record_check(check);
        }
        self.record_mergeable(now);
        *self != before
    }

    /// Keeps what is known of the head in place of what was known earlier; whether it is new.
    pub(crate) fn record_check(&mut self, check: &Check) -> bool {
        if self.status != PullRequestStatus::Open || check.sha != self.source_sha {
            return false;
        }
        let kept = self.checks.iter_mut().find(|kept| kept.name == check.name);
        match kept {
            Some(kept) if check.supersedes(kept) => *kept = check.clone(),
            Some(_) => return false,
            None => self.checks.push(check.clone()),
        }
        true
    }

    fn record_mergeable(&mut self, now: DateTime<Utc>) {
        let (state, detail) = self.mergeability.verdict(self.conflict_paths.len());
        let check = Check {
            name: MERGEABLE.to_owned(),
            state,
            sha: self.source_sha.clone(),
            detail,
            build_id: None,
            at: now,
        };
        let index = self.checks.iter().position(|kept| kept.name == MERGEABLE);
        match index {
            Some(index) if self.checks[index].says_the_same(&check) => {}
            Some(index) => self.checks[index] = check,
            None => self.checks.insert(0, check),
        }
    }
}

#[cfg(test)]
mod tests;
