//! Bounds on a document that hold before it is parsed.
//!
//! The parser descends once per nesting and keeps every token, so that a short text can exhaust
//! the stack and a long one a core. One pass over the bytes refuses both.

use sluice_schema::ErrorCode;

use super::Refused;

const MAX_BYTES: usize = 256 * 1024;
const MAX_TOKENS: usize = 20_000;
const MAX_NESTING: usize = 100;

/// Refuses a document that is too long, too deep or of too many tokens.
pub(super) fn check(document: &str) -> Result<(), Refused> {
    let refuse = |what: &str, limit: usize| {
        let message =
            format!("the document has more than {limit} {what}; send values as variables");
        Err(Refused::new(400, ErrorCode::LimitExceeded, message))
    };
    if document.len() > MAX_BYTES {
        return refuse("bytes", MAX_BYTES);
    }
    let (mut tokens, mut nesting) = (0_usize, 0_usize);
    let mut rest = document.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match first {
            b'{' | b'[' | b'(' => nesting += 1,
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if nesting > MAX_NESTING {
            return refuse("levels of nesting", MAX_NESTING);
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
        if tokens > MAX_TOKENS {
            return refuse("tokens", MAX_TOKENS);
        }
    }
    Ok(())
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

    #[test]
    fn documents_without_bounds_are_refused_before_they_are_parsed() {
        for document in [
            format!("{{a(x:{})}}", "[".repeat(50_000)),
            "{a".repeat(50_000),
            format!("{{{}}}", "a ".repeat(30_000)),
            "x".repeat(MAX_BYTES + 1),
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
