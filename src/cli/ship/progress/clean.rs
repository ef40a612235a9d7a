//! Text from outside, made harmless for a terminal.

/// `text` without control characters and escape sequences, so that a log cannot draw on the
/// terminal that shows it. A tab becomes two spaces.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' => cleaned.push_str("  "),
            _ if c.is_control() || is_bidi(c) => {}
            _ => cleaned.push(c),
        }
    }
    cleaned
}

// These reorder the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        // CSI: parameters up to a final byte.
        Some('[') => {
            while chars
                .next()
                .is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c))
            {}
        }
        // OSC and other strings: up to BEL or ESC \.
        Some(']' | 'P' | '^' | '_' | 'X') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_draws_on_a_terminal_is_taken_out() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m text"), "red text");
        assert_eq!(clean("\u{1b}]0;title\u{7}a\u{1b}]8;;x\u{1b}\\b"), "ab");
        assert_eq!(clean("a\r\nb\u{8}\tc\u{202e}d"), "ab  cd");
        assert_eq!(clean("cut \u{1b}["), "cut ");
        assert_eq!(clean("ü 日本 ✓"), "ü 日本 ✓");
    }
}
