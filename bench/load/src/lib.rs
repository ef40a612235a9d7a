//! What load drivers share: a lean HTTP/1.1 connection, and what Linux tells of a process.

pub mod http1;
pub mod machine;

/// What can go wrong before or while measuring.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The address is not one.
    #[error("{0} is not http://host:port")]
    Url(String),
    /// The connection broke.
    #[error("the connection to the server broke: {0}")]
    Connection(#[from] hyper::Error),
    /// The server does not take connections.
    #[error("the server does not answer: {0}")]
    Io(#[from] std::io::Error),
    /// A request could not be made.
    #[error("the request could not be made: {0}")]
    Request(#[from] ::http::Error),
    /// The answer is not JSON.
    #[error("the answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The answer has errors: what is measured would be refusals.
    #[error("{operation}: the server answered {status}: {answer}")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        answer: String,
    },
    /// The world holds too little.
    #[error("{0}: the server holds nothing to ask for; seed it first")]
    Empty(&'static str),
    /// A worker panicked.
    #[error("a worker ended early")]
    Worker,
}
