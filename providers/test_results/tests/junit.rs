//! JUnit reports of real runners read as their writers meant them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{fixture, tests};
use sluice_test_results::{Outcome, ReportFormat, TestCase, TestReport, TestTotals};

fn junit(name: &str) -> TestReport {
    tests(ReportFormat::Junit, &fixture(name))
}

fn case<'a>(report: &'a TestReport, name: &str) -> &'a TestCase {
    report.cases.iter().find(|case| case.name == name).unwrap()
}

fn counts(totals: TestTotals) -> [u64; 5] {
    [
        totals.total,
        totals.passed,
        totals.failed,
        totals.errored,
        totals.skipped,
    ]
}

#[test]
fn node_reports_nest_suites_and_are_counted_though_they_hold_no_totals() {
    let report = junit("node.xml");
    assert_eq!(counts(report.totals), [6, 2, 2, 0, 2]);
    let deep = case(&report, "greets by name");
    assert_eq!(deep.suite, "greeter / in English");
    assert_eq!(deep.outcome, Outcome::Passed);
    assert_eq!(deep.duration_ms, Some(1));
    assert_eq!(case(&report, "stands alone").suite, "");
    let thrown = case(&report, "throws");
    assert_eq!(thrown.message.as_deref(), Some("cannot read"));
    assert!(thrown.details.as_deref().unwrap().contains("TypeError"));
    assert_eq!(case(&report, "is still to do").outcome, Outcome::Skipped);
    assert_eq!(report.suites.len(), 3);
}

#[test]
fn pytest_tells_failures_from_errors_in_fixtures() {
    let report = junit("pytest.xml");
    assert_eq!(counts(report.totals), [6, 2, 1, 1, 2]);
    let wrong = case(&report, "test_wrong");
    assert_eq!(wrong.class, "test_shop.TestPrice");
    assert!(
        wrong
            .message
            .as_deref()
            .unwrap()
            .starts_with("AssertionError: prices <are> & stay\n")
    );
    assert_eq!(
        case(&report, "test_needs_a_database").outcome,
        Outcome::Errored
    );
    let known = case(&report, "test_known_bug");
    assert_eq!(
        (known.outcome, known.message.as_deref()),
        (Outcome::Skipped, Some("pytest.xfail"))
    );
}

#[test]
fn surefire_reruns_do_not_decide_and_output_is_not_markup() {
    let report = junit("surefire.xml");
    assert_eq!(counts(report.totals), [5, 2, 1, 1, 1]);
    assert_eq!(case(&report, "adds").duration_ms, Some(1_201_250));
    let flaky = case(&report, "settlesInTheEnd");
    assert_eq!(
        (flaky.outcome, flaky.reruns, &flaky.message),
        (Outcome::Passed, 2, &None)
    );
    let never = case(&report, "neverSettles");
    assert_eq!((never.outcome, never.reruns), (Outcome::Failed, 1));
    assert_eq!(never.message.as_deref(), Some("expected:<1> but was:<2>"));
    assert!(
        never
            .details
            .as_deref()
            .unwrap()
            .ends_with("(OrderTest.java:42)")
    );
    let broken = case(&report, "breaks");
    assert_eq!(
        broken.message.as_deref(),
        Some("java.lang.NullPointerException")
    );
}

#[test]
fn nextest_binaries_are_suites() {
    let report = junit("nextest.xml");
    assert_eq!(counts(report.totals), [3, 2, 1, 0, 0]);
    assert_eq!(
        case(&report, "runs").suite,
        "nextest-run / parser::bin/tool"
    );
    assert_eq!(case(&report, "runs").reruns, 1);
    assert_eq!(case(&report, "tests::refuses").reruns, 1);
}

#[test]
fn gtest_disabled_cases_are_skipped_and_all_failures_of_a_case_are_kept() {
    let report = junit("gtest.xml");
    assert_eq!(counts(report.totals), [4, 1, 1, 0, 2]);
    let disabled = case(&report, "DISABLED_Divides");
    assert_eq!(
        (disabled.outcome, disabled.line),
        (Outcome::Skipped, Some(9))
    );
    assert_eq!(disabled.file.as_deref(), Some("math_test.cc"));
    let failed = case(&report, "Multiplies");
    assert!(
        failed
            .message
            .as_deref()
            .unwrap()
            .contains("Expected equality")
    );
    assert!(failed.details.as_deref().unwrap().contains("Expected less"));
}

#[test]
fn a_case_without_any_attribute_is_still_a_case() {
    let report = tests(ReportFormat::Junit, b"<testsuites><testcase/></testsuites>");
    let only = &report.cases[0];
    assert_eq!(
        (only.name.as_str(), only.outcome),
        ("(unnamed)", Outcome::Passed)
    );
    assert_eq!((only.duration_ms, only.line), (None, None));
}

#[test]
fn a_failure_of_the_suite_itself_is_a_case() {
    let xml = b"<testsuite name='setup'><error message='no port'/><testcase name='a'/></testsuite>";
    let report = tests(ReportFormat::Junit, xml);
    assert_eq!(counts(report.totals), [2, 1, 0, 1, 0]);
    assert_eq!(report.cases[0].message.as_deref(), Some("no port"));
}

#[test]
fn a_byte_order_mark_is_no_content() {
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    bytes.extend(fixture("node.xml"));
    assert_eq!(tests(ReportFormat::Junit, &bytes), junit("node.xml"));
}

#[test]
fn characters_that_xml_forbids_are_replaced() {
    let xml = b"<testsuite><testcase name='a&#x1b;b&#65;'><failure>x&#0;y&lt;</failure></testcase></testsuite>";
    let report = tests(ReportFormat::Junit, xml);
    assert_eq!(report.cases[0].name, "a\u{FFFD}bA");
    assert_eq!(report.cases[0].details.as_deref(), Some("x\u{FFFD}y<"));
}

#[test]
fn merged_reports_are_counted_anew() {
    let merged = TestReport::merge([junit("node.xml"), junit("pytest.xml"), junit("gtest.xml")]);
    assert_eq!(counts(merged.totals), [16, 5, 4, 1, 6]);
    assert_eq!(merged.cases.len(), 16);
    let by_suite: u64 = merged.suites.iter().map(|suite| suite.totals.total).sum();
    assert_eq!(by_suite, 16);
}

#[test]
fn reports_are_stored_in_camel_case_and_read_back() {
    let report = junit("surefire.xml");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["cases"][2]["durationMs"], 2750);
    assert_eq!(json["cases"][2]["outcome"], "failed");
    assert_eq!(serde_json::from_value::<TestReport>(json).unwrap(), report);
}
