//! What `ship` tells while it works, and how it is shown.

mod clean;
mod plain;
mod terminal;

use std::time::Duration;

pub use clean::clean;
pub use plain::Plain;
pub use terminal::Terminal;

use super::model::Run;

/// Which log lines somebody wants to see while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogWish {
    /// None.
    Nothing,
    /// The last ones of the steps that run now.
    Tail,
    /// Every line of every step.
    All,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// The files are read.
    Collected {
        /// The module's id.
        module: &'a str,
        /// How many files.
        files: usize,
        /// Bytes of all files.
        bytes: u64,
        /// Links that are shipped as copies.
        copied_links: &'a [String],
    },
    /// An object of the chain is there.
    Step {
        /// What kind, in one word.
        what: &'static str,
        /// Which one, and in what state.
        text: String,
    },
    /// The server is away, or busy; the request is repeated.
    Waiting {
        /// Why.
        reason: String,
        /// How long until the next try.
        pause: Duration,
    },
    /// The server answers again.
    Back,
    /// The run's state, whether changed or not.
    Run(&'a Run),
    /// A line of a step's log, without its line end.
    Log {
        /// The step, as people read it.
        step: &'a str,
        /// The text.
        line: &'a str,
    },
    /// The run is over; its states stay as the last thing seen of it.
    RunOver,
    /// What is waited for, whether changed or not.
    Pending {
        /// In one line.
        text: &'a str,
    },
    /// Nothing more follows.
    End,
}

/// Takes what happens, in order.
pub trait Progress: Send {
    /// Something happened.
    fn on(&mut self, event: Event<'_>);

    /// The log lines to fetch.
    fn log_wish(&self) -> LogWish {
        LogWish::Nothing
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn on(&mut self, _: Event<'_>) {}
}

pub(super) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let amount = bytes as f64;
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{:.1} kB", amount / 1e3),
        _ => format!("{:.1} MB", amount / 1e6),
    }
}

fn collected(module: &str, files: usize, bytes: u64) -> String {
    let noun = if files == 1 { "file" } else { "files" };
    format!("module {module}: {files} {noun}, {}", size(bytes))
}
