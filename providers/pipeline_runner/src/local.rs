//! The local provider: real processes on this machine.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use tokio_util::sync::CancellationToken;

use crate::error::{PlanError, RunnerError};
use crate::plan::RunPlan;
use crate::port::{PipelineRunner, ReapReport, RunObserver, RunReport, RunRequest};
use crate::process::{Registry, end_all, reap};
use crate::run::{
    Layout, Recorder, RunContext, Settings, check_names, lock, remove_tree, run_stages,
};
use crate::timeline::{Issue, RecordResult};

const MAX_REPORT_ISSUES: usize = 1_000;

/// Where and how the local provider runs processes.
#[derive(Debug, Clone)]
pub struct LocalRunnerConfig {
    /// Folder for the work folders of runs; made when needed.
    pub root: PathBuf,
    /// `PATH` of every process.
    pub path: String,
    /// `LANG` of every process.
    pub lang: String,
    /// The bash that runs scripts.
    pub shell: String,
    /// Further environment of every process, such as `RUSTUP_HOME` for tools that would look in
    /// the real home. Must hold no secrets: steps can print it.
    pub environment: BTreeMap<String, String>,
    /// Between the polite and the hard signal when leftovers of a dead server are ended.
    pub reap_grace: Duration,
}

impl LocalRunnerConfig {
    /// The defaults, with the `PATH` of this process and the C.UTF-8 locale.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        const FALLBACK: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let shell = if Path::new("/bin/bash").exists() {
            "/bin/bash"
        } else {
            "bash"
        };
        Self {
            root: root.into(),
            path: std::env::var("PATH").unwrap_or_else(|_| FALLBACK.to_owned()),
            lang: "C.UTF-8".to_owned(),
            shell: shell.to_owned(),
            environment: BTreeMap::new(),
            reap_grace: Duration::from_secs(2),
        }
    }
}

/// Runs pipelines on this machine.
///
/// Processes get a fresh home and a small environment, and none survives its job. They run with
/// the rights of the server, though: this is no sandbox for code that nobody trusts.
#[derive(Debug)]
pub struct LocalRunner {
    config: LocalRunnerConfig,
    active: Mutex<HashSet<String>>,
}

impl LocalRunner {
    /// A runner that keeps its work folders under `config.root`.
    #[must_use]
    pub fn new(config: LocalRunnerConfig) -> Self {
        Self {
            config,
            active: Mutex::new(HashSet::new()),
        }
    }

    fn claim(&self, run_id: &str) -> Result<Active<'_>, RunnerError> {
        if lock(&self.active).insert(run_id.to_owned()) {
            return Ok(Active {
                runner: self,
                run_id: run_id.to_owned(),
            });
        }
        Err(RunnerError::StillRunning {
            run_id: run_id.to_owned(),
        })
    }

    fn context(
        &self,
        request: RunRequest,
        observer: Arc<dyn RunObserver>,
        cancel: CancellationToken,
    ) -> Result<RunContext, RunnerError> {
        let token = uuid::Uuid::new_v4().to_string();
        let layout = Layout::create(&self.config.root, &request.run_id, &token)?;
        let settings = Settings {
            path: self.config.path.clone(),
            lang: self.config.lang.clone(),
            shell: self.config.shell.clone(),
            environment: self.config.environment.clone(),
        };
        let patience = request.limits.observer_timeout;
        let recorder = Recorder::new(observer, request.plan.timeline(), patience);
        Ok(RunContext::new(
            request, settings, layout, recorder, cancel, token,
        ))
    }
}

/// A run in progress; dropping it makes the id free again.
struct Active<'a> {
    runner: &'a LocalRunner,
    run_id: String,
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        lock(&self.runner.active).remove(&self.run_id);
    }
}

fn check_id(run_id: &str) -> Result<(), RunnerError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !run_id.is_empty() && run_id.len() <= 128 && run_id.chars().all(good) {
        return Ok(());
    }
    let rule = "must be 1 to 128 letters, digits, `_` and `-`".to_owned();
    Err(RunnerError::InvalidRequest {
        field: "run_id",
        rule,
    })
}

fn check(request: &RunRequest) -> Result<(), RunnerError> {
    check_id(&request.run_id)?;
    for (field, text) in [
        ("build_number", &request.build_number),
        ("source_version", &request.source_version),
        ("source_branch", &request.source_branch),
        ("repository_name", &request.repository_name),
    ] {
        if text.len() > 1_024 || text.contains(char::is_control) {
            let rule = "must be one line of at most 1024 bytes".to_owned();
            return Err(RunnerError::InvalidRequest { field, rule });
        }
    }
    let names = check_names(request);
    names.map_err(|error| RunnerError::InvalidRequest {
        field: "variables",
        rule: error.to_string(),
    })
}

#[async_trait]
impl PipelineRunner for LocalRunner {
    fn plan(&self, yaml: &str) -> Result<RunPlan, PlanError> {
        RunPlan::parse(yaml)
    }

    async fn run(
        &self,
        request: RunRequest,
        observer: Arc<dyn RunObserver>,
        cancel: CancellationToken,
    ) -> Result<RunReport, RunnerError> {
        check(&request)?;
        let _active = self.claim(&request.run_id)?;
        let run = Arc::new(self.context(request, observer, cancel)?);
        let started_at = Utc::now();
        let result = run_stages(&run).await;
        // Nothing of the run may live on, wherever it went.
        end_all(Vec::new(), Some(&run.token), run.limits().kill_grace).await;
        if let Some(gone) = run.recorder.gone() {
            return Err(gone.into());
        }
        let report = report(&run, result, started_at);
        tracing::debug!(run = %run.request.run_id, result = ?report.result, "pipeline run ended");
        Ok(report)
    }

    async fn reap(&self, run_id: &str) -> Result<ReapReport, RunnerError> {
        check_id(run_id)?;
        let _active = self.claim(run_id)?;
        let layout = Layout::of(&self.config.root, run_id);
        let token = layout.token();
        let registry = Registry::new(layout.folder("processes"));
        let killed = reap(&registry, token.as_deref(), self.config.reap_grace).await;
        let root = layout.root;
        let removed = tokio::task::spawn_blocking(move || remove_tree(&root)).await;
        let removed = removed.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let removed_folder = removed.map_err(RunnerError::io("remove the work folder"))?;
        Ok(ReapReport {
            killed,
            removed_folder,
        })
    }
}

fn report(run: &RunContext, result: RecordResult, started_at: chrono::DateTime<Utc>) -> RunReport {
    let timeline = run.recorder.timeline();
    let over = tokio::time::Instant::now() >= run.deadline;
    let (result, error) = match result {
        RecordResult::Skipped => (RecordResult::Succeeded, None),
        result if over && !run.cancel.is_cancelled() && !result.is_success() => {
            (result, Some("The run used up its time.".to_owned()))
        }
        result => (result, None),
    };
    let steps = timeline
        .stages
        .iter()
        .flat_map(|stage| &stage.jobs)
        .flat_map(|job| &job.steps);
    let issues: Vec<Issue> = steps
        .flat_map(|step| step.status.issues.iter().cloned())
        .collect();
    let mut collected = run.collected(std::mem::take);
    collected.tags.sort();
    RunReport {
        result,
        error,
        artifacts: collected.artifacts.into_values().collect(),
        test_results: collected.test_results,
        coverage: collected.coverage,
        attachments: collected.attachments,
        build_number: collected.build_number,
        tags: collected.tags,
        issues: issues.into_iter().take(MAX_REPORT_ISSUES).collect(),
        timeline,
        started_at,
        finished_at: Utc::now(),
    }
}
