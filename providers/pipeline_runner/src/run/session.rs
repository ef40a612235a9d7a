//! What a running step writes and says.

use std::borrow::Cow;
use std::path::PathBuf;

use tokio::time::Instant;

use super::step::StepEnd;
use super::{JobState, RunContext};
use crate::commands::{self, Completion};
use crate::lines::RawLine;
use crate::log::Log;
use crate::port::StepRef;
use crate::steps;
use crate::timeline::{Issue, IssueKind, RecordResult};

const MAX_ISSUES: usize = 100;
const MAX_ISSUE_TEXT: usize = 4 * 1024;
const CUT_MARK: &str = " […]";

/// One step while it runs, over all its tries.
pub(crate) struct Session<'a> {
    pub(crate) run: &'a RunContext,
    pub(crate) job: &'a mut JobState,
    pub(crate) step: StepRef,
    pub(crate) name: Option<&'a str>,
    log: Log,
    issues: Vec<Issue>,
    completion: Option<Completion>,
    /// The first command that could not be obeyed; it fails the step.
    refused: Option<String>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        run: &'a RunContext,
        job: &'a mut JobState,
        step: StepRef,
        name: Option<&'a str>,
    ) -> Self {
        let (log, issues) = (Log::default(), Vec::new());
        Self {
            run,
            job,
            step,
            name,
            log,
            issues,
            completion: None,
            refused: None,
        }
    }

    pub(crate) fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.run.masker.mask(text)
    }

    /// Longest line that must be read so that it can be masked before it is cut.
    pub(crate) fn read_limit(&self) -> usize {
        self.run.limits().line_bytes + self.run.masker.longest()
    }

    /// Takes a line of a process: a command is obeyed, anything else goes to the log.
    pub(crate) async fn take(&mut self, line: RawLine) {
        let text = String::from_utf8_lossy(&line.bytes);
        match commands::parse(&text) {
            None => self.write(&text, line.cut),
            Some(_) if line.cut => {
                self.refuse("A logging command is longer than a line can be.")
                    .await;
            }
            Some(Ok(command)) => {
                if let Err(error) = steps::obey(self, command).await {
                    self.refuse(&error).await;
                }
            }
            Some(Err(error)) => self.refuse(&error).await,
        }
        if self.log.is_ripe() {
            self.flush().await;
        }
    }

    async fn refuse(&mut self, error: &str) {
        self.say(&format!("##[error]{error}")).await;
        self.refused.get_or_insert_with(|| error.to_owned());
    }

    /// Writes text of the runner itself.
    pub(crate) async fn say(&mut self, text: &str) {
        for line in text.lines() {
            self.write(line, false);
        }
        if self.log.is_ripe() {
            self.flush().await;
        }
    }

    fn write(&mut self, text: &str, cut: bool) {
        let limits = self.run.limits();
        let mut masked = self
            .run
            .masker
            .mask_prefix(text, limits.line_bytes)
            .into_owned();
        if cut || text.len() > limits.line_bytes {
            masked.push_str(CUT_MARK);
        }
        self.log.push(masked, limits.step_log_bytes);
    }

    /// When waiting lines must go on.
    pub(crate) fn flush_due(&self) -> Option<Instant> {
        self.log.due()
    }

    pub(crate) async fn flush(&mut self) {
        let lines = self.log.take();
        self.run.recorder.log(&self.step, lines).await;
    }

    /// Adds an issue; beyond the most that are kept it is only in the log.
    pub(crate) fn add_issue(&mut self, issue: Issue) {
        if self.issues.len() >= MAX_ISSUES {
            return;
        }
        let masker = &self.run.masker;
        let clean = |text: &str| masker.mask_prefix(text, MAX_ISSUE_TEXT).into_owned();
        self.issues.push(Issue {
            message: clean(&issue.message),
            source_path: issue.source_path.as_deref().map(clean),
            code: issue.code.as_deref().map(clean),
            ..issue
        });
    }

    pub(crate) fn report(&mut self, kind: IssueKind, message: &str) {
        self.add_issue(Issue::new(kind, message));
    }

    /// Reports a problem that does not fail the step.
    pub(crate) async fn warn(&mut self, message: &str) {
        self.report(IssueKind::Warning, message);
        self.say(&format!("##[warning]{message}")).await;
    }

    /// Takes over what `##vso[task.complete]` said; a worse word wins.
    pub(crate) fn complete_as(&mut self, completion: Completion) {
        let weight = |completion: Completion| match completion {
            Completion::Succeeded => 0,
            Completion::SucceededWithIssues => 1,
            Completion::Failed => 2,
        };
        let old = self.completion.map_or(-1, weight);
        if weight(completion) > old {
            self.completion = Some(completion);
        }
    }

    pub(crate) async fn set_progress(&mut self, value: u8) {
        let id = self.step.step_id.clone();
        self.run
            .recorder
            .update(&id, |status| status.progress = Some(value))
            .await;
    }

    /// The end of a try, with what the step said about itself.
    pub(crate) fn completed(&mut self, end: StepEnd) -> StepEnd {
        if end.result != RecordResult::Succeeded {
            return end;
        }
        if let Some(refused) = &self.refused {
            return StepEnd::failed(refused.clone());
        }
        match self.completion {
            Some(Completion::Failed) => StepEnd::failed("The step reported its failure."),
            Some(Completion::SucceededWithIssues) => StepEnd {
                result: RecordResult::SucceededWithIssues,
                error: None,
            },
            Some(Completion::Succeeded) | None => end,
        }
    }

    /// Begins another try: what the one before said no longer counts.
    pub(crate) async fn restart(&mut self, attempt: u32) {
        self.completion = None;
        self.refused = None;
        self.issues.clear();
        let id = self.step.step_id.clone();
        self.run
            .recorder
            .update(&id, |status| status.attempt = attempt)
            .await;
    }

    /// Writes the reason of a bad end and hands on the last lines.
    pub(crate) async fn close(&mut self, end: &StepEnd) {
        if let Some(error) = &end.error {
            let text = self.run.masker.mask(error).replace('\n', " ");
            self.log.append(format!("##[error]{text}"));
        }
        self.flush().await;
    }

    pub(crate) fn take_issues(&mut self) -> Vec<Issue> {
        std::mem::take(&mut self.issues)
    }

    pub(crate) fn lines(&self) -> u64 {
        self.log.count()
    }

    /// Replaces `$(name)`.
    pub(crate) fn expand(&self, text: &str) -> Result<String, StepEnd> {
        self.job
            .variables
            .expand(text)
            .map_err(|error| StepEnd::failed(error.to_string()))
    }

    /// A path as a step gives it: `~` is not special, relative means below the sources.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        self.job.dirs.sources.join(text.trim())
    }
}
