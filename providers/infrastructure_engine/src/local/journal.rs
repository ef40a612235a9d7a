//! What an operation is about to do and what it did, line by line.
//!
//! The state file is written once, at the end. Until then the journal is the difference: state and
//! journal together tell at any moment what is there, and of what that is not known.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::error::{EngineError, Io, Result};
use crate::plan::Plan;
use crate::port::StepFailure;
use crate::state::StateResource;

const DOING: &str = "writing the journal";
const WHAT: &str = "the journal of the stack";

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
    /// Identity of the operation.
    pub(super) id: String,
    pub(super) plan: Plan,
    /// The outputs that the stack will have.
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) started_at: DateTime<Utc>,
}

/// Every further line. Acts are counted in the order in which they are done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    /// The act is about to be done; `resource` is what would then be on record.
    Begin {
        act: usize,
        resource: Option<Box<StateResource>>,
    },
    /// The act is done; `resource` is on record now, None when it is gone.
    End {
        act: usize,
        resource: Option<Box<StateResource>>,
    },
    /// The act failed and the operation with it.
    Failed { act: usize, failure: StepFailure },
}

/// A journal as it was found.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    pub(super) header: Header,
    /// What is on record after each act that was done.
    pub(super) done: BTreeMap<usize, Option<StateResource>>,
    /// The act that was begun and of which no end is known, with what would be on record.
    pub(super) open: Option<(usize, Option<StateResource>)>,
    pub(super) failure: Option<StepFailure>,
    /// What was found of an update that was interrupted half way.
    pub(super) partial: Option<StateResource>,
    /// Every act that was begun at some time.
    pub(super) begun: BTreeSet<usize>,
}

impl Journal {
    pub(super) fn new(header: Header) -> Self {
        Self {
            header,
            done: BTreeMap::new(),
            open: None,
            failure: None,
            partial: None,
            begun: BTreeSet::new(),
        }
    }

    /// Reads the journal; None when no operation is open. A last line without an end was being
    /// written when its writer died, and what it announces was not begun.
    pub(super) fn read(folder: &Path, most: u64) -> Result<Option<Self>> {
        let Some(bytes) = super::files::read(&path(folder), most, WHAT)? else {
            return Ok(None);
        };
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let mut lines = bytes[..whole]
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty());
        let Some(first) = lines.next() else {
            return Ok(None);
        };
        let header = parsed(first)?;
        let mut journal = Self::new(header);
        for line in lines {
            journal.take(parsed(line)?);
        }
        Ok(Some(journal))
    }

    pub(super) fn take(&mut self, line: Line) {
        match line {
            Line::Begin { act, resource } => {
                self.begun.insert(act);
                self.open = Some((act, resource.map(|one| *one)));
            }
            Line::End { act, resource } => {
                self.open = None;
                self.done.insert(act, resource.map(|one| *one));
            }
            Line::Failed { failure, .. } => {
                self.open = None;
                self.failure = Some(failure);
            }
        }
    }
}

fn parsed<T: serde::de::DeserializeOwned>(line: &[u8]) -> Result<T> {
    serde_json::from_slice(line).map_err(|_| EngineError::Corrupt { what: WHAT })
}

fn path(folder: &Path) -> PathBuf {
    folder.join("journal.jsonl")
}

/// Appends to the journal of a running operation.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
}

impl Writer {
    /// Starts a journal, whole or not at all.
    pub(super) fn start(folder: &Path, header: &Header) -> Result<Self> {
        let bytes = line(header)?;
        super::files::replace(folder, &path(folder), &bytes)?;
        Self::append_to(folder)
    }

    /// Goes on with the journal that is there; a line that was cut short is cut off.
    pub(super) fn resume(folder: &Path, most: u64) -> Result<Self> {
        let bytes = super::files::read(&path(folder), most, WHAT)?.unwrap_or_default();
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let writer = Self::append_to(folder)?;
        writer.file.set_len(whole as u64).doing(DOING)?;
        Ok(writer)
    }

    fn append_to(folder: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .open(path(folder))
            .doing(DOING)?;
        Ok(Self { file })
    }

    pub(super) fn write(&mut self, entry: &Line) -> Result<()> {
        let bytes = line(entry)?;
        self.file.write_all(&bytes).doing(DOING)
    }
}

fn line(entry: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(entry).map_err(|_| EngineError::Corrupt { what: WHAT })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Ends the operation: what the journal says stands in the state.
pub(super) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_file(path(folder)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).doing(DOING),
        _ => Ok(()),
    }
}
