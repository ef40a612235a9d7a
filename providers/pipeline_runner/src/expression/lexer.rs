//! Text of an expression to tokens.

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    Dot,
    Text(String),
    Number(f64),
    Word(String),
}

/// Tokens of `source`, or a message that says which character cannot stand where it stands.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let simple = match c {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '[' => Some(Token::OpenIndex),
            ']' => Some(Token::CloseIndex),
            ',' => Some(Token::Comma),
            '.' if !starts_number(&chars, at, &tokens) => Some(Token::Dot),
            _ => None,
        };
        if let Some(token) = simple {
            tokens.push(token);
            at += 1;
        } else if c.is_whitespace() {
            at += 1;
        } else if c == '\'' {
            let (text, next) = quoted(&chars, at)?;
            tokens.push(Token::Text(text));
            at = next;
        } else if starts_number(&chars, at, &tokens) {
            let (token, next) = number(&chars, at)?;
            tokens.push(token);
            at = next;
        } else if c.is_alphabetic() || c == '_' {
            let end = run(&chars, at, |c| {
                c.is_alphanumeric() || matches!(c, '_' | '-')
            });
            tokens.push(Token::Word(chars[at..end].iter().collect()));
            at = end;
        } else {
            return Err(format!("unexpected `{c}` at character {}", at + 1));
        }
    }
    Ok(tokens)
}

fn run(chars: &[char], from: usize, accept: impl Fn(char) -> bool) -> usize {
    let rest = chars.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|c| accept(**c)).count()
}

fn starts_number(chars: &[char], at: usize, before: &[Token]) -> bool {
    let digit = |index: usize| chars.get(index).is_some_and(char::is_ascii_digit);
    match chars.get(at) {
        Some('-' | '+') => digit(at + 1) || (chars.get(at + 1) == Some(&'.') && digit(at + 2)),
        // After a name a dot is always an access, as in `outputs.1`.
        Some('.') => {
            digit(at + 1) && !matches!(before.last(), Some(Token::Word(_) | Token::CloseIndex))
        }
        _ => digit(at),
    }
}

fn quoted(chars: &[char], start: usize) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut at = start + 1;
    loop {
        match (chars.get(at), chars.get(at + 1)) {
            (Some('\''), Some('\'')) => {
                text.push('\'');
                at += 2;
            }
            (Some('\''), _) => return Ok((text, at + 1)),
            (Some(c), _) => {
                text.push(*c);
                at += 1;
            }
            (None, _) => return Err(format!("the text at character {} has no end", start + 1)),
        }
    }
}

/// A number, or a version such as `1.2.3`, which is kept as text.
fn number(chars: &[char], start: usize) -> Result<(Token, usize), String> {
    let end = run(chars, start + 1, |c| c.is_ascii_alphanumeric() || c == '.');
    let text: String = chars[start..end].iter().collect();
    if let Ok(number) = text.parse() {
        return Ok((Token::Number(number), end));
    }
    if text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Ok((Token::Text(text), end));
    }
    Err(format!("`{text}` is not a number"))
}
