//! Events by real commands: results of builds that failed, of which nothing else follows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chrono::Utc;
use serde_json::{Value, json};
use sluice_bench::{
    BenchError,
    http1::{Connection, Target},
};
use tokio::time::{MissedTickBehavior, interval};

use crate::{error::StreamError, subscriber::now};

/// Connections that commands are sent over in a burst.
const AT_ONCE: u64 = 8;

const PROVISION: &str = "mutation($i: ProvisionRepositoryInput!) { \
    done: provisionRepository(input: $i) { object: repository { id } userErrors { code message } } }";
const RECORD: &str = "mutation($i: RecordBuildResultInput!) { \
    done: recordBuildResult(input: $i) { object: buildResult { id } userErrors { code message } } }";

/// How fast events are produced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// So many a second, evenly.
    Steady(f64),
    /// As fast as can be.
    Burst,
}

impl Pace {
    /// Time between two events.
    pub(crate) fn gap(self) -> Duration {
        match self {
            Self::Steady(rate) => Duration::from_secs_f64(1.0 / rate.max(0.01)),
            Self::Burst => Duration::ZERO,
        }
    }

    /// A word for the report.
    pub(crate) fn label(self) -> String {
        match self {
            Self::Steady(rate) => format!("{rate}/s"),
            Self::Burst => "burst".to_owned(),
        }
    }
}

/// Produces events of one repository.
#[derive(Debug, Clone)]
pub(crate) struct Producer {
    target: Target,
    repository: String,
    number: Arc<AtomicU64>,
    reason: Arc<str>,
}

impl Producer {
    /// Makes a repository to report builds of.
    pub(crate) async fn new(target: Target) -> Result<Self, StreamError> {
        let input =
            json!({ "projectId": "bench-stream", "name": format!("bench-stream-{}", now()) });
        let mut connection = target.connect().await?;
        let object = command(&mut connection, "provisionRepository", PROVISION, &input).await?;
        let id = object["id"].as_str();
        let id = id.ok_or_else(|| StreamError::Unexpected(object.to_string()))?;
        Ok(Self {
            target,
            repository: id.to_owned(),
            number: Arc::default(),
            reason: "1 of 200 tests failed".into(),
        })
    }

    /// The same repository, events with another reason.
    pub(crate) fn saying(&self, reason: &str) -> Self {
        Self {
            reason: reason.into(),
            ..self.clone()
        }
    }

    /// Produces `count` events and returns when every command is answered.
    pub(crate) async fn produce(&self, count: u64, pace: Pace) -> Result<(), StreamError> {
        match pace {
            Pace::Steady(_) => {
                let mut connection = self.target.connect().await?;
                let mut ticks = interval(pace.gap());
                ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
                for _ in 0..count {
                    ticks.tick().await;
                    self.record(&mut connection).await?;
                }
                Ok(())
            }
            Pace::Burst => self.burst(count).await,
        }
    }

    async fn burst(&self, count: u64) -> Result<(), StreamError> {
        let taken = Arc::new(AtomicU64::new(0));
        let mut workers = Vec::new();
        for _ in 0..AT_ONCE {
            let (producer, taken) = (self.clone(), taken.clone());
            workers.push(tokio::spawn(async move {
                let mut connection = producer.target.connect().await?;
                while taken.fetch_add(1, Ordering::Relaxed) < count {
                    producer.record(&mut connection).await?;
                }
                Ok::<_, StreamError>(())
            }));
        }
        for worker in workers {
            worker.await.map_err(|_| StreamError::Task)??;
        }
        Ok(())
    }

    async fn record(&self, connection: &mut Connection) -> Result<(), StreamError> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let input = json!({
            "repositoryId": self.repository,
            "externalKey": format!("bench/{number}"),
            "branch": "main",
            "commitSha": "5".repeat(40),
            "status": "FAILED",
            "reason": &*self.reason,
            "finishedAt": Utc::now(),
        });
        command(connection, "recordBuildResult", RECORD, &input).await?;
        Ok(())
    }
}

async fn command(
    connection: &mut Connection,
    operation: &'static str,
    document: &str,
    input: &Value,
) -> Result<Value, StreamError> {
    let request = json!({ "query": document, "variables": { "i": input } });
    let body = serde_json::to_vec(&request).map_err(BenchError::from)?;
    let answer = connection.ask(Bytes::from(body)).await?;
    let mut value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let done = &mut value["data"]["done"];
    if !answer.is_good() || done["object"].is_null() {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(StreamError::Http(BenchError::Refused {
            operation,
            status: answer.status,
            answer: text.chars().take(500).collect(),
        }));
    }
    Ok(done["object"].take())
}
