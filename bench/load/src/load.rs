//! Closed loops over many connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use sluice_bench::{
    BenchError,
    http1::{Answer, Target},
};

use crate::operations::Operation;

const WARM_UP: Duration = Duration::from_secs(1);

/// What a measurement found.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Time of the measurement.
    pub(crate) time: Duration,
    /// Latencies in microseconds, sorted.
    pub(crate) latencies: Vec<u32>,
    /// Least and most statements of an answer.
    pub(crate) statements: (u64, u64),
    /// Least and most rows of an answer.
    pub(crate) rows: (u64, u64),
    /// Bytes of all answers.
    pub(crate) bytes: u64,
}

impl Measured {
    fn note(&mut self, latency: Duration, answer: &Answer) {
        let first = self.latencies.is_empty();
        self.latencies
            .push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        widen(&mut self.statements, answer.statements, first);
        widen(&mut self.rows, answer.rows, first);
        self.bytes += answer.body.len() as u64;
    }

    fn merge(&mut self, other: Self) {
        if other.latencies.is_empty() {
            return;
        }
        let first = self.latencies.is_empty();
        widen(&mut self.statements, other.statements.0, first);
        widen(&mut self.statements, other.statements.1, false);
        widen(&mut self.rows, other.rows.0, first);
        widen(&mut self.rows, other.rows.1, false);
        self.bytes += other.bytes;
        self.latencies.extend(other.latencies);
    }
}

fn widen(range: &mut (u64, u64), value: u64, first: bool) {
    *range = match first {
        true => (value, value),
        false => (range.0.min(value), range.1.max(value)),
    };
}

/// Asks for `time` over `connections`; any refusal ends the measurement.
pub(crate) async fn run(
    target: &Target,
    operation: &Operation,
    requests: &[Bytes],
    connections: usize,
    time: Duration,
) -> Result<Measured, BenchError> {
    let requests: Arc<[Bytes]> = requests.into();
    let turn = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now() + WARM_UP;
    let end = begin + time;
    let mut workers = Vec::with_capacity(connections);
    for _ in 0..connections.max(1) {
        let (target, requests, turn) = (target.clone(), requests.clone(), turn.clone());
        let name = operation.name;
        workers.push(tokio::spawn(async move {
            worker(&target, name, &requests, &turn, begin, end).await
        }));
    }
    let mut all = Measured::default();
    for worker in workers {
        all.merge(worker.await.map_err(|_| BenchError::Worker)??);
    }
    all.latencies.sort_unstable();
    all.time = time;
    Ok(all)
}

async fn worker(
    target: &Target,
    operation: &'static str,
    requests: &[Bytes],
    turn: &AtomicUsize,
    begin: Instant,
    end: Instant,
) -> Result<Measured, BenchError> {
    let mut connection = target.connect().await?;
    let mut measured = Measured::default();
    loop {
        let sent = Instant::now();
        if sent >= end {
            return Ok(measured);
        }
        let request = &requests[turn.fetch_add(1, Ordering::Relaxed) % requests.len()];
        let answer = connection.ask(request.clone()).await?;
        let latency = sent.elapsed();
        if !answer.is_good() {
            let text = String::from_utf8_lossy(&answer.body);
            return Err(BenchError::Refused {
                operation,
                status: answer.status,
                answer: text.chars().take(500).collect(),
            });
        }
        if sent >= begin {
            measured.note(latency, &answer);
        }
    }
}
