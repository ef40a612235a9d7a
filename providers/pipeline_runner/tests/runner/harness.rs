//! A runner in a temporary folder and an observer that remembers everything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sluice_pipeline_runner::{
    CheckoutError, JobRecord, LocalRunner, LocalRunnerConfig, LogLine, ObserverGone,
    PipelineRunner, RecordResult, RunLimits, RunObserver, RunReport, RunRequest, RunnerError,
    SourceCheckout, StepRecord, StepRef, TimelineChange,
};
use tokio_util::sync::CancellationToken;

/// Writes fixed files as the sources.
#[derive(Default, Clone)]
pub(crate) struct Files(pub(crate) BTreeMap<String, String>);

#[async_trait]
impl SourceCheckout for Files {
    async fn checkout(&self, dir: &Path) -> Result<(), CheckoutError> {
        for (name, text) in &self.0 {
            let path = dir.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        if self.0.contains_key("refuse") {
            return Err(CheckoutError {
                message: "the repository is away".to_owned(),
            });
        }
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) changes: Mutex<Vec<TimelineChange>>,
    pub(crate) logs: Mutex<BTreeMap<String, Vec<LogLine>>>,
    pub(crate) batches: Mutex<Vec<usize>>,
    /// Gives the run up when a line holds this.
    pub(crate) give_up_at: Option<String>,
}

#[async_trait]
impl RunObserver for Memory {
    async fn changed(&self, change: TimelineChange) -> Result<(), ObserverGone> {
        self.changes.lock().unwrap().push(change);
        Ok(())
    }

    async fn log(&self, step: &StepRef, lines: Vec<LogLine>) -> Result<(), ObserverGone> {
        self.batches.lock().unwrap().push(lines.len());
        let stop = |text: &String| lines.iter().any(|line| line.text.contains(text));
        let gone = self.give_up_at.as_ref().is_some_and(stop);
        let mut logs = self.logs.lock().unwrap();
        logs.entry(step.step_id.clone()).or_default().extend(lines);
        if gone {
            Err(ObserverGone {
                reason: "lease lost".to_owned(),
            })
        } else {
            Ok(())
        }
    }
}

impl Memory {
    pub(crate) fn text(&self, step: &str) -> Vec<String> {
        let logs = self.logs.lock().unwrap();
        logs.get(step)
            .into_iter()
            .flatten()
            .map(|line| line.text.clone())
            .collect()
    }

    pub(crate) fn everything(&self) -> String {
        let logs = self.logs.lock().unwrap();
        let lines = logs.values().flatten().map(|line| line.text.as_str());
        let logs = lines.collect::<Vec<_>>().join("\n");
        format!("{logs}\n{:?}", self.changes.lock().unwrap())
    }
}

pub(crate) struct Harness {
    pub(crate) root: tempfile::TempDir,
    pub(crate) runner: Arc<LocalRunner>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) cancel: CancellationToken,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(Memory::default())
    }

    pub(crate) fn with(memory: Memory) -> Self {
        let root = tempfile::tempdir().unwrap();
        let runner = Arc::new(LocalRunner::new(LocalRunnerConfig::new(
            root.path().join("runs"),
        )));
        let cancel = CancellationToken::new();
        Self {
            root,
            runner,
            memory: Arc::new(memory),
            cancel,
        }
    }

    pub(crate) fn request(&self, yaml: &str) -> RunRequest {
        request(self.runner.as_ref(), yaml, self.root.path())
    }

    pub(crate) async fn run(&self, yaml: &str) -> RunReport {
        self.start(self.request(yaml)).await.unwrap()
    }

    pub(crate) async fn start(&self, request: RunRequest) -> Result<RunReport, RunnerError> {
        let (memory, cancel) = (self.memory.clone(), self.cancel.clone());
        let work = self.runner.run(request, memory, cancel);
        tokio::time::timeout(Duration::from_secs(60), work)
            .await
            .expect("the run hangs")
    }

    /// A path outside of the work folders, known to scripts as `$OUT`.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The number that a script wrote to a file.
    pub(crate) async fn pid(&self, name: &str) -> i32 {
        let path = self.out(name);
        let read = || std::fs::read_to_string(&path).ok()?.trim().parse().ok();
        until(|| read().is_some()).await;
        read().unwrap()
    }
}

pub(crate) fn request(runner: &LocalRunner, yaml: &str, out: &Path) -> RunRequest {
    let out = out.to_string_lossy().into_owned();
    RunRequest {
        run_id: "run-1".to_owned(),
        build_number: "7".to_owned(),
        plan: runner.plan(yaml).unwrap(),
        source: Arc::new(Files::default()),
        source_version: "0123456789abcdef".to_owned(),
        source_branch: "refs/heads/feature/x".to_owned(),
        repository_name: "shop".to_owned(),
        variables: BTreeMap::from([("out".to_owned(), out)]),
        secrets: BTreeMap::new(),
        limits: RunLimits {
            kill_grace: Duration::from_millis(300),
            overall: Duration::from_secs(40),
            ..RunLimits::default()
        },
    }
}

/// Waits for a condition; the deadline is generous, because machines are slow at times.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "the condition never came true");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether a process runs; one that only waits to be collected does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.trim_start().to_owned());
    state.is_some_and(|state| !state.starts_with('Z') && !state.starts_with('X'))
}

pub(crate) fn job<'a>(report: &'a RunReport, id: &str) -> &'a JobRecord {
    let mut jobs = report.timeline.stages.iter().flat_map(|stage| &stage.jobs);
    jobs.find(|job| job.id == id).unwrap()
}

pub(crate) fn step<'a>(report: &'a RunReport, id: &str) -> &'a StepRecord {
    let jobs = report.timeline.stages.iter().flat_map(|stage| &stage.jobs);
    jobs.flat_map(|job| &job.steps)
        .find(|step| step.id == id)
        .unwrap()
}

pub(crate) fn result(report: &RunReport, id: &str) -> RecordResult {
    report.timeline.status(id).unwrap().result.unwrap()
}
