//! Zip archives: written so that equal input gives equal bytes, read so that there is one reading.
//!
//! The reader is stricter than the format: what two programs could understand in two ways (data
//! before, between or behind the entries, two entries that overlap, headers that disagree) is
//! refused. What passes here holds for every client exactly what was checked here.

mod read;
mod write;

pub(crate) use read::{Entry, entries};
pub(crate) use write::ZipWriter;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
