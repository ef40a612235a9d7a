//! Rules that several inputs share.

use sluice_schema::ModuleId;

use super::Result;
use crate::PromotionError;

/// One to `max` characters, without control characters but line breaks.
pub(crate) fn text(field: &'static str, value: &str, max: usize) -> Result<()> {
    let is_bad = |c: char| c.is_control() && c != '\n';
    if value.trim().is_empty() || value.chars().count() > max || value.chars().any(is_bad) {
        let rule = format!("{field} must have 1 to {max} characters");
        return Err(PromotionError::invalid(field, rule));
    }
    Ok(())
}

pub(super) fn module(value: Option<&str>) -> Result<()> {
    match value.map(str::parse::<ModuleId>) {
        Some(Err(error)) => Err(PromotionError::invalid("module", error.to_string())),
        _ => Ok(()),
    }
}

/// A label of DNS: what a Kubernetes namespace may be called.
pub(super) fn is_dns_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A name of DNS: labels joined by dots.
pub(super) fn is_dns_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// The name of an environment: a folder, a label of DNS and a segment of URLs.
pub(super) fn is_slug(text: &str) -> bool {
    text.len() <= 40 && is_dns_label(text) && text.as_bytes()[0].is_ascii_lowercase()
}

/// The name of a setting: what an environment variable and the key of a ConfigMap may be.
pub(super) fn is_setting(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    (1..=128).contains(&text.len()) && first(text.as_bytes()[0]) && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_what_folders_and_clusters_take() {
        for name in ["dev", "eu-west-1", "p"] {
            assert!(is_slug(name), "{name}");
        }
        let long = "a".repeat(41);
        for name in ["", "Dev", "1st", "-a", "a-", "a_b", "a.b", "../x", &long] {
            assert!(!is_slug(name), "{name}");
        }
        assert!(is_dns_name("dev.example.com") && !is_dns_name("dev..example.com"));
        assert!(is_setting("LOG_LEVEL") && is_setting("app.mode") && !is_setting("1X"));
    }

    #[test]
    fn a_text_has_content_and_a_limit() {
        assert!(text("reason", "because\nof this", 20).is_ok());
        for bad in ["", "  ", "a\0b", "123456789012345678901"] {
            assert!(text("reason", bad, 20).is_err(), "{bad:?}");
        }
    }
}
