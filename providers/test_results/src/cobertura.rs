//! Cobertura coverage.
//!
//! The rates and sums in the file are not trusted: writers disagree on them and some leave them
//! out. Lines are counted here, by file and line number. A line stands in a file more than once
//! (in its method and in its class, or in two merged reports): the best count of it is taken.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::error::{ParseError, ParseRule, ReportFormat};
use crate::limits::Limits;
use crate::model::{CoverageReport, FileCoverage};
use crate::xml::{Element, Token, XmlReader};

/// Reads one Cobertura report.
///
/// # Errors
/// As [`crate::parse`].
pub fn parse<R: BufRead>(reader: R, limits: &Limits) -> Result<CoverageReport, ParseError> {
    let mut collector = CoverageCollector::default();
    collector.add(reader, limits)?;
    Ok(collector.finish())
}

/// Merges several reports exactly, line by line: add each, then finish.
#[derive(Debug, Default)]
pub struct CoverageCollector {
    files: BTreeMap<String, BTreeMap<u32, Line>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Line {
    hit: bool,
    branches: u32,
    taken: u32,
}

impl CoverageCollector {
    /// Reads one report into the collection. After an error, what came before it in that report
    /// may already be counted: drop the collector.
    ///
    /// # Errors
    /// As [`crate::parse`].
    pub fn add<R: BufRead>(&mut self, reader: R, limits: &Limits) -> Result<(), ParseError> {
        let mut xml = XmlReader::new(reader, ReportFormat::Cobertura, *limits);
        xml.root(&["coverage"], "<coverage>")?;
        // One entry per open element; `class` elements carry their file.
        let mut open: Vec<Option<String>> = vec![None];
        loop {
            match xml.next()? {
                Token::Start(element) => {
                    let file = self.start(&element, &open, limits);
                    open.push(file.map_err(|rule| xml.fault(rule))?);
                }
                Token::Text(_) => {}
                Token::End => {
                    open.pop();
                }
                Token::Eof => return Ok(()),
            }
        }
    }

    fn start(
        &mut self,
        element: &Element,
        open: &[Option<String>],
        limits: &Limits,
    ) -> Result<Option<String>, ParseRule> {
        match element.name.as_str() {
            "class" => {
                let path = class_file(element)?;
                let max = limits.max_files;
                if !self.files.contains_key(&path) && self.files.len() >= max {
                    return Err(ParseRule::TooManyFiles { max });
                }
                self.files.entry(path.clone()).or_default();
                Ok(Some(path))
            }
            "line" => {
                let file = open.iter().rev().find_map(Option::as_ref);
                if let Some(lines) = file.and_then(|path| self.files.get_mut(path)) {
                    add_line(lines, element)?;
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// The counts over everything added.
    #[must_use]
    pub fn finish(self) -> CoverageReport {
        let mut report = CoverageReport::default();
        for (path, lines) in self.files {
            let mut file = FileCoverage {
                path,
                lines_covered: 0,
                lines_valid: 0,
            };
            for line in lines.values() {
                file.lines_valid += 1;
                file.lines_covered += u64::from(line.hit);
                report.branches_valid += u64::from(line.branches);
                report.branches_covered += u64::from(line.taken);
            }
            report.lines_valid += file.lines_valid;
            report.lines_covered += file.lines_covered;
            report.files.push(file);
        }
        report.line_rate = rate(report.lines_covered, report.lines_valid).unwrap_or(0.0);
        report.branch_rate = rate(report.branches_covered, report.branches_valid);
        report
    }
}

#[allow(clippy::cast_precision_loss)] // counts far below 2^52
fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn class_file(element: &Element) -> Result<String, ParseRule> {
    let name = element.get("filename").or_else(|| element.get("name"));
    let name = name.ok_or(ParseRule::BadAttribute {
        element: "class",
        attribute: "filename",
    })?;
    Ok(name.replace('\\', "/"))
}

fn add_line(lines: &mut BTreeMap<u32, Line>, element: &Element) -> Result<(), ParseRule> {
    let bad = |attribute| ParseRule::BadAttribute {
        element: "line",
        attribute,
    };
    let number = element
        .get("number")
        .and_then(|number| number.trim().parse().ok());
    let number: u32 = number.ok_or_else(|| bad("number"))?;
    let hits = element
        .get("hits")
        .and_then(|hits| hits.trim().parse::<f64>().ok());
    let hit = hits.ok_or_else(|| bad("hits"))? > 0.0;
    let (taken, branches) = element
        .get("condition-coverage")
        .and_then(conditions)
        .unwrap_or((0, 0));
    let line = lines.entry(number).or_default();
    line.hit |= hit;
    line.branches = line.branches.max(branches);
    line.taken = line.taken.max(taken).min(line.branches);
    Ok(())
}

/// Taken and total from `50% (1/2)`.
fn conditions(text: &str) -> Option<(u32, u32)> {
    let (taken, total) = text.split_once('(')?.1.split_once(')')?.0.split_once('/')?;
    let (taken, total): (u32, u32) = (taken.trim().parse().ok()?, total.trim().parse().ok()?);
    Some((taken.min(total), total))
}
