//! Words for people.

use chrono::{DateTime, SecondsFormat, Utc};

/// A value of an enum as people read it: `PENDING_APPROVAL` becomes `pending approval`.
pub(in crate::cli) fn words(text: &str) -> String {
    text.to_lowercase().replace('_', " ")
}

/// A point in time as people read it, in UTC and without parts of seconds.
pub(in crate::cli) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
