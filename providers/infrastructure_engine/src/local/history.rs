//! Events of operations, one file each, one line per event.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use chrono::Utc;

use crate::error::{Io, Result};
use crate::event::{EngineEvent, EventBody, EventSink};
use crate::plan::Operation;
use crate::port::HistoryEntry;

const DOING: &str = "writing the history";

/// Writes the events of one operation and passes them on.
pub(super) struct Recorder {
    file: File,
    sink: Arc<dyn EventSink>,
    sequence: u64,
}

impl Recorder {
    /// Opens the file of an operation; goes on after the events that an interrupted one left.
    pub(super) fn open(
        folder: &Path,
        operation: Operation,
        serial: u64,
        id: &str,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self> {
        let name = format!("{serial:08}-{}-{id}.jsonl", word(operation));
        let path = folder.join("history").join(name);
        let there = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).doing(DOING),
        };
        let whole = there
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .doing(DOING)?;
        // A line that was cut short is cut off.
        file.set_len(whole as u64).doing(DOING)?;
        let lines = there[..whole].iter().filter(|b| **b == b'\n').count();
        Ok(Self {
            file,
            sink,
            sequence: lines as u64,
        })
    }

    pub(super) fn record(&mut self, body: EventBody) -> Result<()> {
        self.sequence += 1;
        let event = EngineEvent {
            sequence: self.sequence,
            timestamp: Utc::now().timestamp(),
            body,
        };
        let mut line = serde_json::to_vec(&event)
            .map_err(std::io::Error::from)
            .doing(DOING)?;
        line.push(b'\n');
        self.file.write_all(&line).doing(DOING)?;
        self.sink.event(&event);
        Ok(())
    }
}

fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Update => "update",
        Operation::Refresh => "refresh",
        Operation::Destroy => "destroy",
    }
}

/// The operations, newest first.
pub(super) fn list(folder: &Path, limit: usize) -> Result<Vec<HistoryEntry>> {
    let mut entries = names(folder)?;
    entries.reverse();
    entries.truncate(limit);
    Ok(entries.iter().filter_map(|name| entry(name)).collect())
}

/// Deletes the oldest beyond `most`.
pub(super) fn prune(folder: &Path, most: usize) -> Result<()> {
    let names = names(folder)?;
    let surplus = names.len().saturating_sub(most);
    for name in &names[..surplus] {
        fs::remove_file(folder.join("history").join(name)).doing("pruning the history")?;
    }
    Ok(())
}

/// The names of the files, oldest first: serials have leading zeros, ids grow with time.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let entries = match fs::read_dir(folder.join("history")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(error).doing("reading the history"),
    };
    for found in entries {
        let name = found.doing("reading the history")?.file_name();
        names.extend(
            name.to_str()
                .filter(|name| entry(name).is_some())
                .map(str::to_owned),
        );
    }
    names.sort_by_key(|name| name.rsplit('-').next().map(str::to_owned));
    Ok(names)
}

fn entry(name: &str) -> Option<HistoryEntry> {
    let id = name.strip_suffix(".jsonl")?;
    let mut parts = id.splitn(3, '-');
    let serial = parts.next()?.parse().ok()?;
    let operation = match parts.next()? {
        "update" => Operation::Update,
        "refresh" => Operation::Refresh,
        "destroy" => Operation::Destroy,
        _ => return None,
    };
    parts.next()?;
    Some(HistoryEntry {
        id: id.to_owned(),
        operation,
        serial,
    })
}
