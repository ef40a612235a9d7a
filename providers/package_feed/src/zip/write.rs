//! Writing archives.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::{CENTRAL, DEFLATED, END, LOCAL, STORED};
use crate::error::{DoingIo, PackageFeedError, Result};

/// 1 January 1980, midnight: the first moment that the format knows.
const DATE: u16 = 0x0021;
const VERSION: u16 = 20;

/// Writes entries in the order given, without times, modes or owners.
pub(crate) struct ZipWriter {
    out: Vec<u8>,
    central: Vec<u8>,
    count: u16,
}

impl ZipWriter {
    pub(crate) fn new() -> Self {
        Self {
            out: Vec::new(),
            central: Vec::new(),
            count: 0,
        }
    }

    /// Bytes written so far.
    pub(crate) fn len(&self) -> u64 {
        (self.out.len() + self.central.len()) as u64
    }

    /// Adds a file. `name` is plain ASCII.
    pub(crate) fn add(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let mut crc = Crc::new();
        crc.update(content);
        let deflated = deflate(content)?;
        let (method, packed) = if deflated.len() < content.len() {
            (DEFLATED, deflated.as_slice())
        } else {
            (STORED, content)
        };
        let offset = small(self.out.len())?;
        let mut common = Vec::with_capacity(26);
        for field in [VERSION, 0, method, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), small(packed.len())?, small(content.len())?] {
            common.extend(field.to_le_bytes());
        }
        let name_len = u16::try_from(name.len()).map_err(|_| over())?;
        common.extend(name_len.to_le_bytes());
        common.extend(0_u16.to_le_bytes());

        self.out.extend(LOCAL.to_le_bytes());
        self.out.extend(&common);
        self.out.extend(name.as_bytes());
        self.out.extend(packed);

        self.central.extend(CENTRAL.to_le_bytes());
        self.central.extend(VERSION.to_le_bytes());
        self.central.extend(&common);
        // No comment, first disk, no attributes.
        self.central.extend([0; 10]);
        self.central.extend(offset.to_le_bytes());
        self.central.extend(name.as_bytes());
        self.count = self.count.checked_add(1).ok_or_else(over)?;
        Ok(())
    }

    /// The archive.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        let offset = small(self.out.len())?;
        let size = small(self.central.len())?;
        self.out.append(&mut self.central);
        self.out.extend(END.to_le_bytes());
        for field in [0, 0, self.count, self.count] {
            self.out.extend(field.to_le_bytes());
        }
        self.out.extend(size.to_le_bytes());
        self.out.extend(offset.to_le_bytes());
        self.out.extend(0_u16.to_le_bytes());
        Ok(self.out)
    }
}

fn deflate(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content).doing_io("compressing")?;
    encoder.finish().doing_io("compressing")
}

fn small(value: usize) -> Result<u32> {
    u32::try_from(value).map_err(|_| over())
}

fn over() -> PackageFeedError {
    PackageFeedError::too_large("the archive", u64::from(u32::MAX))
}
