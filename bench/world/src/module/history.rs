//! What the history of Git tells.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_pull_request::MergeStrategy;
use sluice_schema::events::{HistoryCommit, HistoryRecorded};

use super::{
    ModuleWorld, PEOPLE,
    source::{Merge, Request, Written},
};
use crate::{
    maker::{Made, Story, system},
    scene::MAIN,
};

impl ModuleWorld {
    /// The branch's own commits, told before they land.
    pub(super) fn record_branch(
        &mut self,
        story: &mut Story,
        person: usize,
        work: &[Written],
        at: DateTime<Utc>,
    ) -> Made<()> {
        let Some(last) = work.last() else {
            return Ok(());
        };
        let line = &mut self.people[person];
        line.head.moved(at, &last.sha);
        let squash = match work {
            [only] => only.patch.clone(),
            _ => self.maker.random.sha(),
        };
        let event = HistoryRecorded {
            repository_id: self.repository,
            branch: line.branch.name.clone(),
            default_branch: false,
            head_sha: last.sha.clone(),
            landings: None,
            merge_base: Some(self.head.clone()),
            squash_patch_id: Some(squash),
            rewritten: false,
            commits: history(work, &self.head, PEOPLE[person], None),
            more: false,
        };
        self.maker.tell(story, at, &system("commit"), &event)?;
        Ok(())
    }

    /// What the merge brought to the default branch.
    pub(super) fn record_landing(
        &mut self,
        story: &mut Story,
        request: &Request,
        merge: &Merge,
    ) -> Made<()> {
        self.landed += 1;
        let (at, sha) = (merge.at + TimeDelta::seconds(1), &merge.commit.sha);
        let author = PEOPLE[request.person];
        let is_merge = merge.strategy == MergeStrategy::Merge;
        let mut commits = match is_merge {
            true => history(&request.work, &self.head, author, Some(self.landed)),
            false => Vec::new(),
        };
        commits.push(HistoryCommit {
            sha: sha.clone(),
            parents: merge.parents.clone(),
            subject_line: merge.commit.subject.clone(),
            author: author.to_owned(),
            authored_at: merge.at,
            committed_at: merge.at,
            patch_id: (!is_merge).then(|| merge.commit.patch.clone()),
            reverts: merge.reverts.iter().cloned().collect(),
            picked_from: None,
            landing: Some(self.landed),
            mainline: true,
        });
        let event = HistoryRecorded {
            repository_id: self.repository,
            branch: MAIN.to_owned(),
            default_branch: true,
            head_sha: sha.clone(),
            landings: Some(self.landed),
            merge_base: None,
            squash_patch_id: None,
            rewritten: false,
            commits,
            more: false,
        };
        self.maker.tell(story, at, &system("commit"), &event)?;
        self.main.head.moved(at, sha);
        self.head.clone_from(sha);
        Ok(())
    }
}

fn history(work: &[Written], base: &str, author: &str, landing: Option<u64>) -> Vec<HistoryCommit> {
    let parents = std::iter::once(base).chain(work.iter().map(|it| it.sha.as_str()));
    let commit = |(it, parent): (&Written, &str)| HistoryCommit {
        sha: it.sha.clone(),
        parents: vec![parent.to_owned()],
        subject_line: it.subject.clone(),
        author: author.to_owned(),
        authored_at: it.at,
        committed_at: it.at,
        patch_id: Some(it.patch.clone()),
        reverts: Vec::new(),
        picked_from: None,
        landing,
        mainline: false,
    };
    work.iter().zip(parents).map(commit).collect()
}
