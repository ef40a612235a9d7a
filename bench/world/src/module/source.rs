//! From commits on a person's branch to the default branch.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_commit::{Commit, CommitOrigin, CommitStatus};
use sluice_kernel::ContentDigest;
use sluice_pull_request::{
    Check, CheckState, MergeIntent, MergeStrategy, Mergeability, PullRequest, PullRequestStatus,
    Review, ReviewDecision,
};
use sluice_release::ReleaseNote;
use sluice_schema::{
    Actor, PullRequestId,
    events::{
        self, CommitCreated, PullRequestAbandoned, PullRequestMerged, PullRequestOpened,
        PullRequestReviewed,
    },
};

use super::{ModuleWorld, PEOPLE};
use crate::{
    maker::{Made, Story, system, touch, user},
    scene::MAIN,
};

const SUBJECTS: [(&str, &str); 8] = [
    ("feat", "take orders in several currencies"),
    ("fix", "answer when the cache is cold"),
    ("feat", "show what is in stock"),
    ("fix", "round prices once"),
    ("refactor", "keep the parser in one place"),
    ("docs", "say what a retry means"),
    ("perf", "read rows in one statement"),
    ("test", "cover the empty basket"),
];

/// What landed on the default branch.
pub(super) struct Landing {
    pub(super) sha: String,
    pub(super) at: DateTime<Utc>,
    pub(super) author: &'static str,
    pub(super) pull_request: PullRequestId,
}

/// A commit before its history is told.
pub(super) struct Written {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) patch: String,
    pub(super) subject: String,
    pub(super) at: DateTime<Utc>,
}

/// How a pull request comes about.
pub(super) struct Request {
    pub(super) id: PullRequestId,
    pub(super) person: usize,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) work: Vec<Written>,
}

/// What a merge writes.
pub(super) struct Merge {
    pub(super) at: DateTime<Utc>,
    pub(super) by: Actor,
    pub(super) strategy: MergeStrategy,
    pub(super) commit: Written,
    pub(super) parents: Vec<String>,
    pub(super) reverts: Option<String>,
}

impl ModuleWorld {
    /// Commits, a pull request, its review and its merge; nothing when that would end too late.
    pub(super) fn merge(&mut self, story: &mut Story, at: DateTime<Utc>) -> Made<Option<Landing>> {
        let person = self.maker.random.index(self.people.len());
        let count = self.maker.random.pick(&[1, 2, 2, 3, 4]);
        let opened_at = at + TimeDelta::seconds(60 * (count + 1));
        let reviewed_at = opened_at + self.pause(1_800, 18_000);
        let merged_at = reviewed_at + self.pause(120, 1_200);
        if self.is_over(merged_at + TimeDelta::seconds(10)) {
            return Ok(None);
        }
        let reverts = self.landed > 1 && self.landed.is_multiple_of(60);
        let reverts = reverts.then(|| self.head.clone());
        let request = self.open(story, person, at, count, reverts.as_deref())?;
        let mut pull_request = self.opened(story, &request)?;
        self.review(story, &mut pull_request, reviewed_at)?;
        let merge = self.merge_of(&request, merged_at, reverts);
        self.merged(story, pull_request, &request, &merge)?;
        self.record_landing(story, &request, &merge)?;
        if self.maker.random.chance(20) && !self.character.steady {
            self.abandon(person, merged_at)?;
        }
        Ok(Some(Landing {
            sha: merge.commit.sha,
            at: merge.at,
            author: PEOPLE[person],
            pull_request: request.id,
        }))
    }

    /// Commits on the person's branch, and the id of the pull request that they will be in.
    fn open(
        &mut self,
        story: &mut Story,
        person: usize,
        at: DateTime<Utc>,
        count: i64,
        reverts: Option<&str>,
    ) -> Made<Request> {
        let mut work: Vec<Written> = Vec::new();
        for index in 0..count {
            let mut it = self.write(at + TimeDelta::seconds(60 * index));
            if let Some(reverted) = reverts {
                it.subject = format!("revert: what {} did", &reverted[..8]);
            }
            let base = work.last().map_or(&self.head, |last| &last.sha).clone();
            self.record_commit(story, &it, person, vec![base], None, CommitOrigin::Authored)?;
            work.push(it);
        }
        let opened_at = at + TimeDelta::seconds(60 * (count + 1));
        self.record_branch(story, person, &work, opened_at)?;
        Ok(Request {
            id: self.maker.random.id(opened_at),
            person,
            opened_at,
            work,
        })
    }

    fn write(&mut self, at: DateTime<Utc>) -> Written {
        let random = &mut self.maker.random;
        let (kind, what) = random.pick(&SUBJECTS);
        Written {
            sha: random.sha(),
            tree: random.sha(),
            patch: random.sha(),
            subject: format!("{kind}: {what}"),
            at,
        }
    }

    fn record_commit(
        &mut self,
        story: &mut Story,
        it: &Written,
        person: usize,
        parents: Vec<String>,
        pull_request: Option<PullRequestId>,
        origin: CommitOrigin,
    ) -> Made<()> {
        let author = PEOPLE[person];
        let (by, branch, natural_key, told) = match origin {
            CommitOrigin::Authored => {
                let base = parents.first().map_or("", String::as_str);
                let key = format!("tree:{}:{base}", it.tree);
                let line = &self.people[person].branch.name;
                (
                    user(author),
                    line.clone(),
                    key,
                    events::CommitOrigin::Authored,
                )
            }
            CommitOrigin::Merge => {
                let key = format!("merge:{}", it.sha);
                (
                    system("commit"),
                    MAIN.to_owned(),
                    key,
                    events::CommitOrigin::Merge,
                )
            }
        };
        let mut meta = self.maker.meta(story, it.at, &by);
        meta.version = if origin == CommitOrigin::Authored {
            2
        } else {
            1
        };
        let changes_digest = match origin {
            CommitOrigin::Authored => ContentDigest::of(&it.tree).to_string(),
            CommitOrigin::Merge => String::new(),
        };
        let commit = Commit {
            id: self.maker.random.id(it.at),
            meta,
            repository_id: self.repository,
            repository_name: self.name.clone(),
            branch,
            sha: Some(it.sha.clone()),
            tree_hash: it.tree.clone(),
            parent_shas: parents,
            artifact_id: None,
            artifact_content_hash: None,
            message: it.subject.clone(),
            trailers: Vec::new(),
            author_name: author.to_owned(),
            author_email: format!("{author}@example.com"),
            committed_at: it.at,
            origin,
            pull_request_id: pull_request,
            changed_paths: 1 + u32::try_from(self.maker.random.below(9)).unwrap_or_default(),
            status: CommitStatus::Created,
            reason: None,
            natural_key,
            changes_digest,
            expected_head: None,
        };
        let event = CommitCreated {
            commit_id: commit.id,
            repository_id: commit.repository_id,
            branch: commit.branch.clone(),
            sha: it.sha.clone(),
            tree_hash: commit.tree_hash.clone(),
            parent_shas: commit.parent_shas.clone(),
            artifact_id: None,
            subject_line: it.subject.clone(),
            author: commit.author_name.clone(),
            origin: told,
            pull_request_id: pull_request,
            changed_paths: commit.changed_paths,
        };
        self.maker.tell(story, it.at, &by, &event)?;
        self.maker.rows.commits.push(commit);
        Ok(())
    }

    fn opened(&mut self, story: &mut Story, request: &Request) -> Made<PullRequest> {
        self.requests += 1;
        let (by, at) = (user(PEOPLE[request.person]), request.opened_at);
        let last = request.work.last();
        let source_sha = last.map_or(&self.head, |it| &it.sha).clone();
        let title = request.work.first().map_or("", |it| it.subject.as_str());
        let check = Check {
            name: "mergeable".to_owned(),
            state: CheckState::Succeeded,
            sha: source_sha.clone(),
            detail: None,
            build_id: None,
            at,
        };
        let pull_request = PullRequest {
            id: request.id,
            meta: self.maker.meta(story, at, &by),
            repository_id: self.repository,
            repository_name: self.name.clone(),
            number: self.requests,
            title: title.to_owned(),
            description: None,
            source_branch: self.people[request.person].branch.name.clone(),
            target_branch: MAIN.to_owned(),
            source_sha,
            target_sha: self.head.clone(),
            status: PullRequestStatus::Open,
            author: by.id.clone(),
            reviews: Vec::new(),
            checks: vec![check],
            mergeability: Mergeability::Clean,
            conflict_paths: Vec::new(),
            merge_intent: None,
            strategy: None,
            merge_commit_sha: None,
            tree_hash: None,
            parent_shas: Vec::new(),
            created_shas: Vec::new(),
            merged_by: None,
            merged_at: None,
            delete_source_branch: false,
            reason: None,
        };
        let event = PullRequestOpened {
            pull_request_id: pull_request.id,
            repository_id: pull_request.repository_id,
            number: pull_request.number,
            title: pull_request.title.clone(),
            source_branch: pull_request.source_branch.clone(),
            target_branch: pull_request.target_branch.clone(),
            source_sha: pull_request.source_sha.clone(),
            target_sha: pull_request.target_sha.clone(),
        };
        self.maker.tell(story, at, &by, &event)?;
        Ok(pull_request)
    }

    fn review(&mut self, story: &mut Story, it: &mut PullRequest, at: DateTime<Utc>) -> Made<()> {
        let other = PEOPLE.iter().position(|person| **person == it.author);
        let other = other.unwrap_or_default() + 1 + self.maker.random.index(PEOPLE.len() - 1);
        let by = user(PEOPLE[other % PEOPLE.len()]);
        let review = Review {
            reviewer: by.id.clone(),
            decision: ReviewDecision::Approved,
            source_sha: it.source_sha.clone(),
            body: None,
            at,
        };
        let event = PullRequestReviewed {
            pull_request_id: it.id,
            repository_id: it.repository_id,
            number: it.number,
            reviewer: review.reviewer.clone(),
            decision: review.decision.as_str().to_owned(),
            source_sha: review.source_sha.clone(),
        };
        self.maker.tell(story, at, &by, &event)?;
        touch(&mut it.meta, at, &by);
        it.reviews.push(review);
        Ok(())
    }

    fn merge_of(&mut self, request: &Request, at: DateTime<Utc>, reverts: Option<String>) -> Merge {
        let mut commit = self.write(at);
        let last = request.work.last();
        let strategies = match request.work.len() {
            1 => [
                MergeStrategy::Merge,
                MergeStrategy::Squash,
                MergeStrategy::Rebase,
            ],
            _ => [
                MergeStrategy::Merge,
                MergeStrategy::Squash,
                MergeStrategy::Squash,
            ],
        };
        let strategy = self.maker.random.pick(&strategies);
        if let Some(last) = last {
            commit.tree.clone_from(&last.tree);
        }
        if let [only] = request.work.as_slice() {
            commit.patch.clone_from(&only.patch);
        }
        let title = request.work.first().map_or("", |it| it.subject.as_str());
        let number = self.requests;
        commit.subject = match strategy {
            MergeStrategy::Merge => format!("Merge pull request {number}: {title}"),
            MergeStrategy::Squash => format!("{title} (#{number})"),
            MergeStrategy::Rebase => title.to_owned(),
        };
        let mut parents = vec![self.head.clone()];
        if strategy == MergeStrategy::Merge {
            parents.extend(last.map(|it| it.sha.clone()));
        }
        Merge {
            at,
            by: user(PEOPLE[request.person]),
            strategy,
            commit,
            parents,
            reverts,
        }
    }

    fn merged(
        &mut self,
        story: &mut Story,
        mut it: PullRequest,
        request: &Request,
        merge: &Merge,
    ) -> Made<()> {
        let (at, by) = (merge.at, &merge.by);
        // Deciding and recording it are two changes.
        touch(&mut it.meta, at, by);
        touch(&mut it.meta, at, by);
        it.status = PullRequestStatus::Merged;
        it.merge_intent = Some(MergeIntent {
            actor: by.id.clone(),
            at,
            message: merge.commit.subject.clone(),
            trace_id: it.meta.trace_id.clone(),
            correlation_id: it.meta.correlation_id.clone(),
        });
        it.strategy = Some(merge.strategy);
        it.merge_commit_sha = Some(merge.commit.sha.clone());
        it.tree_hash = Some(merge.commit.tree.clone());
        it.parent_shas.clone_from(&merge.parents);
        it.created_shas = vec![merge.commit.sha.clone()];
        it.merged_by = Some(by.id.clone());
        it.merged_at = Some(at);
        let event = PullRequestMerged {
            pull_request_id: it.id,
            repository_id: it.repository_id,
            repository_name: it.repository_name.clone(),
            number: it.number,
            title: it.title.clone(),
            source_branch: it.source_branch.clone(),
            target_branch: it.target_branch.clone(),
            source_sha: it.source_sha.clone(),
            merge_commit_sha: merge.commit.sha.clone(),
            tree_hash: merge.commit.tree.clone(),
            parent_shas: it.parent_shas.clone(),
            created_shas: it.created_shas.clone(),
            strategy: merge.strategy.as_str().to_owned(),
            merged_by: by.id.clone(),
            delete_source_branch: false,
        };
        self.maker.tell(story, at, by, &event)?;
        self.notes
            .insert(0, note_of(&self.name, &it, PEOPLE[request.person]));
        self.notes.truncate(100);
        self.maker.rows.pull_requests.push(it);
        let (parents, id) = (merge.parents.clone(), Some(request.id));
        self.record_commit(
            story,
            &merge.commit,
            request.person,
            parents,
            id,
            CommitOrigin::Merge,
        )
    }

    /// A pull request that comes to nothing.
    fn abandon(&mut self, person: usize, at: DateTime<Utc>) -> Made<()> {
        let Some((mut it, mut story)) = self.propose(person, at + TimeDelta::seconds(2))? else {
            return Ok(());
        };
        let (at, by) = (at + TimeDelta::seconds(8), user(PEOPLE[person]));
        touch(&mut it.meta, at, &by);
        it.status = PullRequestStatus::Abandoned;
        it.reason = Some("not needed any more".to_owned());
        let event = PullRequestAbandoned {
            pull_request_id: it.id,
            repository_id: it.repository_id,
            number: it.number,
            reason: it.reason.clone(),
        };
        self.maker.tell(&mut story, at, &by, &event)?;
        self.maker.rows.pull_requests.push(it);
        Ok(())
    }

    /// A pull request of one commit, open; nothing when it would be opened too late.
    pub(super) fn propose(
        &mut self,
        person: usize,
        at: DateTime<Utc>,
    ) -> Made<Option<(PullRequest, Story)>> {
        if self.is_over(at + TimeDelta::seconds(130)) {
            return Ok(None);
        }
        let mut story = self.story();
        let it = self.write(at);
        let parents = vec![self.head.clone()];
        self.record_commit(
            &mut story,
            &it,
            person,
            parents,
            None,
            CommitOrigin::Authored,
        )?;
        let opened_at = at + TimeDelta::seconds(3);
        let work = vec![it];
        self.record_branch(&mut story, person, &work, opened_at)?;
        let request = Request {
            id: self.maker.random.id(opened_at),
            person,
            opened_at,
            work,
        };
        let opened = self.opened(&mut story, &request)?;
        Ok(Some((opened, story)))
    }
}

fn note_of(module: &str, it: &PullRequest, author: &str) -> ReleaseNote {
    let kind = it.title.split_once(':').map(|(kind, _)| kind.to_owned());
    ReleaseNote {
        module: module.to_owned(),
        sha: it.merge_commit_sha.clone().unwrap_or_default(),
        subject: it.title.clone(),
        author: author.to_owned(),
        pull_request: i64::try_from(it.number).ok(),
        kind,
        scope: None,
        breaking: false,
    }
}
