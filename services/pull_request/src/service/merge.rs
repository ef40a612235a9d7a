//! Merging: decide, merge, move the target by compare and swap, record.
//!
//! The target's head that a merge is made onto is saved before the target moves. So the commit
//! can be made again from what is saved, and whether it landed can be told, after any crash.

use std::sync::Arc;

use sluice_git_host::{GitHostError, MergeOutcome, Oid, RefChange};
use sluice_kernel::{AnyFault, Ctx, Finding, Outcome};
use sluice_schema::{
    PullRequestId, Scope,
    events::{BranchPolicy, PullRequestMerged},
};

use super::{ATTEMPTS, PullRequests, Result, branch_of, is_race, path_of};
use crate::{
    MergePullRequest, Mergeability, PullRequest, PullRequestError, PullRequestStatus,
    model::{Landed, Refusal, policy},
    store,
};

const COMMAND: &str = "mergePullRequest";

/// What one attempt to land a merge came to.
enum Step {
    Landed(Landed),
    /// The target has this head by now.
    Moved(Oid),
    Refused(Refusal),
}

impl PullRequests {
    /// Brings a pull request's changes into its target, when the target's policy is satisfied on
    /// the source's current head.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when it is abandoned or
    /// has nothing to merge, `VERSION_CONFLICT` when the source moved, `POLICY_NOT_SATISFIED`
    /// with what is missing, `MERGE_CONFLICT` with the paths, `CONFLICT` when it is merged by
    /// another strategy.
    pub async fn merge(
        &self,
        ctx: &Ctx,
        command: MergePullRequest,
    ) -> Result<Outcome<Arc<PullRequest>>> {
        ctx.require(Scope::PullRequestsMerge)?;
        command.validate()?;
        for _ in 0..ATTEMPTS {
            let recalled = self.store.recall(ctx, COMMAND).await?.is_some();
            let pull_request = self.load(ctx, command.pull_request_id).await?;
            match pull_request.status {
                PullRequestStatus::Abandoned => return Err(PullRequestError::Abandoned),
                PullRequestStatus::Merged | PullRequestStatus::Merging => {
                    command.ensure_same(&pull_request)?;
                    let merged = self.finish_merge(ctx, pull_request, None).await?;
                    return Ok(Outcome::replayed(merged));
                }
                PullRequestStatus::Open => {}
            }
            let Some((intent, merge)) = self.plan(ctx, &command, pull_request).await? else {
                continue;
            };
            match self.announce(ctx, intent, !recalled).await {
                Ok(intent) => {
                    let merged = self.finish_merge(ctx, intent, Some(merge)).await?;
                    return Ok(Outcome::done(merged));
                }
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(PullRequestError::Contended)
    }

    /// The decided merge and its commits, which no branch shows yet; refused where it cannot be.
    /// `None` when the pull request is no longer open, since others decided meanwhile.
    async fn plan(
        &self,
        ctx: &Ctx,
        command: &MergePullRequest,
        pull_request: PullRequest,
    ) -> Result<Option<(PullRequest, MergeOutcome)>> {
        self.writable_repository(ctx, pull_request.repository_id)
            .await?;
        let mut pull_request = self.refresh(ctx, pull_request).await?;
        if pull_request.status != PullRequestStatus::Open {
            return Ok(None);
        }
        pull_request.ensure_source(command.expected_source_sha.as_deref())?;
        self.ensure_policy(ctx, &pull_request).await?;
        pull_request.begin_merge(ctx, command, self.store.clock().now());
        let path = path_of(&pull_request)?;
        let merge = self.git.merge(&path, &pull_request.merge_spec()?).await?;
        match merge {
            // A rebase may conflict where a merge does not.
            MergeOutcome::Conflicts { paths } => {
                Err(pull_request.refused(Refusal::Conflicts(paths)))
            }
            MergeOutcome::UpToDate => Err(pull_request.refused(Refusal::UpToDate)),
            MergeOutcome::Merged { .. } => Ok(Some((pull_request, merge))),
        }
    }

    async fn ensure_policy(&self, ctx: &Ctx, pull_request: &PullRequest) -> Result<()> {
        let missing = self.missing_of(ctx, pull_request).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if policy::only_mergeability(&missing) {
            match pull_request.mergeability {
                Mergeability::Conflicting => {
                    let paths = pull_request.conflict_paths.clone();
                    return Err(pull_request.refused(Refusal::Conflicts(paths)));
                }
                Mergeability::UpToDate => return Err(pull_request.refused(Refusal::UpToDate)),
                Mergeability::Clean | Mergeability::Unknown => {}
            }
        }
        Err(PullRequestError::PolicyNotSatisfied {
            target_branch: pull_request.target_branch.clone(),
            missing,
        })
    }

    async fn missing_of(&self, ctx: &Ctx, pull_request: &PullRequest) -> Result<Vec<Finding>> {
        let (repository, target) = (pull_request.repository_id, &pull_request.target_branch);
        let found = self.branches.branch(ctx, repository, target).await;
        // A branch that is not known yet has had no demands made of it.
        let policy = found
            .map_err(AnyFault)?
            .map_or_else(no_demands, |branch| branch.policy);
        Ok(policy::missing(pull_request, &policy))
    }

    /// What an open pull request lacks to be merged, as it was last seen; nothing for others.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn missing(&self, ctx: &Ctx, id: PullRequestId) -> Result<Vec<Finding>> {
        ctx.require(Scope::Read)?;
        let pull_request = self.load(ctx, id).await?;
        match pull_request.status {
            PullRequestStatus::Open => self.missing_of(ctx, &pull_request).await,
            _ => Ok(Vec::new()),
        }
    }

    // The intent: from here on a crash is found and finished by the recovery loop.
    async fn announce(
        &self,
        ctx: &Ctx,
        mut intent: PullRequest,
        remember: bool,
    ) -> Result<PullRequest> {
        intent.meta.touch(ctx, self.store.clock().now());
        let tx = self.store.begin(ctx).await?;
        store::update(&tx, &mut intent).await?;
        if remember {
            tx.remember(COMMAND, &intent.id.to_string()).await?;
        }
        tx.commit([]).await?;
        Ok(intent)
    }

    /// Acts on the intent and records the outcome; whoever finds a merge under way helps to
    /// finish it, and exactly one of the helpers announces it. `merge` is the merge onto the
    /// intent's target when it has been made already.
    pub(crate) async fn finish_merge(
        &self,
        ctx: &Ctx,
        pull_request: PullRequest,
        merge: Option<MergeOutcome>,
    ) -> Result<Arc<PullRequest>> {
        let (mut pull_request, mut merge) = (pull_request, merge);
        for _ in 0..ATTEMPTS {
            match pull_request.status {
                PullRequestStatus::Merging => {}
                PullRequestStatus::Merged => return Ok(Arc::new(pull_request)),
                PullRequestStatus::Abandoned => return Err(PullRequestError::Abandoned),
                PullRequestStatus::Open => return Err(pull_request.reopened()),
            }
            let id = pull_request.id;
            let step = self.land(&pull_request, merge.take()).await?;
            match self.record(ctx, pull_request, step).await {
                Ok(recorded) => pull_request = recorded,
                Err(error) if is_race(&error) => pull_request = self.load(ctx, id).await?,
                Err(error) => return Err(error),
            }
        }
        // Still under way: the recovery loop goes on with it.
        Err(PullRequestError::Contended)
    }

    async fn land(&self, pull_request: &PullRequest, merge: Option<MergeOutcome>) -> Result<Step> {
        let path = path_of(pull_request)?;
        let spec = pull_request.merge_spec()?;
        let merge = match merge {
            Some(merge) => merge,
            None => match self.git.merge(&path, &spec).await {
                Ok(merge) => merge,
                Err(error) => return refused_by_host(error),
            },
        };
        let (commit, tree, created) = match merge {
            MergeOutcome::Merged {
                commit,
                tree,
                created,
            } => (commit, tree, created),
            MergeOutcome::Conflicts { paths } => {
                return Ok(Step::Refused(Refusal::Conflicts(paths)));
            }
            MergeOutcome::UpToDate => return Ok(Step::Refused(Refusal::UpToDate)),
        };
        let change = RefChange {
            expected: Some(spec.target),
            new: Some(commit),
        };
        let target = branch_of(&pull_request.target_branch)?;
        match self.git.update_ref(&path, &target, change).await {
            Ok(()) => {}
            Err(GitHostError::RefMoved { actual: None, .. }) => {
                return Ok(Step::Refused(Refusal::TargetGone));
            }
            Err(GitHostError::RefMoved {
                actual: Some(head), ..
            }) => {
                // It may have landed before, by a helper or before a crash.
                if !self.git.is_ancestor(&path, &commit, &head).await? {
                    return Ok(Step::Moved(head));
                }
            }
            Err(error) => return Err(error.into()),
        }
        let written = self.git.commit(&path, &commit).await?;
        Ok(Step::Landed(Landed {
            commit,
            tree,
            parents: written.map(|commit| commit.parents).unwrap_or_default(),
            created,
        }))
    }

    async fn record(
        &self,
        ctx: &Ctx,
        mut pull_request: PullRequest,
        step: Step,
    ) -> Result<PullRequest> {
        let now = self.store.clock().now();
        let none: Option<&PullRequestMerged> = None;
        match step {
            Step::Landed(landed) => {
                let event = pull_request.landed(&landed, now);
                self.save(ctx, &mut pull_request, Some(&event)).await?;
                Ok(pull_request)
            }
            Step::Moved(head) => {
                pull_request.retarget(head);
                self.save(ctx, &mut pull_request, none).await?;
                Ok(pull_request)
            }
            Step::Refused(refusal) => {
                pull_request.reopen(&refusal, now);
                self.save(ctx, &mut pull_request, none).await?;
                // Events about its heads were passed over while the merge was under way.
                let pull_request = self.refresh(ctx, pull_request).await?;
                Err(pull_request.refused(refusal))
            }
        }
    }
}

fn refused_by_host(error: GitHostError) -> Result<Step> {
    match Refusal::of(&error) {
        Some(refusal) => Ok(Step::Refused(refusal)),
        None => Err(error.into()),
    }
}

/// What an open pull request lacks to be merged under its target's policy, as both were read;
/// nothing for others. A target that is not known has no policy.
pub fn unmet_policy(pull_request: &PullRequest, policy: Option<&BranchPolicy>) -> Vec<Finding> {
    if pull_request.status != PullRequestStatus::Open {
        return Vec::new();
    }
    match policy {
        Some(policy) => policy::missing(pull_request, policy),
        None => policy::missing(pull_request, &no_demands()),
    }
}

fn no_demands() -> BranchPolicy {
    BranchPolicy {
        is_protected: false,
        required_approvals: 0,
        required_checks: Vec::new(),
    }
}
