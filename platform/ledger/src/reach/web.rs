//! The web of commits around a change: which apply it, and which take it back.

use std::collections::{HashMap, HashSet};

use crate::LandingHow;

/// What joins two commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Tie {
    /// One of them reverts the other.
    Undoes,
    /// They have the same patch, or one was picked from the other.
    Picked,
    /// The same patch, told on the same branch; or a pull request was rebased.
    Rebased,
    /// The first was part of the branch that the second is the squash of.
    Squashed,
    /// The second is the merge that brought the first to the default branch.
    Merged,
}

impl Tie {
    /// Whether the second commit holds more than the first.
    fn contains(self) -> bool {
        matches!(self, Self::Squashed | Self::Merged)
    }

    /// The stronger tie comes first.
    pub(super) fn order(self) -> u8 {
        match self {
            Self::Rebased => 0,
            Self::Picked => 1,
            Self::Undoes => 2,
            Self::Squashed => 3,
            Self::Merged => 4,
        }
    }

    fn how(self) -> Option<LandingHow> {
        match self {
            Self::Picked => Some(LandingHow::CherryPick),
            Self::Rebased => Some(LandingHow::Rebase),
            Self::Squashed => Some(LandingHow::Squash),
            Self::Undoes | Self::Merged => None,
        }
    }
}

/// A tie from `from` to `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) tie: Tie,
}

/// Where a commit stands in its repository's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stand {
    /// Its landing, from 1; 0 while it has none.
    pub(super) landing: i64,
    /// Greater than those of its parents; -1 when the commit is not known.
    pub(super) position: i64,
}

/// A commit that applies the change or takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) sha: String,
    pub(super) applies: bool,
    /// How the change came to be this commit.
    pub(super) how: Option<LandingHow>,
    /// Whether it is the commit that was asked for.
    pub(super) asked: bool,
    /// Whether it is a merge that brings the change with others.
    pub(super) merge: bool,
    pub(super) stand: Stand,
}

/// A sign that has been found.
struct Sign {
    applies: bool,
    how: Option<LandingHow>,
    merge: bool,
    /// Whether it holds an application and its revert both, so that a revert of it means nothing.
    mixed: bool,
}

/// Follows the ties from the commit `asked`. A commit that contains others does what the last of
/// those does that belong to the change.
pub(super) fn operations(
    asked: &str,
    edges: &[Edge],
    stands: &HashMap<String, Stand>,
) -> Vec<Operation> {
    let mut web = Web::new(edges, stands);
    web.signs.insert(asked, Sign::of(true, None));
    web.order.push(asked);
    let mut done = 0;
    loop {
        while let Some(sha) = web.order.get(done).copied() {
            done += 1;
            web.follow(sha, false);
        }
        // Commits that contain others wait until those are known.
        if !web.contain() && !web.follow_all() {
            break;
        }
    }
    let found = web.order.iter().filter_map(|sha| {
        let sign = web.signs.get(sha)?;
        Some(Operation {
            sha: (*sha).to_owned(),
            applies: sign.applies,
            how: sign.how,
            asked: *sha == asked,
            merge: sign.merge,
            stand: stands.get(*sha).copied()?,
        })
    });
    found.collect()
}

impl Sign {
    fn of(applies: bool, how: Option<LandingHow>) -> Self {
        Self {
            applies,
            how,
            merge: false,
            mixed: false,
        }
    }
}

struct Web<'a> {
    edges: &'a [Edge],
    from: HashMap<&'a str, Vec<&'a Edge>>,
    containers: HashSet<&'a str>,
    stands: &'a HashMap<String, Stand>,
    signs: HashMap<&'a str, Sign>,
    order: Vec<&'a str>,
}

impl<'a> Web<'a> {
    fn new(edges: &'a [Edge], stands: &'a HashMap<String, Stand>) -> Self {
        let mut from: HashMap<&str, Vec<&Edge>> = HashMap::new();
        for edge in edges {
            from.entry(&edge.from).or_default().push(edge);
        }
        let containing = edges.iter().filter(|edge| edge.tie.contains());
        Self {
            edges,
            from,
            containers: containing.map(|edge| edge.to.as_str()).collect(),
            stands,
            signs: HashMap::new(),
            order: Vec::new(),
        }
    }

    /// Gives signs to what is tied to `sha`, but not to what contains others unless `containers`.
    fn follow(&mut self, sha: &'a str, containers: bool) {
        let Some(sign) = self.signs.get(sha) else {
            return;
        };
        let (applies, mixed) = (sign.applies, sign.mixed);
        let edges = self.from.get(sha).cloned().unwrap_or_default();
        for edge in edges {
            let waits = self.containers.contains(edge.to.as_str()) && !containers;
            if edge.tie.contains() || waits || self.signs.contains_key(edge.to.as_str()) {
                continue;
            }
            let sign = match edge.tie {
                // What it brought was no change: taking it back is none either.
                Tie::Undoes if mixed && !applies => continue,
                Tie::Undoes => Sign::of(!applies, None),
                tie => Sign::of(applies, tie.how()),
            };
            self.signs.insert(&edge.to, sign);
            self.order.push(&edge.to);
        }
    }

    fn follow_all(&mut self) -> bool {
        let known = self.order.clone();
        for sha in &known {
            self.follow(sha, true);
        }
        self.order.len() > known.len()
    }

    /// Gives signs to what contains commits that have one.
    fn contain(&mut self) -> bool {
        let before = self.order.len();
        let mut held: HashMap<&str, Vec<&Edge>> = HashMap::new();
        let mut order = Vec::new();
        for edge in self.edges.iter().filter(|edge| edge.tie.contains()) {
            let known = self.signs.contains_key(edge.to.as_str());
            if !known && self.signs.contains_key(edge.from.as_str()) {
                let held = held.entry(&edge.to).or_default();
                if held.is_empty() {
                    order.push(edge.to.as_str());
                }
                held.push(edge);
            }
        }
        for sha in order {
            let held = held.remove(sha).unwrap_or_default();
            if let Some(sign) = self.net(&held) {
                self.signs.insert(sha, sign);
                self.order.push(sha);
            }
        }
        self.order.len() > before
    }

    fn net(&self, held: &[&Edge]) -> Option<Sign> {
        let position = |edge: &&&Edge| self.stands.get(&edge.from).map(|at| at.position);
        let last = held.iter().max_by_key(position)?;
        let applies = |edge: &Edge| self.signs.get(edge.from.as_str()).map(|s| s.applies);
        let net = applies(last)?;
        let squash = held.iter().any(|edge| edge.tie == Tie::Squashed);
        Some(Sign {
            applies: net,
            how: squash.then_some(LandingHow::Squash),
            merge: !squash,
            mixed: held.iter().any(|edge| applies(edge) != Some(net)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ties in words: `c -undo- r` both ways, `c -same- d` both ways, `c -squash> s`, `c -merge> m`.
    fn signs(asked: &str, ties: &[(&str, Tie, &str)]) -> Vec<(String, bool)> {
        let mut edges = Vec::new();
        let mut stands = HashMap::new();
        for (from, tie, to) in ties {
            let mut edge = |from: &str, to: &str| {
                edges.push(Edge {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    tie: *tie,
                });
            };
            edge(from, to);
            if !tie.contains() {
                edge(to, from);
            }
            for sha in [from, to] {
                // A name's last character is its position.
                let position = sha.chars().last().map_or(0, |c| c as i64);
                let stand = Stand {
                    landing: 0,
                    position,
                };
                stands.insert((*sha).to_owned(), stand);
            }
        }
        stands.entry(asked.to_owned()).or_default();
        let operations = operations(asked, &edges, &stands);
        let mut signs: Vec<_> = operations.into_iter().map(|o| (o.sha, o.applies)).collect();
        signs.sort();
        signs
    }

    fn expect(signs: Vec<(String, bool)>, wanted: &[(&str, bool)]) {
        let wanted: Vec<_> = wanted.iter().map(|(s, a)| ((*s).to_owned(), *a)).collect();
        assert_eq!(signs, wanted);
    }

    #[test]
    fn a_revert_of_a_revert_applies_again() {
        let ties = [("c1", Tie::Undoes, "r2"), ("r2", Tie::Undoes, "s3")];
        expect(
            signs("c1", &ties),
            &[("c1", true), ("r2", false), ("s3", true)],
        );
        // Asked for the revert, what it reverts takes it back.
        expect(
            signs("r2", &ties),
            &[("c1", false), ("r2", true), ("s3", false)],
        );
    }

    #[test]
    fn what_is_picked_rebased_or_squashed_is_the_same_change() {
        let ties = [
            ("c1", Tie::Picked, "p2"),
            ("c1", Tie::Squashed, "s3"),
            ("s3", Tie::Undoes, "r4"),
        ];
        let wanted = [("c1", true), ("p2", true), ("r4", false), ("s3", true)];
        expect(signs("c1", &ties), &wanted);
    }

    #[test]
    fn a_squash_is_not_the_change_of_one_of_its_commits() {
        let ties = [("c1", Tie::Squashed, "s3"), ("d2", Tie::Squashed, "s3")];
        expect(signs("s3", &ties), &[("s3", true)]);
        expect(signs("c1", &ties), &[("c1", true), ("s3", true)]);
    }

    #[test]
    fn a_branch_that_takes_its_own_change_back_brings_nothing() {
        let ties = [
            ("c1", Tie::Undoes, "r2"),
            ("c1", Tie::Squashed, "s3"),
            ("r2", Tie::Squashed, "s3"),
            ("s3", Tie::Undoes, "t4"),
            // The message of the squash repeats those of its commits.
            ("c1", Tie::Undoes, "s3"),
        ];
        expect(
            signs("c1", &ties),
            &[("c1", true), ("r2", false), ("s3", false)],
        );
    }

    #[test]
    fn a_reverted_merge_takes_back_what_it_brought() {
        let ties = [
            ("c1", Tie::Merged, "m2"),
            ("m2", Tie::Undoes, "r3"),
            ("r3", Tie::Merged, "n4"),
            ("n4", Tie::Undoes, "s5"),
        ];
        let wanted = [
            ("c1", true),
            ("m2", true),
            ("n4", false),
            ("r3", false),
            ("s5", true),
        ];
        expect(signs("c1", &ties), &wanted);
    }

    #[test]
    fn ties_that_run_in_circles_come_to_an_end() {
        let ties = [
            ("a1", Tie::Undoes, "b2"),
            ("b2", Tie::Undoes, "c3"),
            ("c3", Tie::Undoes, "a1"),
            ("a1", Tie::Picked, "c3"),
            ("a1", Tie::Squashed, "a1"),
        ];
        assert_eq!(signs("a1", &ties).len(), 3);
    }
}
