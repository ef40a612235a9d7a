//! How much of a report is read, and how long texts are cut.

/// Stands at the end of every text that was cut.
pub const CUT_MARKER: &str = "… [cut]";

/// Bounds on one report. The defaults fit every real report seen; a larger one is refused, only
/// texts are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes read from one report.
    pub max_bytes: u64,
    /// Most test cases in one report.
    pub max_cases: usize,
    /// Deepest nesting of elements.
    pub max_depth: usize,
    /// Longest message or details of one test case, in bytes; longer ones end in [`CUT_MARKER`].
    pub max_text: usize,
    /// Longest attribute value (name, class, path …) in bytes; longer ones end in [`CUT_MARKER`].
    pub max_attribute: usize,
    /// Most attributes on one element.
    pub max_attributes: usize,
    /// Most distinct files in one coverage report.
    pub max_files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 * 1024 * 1024,
            max_cases: 200_000,
            max_depth: 64,
            max_text: 64 * 1024,
            max_attribute: 4 * 1024,
            max_attributes: 64,
            max_files: 100_000,
        }
    }
}

/// Cuts `text` to at most `max` bytes, marker included, on a character boundary.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() <= max {
        return text;
    }
    let room = max.saturating_sub(CUT_MARKER.len());
    text.truncate(floor_boundary(&text, room));
    text.push_str(CUT_MARKER);
    text
}

/// The largest character boundary of `text` that is not past `at`.
pub(crate) fn floor_boundary(text: &str, at: usize) -> usize {
    let mut end = at.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Collects the text of one element and forgets what is over the limit.
#[derive(Debug, Default)]
pub(crate) struct TextSink {
    text: String,
    overflowed: bool,
}

impl TextSink {
    pub(crate) fn push(&mut self, part: &str, max: usize) {
        if self.overflowed {
            return;
        }
        let room = max.saturating_sub(self.text.len());
        if part.len() > room {
            self.text.push_str(&part[..floor_boundary(part, room)]);
            self.overflowed = true;
        } else {
            self.text.push_str(part);
        }
    }

    /// The collected text without surrounding blank lines; nothing when it is blank.
    pub(crate) fn finish(self, max: usize) -> Option<String> {
        let trimmed = self.text.trim_matches(['\n', '\r']).trim_end();
        if trimmed.trim().is_empty() {
            return None;
        }
        let mut text = trimmed.to_owned();
        if self.overflowed {
            let room = max.saturating_sub(CUT_MARKER.len());
            text.truncate(floor_boundary(&text, room));
            text.push_str(CUT_MARKER);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character_and_keeps_the_limit() {
        let text = "é".repeat(100);
        for max in 0..200 {
            let short = cut(text.clone(), max);
            assert!(
                short.len() <= max.max(CUT_MARKER.len()),
                "{max}: {}",
                short.len()
            );
        }
        assert_eq!(cut("short".to_owned(), 5), "short");
    }

    #[test]
    fn a_sink_over_its_limit_ends_in_the_marker() {
        let mut sink = TextSink::default();
        for _ in 0..100 {
            sink.push("0123456789", 64);
        }
        let text = sink.finish(64).unwrap();
        assert!(text.len() <= 64 && text.ends_with(CUT_MARKER));
    }
}
