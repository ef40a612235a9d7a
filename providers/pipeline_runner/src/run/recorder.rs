//! Keeps the timeline and tells the observer of every change.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::lock;
use crate::error::ObserverGone;
use crate::port::{LogLine, RunObserver, StepRef};
use crate::timeline::{RecordResult, RecordState, Status, Timeline, TimelineChange};

/// Shared by all jobs of a run.
pub(crate) struct Recorder {
    observer: Arc<dyn RunObserver>,
    timeline: Mutex<Timeline>,
    gone: Mutex<Option<ObserverGone>>,
    /// Cancelled when the observer gives the run up: everything must end at once.
    abort: CancellationToken,
    patience: Duration,
}

impl Recorder {
    pub(crate) fn new(
        observer: Arc<dyn RunObserver>,
        timeline: Timeline,
        patience: Duration,
    ) -> Self {
        Self {
            observer,
            timeline: Mutex::new(timeline),
            gone: Mutex::new(None),
            abort: CancellationToken::new(),
            patience,
        }
    }

    pub(crate) fn abort(&self) -> &CancellationToken {
        &self.abort
    }

    /// Why the observer gave up, if it did.
    pub(crate) fn gone(&self) -> Option<ObserverGone> {
        lock(&self.gone).clone()
    }

    pub(crate) fn timeline(&self) -> Timeline {
        lock(&self.timeline).clone()
    }

    /// Changes one record.
    pub(crate) async fn update(&self, id: &str, edit: impl FnOnce(&mut Status) + Send) {
        let change = {
            let mut timeline = lock(&self.timeline);
            timeline
                .status_mut(id)
                .map(|((kind, display_name, order), status)| {
                    edit(status);
                    let (id, display_name) = (id.to_owned(), display_name.to_owned());
                    TimelineChange {
                        kind,
                        id,
                        display_name,
                        order,
                        status: status.clone(),
                    }
                })
        };
        if let Some(change) = change {
            self.tell(self.observer.changed(change)).await;
        }
    }

    pub(crate) async fn start(&self, id: &str) {
        self.update(id, |status| {
            status.state = RecordState::Running;
            status.started_at = Some(Utc::now());
        })
        .await;
    }

    pub(crate) async fn complete(&self, id: &str, result: RecordResult, error: Option<String>) {
        self.update(id, |status| {
            status.state = RecordState::Completed;
            status.result = Some(result);
            status.error = error;
            // What never began has no times.
            status.finished_at = status.started_at.map(|_| Utc::now());
        })
        .await;
    }

    pub(crate) async fn log(&self, step: &StepRef, lines: Vec<LogLine>) {
        if !lines.is_empty() {
            self.tell(self.observer.log(step, lines)).await;
        }
    }

    async fn tell(&self, call: impl Future<Output = Result<(), ObserverGone>>) {
        if self.abort.is_cancelled() {
            return;
        }
        let gone = match timeout(self.patience, call).await {
            Ok(Ok(())) => return,
            Ok(Err(gone)) => gone,
            Err(_) => ObserverGone {
                reason: format!("no answer within {:?}", self.patience),
            },
        };
        lock(&self.gone).get_or_insert(gone);
        self.abort.cancel();
    }
}
