//! One line per change, for logs and pipes.

use std::{collections::HashMap, io::Write};

use super::{Event, LogWish, Progress, clean, collected};
use crate::cli::ship::model::{Record, Run, Stage};

/// Writes plain lines. Errors of the writer are dropped: shipping goes on without a reader.
#[derive(Debug)]
pub struct Plain<W> {
    out: W,
    logs: bool,
    run: Option<(String, String)>,
    seen: HashMap<String, String>,
    waiting: Option<String>,
    pending: Option<String>,
}

impl<W: Write + Send> Plain<W> {
    /// Writes to `out`, with the lines of the logs if `logs`.
    pub fn new(out: W, logs: bool) -> Self {
        Self {
            out,
            logs,
            run: None,
            seen: HashMap::new(),
            waiting: None,
            pending: None,
        }
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
    }

    fn run(&mut self, run: &Run) {
        let now = (run.id.clone(), run.state());
        let is_over = run.outcome.is_some();
        if !is_over {
            self.run_line(run, now.clone());
        }
        for stage in &run.stages {
            self.stage(stage);
        }
        if is_over {
            self.run_line(run, now);
        }
    }

    fn run_line(&mut self, run: &Run, now: (String, String)) {
        if self.run.as_ref() != Some(&now) {
            let (number, attempt) = (run.number, run.attempt);
            self.line(&format!("run       #{number} attempt {attempt}: {}", now.1));
            self.run = Some(now);
        }
    }

    // What begins is told before its parts, what ends after them.
    fn stage(&mut self, stage: &Stage) {
        if !stage.record.is_completed() {
            self.record("stage", &stage.record, &stage.record.name);
        }
        for job in &stage.jobs {
            let name = format!("{}/{}", stage.record.name, job.record.name);
            for step in &job.steps {
                self.record("step", step, &format!("{name}/{}", step.name));
            }
            if stage.jobs.len() > 1 {
                self.record("job", &job.record, &name);
            }
        }
        if stage.record.is_completed() {
            self.record("stage", &stage.record, &stage.record.name);
        }
    }

    fn record(&mut self, kind: &str, record: &Record, name: &str) {
        let state = record.state_text();
        if record.is_pending() || self.seen.get(&record.id) == Some(&state) {
            return;
        }
        let error = record.error.as_deref().map(|e| format!(" ({})", clean(e)));
        let text = format!(
            "{kind:<9} {}: {state}{}",
            clean(name),
            error.unwrap_or_default()
        );
        self.line(&text);
        self.seen.insert(record.id.clone(), state);
    }
}

impl<W: Write + Send> Progress for Plain<W> {
    fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Collected {
                module,
                files,
                bytes,
                copied_links,
            } => {
                self.line(&collected(module, files, bytes));
                for link in copied_links {
                    self.line(&format!(
                        "note      {} is a link: shipped as a copy",
                        clean(link)
                    ));
                }
            }
            Event::Step { what, text } => self.line(&format!("{what:<9} {}", clean(&text))),
            Event::Waiting { reason, .. } => {
                // The same cause is told once, not once per try.
                if self.waiting.as_ref() != Some(&reason) {
                    self.line(&format!("waiting   {}", clean(&reason)));
                    self.waiting = Some(reason);
                }
            }
            Event::Back => {
                self.waiting = None;
                self.line("waiting   the server answers again");
            }
            Event::Run(run) => self.run(run),
            Event::Pending { text } => {
                if self.pending.as_deref() != Some(text) {
                    self.line(&format!("waiting   {}", clean(text)));
                    self.pending = Some(text.to_owned());
                }
            }
            Event::Log { step, line } if self.logs => {
                let text = format!("log       {} | {}", clean(step), clean(line));
                self.line(&text);
            }
            Event::Log { .. } | Event::RunOver | Event::End => {}
        }
    }

    fn log_wish(&self) -> LogWish {
        if self.logs {
            LogWish::All
        } else {
            LogWish::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ship::model::samples::run;

    fn lines(events: Vec<Event<'_>>, logs: bool) -> Vec<String> {
        let mut out = Vec::new();
        let mut plain = Plain::new(&mut out, logs);
        for event in events {
            plain.on(event);
        }
        String::from_utf8(out)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_change_of_state_is_one_line_and_nothing_is_told_twice() {
        let running = run(
            "RUNNING",
            &[("COMPLETED", Some("SUCCEEDED")), ("RUNNING", None)],
        );
        let done = run("COMPLETED", &[("COMPLETED", Some("SUCCEEDED")); 2]);
        let told = lines(
            vec![
                Event::Run(&running),
                Event::Run(&running),
                Event::Run(&done),
            ],
            false,
        );
        let expected = [
            "run       #7 attempt 1: running",
            "step      s0/job/step: succeeded",
            "stage     s0: succeeded",
            "stage     s1: running",
            "step      s1/job/step: running",
            "step      s1/job/step: succeeded",
            "stage     s1: succeeded",
            "run       #7 attempt 1: succeeded",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn log_lines_are_written_only_on_demand_and_never_raw() {
        let log = || Event::Log {
            step: "build",
            line: "\u{1b}[2Jgone",
        };
        assert_eq!(lines(vec![log()], false), Vec::<String>::new());
        assert_eq!(lines(vec![log()], true), ["log       build | gone"]);
    }

    #[test]
    fn the_same_cause_of_waiting_is_told_once_until_the_server_is_back() {
        let wait = || Event::Waiting {
            reason: "refused".to_owned(),
            pause: std::time::Duration::ZERO,
        };
        let told = lines(vec![wait(), wait(), Event::Back, wait()], false);
        assert_eq!(told.len(), 3);
    }
}
