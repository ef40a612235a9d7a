//! What can go wrong before or while measuring.

use sluice_bench::BenchError;

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// A request over HTTP.
    #[error(transparent)]
    Http(#[from] BenchError),
    /// The address of the server is not a numeric one of this machine.
    #[error("{0} is not http://address:port of this machine; names are not looked up")]
    Address(String),
    /// A socket could not be opened, or the child not started.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The WebSocket protocol.
    #[error("the WebSocket broke: {0}")]
    Socket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    /// The server closed a socket or refused an operation.
    #[error("the server refused a subscriber: {0}")]
    Refused(String),
    /// The server's answer is not what the protocol says.
    #[error("the server answered with something else: {0}")]
    Unexpected(String),
    /// No socket could be opened.
    #[error("no subscriber could be opened: {0}")]
    Nobody(String),
    /// Subscribers that never get an event cannot be measured.
    #[error("after {0} events, {1} of {2} subscribers have not received one")]
    Silent(usize, usize, usize),
    /// A task panicked.
    #[error("a task of the driver ended early")]
    Task,
}

impl StreamError {
    /// Names what was being done.
    pub(crate) fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}

impl From<tokio_tungstenite::tungstenite::Error> for StreamError {
    fn from(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}
