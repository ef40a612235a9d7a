//! TRX reports, with the shapes that writers produce.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{fixture, tests};
use sluice_test_results::{Outcome, ReportFormat, TestCase, TestReport};

fn case<'a>(report: &'a TestReport, name: &str) -> &'a TestCase {
    report.cases.iter().find(|case| case.name == name).unwrap()
}

#[test]
fn every_outcome_is_counted_by_its_meaning_not_by_the_counters() {
    let report = tests(ReportFormat::Trx, &fixture("vstest.trx"));
    let totals = report.totals;
    assert_eq!(totals.total, 8, "{:#?}", report.cases);
    assert_eq!((totals.passed, totals.failed), (2, 2));
    assert_eq!((totals.errored, totals.skipped), (2, 2));
    assert_eq!(case(&report, "Slow").message.as_deref(), Some("Timeout"));
    assert_eq!(case(&report, "NoOutcome").outcome, Outcome::Errored);
    assert_eq!(
        case(&report, "Later").message.as_deref(),
        Some("needs a network")
    );
}

#[test]
fn classes_come_from_the_definitions() {
    let report = tests(ReportFormat::Trx, &fixture("vstest.trx"));
    let adds = case(&report, "Adds");
    assert_eq!(
        (adds.class.as_str(), adds.suite.as_str()),
        ("Acme.OrderTests", "acme.tests.dll")
    );
    assert_eq!(adds.duration_ms, Some(12));
    let refuses = case(&report, "Refuses");
    assert_eq!(refuses.class, "Acme.OrderTests");
    assert_eq!(refuses.file.as_deref(), Some("/src/tests/Order Tests.cs"));
    assert_eq!(refuses.line, Some(23));
    assert!(
        refuses
            .message
            .as_deref()
            .unwrap()
            .starts_with("Assert.Equal() Failure\n")
    );
    assert_eq!(
        case(&report, "Later").suite,
        "build@AGENT 2026-01-01 00:00:00"
    );
}

#[test]
fn of_a_data_driven_test_its_rows_count() {
    let report = tests(ReportFormat::Trx, &fixture("vstest.trx"));
    assert!(report.cases.iter().all(|case| case.name != "Rows"));
    let row = case(&report, "Rows (2)");
    assert_eq!(
        (row.outcome, row.message.as_deref()),
        (Outcome::Failed, Some("row 2"))
    );
    assert_eq!(
        (row.class.as_str(), row.suite.as_str()),
        ("Acme.RowTests", "acme.tests.dll")
    );
}

#[test]
fn a_crashed_test_host_does_not_look_green() {
    let report = tests(ReportFormat::Trx, &fixture("aborted.trx"));
    assert!(!report.totals.is_success());
    let run = case(&report, "(test run)");
    assert_eq!(run.outcome, Outcome::Errored);
    assert!(
        run.details
            .as_deref()
            .unwrap()
            .contains("host process crashed")
    );
}
