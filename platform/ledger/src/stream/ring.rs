//! The newest events of one ledger, without a hole.

use std::{collections::VecDeque, sync::Arc};

use crate::{Head, LedgerEvent};

// Events that are looked at while nobody else may write: a look takes microseconds.
const LOOK: u64 = 256;

/// What is at a place of the ledger.
#[derive(Debug, PartialEq)]
pub(super) enum Look {
    /// The first event that is wanted.
    Found(Arc<LedgerEvent>),
    /// Nothing that is wanted up to this place.
    Passed(u64),
    /// The ledger must tell, up to this place at least.
    Behind(u64),
    /// It has not happened yet, as far as is known.
    End,
}

struct Held {
    event: Arc<LedgerEvent>,
    bytes: usize,
}

/// Events with consecutive sequences up to the newest known one, bounded in number and bytes.
pub(super) struct Ring {
    held: VecDeque<Held>,
    end: Head,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Ring {
    /// Nothing yet.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            held: VecDeque::new(),
            end: Head::start(),
            bytes: 0,
            most,
            most_bytes,
        }
    }

    /// The newest known event.
    pub(super) fn end(&self) -> &Head {
        &self.end
    }

    /// The place before the oldest held event.
    fn low(&self) -> u64 {
        self.end.sequence - self.held.len() as u64
    }

    /// Begins anew after `head`; the ledger tells of what came before.
    pub(super) fn jump(&mut self, head: Head) {
        self.held.clear();
        self.bytes = 0;
        self.end = head;
    }

    /// Takes the next event; any other is left out.
    pub(super) fn push(&mut self, event: LedgerEvent, bytes: usize) {
        if event.sequence != self.end.sequence + 1 {
            return;
        }
        self.end.sequence = event.sequence;
        self.end.hash.clone_from(&event.hash);
        self.bytes += bytes;
        let event = Arc::new(event);
        self.held.push_back(Held { event, bytes });
        while self.held.len() > self.most || self.bytes > self.most_bytes {
            let Some(oldest) = self.held.pop_front() else {
                return;
            };
            self.bytes -= oldest.bytes;
        }
    }

    /// Takes an event from the ledger, if it is not known. A hole in the ledger itself is told.
    pub(super) fn fill(&mut self, event: LedgerEvent, bytes: usize) {
        let next = self.end.sequence + 1;
        if event.sequence > next {
            let tenant = event.envelope.tenant_id.as_str();
            tracing::error!(
                tenant,
                from = next,
                to = event.sequence - 1,
                "the ledger lacks events"
            );
            self.jump(Head {
                sequence: event.sequence - 1,
                hash: String::new(),
            });
        }
        self.push(event, bytes);
    }

    /// Looks for the first wanted event after `after`, but not beyond `until`.
    pub(super) fn look(
        &self,
        after: u64,
        until: u64,
        wanted: impl Fn(&LedgerEvent) -> bool,
    ) -> Look {
        let low = self.low();
        if after >= self.end.sequence {
            return Look::End;
        }
        if after < low {
            return Look::Behind(low);
        }
        let last = self.end.sequence.min(until).min(after + LOOK);
        // A ring holds no more than fits into memory.
        let place = |sequence: u64| usize::try_from(sequence - low).unwrap_or(usize::MAX);
        let range = place(after)..place(last.max(after));
        let found = self.held.range(range).find(|held| wanted(&held.event));
        match found {
            Some(held) => Look::Found(held.event.clone()),
            None => Look::Passed(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sluice_schema::{Actor, ActorKind, Envelope, EventId, Subject};

    use super::*;

    fn event(sequence: u64) -> LedgerEvent {
        LedgerEvent {
            sequence,
            envelope: Envelope {
                event_id: EventId::generate(),
                event_type: "BuildCompleted".to_owned(),
                schema_version: 1,
                tenant_id: "acme".parse().unwrap(),
                project_id: "web".parse().unwrap(),
                module_id: None,
                trace_id: String::new(),
                correlation_id: String::new(),
                causation_id: None,
                sequence: Some(sequence),
                occurred_at: DateTime::UNIX_EPOCH,
                subject: Subject {
                    kind: "Build".to_owned(),
                    id: String::new(),
                },
                actor: Actor {
                    kind: ActorKind::System,
                    id: String::new(),
                },
                payload: serde_json::Value::Null,
            },
            hash: sequence.to_string(),
        }
    }

    fn ring(most: usize, most_bytes: usize, last: u64) -> Ring {
        let mut ring = Ring::new(most, most_bytes);
        (1..=last).for_each(|sequence| ring.push(event(sequence), 10));
        ring
    }

    fn sequence(look: Look) -> u64 {
        match look {
            Look::Found(event) => event.sequence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_newest_events_are_held_and_the_ledger_tells_of_older_ones() {
        let ring = ring(4, 1_000, 10);
        let look = |after| ring.look(after, u64::MAX, |_| true);
        assert_eq!(look(5), Look::Behind(6));
        assert_eq!(sequence(look(6)), 7);
        assert_eq!(sequence(look(9)), 10);
        assert_eq!((look(10), look(99)), (Look::End, Look::End));
    }

    #[test]
    fn bytes_bound_a_ring_as_well_down_to_nothing() {
        let mut ring = ring(100, 35, 10);
        assert_eq!(sequence(ring.look(7, u64::MAX, |_| true)), 8);
        assert_eq!(ring.look(6, u64::MAX, |_| true), Look::Behind(7));
        ring.push(event(11), 36);
        assert_eq!((ring.held.len(), ring.bytes), (0, 0));
        assert_eq!(ring.look(10, u64::MAX, |_| true), Look::Behind(11));
        assert_eq!(ring.look(11, u64::MAX, |_| true), Look::End);
    }

    #[test]
    fn only_the_next_event_is_taken() {
        let mut ring = ring(10, 1_000, 3);
        for other in [2, 3, 5, 9] {
            ring.push(event(other), 10);
            assert_eq!((ring.end().sequence, ring.held.len()), (3, 3));
        }
        ring.push(event(4), 10);
        assert_eq!((ring.end().sequence, ring.end().hash.as_str()), (4, "4"));
        let head = Head {
            sequence: 20,
            hash: String::new(),
        };
        ring.jump(head);
        assert_eq!(ring.look(4, u64::MAX, |_| true), Look::Behind(20));
    }

    #[test]
    fn a_look_ends_at_its_until_and_after_so_many() {
        let ring = ring(1_000, 100_000, 900);
        let none = |after, until| ring.look(after, until, |_| false);
        assert_eq!(none(0, u64::MAX), Look::Passed(LOOK));
        assert_eq!(none(899, u64::MAX), Look::Passed(900));
        assert_eq!(none(10, 20), Look::Passed(20));
        let after = |wanted: u64| move |event: &LedgerEvent| event.sequence > wanted;
        assert_eq!(sequence(ring.look(10, 20, after(19))), 20);
        assert_eq!(ring.look(10, 20, after(20)), Look::Passed(20));
    }
}
