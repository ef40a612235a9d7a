//! What the builds of a release proved, as environments may demand it.

use sluice_kernel::directory::ReleaseCheck;

use super::PlannedItem;

/// Lines that tests must reach, in percent.
const MIN_COVERAGE: u64 = 70;

/// `build`, `tests` and `coverage` of each module. What was not counted is not proved.
pub(crate) fn checks(items: &[PlannedItem]) -> Vec<ReleaseCheck> {
    items
        .iter()
        .flat_map(|item| [build(item), tests(item), coverage(item)])
        .collect()
}

fn check(item: &PlannedItem, name: &str, succeeded: bool, detail: String) -> ReleaseCheck {
    ReleaseCheck {
        name: name.to_owned(),
        module: item.item.module.id.clone(),
        succeeded,
        detail,
    }
}

// A release is planned from successful builds only.
fn build(item: &PlannedItem) -> ReleaseCheck {
    let detail = format!("{} succeeded", item.item.build_id);
    check(item, "build", true, detail)
}

fn tests(item: &PlannedItem) -> ReleaseCheck {
    let Some(tests) = item.tests.filter(|tests| tests.total > 0) else {
        return check(item, "tests", false, "no tests were counted".to_owned());
    };
    let broken = tests.failed + tests.errored;
    let detail = format!(
        "{} of {} tests passed, {broken} failed, {} skipped",
        tests.passed, tests.total, tests.skipped
    );
    check(item, "tests", broken == 0, detail)
}

fn coverage(item: &PlannedItem) -> ReleaseCheck {
    let Some(lines) = item.coverage.filter(|lines| lines.lines_valid > 0) else {
        let detail = "no coverage was measured".to_owned();
        return check(item, "coverage", false, detail);
    };
    let covered = u128::from(lines.lines_covered) * 100;
    let valid = u128::from(lines.lines_valid);
    let detail = format!(
        "{} of {} lines covered ({} %), at least {MIN_COVERAGE} % wanted",
        lines.lines_covered,
        lines.lines_valid,
        covered / valid
    );
    let enough = covered >= u128::from(MIN_COVERAGE) * valid;
    check(item, "coverage", enough, detail)
}

#[cfg(test)]
mod tests {
    use sluice_schema::events::{CoverageCounts, TestCounts};

    use crate::model::{checks, samples::item};

    fn verdicts(
        total: u64,
        failed: u64,
        errored: u64,
        lines: Option<(u64, u64)>,
    ) -> [(String, bool); 3] {
        let mut item = item("api");
        item.tests = Some(TestCounts {
            total,
            failed,
            errored,
            passed: total - failed - errored,
            ..Default::default()
        });
        item.coverage = lines.map(|(lines_covered, lines_valid)| CoverageCounts {
            lines_covered,
            lines_valid,
        });
        let found = checks::checks(&[item]);
        let pairs = found.into_iter().map(|check| (check.name, check.succeeded));
        pairs.collect::<Vec<_>>().try_into().unwrap()
    }

    fn said(tests: bool, coverage: bool) -> [(String, bool); 3] {
        [("build", true), ("tests", tests), ("coverage", coverage)]
            .map(|(name, holds)| (name.to_owned(), holds))
    }

    #[test]
    fn what_was_not_counted_is_not_proved() {
        assert_eq!(verdicts(0, 0, 0, None), said(false, false));
        assert_eq!(verdicts(3, 0, 0, Some((0, 0))), said(true, false));
    }

    #[test]
    fn no_test_may_fail_and_seventy_percent_are_enough() {
        assert_eq!(verdicts(10, 0, 0, Some((70, 100))), said(true, true));
        assert_eq!(verdicts(10, 1, 0, Some((699, 1000))), said(false, false));
        assert_eq!(verdicts(10, 0, 1, Some((1000, 1000))), said(false, true));
    }
}
