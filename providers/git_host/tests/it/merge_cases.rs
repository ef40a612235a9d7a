//! The table of merges that are compared with Git's.

use bytes::Bytes;
use sluice_git_host::FileChange;

use crate::bench::{delete, executable, lines, put, rename};

fn with_content(from: &str, to: &str, content: String) -> FileChange {
    FileChange::Rename {
        from: from.to_owned(),
        to: to.to_owned(),
        content: Some(content.into()),
    }
}

pub(crate) fn text() -> String {
    lines(0..40)
}

pub(crate) fn edited(line: &str, to: &str) -> String {
    text().replace(&format!("{line}\n"), &format!("{to}\n"))
}

pub(crate) fn binary(n: u8) -> Bytes {
    (0..200u8)
        .map(|b| b.wrapping_mul(n))
        .collect::<Vec<_>>()
        .into()
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) ours: Vec<FileChange>,
    pub(crate) theirs: Vec<FileChange>,
    pub(crate) clean: bool,
}

fn case(name: &'static str, ours: Vec<FileChange>, theirs: Vec<FileChange>, clean: bool) -> Case {
    Case {
        name,
        ours,
        theirs,
        clean,
    }
}

/// Every case starts from: `t` and `d/t` of 40 lines, `small`, `bin`, `run` (executable), `ünï`.
pub(crate) fn all_cases() -> impl Iterator<Item = Case> {
    let cases = [
        content_cases,
        other_content_cases,
        deletion_and_mode_cases,
        rename_cases,
        folder_cases,
    ];
    cases.into_iter().flat_map(|cases| cases())
}

fn content_cases() -> Vec<Case> {
    vec![
        case(
            "other files",
            vec![put("x", "x")],
            vec![put("y", "y")],
            true,
        ),
        case(
            "other parts",
            vec![put("t", edited("line 2", "A"))],
            vec![put("t", edited("line 30", "B"))],
            true,
        ),
        case(
            "same change",
            vec![put("t", edited("line 2", "A"))],
            vec![put("t", edited("line 2", "A"))],
            true,
        ),
        case(
            "same line",
            vec![put("t", edited("line 2", "A"))],
            vec![put("t", edited("line 2", "B"))],
            false,
        ),
        case(
            "lines side by side",
            vec![put("t", edited("line 2", "A"))],
            vec![put("t", edited("line 3", "B"))],
            false,
        ),
        case(
            "two conflicts and one clean",
            vec![
                put("t", edited("line 2", "A")),
                put("d/t", edited("line 9", "A")),
                put("n", "n"),
            ],
            vec![
                put("t", edited("line 2", "B")),
                put("d/t", edited("line 9", "B")),
                put("m", "m"),
            ],
            false,
        ),
        case(
            "unicode name",
            vec![put("ünï", "1\n")],
            vec![put("ünï", "2\n")],
            false,
        ),
    ]
}

fn other_content_cases() -> Vec<Case> {
    vec![
        case(
            "binary on one side",
            vec![put("bin", binary(5))],
            vec![put("t", edited("line 1", "A"))],
            true,
        ),
        case(
            "binary on both",
            vec![put("bin", binary(5))],
            vec![put("bin", binary(7))],
            false,
        ),
        case(
            "binary the same",
            vec![put("bin", binary(5))],
            vec![put("bin", binary(5))],
            true,
        ),
        case(
            "added the same",
            vec![put("n", "n\n")],
            vec![put("n", "n\n")],
            true,
        ),
        case(
            "added differently",
            vec![put("n", "1\n")],
            vec![put("n", "2\n")],
            false,
        ),
        case(
            "no newline at the end",
            vec![put("small", "x")],
            vec![put("t", "y")],
            true,
        ),
        case(
            "windows line ends",
            vec![put("t", text().replace('\n', "\r\n"))],
            vec![put("t", edited("line 9", "B"))],
            false,
        ),
        case(
            "emptied and edited",
            vec![put("t", "")],
            vec![put("t", edited("line 9", "B"))],
            false,
        ),
    ]
}

fn deletion_and_mode_cases() -> Vec<Case> {
    vec![
        case(
            "deleted on both",
            vec![delete("t")],
            vec![delete("t")],
            true,
        ),
        case(
            "deleted and untouched",
            vec![delete("t")],
            vec![put("x", "x")],
            true,
        ),
        case(
            "deleted and modified",
            vec![delete("t")],
            vec![put("t", edited("line 9", "B"))],
            false,
        ),
        case(
            "modified and deleted",
            vec![put("t", edited("line 9", "B"))],
            vec![delete("t")],
            false,
        ),
        case(
            "bit set and edited",
            vec![executable("t", true)],
            vec![put("t", edited("line 9", "B"))],
            true,
        ),
        case(
            "bit set on both",
            vec![executable("t", true)],
            vec![executable("t", true)],
            true,
        ),
        case(
            "bit cleared and edited",
            vec![executable("run", false)],
            vec![put("run", "#!\nnew\n")],
            true,
        ),
    ]
}

fn rename_cases() -> Vec<Case> {
    vec![
        case(
            "renamed and edited",
            vec![rename("t", "moved")],
            vec![put("t", edited("line 9", "B"))],
            true,
        ),
        case(
            "edited and renamed",
            vec![put("t", edited("line 9", "B"))],
            vec![rename("t", "moved/t")],
            true,
        ),
        case(
            "renamed with edits on both",
            vec![with_content("t", "moved", edited("line 2", "A"))],
            vec![put("t", edited("line 30", "B"))],
            true,
        ),
        case(
            "renamed with clashing edits",
            vec![with_content("t", "moved", edited("line 2", "A"))],
            vec![put("t", edited("line 2", "B"))],
            false,
        ),
        case(
            "renamed alike",
            vec![rename("t", "moved")],
            vec![rename("t", "moved")],
            true,
        ),
        case(
            "renamed differently",
            vec![rename("t", "a")],
            vec![rename("t", "b")],
            false,
        ),
        case(
            "renamed and deleted",
            vec![rename("t", "moved")],
            vec![delete("t")],
            false,
        ),
        case(
            "two renamed to one",
            vec![rename("t", "one")],
            vec![rename("small", "one")],
            false,
        ),
        case(
            "renamed onto an added file",
            vec![rename("t", "one")],
            vec![put("one", "1\n")],
            false,
        ),
        case(
            "renamed and bit set",
            vec![rename("t", "moved")],
            vec![executable("t", true)],
            true,
        ),
    ]
}

fn folder_cases() -> Vec<Case> {
    vec![
        case(
            "file and folder",
            vec![put("n", "file\n")],
            vec![put("n/x", "x\n")],
            false,
        ),
        case(
            "folder takes a file's place",
            vec![delete("small"), put("small/x", "x")],
            vec![put("y", "y")],
            true,
        ),
        case(
            "folder over an edited file",
            vec![delete("small"), put("small/x", "x")],
            vec![put("small", "new\n")],
            false,
        ),
        case(
            "folder renamed, file edited in it",
            vec![rename("d/t", "e/t"), rename("d/s", "e/s")],
            vec![put("d/t", edited("line 9", "B"))],
            true,
        ),
        case(
            "folder renamed, file added to it",
            vec![rename("d/t", "e/t"), rename("d/s", "e/s")],
            vec![put("d/new", "new\n")],
            false,
        ),
    ]
}
