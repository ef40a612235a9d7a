//! The newest answers of a run, and who waits for the next.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use tokio_tungstenite::tungstenite::Utf8Bytes;

/// One answer of a subscription; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The position of its item: a subscription after it goes on behind it.
    pub(crate) position: u64,
    /// The GraphQL response, as JSON.
    pub(crate) payload: Utf8Bytes,
}

/// How much a ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Answers.
    pub(crate) count: usize,
    /// Their bytes; the newest answer is held whatever its size.
    pub(crate) bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            count: 256,
            bytes: 4 << 20,
        }
    }
}

/// A subscriber's place in a ring.
#[derive(Debug)]
pub(super) struct Cursor {
    ring: Arc<Ring>,
    next: u64,
    // Answers up to it are the subscriber's already, or not asked for.
    position: u64,
    waiting: Option<Waiting>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    round: u64,
    slot: usize,
}

impl Cursor {
    /// The position up to which the subscriber has everything.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// What is at its place; moves behind an answer.
    pub(super) fn look(&mut self, cx: &Context<'_>) -> Look {
        let mut ring = self.ring.lock();
        if self.next < ring.first {
            if self.position < ring.low {
                return Look::Behind(ring.low);
            }
            self.next = ring.behind(self.position);
        }
        let ahead = self.next - ring.first;
        let ahead = usize::try_from(ahead).unwrap_or(usize::MAX);
        for answer in ring.answers.iter().skip(ahead) {
            self.next += 1;
            if answer.position > self.position {
                self.position = answer.position;
                return Look::Answer(answer.clone());
            }
        }
        if let Some(failure) = &ring.ended {
            return Look::Ended(failure.clone());
        }
        self.waiting = Some(ring.wait(self.waiting, cx));
        Look::Wait
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        let Some(waiting) = self.waiting else {
            return;
        };
        let mut ring = self.ring.lock();
        if waiting.round == ring.round {
            ring.waiting[waiting.slot] = Waker::noop().clone();
            ring.free.push(waiting.slot);
        }
    }
}

/// What a subscriber finds at its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    Answer(Answer),
    /// The next answers are not held any more; everything after this position is.
    Behind(u64),
    /// There is nothing yet; the subscriber is woken.
    Wait,
    /// There is nothing more to come but, where the stream failed, the answer that says so.
    Ended(Option<Utf8Bytes>),
}

/// Answers in order. Everything after its `low` position that there is, is in it.
#[derive(Debug)]
pub(super) struct Ring(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: Bounds,
    answers: VecDeque<Answer>,
    // How many answers were dropped: the number of the first one held.
    first: u64,
    low: u64,
    bytes: usize,
    ended: Option<Option<Utf8Bytes>>,
    waiting: Vec<Waker>,
    free: Vec<usize>,
    // Counts how often the waiting were woken: a slot is of its round.
    round: u64,
}

impl Ring {
    /// An empty ring of a stream that begins after `low`.
    pub(super) fn new(low: u64, bounds: Bounds) -> Self {
        Self(Mutex::new(Inner {
            bounds,
            answers: VecDeque::new(),
            first: 0,
            low,
            bytes: 0,
            ended: None,
            waiting: Vec::new(),
            free: Vec::new(),
            round: 0,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the newest answer and wakes who waits.
    pub(super) fn push(&self, answer: Answer) {
        let mut ring = self.lock();
        ring.bytes += answer.payload.len();
        ring.answers.push_back(answer);
        ring.trim();
        let woken = ring.take_waiting();
        drop(ring);
        woken.into_iter().for_each(Waker::wake);
    }

    /// The execution itself missed something: everybody who is not past `position` already reads
    /// up to there alone.
    pub(super) fn skip_to(&self, position: u64) {
        let mut ring = self.lock();
        // One more than there were, so that who waited at the end is behind as well.
        ring.first += ring.answers.len() as u64 + 1;
        ring.answers.clear();
        ring.bytes = 0;
        ring.low = position;
        let woken = ring.take_waiting();
        drop(ring);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Nothing more is to come but, where the stream failed, the answer that says so. The first
    /// word holds.
    pub(super) fn end(&self, failure: Option<Utf8Bytes>) {
        let mut ring = self.lock();
        ring.ended.get_or_insert(failure);
        let woken = ring.take_waiting();
        drop(ring);
        woken.into_iter().for_each(Waker::wake);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    #[cfg(test)]
    pub(super) fn low(&self) -> u64 {
        self.lock().low
    }

    /// The place of a subscriber that has everything up to `position`.
    ///
    /// # Errors
    /// The position after which the ring holds everything: the subscriber is behind it.
    pub(super) fn join(self: &Arc<Self>, position: u64) -> Result<Cursor, u64> {
        let ring = self.lock();
        if position < ring.low {
            return Err(ring.low);
        }
        Ok(Cursor {
            ring: self.clone(),
            next: ring.behind(position),
            position,
            waiting: None,
        })
    }
}

impl Inner {
    // The number of the first answer held that is behind a position.
    fn behind(&self, position: u64) -> u64 {
        let passed = |answer: &Answer| answer.position <= position;
        self.first + self.answers.partition_point(passed) as u64
    }

    fn trim(&mut self) {
        let over =
            |ring: &Self| ring.answers.len() > ring.bounds.count || ring.bytes > ring.bounds.bytes;
        while over(self) && self.answers.len() > 1 {
            if let Some(oldest) = self.answers.pop_front() {
                self.bytes -= oldest.payload.len();
                self.low = oldest.position;
                self.first += 1;
            }
        }
    }

    fn take_waiting(&mut self) -> Vec<Waker> {
        self.round += 1;
        self.free.clear();
        std::mem::take(&mut self.waiting)
    }

    fn wait(&mut self, before: Option<Waiting>, cx: &Context<'_>) -> Waiting {
        let known = before.filter(|waiting| waiting.round == self.round);
        let slot = known
            .map(|waiting| waiting.slot)
            .or_else(|| self.free.pop());
        let slot = match slot {
            Some(slot) => {
                self.waiting[slot].clone_from(cx.waker());
                slot
            }
            None => {
                self.waiting.push(cx.waker().clone());
                self.waiting.len() - 1
            }
        };
        Waiting {
            round: self.round,
            slot,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
    };

    use super::*;

    fn answer(position: u64) -> Answer {
        Answer {
            position,
            payload: position.to_string().into(),
        }
    }

    fn ring(low: u64, count: usize) -> Arc<Ring> {
        let bounds = Bounds {
            count,
            bytes: 1_000,
        };
        Arc::new(Ring::new(low, bounds))
    }

    fn look(cursor: &mut Cursor) -> Look {
        cursor.look(&Context::from_waker(Waker::noop()))
    }

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_subscriber_gets_each_answer_behind_its_place_once_in_order() {
        let ring = ring(10, 8);
        let (mut early, mut late) = (ring.join(10).unwrap(), ring.join(12).unwrap());
        assert_eq!(look(&mut early), Look::Wait);
        for position in [11, 13, 17] {
            ring.push(answer(position));
        }
        let mut between = ring.join(14).unwrap();
        ring.end(None);
        for position in [11, 13, 17] {
            assert_eq!(look(&mut early), Look::Answer(answer(position)));
        }
        assert_eq!(look(&mut late), Look::Answer(answer(13)));
        assert_eq!(look(&mut between), Look::Answer(answer(17)));
        assert_eq!(look(&mut between), Look::Ended(None));
        assert_eq!(look(&mut early), Look::Ended(None));
    }

    #[test]
    fn who_is_further_back_than_the_ring_is_told_from_where_on_it_holds_everything() {
        let ring = ring(0, 2);
        let mut slow = ring.join(0).unwrap();
        for position in 1..=3 {
            ring.push(answer(position));
        }
        assert_eq!(look(&mut slow), Look::Behind(1));
        assert_eq!(ring.join(0).unwrap_err(), 1);
        let mut caught_up = ring.join(1).unwrap();
        assert_eq!(look(&mut caught_up), Look::Answer(answer(2)));
    }

    #[test]
    fn a_hole_of_the_execution_is_nobody_elses() {
        let ring = ring(0, 8);
        let (mut waits, mut ahead) = (ring.join(0).unwrap(), ring.join(7).unwrap());
        ring.push(answer(1));
        assert_eq!(look(&mut waits), Look::Answer(answer(1)));
        assert_eq!(look(&mut waits), Look::Wait);
        ring.skip_to(5);
        assert_eq!(look(&mut waits), Look::Behind(5));
        assert_eq!(ring.join(4).unwrap_err(), 5);
        ring.push(answer(7));
        ring.push(answer(8));
        assert_eq!(look(&mut ahead), Look::Answer(answer(8)));
        let mut caught_up = ring.join(5).unwrap();
        assert_eq!(look(&mut caught_up), Look::Answer(answer(7)));
    }

    #[test]
    fn the_bytes_are_bounded_and_the_newest_answer_is_held_whatever_its_size() {
        let ring = ring(0, 100);
        let large = |position| Answer {
            position,
            payload: "x".repeat(600).into(),
        };
        ring.push(large(1));
        ring.push(large(2));
        assert_eq!(ring.join(0).unwrap_err(), 1);
        let huge = Answer {
            position: 3,
            payload: "x".repeat(5_000).into(),
        };
        ring.push(huge.clone());
        let mut cursor = ring.join(2).unwrap();
        assert_eq!(look(&mut cursor), Look::Answer(huge));
    }

    #[test]
    fn who_waits_is_woken_once_and_who_left_leaves_nothing_behind() {
        let ring = ring(0, 4);
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        let cx = Context::from_waker(&waker);
        let mut stays = ring.join(0).unwrap();
        for _ in 0..3 {
            assert_eq!(stays.look(&cx), Look::Wait);
        }
        for _ in 0..100 {
            let mut leaves = ring.join(0).unwrap();
            assert_eq!(leaves.look(&cx), Look::Wait);
        }
        assert_eq!(ring.lock().waiting.len(), 2);
        ring.push(answer(1));
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
