//! The bus's promises, on both databases.
#![allow(missing_docs, reason = "tests")]

mod dispatching;
mod support;
mod transporting;
