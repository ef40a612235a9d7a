//! From open to merged, and back when the merge cannot land.

use chrono::{DateTime, Utc};
use sluice_git_host::{GitHostError, MergeSpec, Oid, Signature};
use sluice_kernel::Ctx;
use sluice_schema::events::PullRequestMerged;

use super::{
    MAX_CONFLICT_PATHS, MergeIntent, MergeStrategy, Mergeability, PullRequest, PullRequestStatus,
    cut,
};
use crate::{MergePullRequest, PullRequestError};

/// The commits of a merge that stands on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Landed {
    pub(crate) commit: Oid,
    pub(crate) tree: Oid,
    pub(crate) parents: Vec<Oid>,
    pub(crate) created: Vec<Oid>,
}

/// Why a merge that was decided cannot land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The target moved into a conflict.
    Conflicts(Vec<String>),
    /// The target got the changes in another way.
    UpToDate,
    /// The target is gone.
    TargetGone,
    /// The Git host refuses it.
    Host(String),
}

impl PullRequest {
    /// Decides the merge: from here on everything that it needs is in the pull request.
    pub(crate) fn begin_merge(
        &mut self,
        ctx: &Ctx,
        command: &MergePullRequest,
        now: DateTime<Utc>,
    ) {
        let strategy = command.strategy();
        let message = command.message.clone();
        self.merge_intent = Some(MergeIntent {
            actor: ctx.actor().id.clone(),
            at: now,
            message: message.unwrap_or_else(|| self.default_message(strategy)),
            trace_id: ctx.trace_id().to_owned(),
            correlation_id: ctx.correlation_id().to_owned(),
        });
        self.status = PullRequestStatus::Merging;
        self.strategy = Some(strategy);
        self.merged_by = Some(ctx.actor().id.clone());
        self.delete_source_branch = command.delete_source_branch.unwrap_or(false);
        self.reason = None;
    }

    fn default_message(&self, strategy: MergeStrategy) -> String {
        let (number, title) = (self.number, &self.title);
        match (strategy, &self.description) {
            (MergeStrategy::Squash, Some(text)) => format!("{title} (#{number})\n\n{text}"),
            (MergeStrategy::Squash, None) => format!("{title} (#{number})"),
            _ => format!(
                "Merge pull request #{number} from {}\n\n{title}",
                self.source_branch
            ),
        }
    }

    /// The merge as the Git host takes it; equal pull requests give equal commits.
    pub(crate) fn merge_spec(&self) -> Result<MergeSpec, PullRequestError> {
        let (Some(intent), Some(strategy)) = (&self.merge_intent, self.strategy) else {
            return Err(PullRequestError::NotMerged {
                reason: "no merge was decided".to_owned(),
            });
        };
        Ok(MergeSpec {
            target: self.target_sha.parse()?,
            source: self.source_sha.parse()?,
            strategy: strategy.at_git(),
            signature: signature(&intent.actor, intent.at),
            message: intent.message.clone(),
            trailers: vec![
                ("Pull-Request-Id".to_owned(), self.id.to_string()),
                ("Trace-Id".to_owned(), intent.trace_id.clone()),
                ("Correlation-Id".to_owned(), intent.correlation_id.clone()),
            ],
        })
    }

    /// The target moved: the merge is made again onto its new head.
    pub(crate) fn retarget(&mut self, head: Oid) {
        self.target_sha = head.to_string();
    }

    /// The merge stands on the target.
    pub(crate) fn landed(&mut self, landed: &Landed, now: DateTime<Utc>) -> PullRequestMerged {
        let texts = |ids: &[Oid]| ids.iter().map(ToString::to_string).collect();
        self.status = PullRequestStatus::Merged;
        self.merge_commit_sha = Some(landed.commit.to_string());
        self.tree_hash = Some(landed.tree.to_string());
        self.parent_shas = texts(&landed.parents);
        self.created_shas = texts(&landed.created);
        self.merged_at = Some(now);
        self.mergeability = Mergeability::Clean;
        self.conflict_paths = Vec::new();
        let strategy = self.strategy.unwrap_or(MergeStrategy::Merge);
        PullRequestMerged {
            pull_request_id: self.id,
            repository_id: self.repository_id,
            repository_name: self.repository_name.clone(),
            number: self.number,
            title: self.title.clone(),
            source_branch: self.source_branch.clone(),
            target_branch: self.target_branch.clone(),
            source_sha: self.source_sha.clone(),
            merge_commit_sha: landed.commit.to_string(),
            tree_hash: landed.tree.to_string(),
            parent_shas: self.parent_shas.clone(),
            created_shas: self.created_shas.clone(),
            strategy: strategy.as_str().to_owned(),
            merged_by: self.merged_by.clone().unwrap_or_default(),
            delete_source_branch: self.delete_source_branch,
        }
    }

    /// The merge cannot land: the pull request is open again and says why.
    pub(crate) fn reopen(&mut self, refusal: &Refusal, now: DateTime<Utc>) {
        self.status = PullRequestStatus::Open;
        self.reason = Some(refusal.reason());
        self.merge_intent = None;
        self.strategy = None;
        self.merged_by = None;
        self.delete_source_branch = false;
        match refusal {
            Refusal::Conflicts(paths) => {
                self.mergeability = Mergeability::Conflicting;
                self.conflict_paths.clone_from(paths);
                self.conflict_paths.truncate(MAX_CONFLICT_PATHS);
            }
            Refusal::UpToDate => self.mergeability = Mergeability::UpToDate,
            Refusal::TargetGone => self.mergeability = Mergeability::Unknown,
            Refusal::Host(_) => {}
        }
        self.record_mergeable(now);
    }

    /// What a refused merge answers.
    pub(crate) fn refused(&self, refusal: Refusal) -> PullRequestError {
        match refusal {
            Refusal::Conflicts(mut paths) => {
                paths.truncate(MAX_CONFLICT_PATHS);
                PullRequestError::MergeConflict {
                    target_branch: self.target_branch.clone(),
                    paths,
                }
            }
            Refusal::UpToDate => PullRequestError::UpToDate {
                source_branch: self.source_branch.clone(),
                target_branch: self.target_branch.clone(),
            },
            other => PullRequestError::NotMerged {
                reason: other.reason(),
            },
        }
    }

    /// Why the merge that somebody else found impossible did not take place.
    pub(crate) fn reopened(&self) -> PullRequestError {
        match self.mergeability {
            Mergeability::Conflicting => {
                self.refused(Refusal::Conflicts(self.conflict_paths.clone()))
            }
            Mergeability::UpToDate => self.refused(Refusal::UpToDate),
            _ => PullRequestError::NotMerged {
                reason: self.reason.clone().unwrap_or_default(),
            },
        }
    }
}

impl Refusal {
    /// What a Git host's refusal means here; `None` when it failed and may succeed later.
    pub(crate) fn of(error: &GitHostError) -> Option<Self> {
        match error {
            GitHostError::Unrelated { .. }
            | GitHostError::MergeCommitInSource { .. }
            | GitHostError::TooLarge { .. }
            | GitHostError::InvalidCommit { .. }
            | GitHostError::NotFound { .. } => Some(Self::Host(error.to_string())),
            _ => None,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Conflicts(paths) => {
                let named: Vec<&str> = paths.iter().take(10).map(String::as_str).collect();
                let more = paths.len().saturating_sub(named.len());
                let rest = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                cut(&format!("conflicts in {}{rest}", named.join(", ")), 1_000)
            }
            Self::UpToDate => "the target holds every change of the source".to_owned(),
            Self::TargetGone => "the target branch does not exist".to_owned(),
            Self::Host(reason) => cut(reason, 1_000),
        }
    }
}

/// A commit's signature for an actor, whose id may hold what a signature may not.
fn signature(actor: &str, time: DateTime<Utc>) -> Signature {
    let clean: String = actor
        .chars()
        .filter(|c| !c.is_control() && !"<>\"\\,;:".contains(*c))
        .collect();
    let clean = match clean.trim() {
        "" => "sluice".to_owned(),
        text => cut(text, 150).trim().to_owned(),
    };
    let email = if clean.contains('@') {
        clean.replace(char::is_whitespace, "-")
    } else {
        format!("{}@localhost", clean.replace(char::is_whitespace, "-"))
    };
    Signature {
        name: clean,
        email,
        time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_nothing_that_git_refuses() {
        let time = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let cases = [
            ("ada", "ada", "ada@localhost"),
            ("ada@example.org", "ada@example.org", "ada@example.org"),
            ("a <b>\n", "a b", "a-b@localhost"),
            ("<>", "sluice", "sluice@localhost"),
        ];
        for (actor, name, email) in cases {
            let signature = signature(actor, time);
            assert_eq!(
                (signature.name.as_str(), signature.email.as_str()),
                (name, email)
            );
        }
        assert!(super::signature(&"x".repeat(500), time).email.len() <= 200);
    }
}
