//! A readable difference of two texts.

use std::time::Duration;

use similar::{Algorithm, TextDiff};

/// Lines of a diff at most, and bytes.
const MAX_LINES: usize = 400;
const MAX_BYTES: usize = 32 * 1_024;
/// After this time the rest is compared coarsely.
const MAX_TIME: Duration = Duration::from_millis(250);

/// A unified diff with three lines of context, cut after 400 lines or 32 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnifiedDiff {
    /// The diff; empty when there is none to show.
    pub text: String,
    /// Whether it was cut.
    pub truncated: bool,
}

/// The diff that leads from `old` to `new`; an absent side stands as `/dev/null`.
pub(crate) fn unified(file: &str, old: Option<&str>, new: Option<&str>) -> UnifiedDiff {
    let name = |side: &str, text: Option<&str>| match text {
        Some(_) => format!("{side}/{file}"),
        None => "/dev/null".to_owned(),
    };
    let (declared, live) = (name("declared", old), name("live", new));
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(MAX_TIME)
        .diff_lines(old.unwrap_or_default(), new.unwrap_or_default());
    let text = diff
        .unified_diff()
        .context_radius(3)
        .header(&declared, &live)
        .to_string();
    cut(text)
}

fn cut(text: String) -> UnifiedDiff {
    let mut end = 0;
    for (count, line) in text.split_inclusive('\n').enumerate() {
        if count == MAX_LINES || end + line.len() > MAX_BYTES {
            return UnifiedDiff {
                text: format!("{}…\n", &text[..end]),
                truncated: true,
            };
        }
        end += line.len();
    }
    UnifiedDiff {
        text,
        truncated: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        let diff = unified(
            "a.yaml",
            Some("a: 1\nb: 2\nc: 3\n"),
            Some("a: 1\nb: 5\nc: 3\n"),
        );
        assert_eq!(
            diff.text,
            "--- declared/a.yaml\n+++ live/a.yaml\n@@ -1,3 +1,3 @@\n a: 1\n-b: 2\n+b: 5\n c: 3\n"
        );
        assert!(!diff.truncated);
    }

    #[test]
    fn a_long_diff_is_cut_and_says_so() {
        let long = "x: y\n".repeat(5_000);
        let diff = unified("a.yaml", None, Some(&long));
        assert!(diff.truncated);
        assert!(diff.text.starts_with("--- /dev/null\n+++ live/a.yaml\n"));
        assert!(diff.text.lines().count() <= MAX_LINES + 1);
        let wide = unified("a.yaml", None, Some(&"x".repeat(1 << 20)));
        assert!(wide.truncated && wide.text.len() < MAX_BYTES + 100);
    }
}
