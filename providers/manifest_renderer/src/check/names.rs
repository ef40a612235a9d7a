//! The names that Kubernetes takes.

/// A DNS label: 1 to 63 lower-case letters, digits and `-`, neither first nor last a `-`.
pub(crate) fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// DNS labels with `.` between them, 253 characters at most.
pub(crate) fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

/// A label's or annotation's key: a name, and before it a DNS name and `/` if it has one.
pub(crate) fn is_qualified(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// At most 63 letters, digits, `-`, `_` and `.`, letters or digits at both ends; or nothing.
pub(crate) fn is_label_value(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.is_empty()
        || (text.len() <= 63
            && text.chars().all(inner)
            && text.starts_with(ends)
            && text.ends_with(ends))
}

/// A key of a ConfigMap or Secret.
pub(crate) fn is_data_key(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=253).contains(&text.len())
        && text.chars().all(inner)
        && text != "."
        && !text.starts_with("..")
}

/// A number with the suffix of a Kubernetes quantity.
pub(crate) fn is_quantity(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &text[number.len()..];
    let exponent = number
        .split_once(['e', 'E'])
        .map_or(number, |(mantissa, _)| mantissa);
    let known = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    let digits = exponent.trim_start_matches(['+', '-']);
    let dots = digits.bytes().filter(|b| *b == b'.').count();
    text.len() <= 40
        && known.contains(&suffix)
        && dots <= 1
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && number.parse::<f64>().is_ok()
}

/// `v1` or `group/v1`.
pub(crate) fn is_api_version(text: &str) -> bool {
    match text.split_once('/') {
        Some((group, version)) => is_subdomain(group) && is_label(version),
        None => is_label(text),
    }
}

/// Letters and digits, a capital first.
pub(crate) fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_with_known_suffixes() {
        for good in ["50m", "64Mi", "1", "0.5", "1e3", "2E", "1.5Gi", ".5"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "m", "1 Mi", "1MB", "1.2.3", "1e", "--1", "1mi"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn names_follow_the_rules_of_dns() {
        assert!(is_label("a-1") && !is_label("-a") && !is_label("A") && !is_label(&"a".repeat(64)));
        assert!(is_subdomain("a.b-c") && !is_subdomain("a..b") && !is_subdomain(""));
        assert!(is_qualified("example.org/Name_1") && !is_qualified("/x") && !is_qualified("x/"));
        assert!(is_label_value("") && is_label_value("1.2_a") && !is_label_value("1+2"));
    }
}
