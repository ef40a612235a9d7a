//! Which changes a deployment brought.
//!
//! A change is a commit of the default branch's first-parent line; its number there is its
//! landing. A deployment brings what lands above the highest landing that ever ran in the
//! environment, so that a change is brought once, however often it is deployed again.

use std::collections::HashMap;

use super::facts::{Declared, Line, Marks, Range};

/// The landings that one deployment brought: above `after`, to `upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brought {
    pub(super) after: i64,
    pub(super) upto: i64,
    /// The highest landing that ran there before; absent for the first deployment.
    pub(super) ran: Option<i64>,
}

/// What each deployment brought, by its place in `deployments`, which are in order.
pub(super) fn brought(deployments: &[Declared], before: &Marks) -> Vec<Option<Brought>> {
    let mut marks = before.clone();
    deployments
        .iter()
        .map(|it| {
            it.succeeded_at?;
            let (line, landing) = it.line().zip(it.landing)?;
            let ran = marks.get(&line).copied();
            if ran.is_none_or(|ran| landing > ran) {
                marks.insert(line, landing);
            }
            if it.rollback || ran.is_some_and(|ran| landing <= ran) {
                return None;
            }
            Some(Brought {
                after: ran.unwrap_or(landing - 1),
                upto: landing,
                ran,
            })
        })
        .collect()
}

/// Which deployment brought a landing.
#[derive(Debug, Default)]
pub(super) struct Bringers(HashMap<Line, Vec<(Brought, usize)>>);

impl Bringers {
    /// Of deployments in order, and what each brought.
    pub(super) fn new(deployments: &[Declared], brought: &[Option<Brought>]) -> Self {
        let mut bringers: HashMap<Line, Vec<(Brought, usize)>> = HashMap::new();
        for (index, (it, brought)) in deployments.iter().zip(brought).enumerate() {
            if let Some((line, brought)) = it.line().zip(*brought) {
                bringers.entry(line).or_default().push((brought, index));
            }
        }
        Self(bringers)
    }

    /// What the deployment that brought a landing brought, and its place.
    pub(super) fn of(&self, line: &Line, landing: i64) -> Option<(Brought, usize)> {
        // What deployments of one line brought ascends and does not overlap.
        let own = self.0.get(line)?;
        let found = own.partition_point(|(brought, _)| brought.upto < landing);
        own.get(found)
            .filter(|(brought, _)| landing > brought.after)
            .copied()
    }

    /// The modules' lines of a repository.
    pub(super) fn lines<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = &'a Line> {
        self.0.keys().filter(move |line| line.1 == repository)
    }
}

/// The landings to look at: by repository, from the lowest to the highest that was brought.
pub(super) fn ranges<'a>(
    brought: impl Iterator<Item = (&'a Declared, &'a Option<Brought>)>,
) -> Vec<Range> {
    let mut ranges: HashMap<&str, Range> = HashMap::new();
    for (it, brought) in brought {
        let (Some(repository), Some(brought)) = (it.repository.as_deref(), brought) else {
            continue;
        };
        let range = ranges.entry(repository).or_insert_with(|| Range {
            repository: repository.to_owned(),
            low: brought.after,
            high: brought.upto,
        });
        range.low = range.low.min(brought.after);
        range.high = range.high.max(brought.upto);
    }
    ranges.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(id: &str, landing: i64, rollback: bool) -> Declared {
        Declared {
            module: "web".into(),
            promotion_id: id.into(),
            repository: Some("repo".into()),
            succeeded_at: Some(1),
            landing: Some(landing),
            rollback,
            ..Declared::default()
        }
    }

    fn spans(deployments: &[Declared], before: &Marks) -> Vec<Option<(i64, i64)>> {
        let brought = brought(deployments, before);
        brought
            .iter()
            .map(|it| it.map(|it| (it.after, it.upto)))
            .collect()
    }

    #[test]
    fn the_first_deployment_brings_its_own_commit_and_each_later_one_what_is_new() {
        let deployments = [
            deployment("1", 5, false),
            deployment("2", 8, false),
            deployment("3", 8, false),
            deployment("4", 6, false),
            deployment("5", 9, false),
        ];
        let expected = [Some((4, 5)), Some((5, 8)), None, None, Some((8, 9))];
        assert_eq!(spans(&deployments, &Marks::new()), expected);
        let before = Marks::from([(("web".into(), "repo".into()), 7)]);
        let expected = [None, Some((7, 8)), None, None, Some((8, 9))];
        assert_eq!(spans(&deployments, &before), expected);
    }

    #[test]
    fn what_was_rolled_back_is_not_brought_again_and_what_failed_is_not_brought() {
        let mut failed = deployment("2", 9, false);
        failed.succeeded_at = None;
        let deployments = [
            deployment("1", 5, false),
            failed,
            deployment("3", 8, false),
            deployment("4", 5, true),
            deployment("5", 9, false),
        ];
        let expected = [Some((4, 5)), None, Some((5, 8)), None, Some((8, 9))];
        assert_eq!(spans(&deployments, &Marks::new()), expected);
    }

    #[test]
    fn a_landing_has_one_bringer() {
        let deployments = [
            deployment("1", 5, false),
            deployment("2", 8, false),
            deployment("3", 10, false),
        ];
        let brought = brought(&deployments, &Marks::new());
        let bringers = Bringers::new(&deployments, &brought);
        let line = ("web".to_owned(), "repo".to_owned());
        let of = |landing| bringers.of(&line, landing).map(|(_, index)| index);
        let found: Vec<_> = (3..=11).map(of).collect();
        let expected = [
            None,
            None,
            Some(0),
            Some(1),
            Some(1),
            Some(1),
            Some(2),
            Some(2),
            None,
        ];
        assert_eq!(found, expected);
    }
}
