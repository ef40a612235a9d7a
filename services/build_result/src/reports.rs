//! From raw report files to counts, cases and findings.

use bytes::Bytes;
use sluice_kernel::Finding;
use sluice_schema::{
    BuildId,
    events::{CoverageCounts, TestCounts},
};
use sluice_test_results::{
    Limits, Outcome, ParseError, ReportFormat, TestReport, cobertura::CoverageCollector, parse,
};

use crate::{BuildResultError, ResultFormat, TestCase, TestOutcome};

/// A report as it was published.
pub(crate) struct RawReport {
    pub(crate) format: ResultFormat,
    pub(crate) path: String,
    /// The file, or why it could not be had.
    pub(crate) content: Result<Bytes, String>,
}

/// What the reports of one build say together.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    pub(crate) tests: Option<TestCounts>,
    pub(crate) cases: Vec<TestCase>,
    pub(crate) coverage: Option<CoverageCounts>,
    pub(crate) findings: Vec<Finding>,
}

/// Reads all reports of `build`; one that cannot be read is a finding.
pub(crate) async fn read(build: BuildId, raw: Vec<RawReport>) -> Result<Reports, BuildResultError> {
    // Parsing megabytes of XML would hold up everything else on this thread.
    Ok(tokio::task::spawn_blocking(move || read_all(build, &raw)).await?)
}

fn read_all(build: BuildId, raw: &[RawReport]) -> Reports {
    let limits = Limits::default();
    let mut reports = Reports::default();
    let mut tests: Vec<TestReport> = Vec::new();
    let mut coverage = CoverageCollector::default();
    let mut covered = false;
    for report in raw {
        let content = match &report.content {
            Ok(content) => content,
            Err(reason) => {
                reports
                    .findings
                    .push(finding(report, None, "unavailable", reason));
                continue;
            }
        };
        let read = match report.format {
            ResultFormat::Cobertura => coverage
                .add(content.as_ref(), &limits)
                .map(|()| covered = true),
            ResultFormat::Junit => read_tests(ReportFormat::Junit, content, &limits, &mut tests),
            ResultFormat::Trx => read_tests(ReportFormat::Trx, content, &limits, &mut tests),
        };
        if let Err(error) = read {
            let message = error.rule.to_string();
            reports.findings.push(finding(
                report,
                Some(error.line),
                error.rule.code(),
                &message,
            ));
        }
    }
    if !tests.is_empty() {
        let merged = TestReport::merge(tests);
        reports.tests = Some(counts(&merged));
        reports.cases = cases(build, merged);
    }
    if covered {
        let merged = coverage.finish();
        reports.coverage = Some(CoverageCounts {
            lines_covered: merged.lines_covered,
            lines_valid: merged.lines_valid,
        });
    }
    reports
}

fn read_tests(
    format: ReportFormat,
    content: &Bytes,
    limits: &Limits,
    into: &mut Vec<TestReport>,
) -> Result<(), ParseError> {
    if let sluice_test_results::Report::Tests(report) = parse(format, content.as_ref(), limits)? {
        into.push(report);
    }
    Ok(())
}

fn finding(report: &RawReport, line: Option<u64>, rule: &str, message: &str) -> Finding {
    Finding {
        file: report.path.clone(),
        line: line.and_then(|line| u32::try_from(line).ok()),
        rule: rule.to_owned(),
        message: message.to_owned(),
    }
}

fn counts(report: &TestReport) -> TestCounts {
    let totals = report.totals;
    TestCounts {
        total: totals.total,
        passed: totals.passed,
        failed: totals.failed,
        errored: totals.errored,
        skipped: totals.skipped,
        duration_ms: totals.duration_ms,
    }
}

fn cases(build: BuildId, report: TestReport) -> Vec<TestCase> {
    let numbered = report.cases.into_iter().enumerate();
    numbered
        .map(|(index, case)| TestCase {
            id: format!("{build}.{index:06}"),
            suite: case.suite,
            class: case.class,
            name: case.name,
            outcome: match case.outcome {
                Outcome::Passed => TestOutcome::Passed,
                Outcome::Failed => TestOutcome::Failed,
                Outcome::Errored => TestOutcome::Errored,
                Outcome::Skipped => TestOutcome::Skipped,
            },
            duration_ms: case.duration_ms,
            message: case.message,
            details: case.details,
            file: case.file,
            line: case.line,
        })
        .collect()
}
