//! Every way a report can be broken has its own typed error, with its place.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::parse;
use sluice_test_results::{Limits, ParseError, Report, ReportFormat};

fn refused(format: ReportFormat, bytes: &[u8]) -> ParseError {
    parse(format, bytes).unwrap_err()
}

fn refused_under(limits: Limits, bytes: &[u8]) -> ParseError {
    sluice_test_results::parse(ReportFormat::Junit, bytes, &limits).unwrap_err()
}

#[test]
fn broken_xml_is_named_by_rule_and_line() {
    let cases: &[(&[u8], &str, u64)] = &[
        (b"", "empty", 1),
        (b"\n\n  <!-- nothing -->\n", "empty", 4),
        (b"hello", "not-xml", 1),
        (b"<testsuites>\n<testsuite>", "unclosed", 2),
        (b"<testsuites>\n<testcase name='a", "not-xml", 2),
        (b"<testsuites>\n</testsuite>", "not-xml", 2),
        (b"<testsuites/>\n<testsuites/>", "not-xml", 2),
        (b"<testsuites/>\ntrailing", "not-xml", 1),
        (b"<testsuites>\n<testcase name='a' name>", "not-xml", 2),
        (b"<testsuites>\n<testcase name=\"a & b\"/>", "not-xml", 2),
        (b"<html>\n</html>", "unexpected-root", 1),
        (
            b"<testsuites>\xFF\xFE</testsuites>",
            "unsupported-encoding",
            1,
        ),
        (b"<testsuites>&nbsp;</testsuites>", "unknown-entity", 1),
        (b"<testsuites name='&file;'/>", "unknown-entity", 1),
    ];
    for (bytes, code, line) in cases {
        let error = refused(ReportFormat::Junit, bytes);
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(
            (error.rule.code(), error.line),
            (*code, *line),
            "{text}: {error}"
        );
    }
}

#[test]
fn utf_16_is_refused_by_name() {
    let text = "<testsuites/>";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut marked = vec![0xFE, 0xFF];
    marked.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    for bytes in [little, marked] {
        let error = refused(ReportFormat::Junit, &bytes);
        assert!(error.to_string().contains("UTF-16"), "{error}");
    }
}

#[test]
fn entity_bombs_and_external_entities_are_refused_before_they_expand() {
    let bomb = br#"<!DOCTYPE testsuites [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuites name="&b;"/>"#;
    let file =
        br#"<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuites>&x;</testsuites>"#;
    for bytes in [bomb.as_slice(), file.as_slice()] {
        assert_eq!(
            refused(ReportFormat::Junit, bytes).rule.code(),
            "document-type"
        );
    }
}

#[test]
fn every_limit_is_enforced() {
    let limits = Limits::default();
    let many = "<testsuite>".to_owned() + &"<testcase name='x'/>".repeat(11) + "</testsuite>";
    let few = Limits {
        max_cases: 10,
        ..limits
    };
    assert_eq!(
        refused_under(few, many.as_bytes()).rule.code(),
        "too-many-cases"
    );

    let small = Limits {
        max_bytes: 100,
        ..limits
    };
    let error = refused_under(small, many.as_bytes());
    assert_eq!(error.rule.code(), "too-large");
    assert!(error.offset <= 100);

    let deep = "<testsuite>".repeat(65) + &"</testsuite>".repeat(65);
    assert_eq!(
        refused_under(limits, deep.as_bytes()).rule.code(),
        "too-deep"
    );

    let attributes: String = (0..65).map(|n| format!(" a{n}=''")).collect();
    let wide = format!("<testsuite{attributes}/>");
    assert_eq!(
        refused_under(limits, wide.as_bytes()).rule.code(),
        "too-many-attributes"
    );
}

#[test]
fn a_report_of_exactly_the_limit_is_read() {
    let xml = b"<testsuites><testcase name='a'/></testsuites>";
    let limits = Limits {
        max_bytes: xml.len() as u64,
        ..Limits::default()
    };
    let report = sluice_test_results::parse(ReportFormat::Junit, xml.as_slice(), &limits);
    assert!(matches!(report, Ok(Report::Tests(report)) if report.totals.total == 1));
}

#[test]
fn long_texts_are_cut_and_marked() {
    let long = "é".repeat(100_000);
    let xml = format!(
        "<testsuite name='{long}'><testcase name='{long}'><failure message='{long}'>{long}</failure></testcase></testsuite>"
    );
    let Ok(Report::Tests(report)) = parse(ReportFormat::Junit, xml.as_bytes()) else {
        panic!()
    };
    let case = &report.cases[0];
    for text in [&case.suite, &case.name] {
        assert!(text.len() <= 4096 && text.ends_with("[cut]"));
    }
    for text in [&case.message, &case.details] {
        let text = text.as_deref().unwrap();
        assert!(text.len() <= 65_536 && text.ends_with("[cut]"));
    }
}

#[test]
fn each_format_refuses_the_others() {
    let roots: &[(ReportFormat, &[u8])] = &[
        (ReportFormat::Junit, b"<TestRun/>"),
        (ReportFormat::Trx, b"<coverage/>"),
        (ReportFormat::Cobertura, b"<testsuites/>"),
    ];
    for (format, bytes) in roots {
        let error = refused(*format, bytes);
        assert_eq!(
            (error.format, error.rule.code()),
            (*format, "unexpected-root")
        );
    }
}

#[test]
fn a_coverage_line_without_number_or_hits_is_named() {
    let around = |line: &str| {
        format!("<coverage><class filename='a'>\n<lines>{line}</lines></class></coverage>")
    };
    for line in [
        "<line hits='1'/>",
        "<line number='1'/>",
        "<line number='-1' hits='1'/>",
    ] {
        let error = refused(ReportFormat::Cobertura, around(line).as_bytes());
        assert_eq!(
            (error.rule.code(), error.line),
            ("bad-attribute", 2),
            "{line}"
        );
    }
    let error = refused(ReportFormat::Cobertura, b"<coverage><class/></coverage>");
    assert_eq!(error.rule.code(), "bad-attribute");
}
