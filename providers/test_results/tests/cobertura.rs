//! Coverage is counted from lines, whatever the file says of itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{coverage, fixture};
use sluice_test_results::Limits;
use sluice_test_results::cobertura::CoverageCollector;

#[test]
fn coverage_py_counts_agree_with_its_own() {
    let report = coverage(&fixture("coverage-py.xml"));
    assert_eq!((report.lines_covered, report.lines_valid), (23, 27));
    assert_eq!((report.branches_covered, report.branches_valid), (3, 4));
    assert!((report.line_rate - 23.0 / 27.0).abs() < 1e-12);
    assert_eq!(report.branch_rate, Some(0.75));
    assert_eq!(report.files.len(), 2);
}

#[test]
fn a_line_that_stands_several_times_counts_once_and_at_its_best() {
    let report = coverage(&fixture("coverlet.xml"));
    assert_eq!((report.lines_covered, report.lines_valid), (3, 4));
    assert_eq!((report.branches_covered, report.branches_valid), (2, 2));
    let paths: Vec<_> = report.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["Acme/Empty.cs", "Acme/Order.cs"]);
}

#[test]
fn merging_a_report_with_itself_changes_nothing() {
    let bytes = fixture("coverage-py.xml");
    let mut collector = CoverageCollector::default();
    collector.add(bytes.as_slice(), &Limits::default()).unwrap();
    collector.add(bytes.as_slice(), &Limits::default()).unwrap();
    assert_eq!(collector.finish(), coverage(&bytes));
}

#[test]
fn a_report_without_lines_covers_nothing() {
    let report = coverage(b"<coverage line-rate='1' branch-rate='1'/>");
    assert_eq!((report.lines_valid, report.branch_rate), (0, None));
    assert!(report.line_rate.abs() < f64::EPSILON);
}
