//! Long texts in answers: whole or not at all, as half a document helps nobody.

use sluice_schema::{ErrorCode, Fault};

use crate::fault::{InputFault, Result};
use crate::loaders::Call;

/// Bytes of a text that an answer holds at most.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A text that is longer than the caller takes.
#[derive(Debug, thiserror::Error)]
#[error("the text has {bytes} bytes; raise maxBytes, to {MAX_BYTES} at most")]
struct TooLong {
    bytes: usize,
}

impl Fault for TooLong {
    fn code(&self) -> ErrorCode {
        ErrorCode::LimitExceeded
    }
    fn field(&self) -> Option<String> {
        Some("maxBytes".to_owned())
    }
}

/// Refuses a `maxBytes` that is not 1 byte to 16 MiB, before the text is read.
///
/// # Errors
/// `INVALID_INPUT` with the argument and its rule.
pub(crate) fn check_limit(call: &Call, max_bytes: usize) -> Result<()> {
    if (1..=MAX_BYTES).contains(&max_bytes) {
        return Ok(());
    }
    let rule = format!("must be 1 to {MAX_BYTES}");
    Err(call.failure(InputFault::new("maxBytes", rule)))
}

/// The text, when the caller takes that much.
///
/// # Errors
/// `LIMIT_EXCEEDED` with the number of bytes that it has.
pub(crate) fn bounded(call: &Call, text: String, max_bytes: usize) -> Result<String> {
    let bytes = text.len();
    if bytes > max_bytes {
        return Err(call.failure(TooLong { bytes }));
    }
    Ok(text)
}
