//! Recording what the merge of a pull request wrote.

use sluice_git_host::{CommitInfo, DiffLimits, RepoPath};
use sluice_kernel::{Ctx, Meta};
use sluice_schema::{Envelope, TypedId, events::PullRequestMerged};

use super::{ATTEMPTS, Commits, Result, event_of};
use crate::{
    Commit, CommitError, CommitOrigin, CommitStatus, Trailer, model::NaturalKey,
    reactions::CONSUMER, store,
};

/// Enough to count what a merge changes; nobody reads these patches.
const COUNT_ONLY: DiffLimits = DiffLimits {
    max_files: 100_000,
    max_patch_bytes: 0,
    max_total_bytes: 0,
};

impl Commits {
    /// Records every commit that the merge wrote, once, oldest first.
    pub(crate) async fn record_merge(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        merged: &PullRequestMerged,
    ) -> Result<()> {
        let (tenant, project) = (event.tenant_id.as_str(), event.project_id.as_str());
        let path = RepoPath::new(tenant, project, &merged.repository_name)?;
        let shas = match merged.created_shas.as_slice() {
            [] => std::slice::from_ref(&merged.merge_commit_sha),
            created => created,
        };
        let mut commits = Vec::with_capacity(shas.len());
        for sha in shas {
            let info = self.git.commit(&path, &sha.parse()?).await?;
            let info = info.ok_or(CommitError::NotFound)?;
            let changed = self.changed_paths(&path, &info).await?;
            commits.push(self.merge_record(ctx, event, merged, &info, changed));
        }
        for _ in 0..ATTEMPTS {
            if self.save_merge(ctx, event, &commits, shas).await? {
                return Ok(());
            }
        }
        Err(CommitError::Contended)
    }

    async fn changed_paths(&self, path: &RepoPath, info: &CommitInfo) -> Result<u32> {
        let (from, to) = (info.parents.first(), &info.id);
        let files = self.git.diff(path, from, to, COUNT_ONLY).await?;
        Ok(u32::try_from(files.len()).unwrap_or(u32::MAX))
    }

    /// `false` when somebody else recorded one of them at the same time.
    async fn save_merge(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        commits: &[Commit],
        shas: &[String],
    ) -> Result<bool> {
        let tx = self.store.begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event.event_id).await? {
            return Ok(true);
        }
        let mut events = Vec::with_capacity(commits.len());
        let Some(on) = commits
            .first()
            .map(|c| (c.repository_id, c.branch.as_str()))
        else {
            return Ok(true);
        };
        let known = store::recorded(&tx, on, shas).await?;
        for commit in commits {
            let mut commit = commit.clone();
            if commit.sha.as_ref().is_some_and(|sha| known.contains(sha)) {
                continue;
            }
            if let Some(sha) = &commit.sha {
                let created = commit.clone().created(sha.parse()?);
                events.push(event_of(&commit, &created)?);
            }
            commit.status = CommitStatus::Created;
            match store::insert(&tx, &commit).await {
                Ok(()) => {}
                Err(error) if error.is_race() => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        tx.commit(events).await?;
        Ok(true)
    }

    fn merge_record(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        merged: &PullRequestMerged,
        info: &CommitInfo,
        changed_paths: u32,
    ) -> Commit {
        let now = self.store.clock().now();
        let (project, module) = (event.project_id.clone(), event.module_id.clone());
        let sha = info.id.to_string();
        let trailer = |name: &str| {
            let found = info.trailers.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let message = match info.body.as_str() {
            "" => info.subject.clone(),
            body => format!("{}\n\n{body}", info.subject),
        };
        let trailers = info.trailers.iter().map(|(key, value)| Trailer {
            key: key.clone(),
            value: value.clone(),
        });
        Commit {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, project, module),
            repository_id: merged.repository_id,
            repository_name: merged.repository_name.clone(),
            branch: merged.target_branch.clone(),
            tree_hash: info.tree.to_string(),
            parent_shas: info.parents.iter().map(ToString::to_string).collect(),
            // A rebase carries each commit's lineage over.
            artifact_id: trailer("Artifact-Id"),
            artifact_content_hash: trailer("Artifact-Hash"),
            message,
            trailers: trailers.collect(),
            author_name: info.author.name.clone(),
            author_email: info.author.email.clone(),
            committed_at: info.committer.time,
            origin: CommitOrigin::Merge,
            pull_request_id: Some(merged.pull_request_id),
            changed_paths,
            status: CommitStatus::Created,
            reason: None,
            natural_key: NaturalKey::Merge(&sha).to_string(),
            changes_digest: String::new(),
            expected_head: None,
            sha: Some(sha),
        }
    }
}
