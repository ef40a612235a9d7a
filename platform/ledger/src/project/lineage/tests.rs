use chrono::DateTime;
use sluice_schema::{RepositoryId, TypedId, events::*};

use super::{TITLE_LEN, shortened, source::lines_of_work};

fn commit(sha: &str, parents: &[&str], landing: Option<u64>, mainline: bool) -> HistoryCommit {
    HistoryCommit {
        sha: sha.to_owned(),
        parents: parents.iter().map(ToString::to_string).collect(),
        subject_line: String::new(),
        author: String::new(),
        authored_at: DateTime::UNIX_EPOCH,
        committed_at: DateTime::UNIX_EPOCH,
        patch_id: None,
        reverts: Vec::new(),
        picked_from: None,
        landing,
        mainline,
    }
}

fn history(merge_base: Option<&str>, commits: Vec<HistoryCommit>) -> HistoryRecorded {
    HistoryRecorded {
        repository_id: RepositoryId::generate(),
        branch: "some".into(),
        default_branch: merge_base.is_none(),
        head_sha: String::new(),
        landings: None,
        merge_base: merge_base.map(ToOwned::to_owned),
        squash_patch_id: None,
        rewritten: false,
        commits,
        more: false,
    }
}

fn lines(event: &HistoryRecorded) -> Vec<String> {
    let found = lines_of_work(event);
    found
        .iter()
        .map(|(parent, child)| format!("{parent}-{child}"))
        .collect()
}

fn work(sha: &str, parents: &[&str]) -> HistoryCommit {
    commit(sha, parents, None, false)
}

#[test]
fn a_branchs_commits_are_joined_but_not_to_where_it_left_the_default_branch() {
    let event = history(Some("m1"), vec![work("a", &["m1"]), work("b", &["a"])]);
    assert_eq!(lines(&event), ["a-b"]);
}

#[test]
fn a_later_push_goes_on_from_what_was_told_before() {
    let event = history(Some("m1"), vec![work("c", &["b"])]);
    assert_eq!(lines(&event), ["b-c"]);
}

#[test]
fn merging_the_default_branch_into_a_branch_joins_nothing_of_the_default_branch() {
    // The branch left at m1 and merged m2: the merge base is m2 now.
    let commits = vec![
        work("a", &["m1"]),
        work("b", &["a"]),
        work("x", &["b", "m2"]),
    ];
    assert_eq!(lines(&history(Some("m2"), commits)), ["a-b", "b-x"]);
    let later = history(Some("m2"), vec![work("c", &["x"])]);
    assert_eq!(lines(&later), ["x-c"]);
}

#[test]
fn commits_that_a_merge_brought_are_joined_the_default_branchs_own_are_not() {
    let event = history(
        None,
        vec![
            commit("m1", &["m0"], Some(1), true),
            commit("a", &["m1"], Some(2), false),
            commit("b", &["a"], Some(2), false),
            commit("m2", &["m1", "b"], Some(2), true),
            commit("m3", &["m2"], Some(3), true),
        ],
    );
    assert_eq!(lines(&event), ["a-b"]);
}

#[test]
fn long_titles_end_between_characters() {
    assert_eq!(shortened("kurz".into()), "kurz");
    let long = shortened("ä".repeat(TITLE_LEN + 1));
    assert_eq!(long.chars().count(), TITLE_LEN + 1);
    assert!(long.ends_with('…'));
}
