//! YAML in and out, as `serde_json` values.
//!
//! Read with the rules that Kustomize reads with (booleans are `true` and `false` alone, a leading zero
//! makes a number octal), written in one canonical form.

mod read;
mod scalar;
mod write;

pub(crate) use read::documents;
pub(crate) use scalar::Booleans;
pub(crate) use write::write;
