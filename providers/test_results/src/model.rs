//! The normalised shape of every report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How one test case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It ran and held, perhaps only when run again.
    Passed,
    /// An assertion did not hold.
    Failed,
    /// It broke outside its assertions, was aborted or ran out of time.
    Errored,
    /// It did not run, or its result does not count (skipped, to do, inconclusive).
    Skipped,
}

/// One test case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestCase {
    /// The suites around it, outermost first, joined by ` / `; empty when there is none.
    pub suite: String,
    /// The class, module or binary it belongs to; empty when the report names none.
    pub class: String,
    /// Its own name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took in milliseconds, when the report says so.
    pub duration_ms: Option<u64>,
    /// Why it failed or was skipped, in one line or few.
    pub message: Option<String>,
    /// The stack trace or output of the failure.
    pub details: Option<String>,
    /// The source file, as the report names it.
    pub file: Option<String>,
    /// The 1-based line in that file.
    pub line: Option<u32>,
    /// Earlier failed attempts of the same run, when the runner repeats tests.
    pub reruns: u32,
}

/// Counts over test cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestTotals {
    /// All cases.
    pub total: u64,
    /// Cases that passed.
    pub passed: u64,
    /// Cases whose assertion failed.
    pub failed: u64,
    /// Cases that broke.
    pub errored: u64,
    /// Cases that did not count.
    pub skipped: u64,
    /// Sum of the known durations in milliseconds.
    pub duration_ms: u64,
}

impl TestTotals {
    /// Counts one case in.
    pub fn add(&mut self, case: &TestCase) {
        self.total += 1;
        match case.outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Errored => self.errored += 1,
            Outcome::Skipped => self.skipped += 1,
        }
        self.duration_ms = self
            .duration_ms
            .saturating_add(case.duration_ms.unwrap_or(0));
    }

    /// Whether no case failed or broke.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failed == 0 && self.errored == 0
    }
}

/// One suite's name and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SuiteSummary {
    /// As in [`TestCase::suite`].
    pub name: String,
    /// Counts over the cases directly in it.
    pub totals: TestTotals,
}

/// A test report: its cases in the order of the file, and the counts over them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Suites that hold cases, by name.
    pub suites: Vec<SuiteSummary>,
    /// All cases.
    pub cases: Vec<TestCase>,
    /// Counts over all cases.
    pub totals: TestTotals,
}

impl TestReport {
    /// A report over these cases, with counts made from them.
    #[must_use]
    pub fn from_cases(cases: Vec<TestCase>) -> Self {
        let mut totals = TestTotals::default();
        let mut suites: BTreeMap<&str, TestTotals> = BTreeMap::new();
        for case in &cases {
            totals.add(case);
            suites.entry(&case.suite).or_default().add(case);
        }
        let suites = suites
            .into_iter()
            .map(|(name, totals)| SuiteSummary {
                name: name.to_owned(),
                totals,
            })
            .collect();
        Self {
            suites,
            cases,
            totals,
        }
    }

    /// All cases of several reports, in order, counted anew.
    #[must_use]
    pub fn merge(reports: impl IntoIterator<Item = Self>) -> Self {
        Self::from_cases(
            reports
                .into_iter()
                .flat_map(|report| report.cases)
                .collect(),
        )
    }
}

/// Lines covered in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileCoverage {
    /// The path as the report names it, with `/` between segments.
    pub path: String,
    /// Lines that ran.
    pub lines_covered: u64,
    /// Lines that could run.
    pub lines_valid: u64,
}

/// A coverage report, counted from its lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoverageReport {
    /// Lines that ran.
    pub lines_covered: u64,
    /// Lines that could run.
    pub lines_valid: u64,
    /// Covered over valid lines, 0 to 1; 0 when the report holds no line.
    pub line_rate: f64,
    /// Branches taken.
    pub branches_covered: u64,
    /// Branches there are.
    pub branches_valid: u64,
    /// Taken over all branches, 0 to 1; absent when the report holds no branch.
    pub branch_rate: Option<f64>,
    /// By path.
    pub files: Vec<FileCoverage>,
}

/// What [`crate::parse`] returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "report")]
pub enum Report {
    /// From JUnit and TRX.
    Tests(TestReport),
    /// From Cobertura.
    Coverage(CoverageReport),
}
