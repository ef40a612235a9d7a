//! Measurements: of the server, and of the bare broadcast with what the server sent.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::DateTime;
use serde_json::Value;
use sluice_bench::machine;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::{
    bare::Bare,
    error::StreamError,
    fleet::Fleet,
    produce::{Pace, Producer},
    subscriber::now,
    tally::Tally,
};

/// Events that may be needed until every subscriber has received one.
const CALLS: usize = 30;

/// What the delivery of some events cost.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) pace: Pace,
    pub(crate) subscribers: usize,
    pub(crate) events: u64,
    pub(crate) tally: Tally,
    /// CPU time of the sender's process meanwhile.
    pub(crate) cpu: Option<Duration>,
    /// From the first event's production to the last receipt.
    pub(crate) time: Duration,
}

impl Measured {
    /// Microseconds of CPU for each message delivered, less what `without` says was not for it.
    #[allow(clippy::cast_precision_loss, reason = "counts of a measurement")]
    pub(crate) fn cpu_per_message(&self, without: Duration) -> Option<f64> {
        let delivered = self.tally.delivered.max(1) as f64;
        let cpu = self.cpu?.saturating_sub(without);
        Some(cpu.as_secs_f64() * 1_000_000.0 / delivered)
    }
}

/// CPU time of the server for the same commands when nobody listens.
pub(crate) async fn alone(
    producer: &Producer,
    events: u64,
    pace: Pace,
    pid: Option<u32>,
) -> Result<Duration, StreamError> {
    let before = pid.and_then(machine::cpu_of);
    producer.produce(events, pace).await?;
    // What follows from the commands is done by workers, after the answers.
    sleep(Duration::from_secs(1)).await;
    let after = pid.and_then(machine::cpu_of);
    let cpu = before.zip(after).map(|(from, to)| to.saturating_sub(from));
    Ok(cpu.unwrap_or_default())
}

/// Produces events until every subscriber has received one, so that all are known to listen.
/// Returns the last sequence before the measurement.
pub(crate) async fn rouse(fleet: &Fleet, producer: &Producer) -> Result<u64, StreamError> {
    for _ in 0..CALLS {
        producer.produce(1, Pace::Burst).await?;
        let called = Instant::now();
        while called.elapsed() < Duration::from_secs(2) {
            if fleet.awake() == fleet.size() {
                fleet.settle().await;
                let floor = fleet.newest();
                fleet.forget();
                return Ok(floor);
            }
            sleep(Duration::from_millis(20)).await;
        }
        if let Some((count, reason)) = fleet.ended() {
            return Err(StreamError::Refused(format!("{count} ended: {reason}")));
        }
    }
    let silent = fleet.size() - fleet.awake();
    Err(StreamError::Silent(CALLS, silent, fleet.size()))
}

/// Has the server produce and deliver events. Gives the messages too.
pub(crate) async fn server(
    fleet: &Fleet,
    producer: &Producer,
    events: u64,
    pace: Pace,
    pid: Option<u32>,
) -> Result<(Measured, Vec<(u64, Utf8Bytes)>), StreamError> {
    let floor = rouse(fleet, producer).await?;
    let (before, began) = (pid.and_then(machine::cpu_of), now());
    producer.produce(events, pace).await?;
    fleet.receive(events * fleet.size() as u64).await;
    let after = pid.and_then(machine::cpu_of);
    fleet.settle().await;
    let texts = fleet.notes().next().map(|notes| notes.lock().texts.clone());
    let mut texts = texts.unwrap_or_default();
    texts.retain(|(sequence, _)| *sequence > floor);
    let produced = texts
        .iter()
        .filter_map(|(sequence, text)| Some((*sequence, occurred(text)?)))
        .collect();
    let tally = count(fleet, floor, events, &produced);
    let measured = Measured {
        pace,
        subscribers: fleet.size(),
        events,
        time: Duration::from_micros(tally.last.saturating_sub(began)),
        cpu: before.zip(after).map(|(from, to)| to.saturating_sub(from)),
        tally,
    };
    Ok((measured, texts))
}

/// Has the bare broadcast deliver the same messages.
pub(crate) async fn broadcast(
    fleet: &Fleet,
    bare: &mut Bare,
    texts: &[(u64, Utf8Bytes)],
    pace: Pace,
) -> Result<Measured, StreamError> {
    fleet.forget();
    let pid = bare.pid();
    let (before, began) = (pid.and_then(machine::cpu_of), now());
    let bytes = texts.iter().map(|(_, text)| text.as_str());
    let times = bare.produce(bytes, pace).await?;
    let events = texts.len() as u64;
    fleet.receive(events * fleet.size() as u64).await;
    let after = pid.and_then(machine::cpu_of);
    fleet.settle().await;
    let produced = texts.iter().map(|(it, _)| *it).zip(times).collect();
    let tally = count(fleet, 0, events, &produced);
    Ok(Measured {
        pace,
        subscribers: fleet.size(),
        events,
        time: Duration::from_micros(tally.last.saturating_sub(began)),
        cpu: before.zip(after).map(|(from, to)| to.saturating_sub(from)),
        tally,
    })
}

fn count(fleet: &Fleet, floor: u64, expected: u64, produced: &HashMap<u64, u64>) -> Tally {
    let mut tally = Tally::default();
    for notes in fleet.notes() {
        tally.add(&notes.lock(), floor, expected, produced);
    }
    tally.finish()
}

/// When the message's event happened, in microseconds of the wall clock.
fn occurred(text: &str) -> Option<u64> {
    let message: Value = serde_json::from_str(text).ok()?;
    let item = message["payload"]["data"].as_object()?.values().next()?;
    let at = DateTime::parse_from_rfc3339(item["occurredAt"].as_str()?).ok()?;
    u64::try_from(at.timestamp_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_was_produced_when_it_says_that_it_happened() {
        let text = r#"{"id":"1","type":"next","payload":{"data":{"buildEvents":{"sequence":4,
            "occurredAt":"1970-01-01T00:00:01.000002Z"}}}}"#;
        assert_eq!(occurred(text), Some(1_000_002));
        assert_eq!(occurred("{}"), None);
    }

    #[test]
    fn the_commands_own_cost_is_not_the_deliverys() {
        let tally = Tally {
            delivered: 1_000,
            ..Tally::default()
        };
        let measured = Measured {
            pace: Pace::Burst,
            subscribers: 10,
            events: 100,
            tally,
            cpu: Some(Duration::from_millis(30)),
            time: Duration::from_secs(1),
        };
        let per_message = |without| measured.cpu_per_message(Duration::from_millis(without));
        assert!((per_message(10).unwrap_or_default() - 20.0).abs() < 1e-9);
        assert!((per_message(40).unwrap_or_default()).abs() < 1e-9);
    }
}
