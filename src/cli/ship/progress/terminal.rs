//! A block at the end of the terminal that is drawn again at every change.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::Write,
    time::{Duration, Instant},
};

use super::{Event, LogWish, Progress, clean, collected};
use crate::cli::ship::model::{Record, Run, Stage};

const LOG_LINES: usize = 5;
const MAX_STAGES: usize = 12;

/// Writes to a terminal that knows ANSI sequences. Errors of the writer are dropped.
#[derive(Debug)]
pub struct Terminal<W> {
    out: W,
    logs: bool,
    drawn: usize,
    run: Option<Run>,
    run_seen: Option<Instant>,
    waiting: Option<String>,
    pending: Option<String>,
    tail: VecDeque<String>,
}

impl<W: Write + Send> Terminal<W> {
    /// Draws on `out`; keeps every log line above the block if `logs`.
    pub fn new(out: W, logs: bool) -> Self {
        Self {
            out,
            logs,
            drawn: 0,
            run: None,
            run_seen: None,
            waiting: None,
            pending: None,
            tail: VecDeque::new(),
        }
    }

    /// Writes lines that stay, then the block below them.
    fn draw(&mut self, kept: &[String]) {
        let elapsed = self
            .run_seen
            .map(|since| since.elapsed())
            .unwrap_or_default();
        let waiting = self.waiting.as_deref().or(self.pending.as_deref());
        let block = block(self.run.as_ref(), waiting, &self.tail, elapsed);
        let frame = frame(self.drawn, kept, &block);
        self.drawn = block.len();
        let _ = self
            .out
            .write_all(frame.as_bytes())
            .and_then(|()| self.out.flush());
    }

    fn remember(&mut self, line: String) {
        if self.tail.len() == LOG_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }
}

impl<W: Write + Send> Progress for Terminal<W> {
    fn on(&mut self, event: Event<'_>) {
        let mut kept = Vec::new();
        match event {
            Event::Collected {
                module,
                files,
                bytes,
                copied_links,
            } => {
                kept.push(format!("✓ {}", collected(module, files, bytes)));
                let note =
                    |link: &String| format!("  {} is a link: shipped as a copy", clean(link));
                kept.extend(copied_links.iter().map(note));
            }
            Event::Step { what, text } => {
                self.pending = None;
                kept.push(format!("✓ {what}: {}", clean(&text)));
            }
            Event::Pending { text } => self.pending = Some(clean(text)),
            Event::Waiting { reason, .. } => self.waiting = Some(clean(&reason)),
            Event::Back => self.waiting = None,
            Event::Run(run) => {
                self.run_seen.get_or_insert_with(Instant::now);
                self.run = Some(run.clone());
            }
            Event::Log { step, line } => {
                let line = format!("{} | {}", clean(step), clean(line));
                if self.logs {
                    kept.push(format!("  {line}"));
                } else {
                    self.remember(line);
                }
            }
            Event::RunOver | Event::End => {
                // The states stay as the last thing seen; the log tail has served.
                self.tail.clear();
                (self.waiting, self.pending) = (None, None);
                let elapsed = self
                    .run_seen
                    .map(|since| since.elapsed())
                    .unwrap_or_default();
                kept = block(self.run.take().as_ref(), None, &self.tail, elapsed);
            }
        }
        self.draw(&kept);
    }

    fn log_wish(&self) -> LogWish {
        if self.logs {
            LogWish::All
        } else {
            LogWish::Tail
        }
    }
}

/// The bytes that replace a block of `drawn` lines. Wrapping is off while they are written, so
/// that one line takes one row whatever the width is.
fn frame(drawn: usize, kept: &[String], block: &[String]) -> String {
    let mut bytes = String::from("\u{1b}[?7l");
    if drawn > 0 {
        let _ = write!(bytes, "\u{1b}[{drawn}A");
    }
    bytes.push_str("\r\u{1b}[J");
    // What stays may wrap.
    if !kept.is_empty() {
        bytes.push_str("\u{1b}[?7h");
        for line in kept {
            bytes.push_str(line);
            bytes.push('\n');
        }
        bytes.push_str("\u{1b}[?7l");
    }
    for line in block {
        bytes.push_str(line);
        bytes.push('\n');
    }
    bytes.push_str("\u{1b}[?7h");
    bytes
}

fn block(
    run: Option<&Run>,
    waiting: Option<&str>,
    tail: &VecDeque<String>,
    elapsed: Duration,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(run) = run {
        let head = format!(
            "run #{} attempt {}: {}",
            run.number,
            run.attempt,
            run.state()
        );
        lines.push(format!(
            "{} {head} ({} s)",
            mark(&run.state()),
            elapsed.as_secs()
        ));
        lines.extend(run.stages.iter().take(MAX_STAGES).map(stage));
        if run.stages.len() > MAX_STAGES {
            lines.push(format!("  … {} more stages", run.stages.len() - MAX_STAGES));
        }
    }
    lines.extend(tail.iter().map(|line| format!("    {line}")));
    lines.extend(waiting.map(|reason| format!("… waiting: {reason}")));
    lines
}

fn stage(stage: &Stage) -> String {
    let state = stage.record.state_text();
    let steps = || stage.jobs.iter().flat_map(|job| &job.steps);
    let done = steps().filter(|step| step.is_completed()).count();
    let mut line = format!(
        "  {} {:<12} {state}",
        mark(&state),
        clean(&stage.record.name)
    );
    if stage.record.is_running() {
        let _ = write!(line, " {done}/{}", steps().count());
        let running: Vec<_> = steps().filter(|step| step.is_running()).map(name).collect();
        if !running.is_empty() {
            let _ = write!(line, " · {}", running.join(", "));
        }
    }
    let failed: Vec<_> = steps().filter(|step| step.is_failed()).map(name).collect();
    if !failed.is_empty() {
        let _ = write!(line, " · failed: {}", failed.join(", "));
    }
    line
}

fn name(record: &Record) -> String {
    clean(&record.name)
}

fn mark(state: &str) -> char {
    match state {
        "pending" | "queued" => '·',
        "running" => '▸',
        "skipped" => '-',
        state if state.starts_with("succeeded") => '✓',
        _ => '✗',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ship::model::samples::run;

    #[test]
    fn a_block_shows_stages_running_steps_and_the_last_log_lines() {
        let running = run(
            "RUNNING",
            &[("COMPLETED", Some("SUCCEEDED")), ("RUNNING", None)],
        );
        let tail = VecDeque::from(["step | hello".to_owned()]);
        let lines = block(
            Some(&running),
            Some("refused"),
            &tail,
            Duration::from_secs(3),
        );
        let expected = [
            "▸ run #7 attempt 1: running (3 s)",
            "  ✓ s0           succeeded",
            "  ▸ s1           running 0/1 · step",
            "    step | hello",
            "… waiting: refused",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_failed_step_is_named_with_its_stage() {
        let failed = run("COMPLETED", &[("COMPLETED", Some("FAILED"))]);
        let lines = block(Some(&failed), None, &VecDeque::new(), Duration::ZERO);
        assert_eq!(lines[1], "  ✗ s0           failed · failed: step");
    }

    #[test]
    fn a_new_block_takes_the_place_of_the_one_before() {
        let mut out = Vec::new();
        let mut terminal = Terminal::new(&mut out, false);
        let running = run("RUNNING", &[("RUNNING", None)]);
        terminal.on(Event::Run(&running));
        terminal.on(Event::Run(&running));
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("\u{1b}[2A").count(), 1, "{text:?}");
        assert!(
            !text.starts_with("\u{1b}[?7l\u{1b}["),
            "nothing stood there before: {text:?}"
        );
    }

    #[test]
    fn only_the_last_log_lines_are_kept() {
        let mut terminal = Terminal::new(Vec::new(), false);
        for n in 0..20 {
            terminal.on(Event::Log {
                step: "s",
                line: &n.to_string(),
            });
        }
        assert_eq!(
            terminal.tail,
            ["s | 15", "s | 16", "s | 17", "s | 18", "s | 19"]
        );
    }
}
