//! A runner whose runs do what the test says, for what no real pipeline does on demand.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use sluice_pipeline_runner::{
    PipelineRunner, PlanError, ReapReport, RunObserver, RunPlan, RunReport, RunRequest, RunnerError,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Waits for a permit, then fails technically.
    Waits,
    /// Never ends and heeds nothing.
    Stuck,
    /// Panics.
    Panics,
}

pub(crate) struct FakeRunner {
    behaviour: Behaviour,
    pub(crate) permits: Semaphore,
    pub(crate) now: AtomicUsize,
    pub(crate) most: AtomicUsize,
}

impl FakeRunner {
    pub(crate) fn new(behaviour: Behaviour) -> Arc<Self> {
        Arc::new(Self {
            behaviour,
            permits: Semaphore::new(0),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl PipelineRunner for FakeRunner {
    fn plan(&self, yaml: &str) -> Result<RunPlan, PlanError> {
        RunPlan::parse(yaml)
    }

    async fn run(
        &self,
        request: RunRequest,
        _: Arc<dyn RunObserver>,
        _: CancellationToken,
    ) -> Result<RunReport, RunnerError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let _counted = Counted(&self.now);
        match self.behaviour {
            Behaviour::Waits => self.permits.acquire().await.unwrap().forget(),
            Behaviour::Stuck => std::future::pending().await,
            Behaviour::Panics => panic!("as the test says"),
        }
        Err(RunnerError::StillRunning {
            run_id: request.run_id,
        })
    }

    async fn reap(&self, _: &str) -> Result<ReapReport, RunnerError> {
        Ok(ReapReport::default())
    }
}
