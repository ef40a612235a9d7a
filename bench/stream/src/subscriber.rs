//! One subscriber: reads until its socket ends, and notes what came when.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::socket::{self, Socket};

/// What one subscriber has received.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Sequences of events with the times of their receipt, in the order of receipt.
    pub(crate) receipts: Vec<(u64, u64)>,
    /// Messages about something that is no event: holes, above all.
    pub(crate) others: usize,
    /// Bytes of all messages.
    pub(crate) bytes: u64,
    /// The messages of events themselves; a witness alone keeps them.
    pub(crate) texts: Vec<(u64, Utf8Bytes)>,
    /// Why its stream has ended.
    pub(crate) ended: Option<String>,
}

/// A subscriber's notes, which the driver reads beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Seen>>);

impl Notes {
    /// The notes, for a moment.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Seen> {
        // Notes are whole after every push, also when another task panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds of the wall clock: driver, server and broadcast share the machine's.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// Reads until the socket ends. `received` counts the events of all subscribers.
pub(crate) async fn run(
    mut socket: Socket,
    notes: Notes,
    is_witness: bool,
    received: Arc<AtomicU64>,
) {
    loop {
        let text = match socket::next(&mut socket).await {
            Ok(text) => text,
            Err(error) => {
                notes.lock().ended = Some(error.to_string());
                return;
            }
        };
        let at = now();
        if let Some(sequence) = sequence_of(&text) {
            let mut seen = notes.lock();
            seen.receipts.push((sequence, at));
            seen.bytes += text.len() as u64;
            if is_witness {
                seen.texts.push((sequence, text));
            }
            drop(seen);
            received.fetch_add(1, Ordering::Relaxed);
        } else if is(&text, "ping") {
            // When the socket is broken, the next read says so.
            let _ = socket::send(&mut socket, &json!({ "type": "pong" })).await;
        } else if is(&text, "error") || is(&text, "complete") {
            notes.lock().ended = Some(text.chars().take(300).collect());
            return;
        } else if !is(&text, "pong") {
            notes.lock().others += 1;
        }
    }
}

/// The event's place in the ledger. A scan, not a parse: it is done for every message.
pub(crate) fn sequence_of(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("\"sequence\":")?;
    let end = rest.find(|it: char| !it.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// Whether it is a message of this type, which has no payload with a type of its own.
fn is(text: &str, kind: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value["type"] == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_found_in_a_message_of_an_event_alone() {
        let event = r#"{"id":"1","type":"next","payload":{"data":{"buildEvents":{"sequence":42,"cursor":"x"}}}}"#;
        assert_eq!(sequence_of(event), Some(42));
        let gap =
            r#"{"id":"1","type":"next","payload":{"data":{"buildEvents":{"from":1,"to":9}}}}"#;
        assert_eq!(sequence_of(gap), None);
        assert!(is(r#"{"type":"ping"}"#, "ping"));
        assert!(!is(gap, "ping"));
    }
}
