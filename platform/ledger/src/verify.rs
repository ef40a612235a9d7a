//! Holding the ledger against its hashes.

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// First sequence that was looked at.
    pub from: u64,
    /// Last sequence that was looked at.
    pub to: u64,
    /// Events that were looked at.
    pub checked: u64,
    /// Hash of the last event, for comparison with a copy kept elsewhere.
    pub hash: String,
    /// The first thing that is wrong; nothing when all is well.
    pub violation: Option<Violation>,
}

/// Where the ledger is not what was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The sequence.
    pub sequence: u64,
    /// `MISSING` (a hole), `ALTERED` (the hash does not fit the event), `UNCHAINED` (the hash does
    /// not follow from the one before) or `TRUNCATED` (the head is beyond the last event).
    pub kind: &'static str,
}
