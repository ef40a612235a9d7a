//! The `.nuspec`: a package's description as XML.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::{escape, write};
