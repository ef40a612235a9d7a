//! From a portion of Git's history to the events that tell it.

use sluice_git_host::HistoryEntry;
use sluice_schema::events::{HistoryCommit, HistoryRecorded};

/// Commits of one event.
const PER_EVENT: usize = 500;

/// What a portion of a history says besides its commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It landed: steps count on from this landing.
    After(u64),
    /// It has not landed, or not any more.
    NotLanded,
}

/// The events that tell these commits: `event` with 500 of them each, `more` in all but the last,
/// which has what `event` says. There is one when there are no commits.
pub(crate) fn events_of(
    event: &HistoryRecorded,
    commits: Vec<HistoryEntry>,
    told: Told,
) -> Vec<HistoryRecorded> {
    let commits: Vec<_> = commits
        .into_iter()
        .map(|entry| commit(entry, told))
        .collect();
    let mut chunks = commits.chunks(PER_EVENT).peekable();
    if chunks.peek().is_none() {
        return vec![event.clone()];
    }
    let mut events = Vec::new();
    while let Some(chunk) = chunks.next() {
        events.push(HistoryRecorded {
            commits: chunk.to_vec(),
            more: event.more || chunks.peek().is_some(),
            ..event.clone()
        });
    }
    events
}

fn commit(entry: HistoryEntry, told: Told) -> HistoryCommit {
    let landing = match told {
        Told::After(landings) => Some(landings + entry.step),
        Told::NotLanded => None,
    };
    HistoryCommit {
        sha: entry.id.to_string(),
        parents: entry.parents.iter().map(ToString::to_string).collect(),
        subject_line: entry.subject,
        author: entry.author,
        authored_at: entry.authored_at,
        committed_at: entry.committed_at,
        patch_id: entry.patch_id,
        reverts: entry.reverts.iter().map(ToString::to_string).collect(),
        picked_from: entry.picked_from.map(|id| id.to_string()),
        landing,
        mainline: landing.is_some() && entry.on_line,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sluice_schema::{RepositoryId, TypedId};

    use super::*;

    fn entry(step: u64) -> HistoryEntry {
        HistoryEntry {
            id: format!("{step:040}").parse().unwrap(),
            parents: Vec::new(),
            subject: "Change".into(),
            author: "Ada".into(),
            authored_at: DateTime::UNIX_EPOCH,
            committed_at: DateTime::UNIX_EPOCH,
            patch_id: None,
            reverts: Vec::new(),
            picked_from: None,
            step,
            on_line: true,
        }
    }

    fn event(more: bool) -> HistoryRecorded {
        HistoryRecorded {
            repository_id: RepositoryId::generate(),
            branch: "main".into(),
            default_branch: true,
            head_sha: "1".repeat(40),
            landings: Some(7),
            merge_base: None,
            squash_patch_id: None,
            rewritten: false,
            commits: Vec::new(),
            more,
        }
    }

    #[test]
    fn no_event_has_more_than_five_hundred_commits_and_all_but_the_last_say_more() {
        let commits = || (1..=1_001).map(entry).collect();
        let events = events_of(&event(false), commits(), Told::After(3));
        let shape: Vec<_> = events.iter().map(|e| (e.commits.len(), e.more)).collect();
        assert_eq!(shape, [(500, true), (500, true), (1, false)]);
        assert_eq!(events[2].commits[0].landing, Some(1_004));
        assert!(events[2].commits[0].mainline);
        let events = events_of(&event(true), commits(), Told::NotLanded);
        assert!(events.iter().all(|event| event.more));
        let commit = &events[0].commits[0];
        assert_eq!((commit.landing, commit.mainline), (None, false));
        assert_eq!(
            events_of(&event(false), Vec::new(), Told::NotLanded).len(),
            1
        );
    }
}
