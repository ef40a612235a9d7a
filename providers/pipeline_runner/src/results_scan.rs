//! A quick look into a results file: does it hold a failed test? Reading it in full is for others.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::port::ResultFormat;

/// Whether the file tells of a failed test; the message says why it cannot be read.
pub(crate) fn has_failures(path: &Path, format: ResultFormat) -> Result<bool, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_reader(BufReader::new(file));
    let mut buffer = Vec::new();
    let mut in_case = false;
    loop {
        buffer.clear();
        match reader
            .read_event_into(&mut buffer)
            .map_err(|error| error.to_string())?
        {
            Event::Start(tag) | Event::Empty(tag) => {
                in_case |= tag.local_name().as_ref() == "testcase";
                if is_failure(&tag, format, in_case) {
                    return Ok(true);
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "testcase" => in_case = false,
            Event::Eof => return Ok(false),
            _ => {}
        }
    }
}

fn is_failure(tag: &BytesStart<'_>, format: ResultFormat, in_case: bool) -> bool {
    let name = tag.local_name();
    match format {
        ResultFormat::JUnit => in_case && matches!(name.as_ref(), "failure" | "error"),
        ResultFormat::Trx => {
            let failed = |value: &str| matches!(value, "Failed" | "Error" | "Timeout" | "Aborted");
            let mut attributes = tag.attributes().flatten();
            name.as_ref() == "UnitTestResult"
                && attributes.any(|found| found.key.as_ref() == "outcome" && failed(&found.value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str, format: ResultFormat) -> Result<bool, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.xml");
        std::fs::write(&path, text).unwrap();
        has_failures(&path, format)
    }

    #[test]
    fn failures_are_seen_in_both_formats() {
        let case =
            |inner: &str| format!("<testsuite><testcase name='a'>{inner}</testcase></testsuite>");
        assert_eq!(scan(&case(""), ResultFormat::JUnit), Ok(false));
        assert_eq!(
            scan(&case("<failure message='x'/>"), ResultFormat::JUnit),
            Ok(true)
        );
        assert_eq!(scan(&case("<skipped/>"), ResultFormat::JUnit), Ok(false));
        let trx = |outcome: &str| {
            format!("<TestRun><Results><UnitTestResult outcome='{outcome}'/></Results></TestRun>")
        };
        assert_eq!(scan(&trx("Passed"), ResultFormat::Trx), Ok(false));
        assert_eq!(scan(&trx("Failed"), ResultFormat::Trx), Ok(true));
        assert!(scan("<a></b>", ResultFormat::JUnit).is_err());
    }
}
