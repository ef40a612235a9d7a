//! TRX, the Visual Studio test result file.
//!
//! Results stand before the definitions that name their classes, so cases are completed at the
//! end. Of a result with inner results (data-driven tests) the inner ones count; the outer one
//! counts only when it broke and no inner one did. A run that says of itself that it was aborted,
//! and shows no case to explain it, gets one broken case: a crashed test host must not look green.

use std::collections::HashMap;
use std::io::BufRead;

use crate::error::{ParseError, ParseRule, ReportFormat};
use crate::limits::{Limits, TextSink};
use crate::model::{Outcome, TestCase, TestReport};
use crate::time::duration_ms;
use crate::xml::{Element, Token, XmlReader};

/// Reads a TRX report.
///
/// # Errors
/// As [`crate::parse`].
pub fn parse<R: BufRead>(reader: R, limits: &Limits) -> Result<TestReport, ParseError> {
    let mut xml = XmlReader::new(reader, ReportFormat::Trx, *limits);
    let root = xml.root(&["TestRun"], "<TestRun>")?;
    let mut state = State {
        limits: *limits,
        ..State::default()
    };
    state.run_name = root.owned("name").unwrap_or_default();
    loop {
        match xml.next()? {
            Token::Start(element) => state.start(element).map_err(|rule| xml.fault(rule))?,
            Token::Text(text) => state.text(&text),
            Token::End => state.end(),
            Token::Eof => return Ok(TestReport::from_cases(state.finish())),
        }
    }
}

enum Frame {
    Result(Box<OpenResult>),
    Definition { id: String },
    Summary,
    Text(Field, TextSink),
    Other,
}

/// Which text is being read.
#[derive(Clone, Copy)]
enum Field {
    Message,
    StackTrace,
    RunText,
}

struct OpenResult {
    test_id: String,
    case: TestCase,
    inner: usize,
    inner_broken: bool,
}

struct Definition {
    class: String,
    storage: String,
}

#[derive(Default)]
struct State {
    limits: Limits,
    frames: Vec<Frame>,
    run_name: String,
    finished: Vec<(String, TestCase)>,
    definitions: HashMap<String, Definition>,
    run_outcome: Option<String>,
    run_text: Option<String>,
}

impl State {
    fn start(&mut self, element: Element) -> Result<(), ParseRule> {
        let frame = match element.name.as_str() {
            "UnitTestResult"
            | "TestResult"
            | "GenericTestResult"
            | "ManualTestResult"
            | "WebTestResult"
            | "TestResultAggregation" => {
                let max = self.limits.max_cases;
                if self.finished.len() >= max {
                    return Err(ParseRule::TooManyCases { max });
                }
                Frame::Result(Box::new(open_result(&element)))
            }
            "UnitTest" | "GenericTest" | "ManualTest" | "WebTest" | "OrderedTest" => {
                self.definition(&element)
            }
            "TestMethod" => {
                self.test_method(&element);
                Frame::Other
            }
            "ResultSummary" => {
                self.run_outcome = element.owned("outcome");
                Frame::Summary
            }
            "Message" if self.in_result() => Frame::Text(Field::Message, TextSink::default()),
            "StackTrace" if self.in_result() => Frame::Text(Field::StackTrace, TextSink::default()),
            "Text" if self.in_summary() => Frame::Text(Field::RunText, TextSink::default()),
            _ => Frame::Other,
        };
        self.frames.push(frame);
        Ok(())
    }

    fn definition(&mut self, element: &Element) -> Frame {
        let id = element.owned("id").unwrap_or_default();
        let storage = element.owned("storage").unwrap_or_default();
        self.definitions.insert(
            id.clone(),
            Definition {
                class: String::new(),
                storage,
            },
        );
        Frame::Definition { id }
    }

    fn test_method(&mut self, element: &Element) {
        let Some(Frame::Definition { id }) = self.frames.last() else {
            return;
        };
        if let Some(definition) = self.definitions.get_mut(id) {
            // Older writers append the assembly: `Name.Space.Class, Assembly, Version=…`.
            let class = element.get("className").unwrap_or_default();
            definition.class = class
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned();
        }
    }

    fn in_result(&self) -> bool {
        self.frames
            .iter()
            .any(|frame| matches!(frame, Frame::Result(_)))
    }

    fn in_summary(&self) -> bool {
        self.frames
            .iter()
            .any(|frame| matches!(frame, Frame::Summary))
    }

    fn text(&mut self, text: &str) {
        if let Some(Frame::Text(_, sink)) = self.frames.last_mut() {
            sink.push(text, self.limits.max_text);
        }
    }

    fn end(&mut self) {
        match self.frames.pop() {
            Some(Frame::Text(field, sink)) => {
                let text = sink.finish(self.limits.max_text);
                self.field(field, text);
            }
            Some(Frame::Result(open)) => self.close(*open),
            _ => {}
        }
    }

    fn field(&mut self, field: Field, text: Option<String>) {
        if matches!(field, Field::RunText) {
            self.run_text = self.run_text.take().or(text);
            return;
        }
        let Some(open) = self.innermost() else { return };
        match field {
            Field::Message => open.case.message = open.case.message.take().or(text),
            Field::StackTrace => {
                if let Some((file, line)) = text.as_deref().and_then(source_position) {
                    open.case.file = Some(file);
                    open.case.line = Some(line);
                }
                open.case.details = open.case.details.take().or(text);
            }
            Field::RunText => {}
        }
    }

    fn innermost(&mut self) -> Option<&mut OpenResult> {
        self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Result(open) => Some(&mut **open),
            _ => None,
        })
    }

    fn close(&mut self, open: OpenResult) {
        let broken = matches!(open.case.outcome, Outcome::Failed | Outcome::Errored);
        if let Some(outer) = self.innermost() {
            outer.inner += 1;
            outer.inner_broken |= broken || open.inner_broken;
        }
        if open.inner == 0 || (broken && !open.inner_broken) {
            self.finished.push((open.test_id, open.case));
        }
    }

    fn finish(mut self) -> Vec<TestCase> {
        let aborted = self.unexplained_abort();
        let definitions = self.definitions;
        let run_name = self.run_name;
        let complete = |(id, mut case): (String, TestCase)| {
            if let Some(definition) = definitions.get(&id) {
                case.suite = file_name(&definition.storage).to_owned();
                case.class.clone_from(&definition.class);
                let prefix = format!("{}.", definition.class);
                if let Some(short) = case.name.strip_prefix(&prefix) {
                    case.name = short.to_owned();
                }
            }
            if case.suite.is_empty() {
                case.suite.clone_from(&run_name);
            }
            case
        };
        self.finished
            .drain(..)
            .chain(aborted)
            .map(complete)
            .collect()
    }

    fn unexplained_abort(&mut self) -> Option<(String, TestCase)> {
        let outcome = self.run_outcome.take()?;
        let bad = ["Failed", "Error", "Aborted", "Timeout", "Disconnected"];
        let broken = |case: &TestCase| matches!(case.outcome, Outcome::Failed | Outcome::Errored);
        if !bad.contains(&outcome.as_str()) || self.finished.iter().any(|(_, case)| broken(case)) {
            return None;
        }
        let mut case = new_case("(test run)".to_owned(), Outcome::Errored);
        case.message = Some(format!("the test run ended as {outcome}"));
        case.details = self.run_text.take();
        Some((String::new(), case))
    }
}

fn open_result(element: &Element) -> OpenResult {
    let name = element
        .owned("testName")
        .unwrap_or_else(|| "(unnamed)".to_owned());
    // The writer leaves its default value out, and that is Error.
    let word = element.get("outcome").unwrap_or("Error");
    let (outcome, message) = outcome(word);
    let mut case = new_case(name, outcome);
    case.message = message;
    case.duration_ms = element.get("duration").and_then(duration_ms);
    let test_id = element.owned("testId").unwrap_or_default();
    OpenResult {
        test_id,
        case,
        inner: 0,
        inner_broken: false,
    }
}

fn new_case(name: String, outcome: Outcome) -> TestCase {
    TestCase {
        suite: String::new(),
        class: String::new(),
        name,
        outcome,
        duration_ms: None,
        message: None,
        details: None,
        file: None,
        line: None,
        reruns: 0,
    }
}

/// The outcome for TRX's word, and a message where the word says more than the outcome does.
fn outcome(word: &str) -> (Outcome, Option<String>) {
    match word {
        "Passed" | "PassedButRunAborted" | "Completed" | "Warning" => (Outcome::Passed, None),
        "Failed" => (Outcome::Failed, None),
        "Error" => (Outcome::Errored, None),
        "NotExecuted" | "NotRunnable" => (Outcome::Skipped, None),
        "Inconclusive" | "Pending" | "InProgress" => (Outcome::Skipped, Some(word.to_owned())),
        "Timeout" | "Aborted" | "Disconnected" => (Outcome::Errored, Some(word.to_owned())),
        other => (Outcome::Errored, Some(format!("unknown outcome {other:?}"))),
    }
}

/// The first ` in <file>:line <n>` of a stack trace.
fn source_position(trace: &str) -> Option<(String, u32)> {
    trace.lines().find_map(|frame| {
        let (before, line) = frame.trim_end().rsplit_once(":line ")?;
        let (_, file) = before.split_once(" in ")?;
        Some((file.to_owned(), line.parse().ok()?))
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
