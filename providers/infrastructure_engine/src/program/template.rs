//! `${…}` in texts.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    Reference(String),
}

/// Splits a text at its references. `$${` stands for `${` itself.
///
/// # Errors
/// What is wrong with the first reference that cannot be read.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let before = &rest[..at];
        if let Some(before) = before.strip_suffix('$') {
            literal.push_str(before);
            literal.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        literal.push_str(before);
        let inner = &rest[at + 2..];
        let end = inner
            .find('}')
            .ok_or("a reference ${…} is not closed; write $${ for the characters themselves")?;
        let name = inner[..end].trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || name.len() > 160 || !name.chars().all(fits) {
            return Err(
                "a reference must be ${name.output}, ${var.name}, ${config.NAME}, ${secret.NAME} or ${environment}; write $${ for the characters themselves",
            );
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        parts.push(Part::Reference(name.to_owned()));
        rest = &inner[end + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_text() {
        let found = parts("a ${db.path}${environment} b").unwrap();
        assert_eq!(
            found,
            [
                Part::Literal("a ".into()),
                Part::Reference("db.path".into()),
                Part::Reference("environment".into()),
                Part::Literal(" b".into()),
            ]
        );
        assert_eq!(parts("").unwrap(), []);
    }

    #[test]
    fn a_doubled_dollar_stands_for_itself() {
        let found = parts("$${HOME} costs $5").unwrap();
        assert_eq!(found, [Part::Literal("${HOME} costs $5".into())]);
    }

    #[test]
    fn an_open_or_odd_reference_is_refused() {
        assert!(parts("${a").is_err());
        assert!(parts("${}").is_err());
        assert!(parts("${a b}").is_err());
    }
}
