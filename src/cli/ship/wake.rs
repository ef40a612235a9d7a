//! Tells a follower when to look, so that it need not ask all the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use serde::Serialize;
use tokio::{sync::Notify, task::JoinHandle};

use super::api;
use crate::cli::client::{Client, ClientError, Patience, Subscription, Waiting};

/// Pauses that may go by without a look while the stream is quiet: at the usual pause, 15 seconds.
const QUIET_LOOKS: u32 = 38;
/// However long the pause is, a look is due after this time.
const FLOOR: Duration = Duration::from_secs(15);

/// Hears what happens in a project, in the background, until it is dropped. Without a stream it
/// tells to look after each pause.
#[derive(Debug)]
pub(super) struct Wake {
    heard: Arc<Heard>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Heard {
    something: Notify,
    live: AtomicBool,
}

impl Heard {
    // Whoever waits by the old state looks once more.
    fn live(&self, live: bool) {
        self.live.store(live, Ordering::SeqCst);
        self.something.notify_one();
    }
}

impl Wake {
    /// Listens to what happens in `project`.
    pub(super) fn listen(client: Client, project: String) -> Self {
        let heard = Arc::<Heard>::default();
        let told = heard.clone();
        let listening = tokio::spawn(async move {
            // Looking goes on without it.
            let _ = hear(client, &project, &told).await;
            told.live(false);
        });
        Self { heard, listening }
    }

    /// Waits until a look is worth its while: never shorter than `pause`, so that a busy project
    /// costs no more than without a stream, and never longer than `left`.
    pub(super) async fn pause(&self, pause: Duration, left: Duration) {
        let looked = Instant::now();
        let longest = match self.heard.live.load(Ordering::SeqCst) {
            true => pause.saturating_mul(QUIET_LOOKS).min(FLOOR),
            false => pause,
        };
        let something = self.heard.something.notified();
        let _ = tokio::time::timeout(longest.min(left), something).await;
        let rest = pause.min(left).saturating_sub(looked.elapsed());
        tokio::time::sleep(rest).await;
        // The look sees what was told meanwhile.
        let _ = self.heard.something.notified().now_or_never();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn hear(client: Client, project: &str, heard: &Heard) -> Result<(), ClientError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Of<'a> {
        project_id: &'a str,
    }
    let of = Of {
        project_id: project,
    };
    let for_ever = Patience::new(Duration::MAX);
    let mut events = Subscription::new(client, api::FOLLOW_PROJECT, of, for_ever)?;
    let mut tell = |waiting: Waiting<'_>| heard.live(matches!(waiting, Waiting::Back));
    loop {
        if !events.is_open() {
            events.opened(&mut tell).await?;
            heard.live(true);
        }
        if events.next(&mut tell).await?.is_none() {
            events.interrupted(&mut tell).await?;
        }
        heard.something.notify_one();
    }
}
