//! Bytes to lines with a bound on what one line can hold in memory.

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawLine {
    pub(crate) bytes: Vec<u8>,
    /// Whether bytes of the line were dropped.
    pub(crate) cut: bool,
}

/// Collects chunks into lines.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    buffer: Vec<u8>,
    cut: bool,
    /// Whether a line has begun, even if it is empty so far.
    open: bool,
}

impl Splitter {
    /// Takes a chunk and returns the lines that end in it. A line keeps at most `most` bytes.
    pub(crate) fn feed(&mut self, chunk: &[u8], most: usize) -> Vec<RawLine> {
        let mut lines = Vec::new();
        let mut rest = chunk;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, tail) = rest.split_at(at);
            self.keep(line, most);
            lines.push(self.take());
            rest = tail.get(1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            self.keep(rest, most);
        }
        lines
    }

    /// The last line, if it had no end.
    pub(crate) fn finish(&mut self) -> Option<RawLine> {
        self.open.then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8], most: usize) {
        self.open = true;
        let room = most.saturating_sub(self.buffer.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        // A lone carriage return at the cut is no loss worth a mark.
        self.cut |= kept.len() < bytes.len();
        self.buffer.extend_from_slice(kept);
    }

    fn take(&mut self) -> RawLine {
        let mut bytes = std::mem::take(&mut self.buffer);
        let cut = std::mem::take(&mut self.cut);
        self.open = false;
        if !cut && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        RawLine { bytes, cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: Vec<RawLine>) -> Vec<String> {
        let text = |line: RawLine| {
            format!(
                "{}{}",
                String::from_utf8_lossy(&line.bytes),
                if line.cut { "…" } else { "" }
            )
        };
        lines.into_iter().map(text).collect()
    }

    #[test]
    fn lines_are_put_together_across_chunks_and_bounded() {
        let mut splitter = Splitter::default();
        assert_eq!(texts(splitter.feed(b"one\r\ntw", 10)), ["one"]);
        assert_eq!(texts(splitter.feed(b"o\n\nlo", 10)), ["two", ""]);
        assert_eq!(texts(splitter.feed(&[b'x'; 100], 10)), Vec::<String>::new());
        assert_eq!(texts(splitter.feed(b"\nend", 10)), ["loxxxxxxxx…"]);
        assert_eq!(
            splitter.finish().map(|line| line.bytes),
            Some(b"end".to_vec())
        );
        assert_eq!(splitter.finish(), None);
    }
}
