//! Telling the history of branches as it becomes known.

use sluice_git_host::{
    BranchName, GitHostError, History, HistoryEntry, HistoryRequest, LinePoint, Oid, RepoPath,
};
use sluice_kernel::{Ctx, directory::RepositoryView};
use sluice_schema::{NewEvent, RepositoryId, events::HistoryRecorded};
use sluice_store::StoreError;

use super::{ATTEMPTS, Commits, Result, repository_path};
use crate::{
    CommitError,
    history::{BranchHistory, Told, entity, events_of},
};

/// Commits told in one transaction: five events.
const PORTION: usize = 2_500;
/// Portions told at a time; the recovery loop goes on with the rest.
const PORTIONS: usize = 8;
/// The newest commits of what is new, which have patch ids.
const PATCH_IDS: usize = 2_000;
/// Commits of a branch of which all are told whenever it moves, so that what a squash of them
/// holds is exact.
const TOLD_AGAIN: usize = 100;
/// The same for the source of a pull request that was merged.
const TOLD_WHEN_MERGED: usize = 500;
/// Commits of a branch beside the default branch that are told at all.
const BESIDE: usize = 10_000;

/// A branch beside the default branch that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Its short name.
    pub(crate) branch: String,
    /// Where it pointed when its pull request was merged; where it points now when absent.
    pub(crate) merged: Option<String>,
}

/// A repository at work.
struct Place<'a> {
    ctx: &'a Ctx,
    repository: &'a RepositoryView,
    path: RepoPath,
}

impl Commits {
    /// Brings what is told of a repository up to date: its default branch, then `beside`. Tells
    /// nothing twice, also when it runs at the same time.
    pub(crate) async fn tell_history(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        beside: Option<Beside>,
    ) -> Result<()> {
        let repository = match self.repository(ctx, repository).await {
            Err(CommitError::RepositoryNotFound) => return Ok(()),
            found => found?,
        };
        let path = repository_path(&repository)?;
        if !self.git.exists(&path).await? {
            return Ok(());
        }
        let place = Place {
            ctx,
            repository: &repository,
            path,
        };
        let landed = self.tell_default(&place).await?;
        match beside {
            Some(beside) if beside.branch != repository.default_branch => {
                self.tell_beside(&place, &beside, landed).await
            }
            _ => Ok(()),
        }
    }

    /// Histories of every tenant whose telling is under way.
    pub(crate) async fn histories_under_way(&self, limit: u64) -> Result<Vec<BranchHistory>> {
        Ok(entity::under_way(&self.store, limit).await?)
    }

    async fn told(&self, place: &Place<'_>, branch: &BranchName) -> Result<BranchHistory> {
        let (ctx, now) = (place.ctx, self.store.clock().now());
        let begun = BranchHistory::begin(ctx, now, place.repository, branch);
        let found = entity::find(&self.store, ctx, &begun.id).await?;
        Ok(found.unwrap_or(begun))
    }

    /// Tells what the default branch got, in portions; the head that is told then.
    async fn tell_default(&self, place: &Place<'_>) -> Result<Option<Oid>> {
        let branch: BranchName = place.repository.default_branch.parse()?;
        let (mut portions, mut races) = (0, 0);
        loop {
            let mut history = self.told(place, &branch).await?;
            let head = match history.target {
                Some(target) => Some(target),
                None => self.git.head(&place.path, &branch).await?,
            };
            let Some(head) = head.filter(|head| history.head != Some(*head)) else {
                return Ok(history.head);
            };
            if portions == PORTIONS {
                return Err(CommitError::HistoryBehind);
            }
            let events = self.next_portion(place, &mut history, head).await?;
            if self.save_history(place, history, &events).await? {
                portions += 1;
            } else {
                races += 1;
            }
            if races == ATTEMPTS {
                return Err(CommitError::Contended);
            }
        }
    }

    /// The next portion towards `head`, and `history` as it is once that is told.
    async fn next_portion(
        &self,
        place: &Place<'_>,
        history: &mut BranchHistory,
        head: Oid,
    ) -> Result<Vec<HistoryRecorded>> {
        let skip = usize::try_from(history.told).unwrap_or(usize::MAX);
        let request = HistoryRequest {
            head,
            not: history.head.into_iter().collect(),
            skip,
            limit: PORTION,
            patch_ids: PATCH_IDS,
        };
        let found = match self.git.history(&place.path, &request).await {
            // Where the branch pointed then is gone; where it points now is not.
            Err(GitHostError::NotFound { .. }) if history.target.is_some() => {
                history.target = None;
                history.told = 0;
                return Ok(Vec::new());
            }
            found => found?,
        };
        if history.head.is_some() && found.line_start != history.head {
            return self.rewritten(place, history, head).await;
        }
        let done = skip + found.commits.len() >= found.total;
        let event = HistoryRecorded {
            landings: Some(history.landings + found.steps),
            default_branch: true,
            more: !done,
            ..event(history, head)
        };
        let after = Told::After(history.landings);
        if done {
            history.arrive(head, history.landings + found.steps);
        } else {
            pause(history, head, &found, skip);
        }
        Ok(events_of(&event, found.commits, after))
    }

    /// The branch does not go on from what is told: back to where its line and the told one part.
    /// What it has lost has not landed any more.
    async fn rewritten(
        &self,
        place: &Place<'_>,
        history: &mut BranchHistory,
        head: Oid,
    ) -> Result<Vec<HistoryRecorded>> {
        let (mut common, mut lost) = (None, Vec::new());
        if let Some(old) = history.head
            && self.git.commit(&place.path, &old).await?.is_some()
        {
            common = self.git.common_line(&place.path, &old, &head).await?;
            lost = self.all(place, old, &[head], usize::MAX, 0).await?;
        }
        let event = HistoryRecorded {
            landings: Some(common.map_or(0, |at| at.number)),
            default_branch: true,
            rewritten: true,
            more: true,
            ..event(history, head)
        };
        let (at, landings) = match common {
            Some(LinePoint { id, number }) => (Some(id), number),
            None => (None, 0),
        };
        history.pause((at, landings), head, 0);
        Ok(events_of(&event, lost, Told::NotLanded))
    }

    /// Tells what a branch has that has not landed.
    async fn tell_beside(
        &self,
        place: &Place<'_>,
        beside: &Beside,
        landed: Option<Oid>,
    ) -> Result<()> {
        let branch: BranchName = beside.branch.parse()?;
        for _ in 0..ATTEMPTS {
            let mut history = self.told(place, &branch).await?;
            let head = match &beside.merged {
                Some(head) => Some(head.parse()?),
                None => self.git.head(&place.path, &branch).await?,
            };
            // What was told in parts is told as a whole when it is merged.
            let known = |head: &Oid| {
                history.head == Some(*head) && (beside.merged.is_none() || history.told > 0)
            };
            let Some(head) = head.filter(|head| !known(head)) else {
                return Ok(());
            };
            if self.git.commit(&place.path, &head).await?.is_none() {
                return Ok(());
            }
            let whole = match beside.merged {
                Some(_) => TOLD_WHEN_MERGED,
                None => TOLD_AGAIN,
            };
            let events = self.beside(place, &history, (head, landed), whole).await?;
            history.arrive(head, 0);
            let at_once = events.iter().find(|event| event.squash_patch_id.is_some());
            history.told = at_once.map_or(0, |event| event.commits.len() as u64);
            if self.save_history(place, history, &events).await? {
                return Ok(());
            }
        }
        Err(CommitError::Contended)
    }

    async fn beside(
        &self,
        place: &Place<'_>,
        history: &BranchHistory,
        (head, landed): (Oid, Option<Oid>),
        whole: usize,
    ) -> Result<Vec<HistoryRecorded>> {
        let mut not: Vec<Oid> = landed.into_iter().collect();
        let mut commits = self.all(place, head, &not, whole + 1, whole).await?;
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let mut event = event(history, head);
        if let Some(landed) = landed {
            let point = self.git.branch_point(&place.path, &landed, &head).await?;
            event.merge_base = point.merge_base.map(|id| id.to_string());
            event.squash_patch_id = point.patch_id.filter(|_| commits.len() <= whole);
        }
        if commits.len() > whole {
            not.extend(history.head);
            commits = self.all(place, head, &not, BESIDE, PATCH_IDS).await?;
        }
        Ok(events_of(&event, commits, Told::NotLanded))
    }

    /// What `head` has and `not` lacks, at most `most` commits.
    async fn all(
        &self,
        place: &Place<'_>,
        head: Oid,
        not: &[Oid],
        most: usize,
        patch_ids: usize,
    ) -> Result<Vec<HistoryEntry>> {
        let mut commits = Vec::new();
        loop {
            let request = HistoryRequest {
                head,
                not: not.to_vec(),
                skip: commits.len(),
                limit: most - commits.len(),
                patch_ids,
            };
            let found = self.git.history(&place.path, &request).await?;
            let end = found.total.min(most);
            let some = !found.commits.is_empty();
            commits.extend(found.commits);
            if commits.len() >= end || !some {
                return Ok(commits);
            }
        }
    }

    /// Saves how far the history is told, with the events; `false` when somebody else was first.
    async fn save_history(
        &self,
        place: &Place<'_>,
        mut history: BranchHistory,
        events: &[HistoryRecorded],
    ) -> Result<bool> {
        let repository = place.repository;
        let (project, module) = (&repository.project_id, repository.module_id.as_ref());
        let events = events
            .iter()
            .map(|event| NewEvent::of(project, module, event));
        let events: Vec<NewEvent> = events.collect::<std::result::Result<_, _>>()?;
        history.meta.touch(place.ctx, self.store.clock().now());
        let tx = self.store.begin(place.ctx).await?;
        match entity::save(&tx, &history).await {
            Err(error) if error.is_race() => return Ok(false),
            saved => saved?,
        }
        match tx.commit(events).await {
            Err(StoreError::Serialization(_)) => Ok(false),
            saved => Ok(saved.map(|_| true)?),
        }
    }
}

/// What every event of a branch says.
fn event(history: &BranchHistory, head: Oid) -> HistoryRecorded {
    HistoryRecorded {
        repository_id: history.repository_id,
        branch: history.branch.clone(),
        default_branch: false,
        head_sha: head.to_string(),
        landings: None,
        merge_base: None,
        squash_patch_id: None,
        rewritten: false,
        commits: Vec::new(),
        more: false,
    }
}

/// The next portion begins after the last commit of the line in this one, so that it need not
/// walk what lies before.
fn pause(history: &mut BranchHistory, target: Oid, found: &History, skip: usize) {
    let last = found.commits.iter().rposition(|commit| commit.on_line);
    match last.and_then(|at| Some((at, found.commits.get(at)?))) {
        Some((at, commit)) => {
            let told = found.commits.len() - at - 1;
            let landings = history.landings + commit.step;
            history.pause((Some(commit.id), landings), target, told as u64);
        }
        None => {
            let told = skip + found.commits.len();
            history.pause((history.head, history.landings), target, told as u64);
        }
    }
}
