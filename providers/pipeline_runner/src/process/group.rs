//! Process groups and how they end: first politely, then for good.

use std::io;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::TOKEN_VARIABLE;
use super::proc::{self, Stat};
use super::reap::{Record, Registry};

const POLL: Duration = Duration::from_millis(20);
/// How long the kernel gets to remove what was killed for good.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// The group of one step's process. Dropping it kills what is left of the group.
#[derive(Debug)]
pub(crate) struct Group {
    id: i32,
    record: Option<Record>,
}

impl Group {
    /// Takes charge of the group that `leader` leads, and records it.
    pub(crate) fn new(leader: u32, registry: &Registry) -> io::Result<Self> {
        let id = i32::try_from(leader).map_err(io::Error::other)?;
        let mut group = Self { id, record: None };
        // A failure drops the group and with it the process.
        group.record = Some(registry.record(id)?);
        Ok(group)
    }

    /// Sends a signal; a group that is gone already is no error.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = killpg(Pid::from_raw(self.id), signal);
    }

    /// Whether a process of the group is alive.
    pub(crate) fn is_alive(&self) -> bool {
        if killpg(Pid::from_raw(self.id), None).is_err() {
            return false;
        }
        // The dead that nobody collects still count for the signal.
        !proc::available() || !proc::members(self.id).is_empty()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.is_alive() {
            self.signal(Signal::SIGKILL);
        }
        if let Some(record) = &self.record {
            record.remove();
        }
    }
}

/// Ends groups, and processes that carry the token wherever they went. Returns when all are gone,
/// at the latest a few seconds after `grace`.
pub(crate) async fn end_all(groups: Vec<Group>, token: Option<&str>, grace: Duration) {
    let mut left = Left {
        groups,
        strays: strays(token),
    };
    if left.is_empty() {
        return;
    }
    left.signal(Signal::SIGTERM);
    if left.gone_within(grace).await {
        return;
    }
    // Strays may have had children meanwhile.
    left.strays = strays(token);
    left.signal(Signal::SIGKILL);
    if !left.gone_within(AFTER_KILL).await {
        tracing::warn!("processes of a step outlive SIGKILL");
    }
}

fn strays(token: Option<&str>) -> Vec<Stat> {
    token
        .map(|token| proc::marked(TOKEN_VARIABLE, token))
        .unwrap_or_default()
}

struct Left {
    groups: Vec<Group>,
    strays: Vec<Stat>,
}

impl Left {
    fn is_empty(&mut self) -> bool {
        self.groups.retain(Group::is_alive);
        self.strays.retain(Stat::is_alive);
        self.groups.is_empty() && self.strays.is_empty()
    }

    fn signal(&self, signal: Signal) {
        self.groups.iter().for_each(|group| group.signal(signal));
        self.strays
            .iter()
            .for_each(|stray| signal_process(stray, signal));
    }

    async fn gone_within(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.is_empty() {
            if Instant::now() >= until {
                return false;
            }
            sleep(POLL).await;
        }
        true
    }
}

/// Sends a signal to a process, unless its number belongs to another one by now.
pub(super) fn signal_process(stat: &Stat, signal: Signal) {
    if stat.is_alive() {
        let _ = kill(Pid::from_raw(stat.pid), signal);
    }
}
