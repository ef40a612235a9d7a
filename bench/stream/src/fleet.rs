//! Very many subscribers of one stream.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    error::StreamError,
    socket::Door,
    subscriber::{self, Notes},
};

/// Sockets that are being opened at the same time.
const OPENING: usize = 64;
/// How long nothing may arrive before what is missing counts as lost.
const SILENCE: Duration = Duration::from_secs(10);

/// Subscribers with open sockets.
#[derive(Debug)]
pub(crate) struct Fleet {
    members: Vec<(Notes, JoinHandle<()>)>,
    received: Arc<AtomicU64>,
    /// How long it took to open all.
    pub(crate) opening: Duration,
    /// Why there are fewer than were wanted.
    pub(crate) refused: Option<String>,
}

impl Fleet {
    /// Opens `count` sockets and subscribes each.
    ///
    /// # Errors
    /// When not one can be opened; fewer than wanted are no error.
    pub(crate) async fn open(door: &Door, count: usize) -> Result<Self, StreamError> {
        let began = Instant::now();
        let door = Arc::new(door.clone());
        let received = Arc::new(AtomicU64::new(0));
        let mut opening = stream::iter(0..count)
            .map(|number| {
                let (door, received) = (door.clone(), received.clone());
                tokio::spawn(async move {
                    let socket = door.open(None).await?;
                    let notes = Notes::default();
                    let run = subscriber::run(socket, notes.clone(), number == 0, received);
                    Ok::<_, StreamError>((notes, tokio::spawn(run)))
                })
            })
            // In their order: the first is the witness.
            .buffered(OPENING);
        let (mut members, mut refused) = (Vec::with_capacity(count), None);
        while let Some(opened) = opening.next().await {
            match opened.map_err(|_| StreamError::Task)? {
                Ok(member) => members.push(member),
                Err(error) => {
                    refused.get_or_insert(error.to_string());
                    if members.is_empty() {
                        break;
                    }
                }
            }
        }
        drop(opening);
        if members.is_empty() {
            return Err(StreamError::Nobody(refused.unwrap_or_default()));
        }
        Ok(Self {
            members,
            received,
            opening: began.elapsed(),
            refused,
        })
    }

    /// How many subscribers there are.
    pub(crate) fn size(&self) -> usize {
        self.members.len()
    }

    /// Each subscriber's notes.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &Notes> {
        self.members.iter().map(|(notes, _)| notes)
    }

    /// Forgets what was received so far.
    pub(crate) fn forget(&self) {
        for notes in self.notes() {
            let mut seen = notes.lock();
            seen.receipts.clear();
            seen.texts.clear();
            (seen.others, seen.bytes) = (0, 0);
        }
        self.received.store(0, Ordering::Relaxed);
    }

    /// Subscribers that have received at least one event.
    pub(crate) fn awake(&self) -> usize {
        let awake = |notes: &&Notes| !notes.lock().receipts.is_empty();
        self.notes().filter(awake).count()
    }

    /// The highest sequence that anybody has received.
    pub(crate) fn newest(&self) -> u64 {
        let newest = |notes: &Notes| notes.lock().receipts.iter().map(|it| it.0).max();
        self.notes().filter_map(newest).max().unwrap_or(0)
    }

    /// Waits until `total` events have been received by all subscribers together, or none has
    /// come for so long that the rest counts as lost.
    pub(crate) async fn receive(&self, total: u64) {
        let mut last = (self.received.load(Ordering::Relaxed), Instant::now());
        while last.0 < total && last.1.elapsed() < SILENCE {
            sleep(Duration::from_millis(20)).await;
            let received = self.received.load(Ordering::Relaxed);
            if received != last.0 {
                last = (received, Instant::now());
            }
        }
    }

    /// Waits until nothing has come for a moment.
    pub(crate) async fn settle(&self) {
        loop {
            let before = self.received.load(Ordering::Relaxed);
            sleep(Duration::from_millis(500)).await;
            if self.received.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }

    /// Why streams have ended that should not have: how many, and the first one's reason.
    pub(crate) fn ended(&self) -> Option<(usize, String)> {
        let ended: Vec<_> = self
            .notes()
            .filter_map(|notes| notes.lock().ended.clone())
            .collect();
        let first = ended.first()?.clone();
        Some((ended.len(), first))
    }

    /// Closes all sockets.
    pub(crate) async fn close(self) {
        for (_, task) in &self.members {
            task.abort();
        }
        for (_, task) in self.members {
            // Cancelled, as asked.
            let _ = task.await;
        }
    }
}
