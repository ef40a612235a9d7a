//! Numbers that look random and are the same again from the same seed, on every machine and with
//! every version of every library.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_schema::{EventId, TypedId};

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for each seed and path of numbers.
    pub(crate) fn new(seed: u64, path: &[u64]) -> Self {
        let mut random = Self(seed);
        for part in path {
            random.0 = random.next() ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 when that is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// From `low` to `high`, both among them.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something happens that does in so many of a thousand cases.
    pub(crate) fn chance(&mut self, of_thousand: u64) -> bool {
        self.below(1_000) < of_thousand
    }

    /// The index of one of `length` things.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(limit)).unwrap_or_default()
    }

    /// One of them; they are not none.
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.index(all.len())]
    }

    pub(crate) fn seconds(&mut self, low: u64, high: u64) -> TimeDelta {
        let seconds = self.between(low, high);
        TimeDelta::seconds(i64::try_from(seconds).unwrap_or_default())
    }

    /// A Git object id.
    pub(crate) fn sha(&mut self) -> String {
        let (a, b, c) = (self.next(), self.next(), self.next());
        format!("{a:016x}{b:016x}{:08x}", c >> 32)
    }

    /// `sha256:<hex>`.
    pub(crate) fn digest(&mut self) -> String {
        let words = [self.next(), self.next(), self.next(), self.next()];
        let [a, b, c, d] = words;
        format!("sha256:{a:016x}{b:016x}{c:016x}{d:016x}")
    }

    /// 32 hex digits.
    pub(crate) fn trace(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    pub(crate) fn id<T: TypedId>(&mut self, at: DateTime<Utc>) -> T {
        T::from_parts(millis(at), self.ten())
    }

    pub(crate) fn event_id(&mut self, at: DateTime<Utc>) -> EventId {
        EventId::from_parts(millis(at), self.ten())
    }

    fn ten(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes()[..2]);
        bytes
    }
}

fn millis(at: DateTime<Utc>) -> u64 {
    at.timestamp_millis().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut random = Random::new(1, &[2]);
        for _ in 0..10_000 {
            assert!(random.below(7) < 7);
            assert!((3..=5).contains(&random.between(3, 5)));
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.sha().len(), 40);
        assert_eq!(random.digest().len(), 71);
    }

    #[test]
    fn each_path_is_another_stream_and_each_stream_the_same_again() {
        let first = |seed, path: &[u64]| Random::new(seed, path).next();
        assert_eq!(first(1, &[1, 2]), first(1, &[1, 2]));
        assert_ne!(first(1, &[1, 2]), first(1, &[2, 1]));
        assert_ne!(first(1, &[1, 2]), first(2, &[1, 2]));
    }
}
