//! What a pipeline run leaves behind: test reports, coverage reports, artifacts and logs.
//!
//! Two ports live here, both free of platform and service code:
//!
//! - **Reports**: [`parse`] reads JUnit XML, TRX and Cobertura as streams, under [`Limits`], into
//!   one normalised shape. Totals are always counted here, never taken from the file.
//! - **Blobs and logs**: [`blob::BlobStore`] keeps immutable objects by key, on the local disk or
//!   any store that `object_store` speaks to; [`logs`] keeps step logs in it as numbered chunks
//!   that can be read while they are being written.

pub mod blob;
pub mod cobertura;
mod error;
pub mod junit;
mod limits;
pub mod logs;
mod model;
mod time;
pub mod trx;
mod xml;

use std::io::BufRead;

pub use error::{ParseError, ParseRule, ReportFormat, UnknownFormat};
pub use limits::{CUT_MARKER, Limits};
pub use model::{
    CoverageReport, FileCoverage, Outcome, Report, SuiteSummary, TestCase, TestReport, TestTotals,
};

/// Reads one report of the given format to its end.
///
/// # Errors
/// [`ParseError`] names the format, the rule that was broken and where, as a 1-based line and a
/// byte offset. Nothing of a broken report is returned.
pub fn parse<R: BufRead>(
    format: ReportFormat,
    reader: R,
    limits: &Limits,
) -> Result<Report, ParseError> {
    match format {
        ReportFormat::Junit => junit::parse(reader, limits).map(Report::Tests),
        ReportFormat::Trx => trx::parse(reader, limits).map(Report::Tests),
        ReportFormat::Cobertura => cobertura::parse(reader, limits).map(Report::Coverage),
    }
}
