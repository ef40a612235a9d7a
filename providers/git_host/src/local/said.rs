//! What messages say of other commits, in the words that Git puts there.

use crate::names::Oid;

const REVERTS: &str = "This reverts commit ";
const PICKED: &str = "(cherry picked from commit ";
/// Commits that one message may name.
const MAX: usize = 100;

/// The commits that a message says it reverts, each once.
pub(super) fn reverts(message: &str) -> Vec<Oid> {
    let mut found = Vec::new();
    for id in named(message, REVERTS).take(MAX) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// The commit that a message says it was picked from: each pick appends its own line.
pub(super) fn picked_from(message: &str) -> Option<Oid> {
    named(message, PICKED).take(MAX).last()
}

/// The whole object ids that follow the words.
fn named(message: &str, words: &str) -> impl Iterator<Item = Oid> {
    message.match_indices(words).filter_map(|(at, words)| {
        let rest = message.get(at + words.len()..)?;
        let end = rest.find(|c: char| !c.is_ascii_hexdigit());
        rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";

    fn oid(text: &str) -> Oid {
        text.parse().unwrap()
    }

    #[test]
    fn every_reverted_commit_is_read_wherever_it_stands() {
        let message = format!(
            "Revert two\n\nThis reverts commit {A}, reversing\nchanges made to {B}.\n\
             é This reverts commit {B}.\nThis reverts commit {A}.\n"
        );
        assert_eq!(reverts(&message), [oid(A), oid(B)]);
        assert_eq!(reverts(&format!("This reverts commit {A}")), [oid(A)]);
    }

    #[test]
    fn what_is_no_whole_id_reverts_nothing() {
        for text in ["", "1234567", "é", &format!("{A}0"), "main"] {
            assert!(reverts(&format!("This reverts commit {text}.")).is_empty());
        }
        assert!(reverts(&format!("Reverts {A}")).is_empty());
    }

    #[test]
    fn a_commit_picked_twice_names_where_it_was_picked_last() {
        let message =
            format!("Fix\n\n(cherry picked from commit {A})\n(cherry picked from commit {B})\n");
        assert_eq!(picked_from(&message), Some(oid(B)));
        assert_eq!(picked_from("Fix"), None);
    }
}
