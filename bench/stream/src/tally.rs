//! What arrived of what was produced.

use std::collections::HashMap;

use crate::subscriber::Seen;

/// Counts over all subscribers.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Events received, each once per subscriber.
    pub(crate) delivered: u64,
    /// Events that a subscriber has not received.
    pub(crate) lost: u64,
    /// Receipts of an event that the subscriber had received before.
    pub(crate) repeated: u64,
    /// Receipts of an event behind one of a higher sequence.
    pub(crate) disordered: u64,
    /// Messages that are no events: holes.
    pub(crate) others: u64,
    /// Bytes of all messages of events.
    pub(crate) bytes: u64,
    /// Microseconds from an event's production to its receipt, sorted.
    pub(crate) latencies: Vec<u32>,
    /// When the last event was received, in microseconds of the wall clock.
    pub(crate) last: u64,
}

impl Tally {
    /// Adds a subscriber's notes. Only sequences above `floor` count, of which `expected` were
    /// produced, at the times of `produced` where known.
    pub(crate) fn add(
        &mut self,
        seen: &Seen,
        floor: u64,
        expected: u64,
        produced: &HashMap<u64, u64>,
    ) {
        let mut sequences: Vec<u64> = Vec::with_capacity(seen.receipts.len());
        for &(sequence, at) in seen.receipts.iter().filter(|(it, _)| *it > floor) {
            if sequences.last().is_some_and(|last| *last > sequence) {
                self.disordered += 1;
            }
            sequences.push(sequence);
            self.last = self.last.max(at);
            if let Some(&from) = produced.get(&sequence) {
                let latency = u32::try_from(at.saturating_sub(from));
                self.latencies.push(latency.unwrap_or(u32::MAX));
            }
        }
        let received = sequences.len() as u64;
        sequences.sort_unstable();
        sequences.dedup();
        let delivered = sequences.len() as u64;
        self.delivered += delivered;
        self.repeated += received - delivered;
        self.lost += expected.saturating_sub(delivered);
        self.others += seen.others as u64;
        self.bytes += seen.bytes;
    }

    /// Sorts what percentiles are read from.
    pub(crate) fn finish(mut self) -> Self {
        self.latencies.sort_unstable();
        self
    }

    /// Milliseconds within which `percent` of the receipts came (nearest rank).
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.latencies.len() * percent).div_ceil(100);
        let micros = self.latencies.get(rank.saturating_sub(1)).copied();
        f64::from(micros.unwrap_or(0)) / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(receipts: &[(u64, u64)]) -> Seen {
        Seen {
            receipts: receipts.to_vec(),
            ..Seen::default()
        }
    }

    #[test]
    fn what_is_lost_repeated_or_out_of_order_is_counted_by_sequence() {
        let produced = HashMap::from([(11, 1_000), (12, 1_000), (13, 1_000)]);
        let mut tally = Tally::default();
        let receipts = [(9, 900), (11, 2_000), (13, 3_000), (12, 4_000), (12, 5_000)];
        tally.add(&seen(&receipts), 10, 3, &produced);
        tally.add(&seen(&[(11, 2_000)]), 10, 3, &produced);
        let tally = tally.finish();
        assert_eq!((tally.delivered, tally.lost), (4, 2));
        assert_eq!((tally.repeated, tally.disordered), (1, 1));
        assert_eq!(tally.latencies, [1_000, 1_000, 2_000, 3_000, 4_000]);
        assert_eq!(tally.last, 5_000);
        assert!((tally.percentile(50) - 2.0).abs() < f64::EPSILON);
        assert!((tally.percentile(99) - 4.0).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_received_has_no_percentile() {
        assert!(Tally::default().percentile(99).abs() < f64::EPSILON);
    }
}
