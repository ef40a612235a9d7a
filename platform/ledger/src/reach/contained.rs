//! Whether a change is in what was built from a commit.

use std::collections::{HashMap, HashSet};

use super::web::Operation;
use crate::Landing;

/// A commit that something was built from, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) sha: String,
    /// Its landing, from 1; 0 when it has none.
    pub(super) landing: i64,
    /// Whether it stands on the default branch's first-parent line.
    pub(super) mainline: bool,
}

/// The history of commits beside the default branch's line.
#[derive(Debug, Default)]
pub(super) struct Walks(HashMap<String, Walk>);

#[derive(Debug, Default)]
struct Walk {
    /// The greatest landing of the line among the ancestors.
    upto: i64,
    /// Ancestors beside the line, the commit among them.
    beside: HashSet<String>,
}

impl Walks {
    /// Notes that the history of `start` has the commit `ancestor`.
    pub(super) fn note(&mut self, start: &str, ancestor: &str, line: Option<i64>) {
        let walk = self.0.entry(start.to_owned()).or_default();
        match line {
            Some(landing) => walk.upto = walk.upto.max(landing),
            None => {
                walk.beside.insert(ancestor.to_owned());
            }
        }
    }
}

/// What has become of a change in a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not part of it.
    Absent,
    /// It is there, by this commit.
    There(Landing),
    /// It was there by one commit, and another took it back.
    Gone(Landing, String),
}

impl Fate {
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::There(_))
    }

    /// Whether both say the same of the change, by whatever commits.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// What has become of the change in the history of `built`.
pub(super) fn fate(operations: &[Operation], built: &Built, walks: &Walks) -> Fate {
    let alone = Walk::default();
    let on_line = built.mainline && built.landing > 0;
    let walk = match walks.0.get(&built.sha) {
        Some(walk) if !on_line => walk,
        _ => &alone,
    };
    let upto = if on_line { built.landing } else { walk.upto };
    let landed = |o: &Operation| o.stand.landing > 0 && o.stand.landing <= upto;
    let has = |o: &&Operation| landed(o) || o.sha == built.sha || walk.beside.contains(&o.sha);
    let mut within: Vec<&Operation> = operations.iter().filter(has).collect();
    // What is beside the line was built upon it.
    let place = |o: &&Operation| match landed(o) {
        true => (o.stand.landing, o.stand.position),
        false => (i64::MAX, o.stand.position),
    };
    within.sort_by_key(place);
    last_wins(&within)
}

/// What has become of the change on the default branch.
pub(super) fn fate_on_line(operations: &[Operation]) -> Fate {
    let everything = Built {
        landing: i64::MAX,
        mainline: true,
        ..Built::default()
    };
    fate(operations, &everything, &Walks::default())
}

fn last_wins(within: &[&Operation]) -> Fate {
    let Some(last) = within.iter().rposition(|o| o.applies) else {
        return Fate::Absent;
    };
    let (before, after) = within.split_at(last + 1);
    let begin = before
        .iter()
        .rposition(|o| !o.applies)
        .map_or(0, |at| at + 1);
    let Some(by) = before.get(begin..).and_then(chosen) else {
        return Fate::Absent;
    };
    let landing = Landing {
        sha: by.sha.clone(),
        how: by.how,
    };
    match chosen(after) {
        Some(undone) => Fate::Gone(landing, undone.sha.clone()),
        None => Fate::There(landing),
    }
}

/// Of operations with the same effect in a row: the commit that was asked for, or else the first
/// that is no merge of others.
fn chosen<'a>(operations: &[&'a Operation]) -> Option<&'a Operation> {
    let asked = operations.iter().find(|o| o.asked);
    let plain = operations.iter().find(|o| !o.merge);
    asked.or(plain).or(operations.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::web::Stand;

    fn operation(sha: &str, applies: bool, landing: i64, position: i64) -> Operation {
        Operation {
            sha: sha.into(),
            applies,
            how: None,
            asked: sha == "c",
            merge: sha.starts_with('m'),
            stand: Stand { landing, position },
        }
    }

    fn line(landing: i64) -> Built {
        Built {
            sha: format!("l{landing}"),
            landing,
            mainline: true,
        }
    }

    fn beside(sha: &str) -> Built {
        Built {
            sha: sha.into(),
            ..Built::default()
        }
    }

    fn there(sha: &str) -> Fate {
        Fate::There(Landing {
            sha: sha.into(),
            how: None,
        })
    }

    fn gone(sha: &str, by: &str) -> Fate {
        let landing = Landing {
            sha: sha.into(),
            how: None,
        };
        Fate::Gone(landing, by.into())
    }

    #[test]
    fn a_commit_of_the_line_has_what_landed_up_to_it() {
        let operations = [operation("c", true, 3, 1)];
        let walks = Walks::default();
        assert_eq!(fate(&operations, &line(2), &walks), Fate::Absent);
        assert_eq!(fate(&operations, &line(3), &walks), there("c"));
        assert_eq!(fate(&operations, &line(9), &walks), there("c"));
        assert_eq!(fate_on_line(&operations), there("c"));
        let open = [operation("c", true, 0, 1)];
        assert_eq!(fate(&open, &line(9), &walks), Fate::Absent);
        assert_eq!(fate_on_line(&open), Fate::Absent);
    }

    #[test]
    fn the_last_operation_in_the_order_of_landings_wins() {
        let operations = [
            operation("c", true, 2, 1),
            operation("t", true, 6, 9),
            operation("r", false, 4, 5),
        ];
        let walks = Walks::default();
        assert_eq!(fate(&operations, &line(3), &walks), there("c"));
        assert_eq!(fate(&operations, &line(4), &walks), gone("c", "r"));
        assert_eq!(fate(&operations, &line(6), &walks), there("t"));
        // With one landing: by topology.
        let operations = [operation("r", false, 2, 5), operation("c", true, 2, 1)];
        assert_eq!(fate(&operations, &line(2), &walks), gone("c", "r"));
    }

    #[test]
    fn a_revert_alone_is_not_the_change() {
        let operations = [operation("c", true, 5, 1), operation("r", false, 2, 5)];
        assert_eq!(fate(&operations, &line(3), &Walks::default()), Fate::Absent);
    }

    #[test]
    fn what_was_built_beside_the_line_has_its_own_history_upon_that_of_the_line() {
        let operations = [
            operation("c", true, 7, 1),
            operation("p", true, 0, 4),
            operation("r", false, 3, 9),
        ];
        let mut walks = Walks::default();
        for sha in ["h", "p"] {
            walks.note("h", sha, None);
        }
        walks.note("h", "l4", Some(4));
        // The pick came after the revert, though it was told before.
        assert_eq!(fate(&operations, &beside("h"), &walks), there("p"));
        assert_eq!(
            fate(&operations, &beside("p"), &Walks::default()),
            there("p")
        );
        assert_eq!(fate(&operations, &beside("x"), &walks), Fate::Absent);
    }

    #[test]
    fn a_merge_names_the_commit_that_it_brought_and_the_one_that_took_it_back() {
        let operations = [
            operation("c", true, 2, 1),
            operation("m2", true, 2, 3),
            operation("r", false, 4, 4),
            operation("m4", false, 4, 5),
        ];
        let walks = Walks::default();
        assert_eq!(fate(&operations, &line(2), &walks), there("c"));
        assert_eq!(fate(&operations, &line(4), &walks), gone("c", "r"));
    }
}
