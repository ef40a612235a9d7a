//! What the report tests share.
#![allow(dead_code, unreachable_pub)]

use std::io::BufReader;

use sluice_test_results::{CoverageReport, Limits, ParseError, Report, ReportFormat, TestReport};

/// The fixture's bytes.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Parses through a reader with a tiny buffer, so that every token crosses its edges.
pub fn parse(format: ReportFormat, bytes: &[u8]) -> Result<Report, ParseError> {
    let reader = BufReader::with_capacity(7, bytes);
    sluice_test_results::parse(format, reader, &Limits::default())
}

/// A test report that must parse.
pub fn tests(format: ReportFormat, bytes: &[u8]) -> TestReport {
    match parse(format, bytes) {
        Ok(Report::Tests(report)) => report,
        other => panic!("{other:?}"),
    }
}

/// A coverage report that must parse.
pub fn coverage(bytes: &[u8]) -> CoverageReport {
    match parse(ReportFormat::Cobertura, bytes) {
        Ok(Report::Coverage(report)) => report,
        other => panic!("{other:?}"),
    }
}
