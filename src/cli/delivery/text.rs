//! Words for people.

/// A value of an enum as people read it: `PENDING_APPROVAL` becomes `pending approval`.
pub(in crate::cli) fn words(text: &str) -> String {
    text.to_lowercase().replace('_', " ")
}
