//! Which paths the files of a package may have.

use std::collections::HashSet;

use crate::error::{PackageFeedError, Result};

/// Checks a path for a file in a package: relative, `/`-separated, at most 400 bytes and 32
/// components of 120 bytes, without characters that a file system forbids, outside the places that
/// the package format keeps for itself.
///
/// # Errors
/// [`PackageFeedError::InvalidPath`], naming the path and the rule.
pub fn check_path(path: &str) -> Result<()> {
    match rule_broken(path).or_else(|| reserved(path)) {
        Some(rule) => Err(PackageFeedError::path(path, rule)),
        None => Ok(()),
    }
}

/// The rule that keeps a path from leaving the folder it is unpacked into.
pub(crate) fn rule_broken(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > 400 {
        return Some("it is longer than 400 bytes");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    if path
        .chars()
        .any(|c| c.is_control() || "\\:*?\"<>|".contains(c))
    {
        return Some("it holds a control character or one of \\ : * ? \" < > |");
    }
    if path.split('/').count() > 32 {
        return Some("it is nested more than 32 levels deep");
    }
    path.split('/').find_map(|component| match component {
        "" => Some("it has an empty component"),
        "." | ".." => Some("it has a `.` or `..` component"),
        c if c.ends_with(['.', ' ']) => Some("a component ends with a dot or a blank"),
        c if c.len() > 120 => Some("a component is longer than 120 bytes"),
        _ => None,
    })
}

fn reserved(path: &str) -> Option<&'static str> {
    let lower = path.to_ascii_lowercase();
    let first = lower.split('/').next().unwrap_or_default();
    let kept = matches!(
        first,
        "_rels" | "package" | "[content_types].xml" | ".signature.p7s"
    );
    let nuspec = is_root_nuspec(&lower);
    (kept || nuspec).then_some("the package format keeps this place for itself")
}

/// Whether the path is that of a package description.
pub(crate) fn is_root_nuspec(path: &str) -> bool {
    !path.contains('/') && path.to_ascii_lowercase().ends_with(".nuspec")
}

/// The first of the paths that clashes with another: the same but for case, or a file where
/// another path needs a folder.
pub(crate) fn clash<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut files = HashSet::new();
    for path in paths.clone() {
        if !files.insert(path.to_lowercase()) {
            return Some(path);
        }
    }
    paths.into_iter().find(|path| {
        let lower = path.to_lowercase();
        lower
            .match_indices('/')
            .any(|(at, _)| files.contains(&lower[..at]))
    })
}

/// A path as it stands in the archive: all but the unreserved characters of RFC 3986 escaped,
/// which is what NuGet's own tools do and undo.
pub(crate) fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What clients make of an archive's name. `None` when the bytes are no text.
pub(crate) fn unescape(name: &str) -> Option<String> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = (byte == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) => {
                out.push(code);
                rest = &tail[2..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_escape_or_stand_for_the_format_are_refused() {
        for bad in [
            "",
            "/a",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "C:/a",
            "a\0",
            "a.",
            "a /b",
            "x:y",
            "_rels/.rels",
            "Package/x",
            "[Content_Types].xml",
            "a.nuspec",
            &"a/".repeat(40),
            &"a".repeat(121),
        ] {
            assert!(check_path(bad).is_err(), "{bad:?}");
        }
        for good in [
            "content/a.txt",
            "lib/net8.0/A.dll",
            "tools/a.nuspec",
            "content/ü b+c.txt",
            ".env",
        ] {
            assert!(check_path(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn clashing_paths_are_found() {
        assert_eq!(clash(["a", "b/c", "B/C"].into_iter()), Some("B/C"));
        assert_eq!(clash(["a/b", "a"].into_iter()), Some("a/b"));
        assert_eq!(clash(["a/b", "a/c", "ab"].into_iter()), None);
    }

    #[test]
    fn escaping_is_undone() {
        for path in ["content/ü b+c.txt", "a%2fb", "[x]"] {
            assert_eq!(unescape(&escape(path)).as_deref(), Some(path));
        }
        assert_eq!(unescape("%2e%2e%2fa").as_deref(), Some("../a"));
    }
}
