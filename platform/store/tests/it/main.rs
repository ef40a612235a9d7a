//! The store's promises, on both databases.
#![allow(missing_docs, reason = "tests")]

mod reading;
mod thing;
mod walls;
mod writing;
