//! Replaces secrets in everything that leaves a run.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// Shorter secrets are not masked: they would garble every line and protect nothing.
pub(crate) const MIN_SECRET: usize = 3;
/// Lines of a multi-line secret that are shorter are not masked by themselves.
const MIN_FRAGMENT: usize = 4;
const MASK: &str = "***";

/// The secrets of one run, shared by all its jobs; secrets may be added while it runs.
#[derive(Default)]
pub(crate) struct Masker {
    /// Longest first, each once.
    secrets: RwLock<Vec<String>>,
}

impl Masker {
    /// Adds a secret, its lines, and the forms that common tools print it in.
    pub(crate) fn add(&self, secret: &str) {
        let mut forms = vec![secret.to_owned(), secret.trim().to_owned()];
        forms.push(escape_json(secret));
        forms.push(escape_uri(secret));
        forms.retain(|form| form.chars().count() >= MIN_SECRET);
        if secret.contains(['\n', '\r']) {
            let lines = secret.split(['\n', '\r']).map(str::trim);
            forms.extend(
                lines
                    .filter(|line| line.chars().count() >= MIN_FRAGMENT)
                    .map(str::to_owned),
            );
        }
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            if !secrets.contains(&form) {
                secrets.push(form);
            }
        }
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Bytes of the longest secret: how far a reader must look beyond the end of a cut line.
    pub(crate) fn longest(&self) -> usize {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        secrets.first().map_or(0, String::len)
    }

    /// The text with every secret replaced; overlapping secrets become one mask.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask_prefix(text, text.len())
    }

    /// The first `limit` bytes of the text, masked with the whole text in view. A secret that
    /// begins before the limit is masked when the text holds all of it.
    pub(crate) fn mask_prefix<'a>(&self, text: &'a str, limit: usize) -> Cow<'a, str> {
        let limit = text.floor_char_boundary(limit);
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for secret in secrets.iter() {
            find_all(text, secret, &mut spans);
        }
        spans.retain(|(start, _)| *start < limit);
        if spans.is_empty() {
            return Cow::Borrowed(text.get(..limit).unwrap_or_default());
        }
        spans.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        let mut spans = spans.into_iter().peekable();
        while let Some((start, mut end)) = spans.next() {
            while let Some((_, next_end)) = spans.next_if(|(next, _)| *next <= end) {
                end = end.max(next_end);
            }
            out.push_str(text.get(done..start).unwrap_or_default());
            out.push_str(MASK);
            done = end;
        }
        out.push_str(text.get(done..limit).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// All occurrences, also those that overlap each other.
fn find_all(text: &str, secret: &str, spans: &mut Vec<(usize, usize)>) {
    let step = secret.chars().next().map_or(1, char::len_utf8);
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(secret)) {
        let start = from + at;
        let end = start + secret.len();
        match spans.last_mut() {
            // Runs such as `aaaaaa` for `aaa` would otherwise keep a span per character.
            Some(last) if last.0 <= start && start <= last.1 => last.1 = last.1.max(end),
            _ => spans.push((start, end)),
        }
        from = start + step;
    }
}

fn escape_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted
        .trim_start_matches('"')
        .strip_suffix('"')
        .unwrap_or_default()
        .to_owned()
}

fn escape_uri(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker(secrets: &[&str]) -> Masker {
        let masker = Masker::default();
        secrets.iter().for_each(|secret| masker.add(secret));
        masker
    }

    #[test]
    fn overlapping_and_adjacent_secrets_leave_no_rest() {
        let masker = masker(&["abcd", "cdef", "aaa"]);
        assert_eq!(masker.mask("x abcdef y"), "x *** y");
        assert_eq!(masker.mask("aaaaa!"), "***!");
        assert_eq!(masker.mask("abcdabcd"), "***");
        assert_eq!(masker.mask("nothing here"), "nothing here");
    }

    #[test]
    fn every_line_of_a_secret_and_its_escaped_forms_are_masked() {
        let masker = masker(&["line one\nline/two\n}\n", "q\"u o"]);
        assert_eq!(masker.mask("line one"), "***");
        assert_eq!(masker.mask("> line/two"), "> ***");
        assert_eq!(masker.mask("}"), "}");
        assert_eq!(masker.mask(r#"{"k":"q\"u o"}"#), r#"{"k":"***"}"#);
        assert_eq!(masker.mask("?t=q%22u%20o"), "?t=***");
    }

    #[test]
    fn a_secret_on_the_edge_of_a_cut_line_is_masked_whole() {
        let masker = masker(&["secret-value"]);
        assert_eq!(
            masker.mask_prefix("xxxx secret-value and secret-va", 8),
            "xxxx ***"
        );
        assert_eq!(masker.mask_prefix("secret-value secret-va", 12), "***");
        assert_eq!(masker.mask_prefix("plain", 3), "pla");
    }

    #[test]
    fn very_short_secrets_are_not_masked_and_multibyte_text_survives() {
        let masker = masker(&["ab", "ü€ü"]);
        assert_eq!(masker.mask("ab"), "ab");
        assert_eq!(masker.mask("ü€ü€ü ä"), "*** ä");
        assert_eq!(masker.longest(), "%C3%BC%E2%82%AC%C3%BC".len());
    }
}
