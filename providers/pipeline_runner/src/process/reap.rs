//! Records of process groups on disk, and the clean-up after a server that died.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::TOKEN_VARIABLE;
use super::group::signal_process;
use super::proc::{self, Stat};

const POLL: Duration = Duration::from_millis(20);
const AFTER_KILL: Duration = Duration::from_secs(5);

/// The folder of a run with one file for each process group.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    dir: PathBuf,
}

/// Identifies the leader of a group, so that a recycled number is never mistaken for it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Leader {
    pid: i32,
    started: u64,
    boot_id: String,
}

/// One file of the registry.
#[derive(Debug)]
pub(crate) struct Record(PathBuf);

impl Record {
    pub(crate) fn remove(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Registry {
    /// A registry in an existing folder.
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(super) fn record(&self, pid: i32) -> io::Result<Record> {
        let path = self.dir.join(format!("{pid}.json"));
        // A process that is gone already leaves nothing that could be killed later.
        if let Some(stat) = Stat::of(pid) {
            let leader = Leader {
                pid,
                started: stat.started,
                boot_id: proc::boot_id(),
            };
            fs::write(&path, serde_json::to_vec(&leader)?)?;
        }
        Ok(Record(path))
    }

    /// The recorded leaders that are still the same processes.
    fn leaders(&self) -> Vec<Stat> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| living(&entry.path())).collect()
    }
}

fn living(path: &Path) -> Option<Stat> {
    let leader: Leader = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    if leader.boot_id != proc::boot_id() {
        return None;
    }
    Stat::of(leader.pid).filter(|stat| stat.started == leader.started)
}

/// Ends every process that a run left behind: members of recorded groups and carriers of the
/// token. Returns how many there were.
pub(crate) async fn reap(registry: &Registry, token: Option<&str>, grace: Duration) -> u32 {
    let mut seen = BTreeMap::new();
    for (signal, time) in [(Signal::SIGTERM, grace), (Signal::SIGKILL, AFTER_KILL)] {
        let found = find(registry, token);
        for stat in &found {
            seen.insert((stat.pid, stat.started), ());
            signal_process(stat, signal);
        }
        let until = Instant::now() + time;
        while found.iter().any(Stat::is_alive) && Instant::now() < until {
            sleep(POLL).await;
        }
    }
    u32::try_from(seen.len()).unwrap_or(u32::MAX)
}

fn find(registry: &Registry, token: Option<&str>) -> Vec<Stat> {
    let mut found: Vec<Stat> = Vec::new();
    for leader in registry.leaders() {
        found.extend(
            proc::members(leader.group)
                .into_iter()
                .filter(|_| leader.group == leader.pid),
        );
    }
    if let Some(token) = token {
        for stat in proc::marked(TOKEN_VARIABLE, token) {
            if !found.contains(&stat) {
                found.push(stat);
            }
        }
    }
    found
}
