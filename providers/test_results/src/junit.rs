//! JUnit XML, which has no schema of its own: read by what its many writers have in common.
//!
//! - Suites nest to any depth; a case's suite is the path of their names.
//! - A case with a `<failure>` failed, with an `<error>` broke, with a `<skipped>` did not count.
//!   `flakyFailure` and `rerunFailure` are earlier attempts and do not decide.
//! - Without such an element the `status` or `result` attribute decides (gtest, CTest).
//! - A failure directly under a suite is a case of its own, so that a broken set-up is seen.

use std::io::BufRead;

use crate::error::{ParseError, ParseRule, ReportFormat};
use crate::limits::{Limits, TextSink, cut};
use crate::model::{Outcome, TestCase, TestReport};
use crate::time::duration_ms;
use crate::xml::{Element, Token, XmlReader};

/// Reads a JUnit XML report.
///
/// # Errors
/// As [`crate::parse`].
pub fn parse<R: BufRead>(reader: R, limits: &Limits) -> Result<TestReport, ParseError> {
    let mut xml = XmlReader::new(reader, ReportFormat::Junit, *limits);
    let root = xml.root(&["testsuites", "testsuite"], "<testsuites> or <testsuite>")?;
    let mut state = State::new(*limits);
    state.start(root).map_err(|rule| xml.fault(rule))?;
    loop {
        match xml.next()? {
            Token::Start(element) => state.start(element).map_err(|rule| xml.fault(rule))?,
            Token::Text(text) => state.text(&text),
            Token::End => state.end().map_err(|rule| xml.fault(rule))?,
            Token::Eof => return Ok(TestReport::from_cases(state.cases)),
        }
    }
}

/// An open element that matters.
enum Frame {
    Suite(Suite),
    Case(Box<OpenCase>),
    Problem(Problem),
    /// Anything else: properties, output, stack traces of reruns.
    Other,
}

struct Suite {
    name: String,
    file: Option<String>,
}

struct OpenCase {
    case: TestCase,
    /// From `status` or `result`, used when no child element decides.
    stated: Option<Outcome>,
    decided: Option<Outcome>,
}

/// A `failure`, `error` or `skipped` that is being read.
struct Problem {
    outcome: Outcome,
    message: Option<String>,
    text: TextSink,
}

struct State {
    limits: Limits,
    frames: Vec<Frame>,
    cases: Vec<TestCase>,
}

impl State {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            frames: Vec::new(),
            cases: Vec::new(),
        }
    }

    fn start(&mut self, element: Element) -> Result<(), ParseRule> {
        let frame = match element.name.as_str() {
            "testsuites" | "testsuite" => Frame::Suite(suite(&element)),
            "testcase" => Frame::Case(Box::new(self.open_case(&element)?)),
            "failure" | "error" | "skipped" if self.takes_problems() => problem(&element),
            "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" => {
                if let Some(Frame::Case(open)) = self.frames.last_mut() {
                    open.case.reruns = open.case.reruns.saturating_add(1);
                }
                Frame::Other
            }
            _ => Frame::Other,
        };
        self.frames.push(frame);
        Ok(())
    }

    fn takes_problems(&self) -> bool {
        matches!(self.frames.last(), Some(Frame::Case(_) | Frame::Suite(_)))
    }

    fn text(&mut self, text: &str) {
        if let Some(Frame::Problem(problem)) = self.frames.last_mut() {
            problem.text.push(text, self.limits.max_text);
        }
    }

    fn end(&mut self) -> Result<(), ParseRule> {
        match self.frames.pop() {
            Some(Frame::Case(open)) => self.cases.push(open.close()),
            Some(Frame::Problem(problem)) => self.apply(problem)?,
            Some(Frame::Suite(_) | Frame::Other) | None => {}
        }
        Ok(())
    }

    fn apply(&mut self, problem: Problem) -> Result<(), ParseRule> {
        let details = problem.text.finish(self.limits.max_text);
        let max = self.limits.max_text;
        match self.frames.last_mut() {
            Some(Frame::Case(open)) => open.add(problem.outcome, problem.message, details, max),
            Some(Frame::Suite(suite)) if problem.outcome != Outcome::Skipped => {
                let name = suite.name.clone();
                let file = suite.file.clone();
                let mut open = OpenCase::new(self.new_case(name, String::new(), file)?);
                open.add(problem.outcome, problem.message, details, max);
                self.cases.push(open.close());
            }
            _ => {}
        }
        Ok(())
    }

    fn open_case(&self, element: &Element) -> Result<OpenCase, ParseRule> {
        let class = element
            .owned("classname")
            .or_else(|| element.owned("class"));
        let file = element.owned("file").or_else(|| self.suite_file());
        let name = element.owned("name").or_else(|| class.clone());
        let name = name.unwrap_or_else(|| "(unnamed)".to_owned());
        let mut case = self.new_case(name, class.unwrap_or_default(), file)?;
        case.duration_ms = element.get("time").and_then(duration_ms);
        case.line = element
            .get("line")
            .and_then(|line| line.trim().parse().ok());
        let stated = element.get("status").and_then(stated_outcome);
        let stated = stated.or_else(|| element.get("result").and_then(stated_outcome));
        Ok(OpenCase {
            stated,
            ..OpenCase::new(case)
        })
    }

    fn new_case(
        &self,
        name: String,
        class: String,
        file: Option<String>,
    ) -> Result<TestCase, ParseRule> {
        let max = self.limits.max_cases;
        if self.cases.len() >= max {
            return Err(ParseRule::TooManyCases { max });
        }
        Ok(TestCase {
            suite: cut(self.suite_path(), self.limits.max_attribute),
            class,
            name,
            outcome: Outcome::Passed,
            duration_ms: None,
            message: None,
            details: None,
            file,
            line: None,
            reruns: 0,
        })
    }

    fn suite_path(&self) -> String {
        let names = self
            .suites()
            .map(|suite| suite.name.as_str())
            .filter(|name| !name.is_empty());
        names.collect::<Vec<_>>().join(" / ")
    }

    fn suite_file(&self) -> Option<String> {
        self.suites().filter_map(|suite| suite.file.clone()).last()
    }

    fn suites(&self) -> impl Iterator<Item = &Suite> {
        self.frames.iter().filter_map(|frame| match frame {
            Frame::Suite(suite) => Some(suite),
            _ => None,
        })
    }
}

impl OpenCase {
    fn new(case: TestCase) -> Self {
        Self {
            case,
            stated: None,
            decided: None,
        }
    }

    /// The worst of several elements decides: failure over error over skipped. The first message
    /// stands, the details are strung together.
    fn add(
        &mut self,
        outcome: Outcome,
        message: Option<String>,
        details: Option<String>,
        max: usize,
    ) {
        let weight = |outcome| match outcome {
            Outcome::Failed => 3,
            Outcome::Errored => 2,
            Outcome::Skipped => 1,
            Outcome::Passed => 0,
        };
        if self
            .decided
            .is_none_or(|before| weight(outcome) > weight(before))
        {
            self.decided = Some(outcome);
        }
        if self.case.message.is_none() {
            self.case.message = message;
        }
        let both = match (self.case.details.take(), details) {
            (Some(before), Some(more)) => Some(format!("{before}\n{more}")),
            (before, more) => before.or(more),
        };
        self.case.details = both.map(|text| cut(text, max));
    }

    fn close(mut self) -> TestCase {
        self.case.outcome = self.decided.or(self.stated).unwrap_or(Outcome::Passed);
        self.case
    }
}

fn suite(element: &Element) -> Suite {
    let file = element.owned("file").or_else(|| element.owned("filepath"));
    Suite {
        name: element.owned("name").unwrap_or_default(),
        file,
    }
}

fn problem(element: &Element) -> Frame {
    let outcome = match element.name.as_str() {
        "failure" => Outcome::Failed,
        "error" => Outcome::Errored,
        _ => Outcome::Skipped,
    };
    let message = element.owned("message").or_else(|| element.owned("type"));
    Frame::Problem(Problem {
        outcome,
        message,
        text: TextSink::default(),
    })
}

/// What `status` (gtest, CTest, Catch2) or `result` says; unknown words decide nothing.
fn stated_outcome(word: &str) -> Option<Outcome> {
    match word.trim().to_ascii_lowercase().as_str() {
        "notrun" | "disabled" | "skipped" | "ignored" | "suppressed" | "pending" => {
            Some(Outcome::Skipped)
        }
        "failed" | "fail" | "failure" => Some(Outcome::Failed),
        "error" | "errored" | "timeout" => Some(Outcome::Errored),
        _ => None,
    }
}
