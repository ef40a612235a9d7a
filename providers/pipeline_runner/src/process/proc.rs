//! What the kernel says about processes. Without `/proc` everything here is empty.

use std::fs;

/// The parts of `/proc/<pid>/stat` that identify a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: i32,
    pub(super) group: i32,
    /// Clock ticks since boot: with the pid, unique until the next boot.
    pub(super) started: u64,
    zombie: bool,
}

impl Stat {
    /// The process, unless it is gone or only waits to be collected.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&text)).filter(|stat| !stat.zombie)
    }

    fn parse(pid: i32, text: &str) -> Option<Self> {
        // The name in brackets may hold anything, so fields are counted from its end.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let zombie = matches!(*fields.first()?, "Z" | "X" | "x");
        let group = fields.get(2)?.parse().ok()?;
        let started = fields.get(19)?.parse().ok()?;
        Some(Self {
            pid,
            group,
            started,
            zombie,
        })
    }

    /// Whether the same process is still there.
    pub(super) fn is_alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.started == self.started)
    }
}

/// Whether this system has `/proc`.
pub(super) fn available() -> bool {
    fs::metadata("/proc/self/stat").is_ok()
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The living members of a process group.
pub(super) fn members(group: i32) -> Vec<Stat> {
    pids()
        .filter_map(Stat::of)
        .filter(|stat| stat.group == group)
        .collect()
}

/// The living processes whose environment holds `name=` with a value that begins with `prefix`.
/// An empty prefix finds nothing, because it would find the processes of every run.
pub(super) fn marked(name: &str, prefix: &str) -> Vec<Stat> {
    if prefix.is_empty() {
        return Vec::new();
    }
    let wanted = format!("{name}={prefix}");
    let has = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry.starts_with(wanted.as_bytes()))
    };
    pids().filter(has).filter_map(Stat::of).collect()
}

/// Changes with every boot; empty when unknown.
pub(super) fn boot_id() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_do_not_confuse_the_fields() {
        let text = "7 (a) b (c) S 1 42 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1";
        let stat = Stat::parse(7, text).unwrap();
        assert_eq!((stat.group, stat.started, stat.zombie), (42, 4711, false));
        assert!(
            Stat::parse(7, "7 (a) Z 1 42 7 0 -1 0 1 0 0 0 0 0 0 0 20 0 1 0 4711")
                .unwrap()
                .zombie
        );
    }

    #[test]
    fn this_process_is_found() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let stat = Stat::of(pid).unwrap();
        assert!(stat.is_alive());
        assert!(members(stat.group).contains(&stat));
    }
}
