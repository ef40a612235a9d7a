//! Subscribers that never read, among others that do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sluice_bench::machine;
use tokio::time::sleep;

use crate::{
    error::StreamError,
    fleet::Fleet,
    measure::{self, Measured},
    produce::{Pace, Producer},
    socket::Door,
};

/// The longest reason that a build may have.
const REASON: usize = 1_000;
/// How often a message says the reason: 40 KB, so that a hundred fill every buffer of the kernel.
const TIMES: usize = 40;
/// Receive buffer of a subscriber that never reads.
const RECEIVE: u32 = 4_096;
/// How long to wait for the server to end sockets that take nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stuck subscribers did to the others and to the server.
#[derive(Debug)]
pub(crate) struct Stuck {
    /// How many never read.
    pub(crate) count: usize,
    /// The others, without them.
    pub(crate) without: Measured,
    /// The others, beside them.
    pub(crate) beside: Measured,
    /// The server's memory in KiB: before they came, the most meanwhile, and at the end.
    pub(crate) memory: Option<(u64, u64, u64)>,
    /// Sockets that the server has closed in the end, and after how long.
    pub(crate) closed: Option<(usize, Duration)>,
}

/// A subscription whose messages are large.
fn document() -> String {
    use std::fmt::Write;
    let mut reasons = String::new();
    for number in 0..TIMES {
        let _ = write!(reasons, " r{number}: reason");
    }
    format!(
        "subscription {{ buildEvents {{ __typename ... on BuildEvent {{ sequence occurredAt \
         build {{ id{reasons} }} }} ... on StreamGap {{ from to }} }} }}"
    )
}

/// Measures `readers` without and with `count` subscribers that never read.
pub(crate) async fn measure(
    door: &Door,
    producer: &Producer,
    (readers, count): (usize, usize),
    (events, pace): (u64, Pace),
    pid: Option<u32>,
) -> Result<Stuck, StreamError> {
    let door = door.say(&document());
    let producer = producer.saying(&"x".repeat(REASON));
    let fleet = Fleet::open(&door, readers).await?;
    let (without, _) = measure::server(&fleet, &producer, events, pace, pid).await?;
    let before = pid.and_then(machine::share_of);
    let files = pid.and_then(machine::files_of);
    let mut stuck = Vec::with_capacity(count);
    for _ in 0..count {
        stuck.push(door.open(Some(RECEIVE)).await?);
    }
    let began = Instant::now();
    let most = Arc::new(AtomicU64::new(before.unwrap_or(0)));
    let watch = tokio::spawn(watch(pid, most.clone()));
    let (beside, _) = measure::server(&fleet, &producer, events, pace, pid).await?;
    let mut closed = None;
    if let Some((files, pid)) = files.zip(pid) {
        closed = Some(wait_for_closing(pid, files, count, began).await);
    }
    watch.abort();
    drop(stuck);
    let after = pid.and_then(machine::share_of);
    fleet.close().await;
    Ok(Stuck {
        count,
        without,
        beside,
        memory: before
            .zip(after)
            .map(|(from, to)| (from, most.load(Ordering::Relaxed), to)),
        closed,
    })
}

/// Keeps the most memory that the process was seen to hold.
async fn watch(pid: Option<u32>, most: Arc<AtomicU64>) {
    while let Some(memory) = pid.and_then(machine::share_of) {
        most.fetch_max(memory, Ordering::Relaxed);
        sleep(Duration::from_millis(250)).await;
    }
}

/// Waits until the process has no more files open than before `count` sockets came, and tells how
/// many it has closed.
async fn wait_for_closing(
    pid: u32,
    before: usize,
    count: usize,
    began: Instant,
) -> (usize, Duration) {
    loop {
        let open = machine::files_of(pid).unwrap_or(before);
        let closed = count.saturating_sub(open.saturating_sub(before));
        if closed == count || began.elapsed() > PATIENCE {
            return (closed, began.elapsed());
        }
        sleep(Duration::from_millis(250)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_is_asked_for_within_the_usual_limit_of_aliases() {
        assert_eq!(document().matches(": reason").count(), TIMES);
        const { assert!(TIMES < 50) };
    }
}
