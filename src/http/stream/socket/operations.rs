//! The operations of one socket, in turn.

use std::task::{Context, Poll};

use futures::StreamExt;
use tokio_tungstenite::tungstenite::Message;

use super::{
    super::operation::{Operation, Outcome},
    message,
    session::Active,
};

/// Messages of one turn: what is written at once.
const MESSAGES: usize = 64;
/// Bytes after which a turn ends.
const BYTES: usize = 64 * 1024;

/// Takes one outcome of each operation in rotation, so that a hot one holds up none.
pub(super) struct Operations {
    most: usize,
    list: Vec<Entry>,
    // Whose turn it is.
    turn: usize,
}

struct Entry {
    id: Box<str>,
    prefix: Box<str>,
    operation: Operation,
    // Had nothing in this turn; it wakes the socket when it has.
    waits: bool,
}

impl Active for Operations {
    fn contains(&self, id: &str) -> bool {
        self.list.iter().any(|entry| &*entry.id == id)
    }

    fn is_full(&self) -> bool {
        self.list.len() >= self.most
    }
}

impl Operations {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            list: Vec::new(),
            turn: 0,
        }
    }

    pub(super) fn begin(&mut self, id: &str, operation: Operation) {
        metrics::gauge!("sluice_stream_operations", "transport" => "websocket").increment(1.0);
        self.list.push(Entry {
            id: id.into(),
            prefix: message::next_prefix(id).into(),
            operation,
            waits: false,
        });
    }

    pub(super) fn stop(&mut self, id: &str) {
        if let Some(at) = self.list.iter().position(|entry| &*entry.id == id) {
            self.remove(at);
        }
    }

    fn remove(&mut self, at: usize) {
        self.list.remove(at);
        if at < self.turn {
            self.turn -= 1;
        }
    }

    /// Puts what there is into `out`, as much as one turn may take; tells how many answers.
    pub(super) fn turn(&mut self, cx: &mut Context<'_>, out: &mut Vec<Message>) -> u64 {
        for entry in &mut self.list {
            entry.waits = false;
        }
        let (mut waiting, mut bytes, mut answers) = (0, 0, 0);
        let full = out.len() + MESSAGES;
        while waiting < self.list.len() && out.len() < full && bytes < BYTES {
            if self.turn >= self.list.len() {
                self.turn = 0;
            }
            let entry = &mut self.list[self.turn];
            if entry.waits {
                self.turn += 1;
                continue;
            }
            let text = match entry.operation.poll_next_unpin(cx) {
                Poll::Pending => {
                    entry.waits = true;
                    waiting += 1;
                    self.turn += 1;
                    continue;
                }
                Poll::Ready(Some(Outcome::Answer(_, payload))) => {
                    answers += 1;
                    self.turn += 1;
                    message::next(&entry.prefix, &payload)
                }
                Poll::Ready(Some(Outcome::Refused(errors))) => {
                    let text = message::error(&entry.id, &errors);
                    self.remove(self.turn);
                    text
                }
                Poll::Ready(None) => {
                    let text = message::complete(&entry.id);
                    self.remove(self.turn);
                    text
                }
            };
            bytes += text.len();
            out.push(Message::text(text));
        }
        answers
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        metrics::gauge!("sluice_stream_operations", "transport" => "websocket").decrement(1.0);
    }
}
