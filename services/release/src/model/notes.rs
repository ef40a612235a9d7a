//! Notes of a release: the commits that it brings.

use sluice_git_host::CommitInfo;
use sluice_kernel::directory::ContributorView;

use super::{Bump, ReleaseNote, conventional};

/// Commits that a release lists at most.
pub(crate) const MAX_NOTES: usize = 500;
const MAX_SUBJECT: usize = 500;

/// What the commits of a repository bring.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// One for each commit, newest first.
    pub(crate) notes: Vec<ReleaseNote>,
    /// Whether there are more.
    pub(crate) truncated: bool,
    /// Names and addresses of those behind them.
    pub(crate) authors: Vec<String>,
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The note of one commit.
fn note(module: &str, commit: &CommitInfo, pull_request: Option<i64>) -> ReleaseNote {
    let parsed = conventional::parse(&commit.message);
    ReleaseNote {
        module: module.to_owned(),
        sha: commit.id.to_string(),
        subject: cut(conventional::title(&commit.message).trim(), MAX_SUBJECT),
        author: commit.author.name.clone(),
        pull_request,
        kind: parsed.kind,
        scope: parsed.scope,
        breaking: parsed.breaking,
    }
}

/// Notes of one module's commits, newest first, and who is behind them.
pub(crate) fn notes_of(
    module: &str,
    commits: &[CommitInfo],
    contributors: &[ContributorView],
) -> Brought {
    let number_of = |sha: &str| {
        let found = contributors.iter().find(|it| it.sha == sha);
        found.map(|it| it.number)
    };
    let notes = commits
        .iter()
        .take(MAX_NOTES)
        .map(|commit| note(module, commit, number_of(&commit.id.to_string())));
    let mut authors: Vec<String> = commits
        .iter()
        .flat_map(|it| [it.author.name.clone(), it.author.email.clone()])
        .collect();
    for contributor in contributors {
        authors.push(contributor.author.clone());
        authors.extend(contributor.merged_by.clone());
    }
    authors.sort_unstable();
    authors.dedup();
    Brought {
        notes: notes.collect(),
        truncated: commits.len() > MAX_NOTES,
        authors,
    }
}

/// What all notes together call for.
pub(crate) fn weight(notes: &[ReleaseNote]) -> Bump {
    let weights = notes.iter().map(|note| {
        let parsed = conventional::Parsed {
            kind: note.kind.clone(),
            scope: None,
            breaking: note.breaking,
        };
        parsed.bump()
    });
    weights.fold(Bump::Patch, Bump::and)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sluice_git_host::Signature;

    use super::*;

    fn commit(digit: char, message: &str) -> CommitInfo {
        let id: String = std::iter::repeat_n(digit, 40).collect();
        let signature = Signature {
            name: format!("Author {digit}"),
            email: format!("{digit}@example.org"),
            time: DateTime::UNIX_EPOCH,
        };
        CommitInfo {
            id: id.parse().unwrap(),
            tree: id.parse().unwrap(),
            parents: Vec::new(),
            author: signature.clone(),
            committer: signature,
            message: message.to_owned(),
            subject: message.lines().next().unwrap_or_default().to_owned(),
            body: String::new(),
            trailers: Vec::new(),
        }
    }

    #[test]
    fn notes_name_commits_pull_requests_and_people() {
        let commits = [
            commit('1', "Merge pull request #7 from x\n\nfeat(ui): colours"),
            commit('2', "fix: a leak"),
        ];
        let contributors = [ContributorView {
            sha: "1".repeat(40),
            number: 7,
            author: "bob".into(),
            merged_by: Some("eve".into()),
        }];
        let brought = notes_of("shop", &commits, &contributors);
        let [merge, fix] = brought.notes.as_slice() else {
            panic!("two notes");
        };
        assert_eq!(merge.subject, "feat(ui): colours");
        assert_eq!((merge.pull_request, fix.pull_request), (Some(7), None));
        assert_eq!(merge.scope.as_deref(), Some("ui"));
        assert_eq!(weight(&brought.notes), Bump::Minor);
        let people = brought.authors;
        for name in ["Author 1", "2@example.org", "bob", "eve"] {
            assert!(people.iter().any(|it| it == name), "{name}");
        }
        assert!(!brought.truncated);
    }

    #[test]
    fn there_are_five_hundred_notes_at_most() {
        let commits: Vec<_> = (0..=MAX_NOTES).map(|_| commit('1', "fix: x")).collect();
        let brought = notes_of("shop", &commits, &[]);
        assert!(brought.truncated);
        assert_eq!(brought.notes.len(), MAX_NOTES);
    }

    #[test]
    fn without_commits_a_release_mends_nothing_that_is_known_of() {
        assert_eq!(weight(&[]), Bump::Patch);
    }
}
