//! Reading archives that come from outside.

use std::io::Read;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::{CENTRAL, DEFLATED, END, LOCAL, STORED};
use crate::error::{PackageFeedError, PackageRule, Result};

const END_LEN: usize = 22;
const CENTRAL_LEN: usize = 46;
const LOCAL_LEN: usize = 30;
const ENCRYPTED: u16 = 0x0001 | 0x0040;
const SIZES_FOLLOW: u16 = 0x0008;
const UTF8: u16 = 0x0800;

/// One entry of an archive, not unpacked yet.
pub(crate) struct Entry<'a> {
    /// The name as it stands in the archive.
    pub(crate) name: String,
    /// Bytes when unpacked, as the header says.
    pub(crate) size: u64,
    flags: u16,
    method: u16,
    crc: u32,
    mode: u32,
    packed_len: usize,
    offset: usize,
    packed: &'a [u8],
}

/// The entries of an archive, in the order of its directory.
///
/// # Errors
/// `NotZip` for everything that could be read in more than one way, `TooLarge` when there are more
/// than `max_entries`.
pub(crate) fn entries(archive: &[u8], max_entries: usize) -> Result<Vec<Entry<'_>>> {
    let (count, start, end) = end_record(archive)?;
    if count > max_entries {
        return Err(PackageFeedError::too_large(
            "number of entries",
            max_entries as u64,
        ));
    }
    let mut directory = &archive[start..end];
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let (entry, rest) = central_entry(directory)?;
        entries.push(entry);
        directory = rest;
    }
    if !directory.is_empty() {
        return Err(PackageFeedError::not_zip(
            "its directory is longer than its entries",
        ));
    }
    locate(&archive[..start], &mut entries)?;
    Ok(entries)
}

/// Number of entries, start and end of the directory.
fn end_record(archive: &[u8]) -> Result<(usize, usize, usize)> {
    let not_zip =
        || PackageFeedError::not_zip("it does not end with an end record without a comment");
    let at = archive.len().checked_sub(END_LEN).ok_or_else(not_zip)?;
    let mut fields = Fields(&archive[at..]);
    if fields.u32() != END {
        return Err(not_zip());
    }
    let disks = (fields.u16(), fields.u16());
    let (here, total) = (fields.u16(), fields.u16());
    let (size, start) = (fields.u32() as usize, fields.u32() as usize);
    if fields.u16() != 0 || disks != (0, 0) || here != total {
        return Err(not_zip());
    }
    if total == u16::MAX || start.checked_add(size) != Some(at) {
        return Err(PackageFeedError::not_zip(
            "its directory is not where the end record says",
        ));
    }
    Ok((usize::from(total), start, at))
}

fn central_entry(directory: &[u8]) -> Result<(Entry<'_>, &[u8])> {
    let broken = || PackageFeedError::not_zip("its directory is broken");
    let mut fields = Fields(directory.get(..CENTRAL_LEN).ok_or_else(broken)?);
    if fields.u32() != CENTRAL {
        return Err(broken());
    }
    let host = fields.u16() >> 8;
    fields.u16();
    let (flags, method) = (fields.u16(), fields.u16());
    fields.u32();
    let (crc, packed_len, size) = (fields.u32(), fields.u32(), fields.u32());
    let (name_len, extra, comment) = (fields.u16(), fields.u16(), fields.u16());
    fields.u32();
    let attributes = fields.u32();
    let offset = fields.u32();
    let name_end = CENTRAL_LEN + usize::from(name_len);
    let name = directory.get(CENTRAL_LEN..name_end).ok_or_else(broken)?;
    let rest = directory
        .get(name_end + usize::from(extra) + usize::from(comment)..)
        .ok_or_else(broken)?;
    let entry = Entry {
        name: text(name, flags)?,
        size: u64::from(size),
        flags,
        method,
        crc,
        // Only archives made on Unix carry a mode.
        mode: if host == 3 { attributes >> 16 } else { 0 },
        packed_len: packed_len as usize,
        offset: offset as usize,
        packed: &[],
    };
    if [size, packed_len, offset].contains(&u32::MAX) {
        return Err(PackageFeedError::not_zip("zip64 is not taken"));
    }
    if flags & ENCRYPTED != 0 {
        return Err(PackageFeedError::not_zip("it is encrypted"));
    }
    if method != STORED && method != DEFLATED {
        return Err(PackageFeedError::not_zip(
            "it uses a compression other than deflate",
        ));
    }
    Ok((entry, rest))
}

fn text(name: &[u8], flags: u16) -> Result<String> {
    let rule = "a name is neither ASCII nor marked as UTF-8";
    if flags & UTF8 == 0 && !name.is_ascii() {
        return Err(PackageFeedError::not_zip(rule));
    }
    String::from_utf8(name.to_vec()).map_err(|_| PackageFeedError::not_zip(rule))
}

/// Finds the entries' data and checks that the entries fill the space before the directory
/// without overlapping.
fn locate<'a>(data: &'a [u8], entries: &mut [Entry<'a>]) -> Result<()> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| entries[*index].offset);
    let mut ends = order
        .iter()
        .skip(1)
        .map(|index| entries[*index].offset)
        .collect::<Vec<_>>();
    ends.push(data.len());
    if order
        .first()
        .is_some_and(|first| entries[*first].offset != 0)
    {
        return Err(PackageFeedError::not_zip(
            "there is something before its first entry",
        ));
    }
    for (index, end) in order.into_iter().zip(ends) {
        let entry = &mut entries[index];
        let space = data
            .get(entry.offset..end)
            .ok_or_else(|| PackageFeedError::not_zip("an entry is not where the directory says"))?;
        entry.packed = local_data(space, entry)?;
    }
    Ok(())
}

/// The packed data of an entry in the space from its local header to the next one.
fn local_data<'a>(space: &'a [u8], entry: &Entry<'_>) -> Result<&'a [u8]> {
    let broken = || PackageFeedError::not_zip("an entry's two headers do not agree");
    let mut fields = Fields(space.get(..LOCAL_LEN).ok_or_else(broken)?);
    let signature = fields.u32();
    fields.u16();
    let (flags, method) = (fields.u16(), fields.u16());
    fields.u32();
    let (crc, packed_len, size) = (fields.u32(), fields.u32(), fields.u32());
    let (name_len, extra) = (usize::from(fields.u16()), usize::from(fields.u16()));
    let name = space
        .get(LOCAL_LEN..LOCAL_LEN + name_len)
        .ok_or_else(broken)?;
    let sizes_follow = flags & SIZES_FOLLOW != 0;
    // Writers that do not know sizes before leave placeholders here.
    let told = !sizes_follow && size != u32::MAX && packed_len != u32::MAX;
    let agrees = !told
        || (crc == entry.crc
            && packed_len as usize == entry.packed_len
            && u64::from(size) == entry.size);
    if signature != LOCAL
        || flags != entry.flags
        || method != entry.method
        || name != entry.name.as_bytes()
        || !agrees
    {
        return Err(broken());
    }
    let start = LOCAL_LEN + name_len + extra;
    let packed = space
        .get(start..start.saturating_add(entry.packed_len))
        .ok_or_else(|| PackageFeedError::not_zip("two entries overlap"))?;
    // Behind the data: nothing, or the descriptor with checksum and sizes (12 to 24 bytes).
    let behind = space.len() - start - entry.packed_len;
    let descriptor = sizes_follow && matches!(behind, 12 | 16 | 20 | 24);
    if behind != 0 && !descriptor {
        return Err(PackageFeedError::not_zip(
            "there is something between its entries",
        ));
    }
    Ok(packed)
}

impl Entry<'_> {
    /// Whether the entry stands for a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Whether the entry is a symbolic link or a device.
    pub(crate) fn is_special(&self) -> bool {
        let kind = self.mode & 0o170_000;
        kind != 0 && kind != 0o100_000 && !(kind == 0o040_000 && self.is_folder())
    }

    /// Unpacks the entry and checks size and checksum, handing on every piece.
    pub(crate) fn unpack(&self, mut piece: impl FnMut(&[u8])) -> Result<()> {
        let corrupt = || PackageFeedError::entry(&self.name, PackageRule::Corrupt);
        let mut crc = Crc::new();
        let mut left = self.packed;
        if self.method == STORED {
            crc.update(left);
            piece(left);
        } else {
            let mut decoder = DeflateDecoder::new(&mut left);
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = decoder.read(&mut buffer).map_err(|_| corrupt())?;
                let bytes = buffer.get(..read).unwrap_or_default();
                crc.update(bytes);
                if decoder.total_out() > self.size {
                    return Err(corrupt());
                }
                piece(bytes);
                if read == 0 {
                    break;
                }
            }
            if decoder.total_in() != self.packed_len as u64 {
                return Err(corrupt());
            }
        }
        let whole = u64::from(crc.amount()) == self.size && crc.sum() == self.crc;
        whole.then_some(()).ok_or_else(corrupt)
    }

    /// The unpacked content.
    pub(crate) fn content(&self) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.unpack(|piece| content.extend_from_slice(piece))?;
        Ok(content)
    }
}

/// Little-endian numbers, one after the other. Reads zeros behind the end.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (head, tail) = self.0.split_first_chunk().unwrap_or((&[0; N], &[]));
        self.0 = tail;
        *head
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.bytes())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }
}
