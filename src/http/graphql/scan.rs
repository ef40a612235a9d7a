//! Bounds on a document that hold before it is parsed.
//!
//! The parser descends once per nesting and keeps every token, so that a short text can exhaust
//! the stack and a long one a core. One pass over the bytes refuses both.

use sluice_schema::ErrorCode;

use super::Refused;
use crate::config::GraphqlConfig;

const MAX_NESTING: usize = 100;

/// What a document may amount to before it is parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    bytes: usize,
    tokens: usize,
}

impl Bounds {
    pub(super) fn of(settings: &GraphqlConfig) -> Self {
        Self {
            bytes: settings.max_document_bytes,
            tokens: usize::try_from(settings.max_tokens).unwrap_or(usize::MAX),
        }
    }

    /// Refuses a document that is too long.
    pub(super) fn check_length(&self, document: &str) -> Result<(), Refused> {
        match document.len() > self.bytes {
            true => Err(above(self.bytes, "bytes")),
            false => Ok(()),
        }
    }

    /// Refuses more tokens than one document may have.
    pub(super) fn check_tokens(&self, tokens: usize) -> Result<(), Refused> {
        match tokens > self.tokens {
            true => Err(above(self.tokens, "tokens")),
            false => Ok(()),
        }
    }

    /// Counts the tokens of a document; refuses one that is too deep or has too many.
    pub(super) fn check(&self, document: &str) -> Result<usize, Refused> {
        count(document, self.tokens)
    }
}

fn above(limit: usize, what: &str) -> Refused {
    let message = format!("the document has more than {limit} {what}; send values as variables");
    Refused::new(400, ErrorCode::LimitExceeded, message)
}

fn count(document: &str, max_tokens: usize) -> Result<usize, Refused> {
    let (mut tokens, mut nesting) = (0_usize, 0_usize);
    let mut rest = document.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match first {
            b'{' | b'[' | b'(' => nesting += 1,
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if nesting > MAX_NESTING {
            return Err(above(MAX_NESTING, "levels of nesting"));
        }
        rest = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = skip_until(after, |b| b == b'\n');
                continue;
            }
            b'"' => skip_string(rest),
            _ if is_word(first) => skip_until(after, |b| !is_word(b)),
            _ => after,
        };
        tokens += 1;
        if tokens > max_tokens {
            return Err(above(max_tokens, "tokens"));
        }
    }
    Ok(tokens)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}

fn skip_until(text: &[u8], end: impl Fn(u8) -> bool) -> &[u8] {
    let at = text.iter().position(|b| end(*b)).unwrap_or(text.len());
    &text[at..]
}

// Behind a string, or a block string, that begins here. An unclosed one ends the text, or the
// line: the parser will say so.
fn skip_string(text: &[u8]) -> &[u8] {
    let block = text.starts_with(b"\"\"\"");
    let mut at = if block { 3 } else { 1 };
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if block && rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if block && rest.starts_with(b"\"\"\"") {
            return &rest[3..];
        } else if !block && rest[0] == b'\\' {
            at += 2;
        } else if !block && matches!(rest[0], b'"' | b'\n' | b'\r') {
            return &rest[1..];
        } else {
            at += 1;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        bytes: 256 * 1024,
        tokens: 10_000,
    };

    fn check(document: &str) -> Result<usize, Refused> {
        BOUNDS.check_length(document)?;
        BOUNDS.check(document)
    }

    #[test]
    fn documents_without_bounds_are_refused_before_they_are_parsed() {
        for document in [
            format!("{{a(x:{})}}", "[".repeat(50_000)),
            "{a".repeat(50_000),
            format!("{{{}}}", "a ".repeat(30_000)),
            "x".repeat(BOUNDS.bytes + 1),
            format!("{{a(x:\"\"\"\\\"\"\" \"\"\"{})}}", "[".repeat(1_000)),
            format!("{{a(x:\"\\\"\"{})}}", "[".repeat(1_000)),
            format!("{{a # \"\n{})}}", "[".repeat(1_000)),
        ] {
            assert!(check(&document).is_err(), "{:.60}", document);
        }
    }

    #[test]
    fn text_in_strings_and_comments_does_not_count_as_nesting() {
        for document in [
            format!("{{a(x:\"{}\")}}", "[".repeat(1_000)),
            format!("{{a(x:\"\"\"{} \" \"\"\")}}", "{".repeat(1_000)),
            format!("# {}\n{{a}}", "(".repeat(1_000)),
            "{a(x:\"unclosed".to_owned(),
            "{a(x:\"\\".to_owned(),
            String::new(),
        ] {
            assert!(check(&document).is_ok(), "{:.60}", document);
        }
    }
}
