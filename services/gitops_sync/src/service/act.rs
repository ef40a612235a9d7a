//! One attempt: acting on its intent and recording how it ended.

use sluice_deployment_target::{Applied, ApplyOptions, TargetError};
use sluice_kernel::Ctx;

use super::{
    GitOpsSyncs, Result,
    change::{Change, Decision, Ended, event},
    content::repository,
    look::target,
};
use crate::model::{Failure, Seen, Success};
use crate::{GitOpsSyncError, GitOpsSyncState, Operation, Origin, Running, SERVICE};

/// What an attempt did, and what it failed with.
struct Acted {
    done: Success,
    error: Option<GitOpsSyncError>,
    /// Files that could not be applied.
    unapplied: Vec<String>,
}

impl GitOpsSyncs {
    /// Carries the attempt out and records how it ended, unless somebody else did. Answers what
    /// the attempt failed with, if it did.
    pub(super) async fn finish(
        &self,
        ctx: &Ctx,
        state: &GitOpsSyncState,
        running: &Running,
    ) -> Result<Option<GitOpsSyncError>> {
        let Acted {
            done,
            error,
            unapplied,
        } = self.act(state, running).await;
        // What the target looks like now; when it does not answer, the next look tells.
        let failure = error.as_ref();
        let unapplied = failure.map(|_| unapplied.as_slice());
        let seen = self.after(ctx, state, running, unapplied).await;
        self.change(ctx, state.id, |state, now| {
            let ours = state.running.as_ref().map(|held| held.number) == Some(running.number);
            if !ours {
                return Ok(Decision::Keep(()));
            }
            let mut change = Change::of(());
            change.ended = Some(match failure {
                None => Ended::well(running, done),
                Some(error) => Ended::badly(running, done, error),
            });
            match failure {
                None => state.succeed(running, now),
                Some(error) => {
                    let ended = Failure {
                        error,
                        unapplied: unapplied.unwrap_or_default(),
                        situation: seen.as_ref().map(|seen| seen.situation.as_str()),
                    };
                    let again = state.fail(running, &ended, &self.settings, now);
                    let failed = state.failed(&running.content, error, again);
                    change.events.push(event(state, &failed)?);
                }
            }
            let drifted = match &seen {
                Some(seen) => state.observe(seen, state.pending.is_some(), now).drifted,
                None => false,
            };
            if failure.is_none() {
                let counts = (done.applied, done.pruned);
                let cause = running.origin.cause;
                let synced = state.synced(&running.content, cause, counts);
                change.events.push(event(state, &synced)?);
            }
            if drifted {
                change.events.push(event(state, &state.drifted())?);
            }
            Ok(Decision::save(change))
        })
        .await?;
        Ok(error)
    }

    /// Looks at the target as it will be judged once the attempt is recorded; `failed` holds the
    /// files that could not be applied, when it failed.
    async fn after(
        &self,
        ctx: &Ctx,
        state: &GitOpsSyncState,
        running: &Running,
        failed: Option<&[String]>,
    ) -> Option<Seen> {
        let now = self.store.clock().now();
        let mut then = self.load(ctx, state.id).await.ok()?;
        match failed {
            None => then.succeed(running, now),
            Some(files) => {
                then.operation = Operation::Failed;
                then.unapplied = files.to_vec();
            }
        }
        let glance = self.glance(&then).await.ok()?;
        self.examine(&then, glance).await.ok()
    }

    async fn act(&self, state: &GitOpsSyncState, running: &Running) -> Acted {
        match self.apply(state, running).await {
            Ok(applied) => Acted {
                done: Success {
                    applied: count(applied.applied.len()),
                    pruned: count(applied.pruned.len()),
                },
                error: incomplete(&applied),
                unapplied: applied.failed.into_iter().map(|it| it.file).collect(),
            },
            Err(error) => Acted {
                done: Success::default(),
                error: Some(error),
                unapplied: Vec::new(),
            },
        }
    }

    async fn apply(&self, state: &GitOpsSyncState, running: &Running) -> Result<Applied> {
        let repo = repository(state)?;
        let commit = running.content.revision.parse()?;
        let folder = self.folder(&repo, commit, &state.path).await?;
        let declared = self.declared(&repo, &folder).await?;
        let options = ApplyOptions {
            prune: running.origin.prune,
            prune_extras: false,
            allow_empty: running.origin.allow_empty,
            expected_serial: Some(running.serial),
        };
        let (path, revision) = (target(state)?, &running.content.revision);
        match self.target.apply(&path, &declared, revision, options).await {
            Ok(applied) => Ok(applied),
            // Another process that held the attempt may have carried it out and died.
            Err(error @ TargetError::Moved { .. }) => {
                let observed = self.target.observe(&path).await?;
                let ours = observed.inventory.is_some_and(|held| {
                    held.serial == running.serial + 1 && held.revision.as_ref() == Some(revision)
                });
                if ours {
                    Ok(Applied::default())
                } else {
                    Err(error.into())
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A context that continues what the attempt was made for.
    pub(super) fn ctx_of(state: &GitOpsSyncState, origin: &Origin) -> Ctx {
        let tenant = state.meta.tenant_id.clone();
        Ctx::for_system(SERVICE, tenant, &origin.trace_id, &origin.correlation_id)
            .with_causation(origin.event_id)
    }
}

fn incomplete(applied: &Applied) -> Option<GitOpsSyncError> {
    let first = applied.failed.first()?;
    let name = first.object.as_ref().map(ToString::to_string);
    let name = name.unwrap_or_else(|| first.file.clone());
    Some(GitOpsSyncError::Incomplete {
        count: applied.failed.len(),
        first: format!("{name}: {}", first.reason),
    })
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
