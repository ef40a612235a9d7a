//! Any report written as JUnit parses back to what was written; any bytes parse or are refused.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fmt::Write as _;

use common::{parse, tests};
use proptest::prelude::*;
use quick_xml::escape::escape;
use sluice_test_results::{Outcome, ReportFormat};

type Case = (String, Outcome, String, u32);

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Passed),
        Just(Outcome::Failed),
        Just(Outcome::Errored),
        Just(Outcome::Skipped),
    ]
}

/// Printable text that is not blank and has no blanks around it.
fn text() -> impl Strategy<Value = String> {
    "[!-~äß€🦀]([ -~äß€🦀]{0,40}[!-~äß€🦀])?"
}

fn suites() -> impl Strategy<Value = Vec<(String, Vec<Case>)>> {
    let case = (text(), outcome(), text(), 0u32..100_000);
    prop::collection::vec((text(), prop::collection::vec(case, 0..12)), 0..6)
}

fn write(suites: &[(String, Vec<Case>)]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<testsuites tests=\"7\">");
    for (suite, cases) in suites {
        write!(xml, "<testsuite name=\"{}\">", escape(suite.as_str())).unwrap();
        for (name, outcome, message, millis) in cases {
            let seconds = f64::from(*millis) / 1000.0;
            let name = escape(name.as_str());
            write!(xml, "<testcase name=\"{name}\" time=\"{seconds:.3}\">").unwrap();
            let message = escape(message.as_str());
            let tag = match outcome {
                Outcome::Passed => None,
                Outcome::Failed => Some("failure"),
                Outcome::Errored => Some("error"),
                Outcome::Skipped => Some("skipped"),
            };
            if let Some(tag) = tag {
                write!(xml, "<{tag} message=\"{message}\">{message}</{tag}>").unwrap();
            }
            xml.push_str("</testcase>\n");
        }
        xml.push_str("</testsuite>");
    }
    xml + "</testsuites>"
}

proptest! {
    #[test]
    fn written_reports_parse_back(suites in suites()) {
        let report = tests(ReportFormat::Junit, write(&suites).as_bytes());
        let wanted: Vec<_> = suites.iter().flat_map(|(suite, cases)| {
            cases.iter().map(move |(name, outcome, message, millis)| {
                let message = (*outcome != Outcome::Passed).then(|| message.clone());
                (suite.clone(), name.clone(), *outcome, message, Some(u64::from(*millis)))
            })
        }).collect();
        let totals = report.totals;
        let got: Vec<_> = report.cases.into_iter().map(|case| {
            assert_eq!(case.message, case.details);
            (case.suite, case.name, case.outcome, case.message, case.duration_ms)
        }).collect();
        prop_assert_eq!(totals.total, wanted.len() as u64);
        prop_assert_eq!(totals.passed + totals.failed + totals.errored + totals.skipped, totals.total);
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn a_report_cut_anywhere_is_refused(suites in suites(), at in 0.0f64..1.0) {
        let xml = write(&suites);
        let bytes = xml.as_bytes();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let cut = (bytes.len() as f64 * at) as usize;
        prop_assert!(parse(ReportFormat::Junit, &bytes[..cut]).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in [ReportFormat::Junit, ReportFormat::Trx, ReportFormat::Cobertura] {
            let _ = parse(format, &bytes);
        }
    }

    #[test]
    fn mangled_reports_never_panic(suites in suites(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = write(&suites).into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = parse(ReportFormat::Junit, &bytes);
    }
}
