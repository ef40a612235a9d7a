//! Which file paths a change may name.

use gix::validate::path::component::Options;

use crate::error::{GitHostError, PathRule, Result};

/// Checks a path for a file in a repository: relative, `/`-separated, at most 4,096 bytes, 255 a
/// component and 128 components, and nothing that any common file system takes for `.git`.
///
/// Errors with `InvalidPath`, naming the path and the rule.
pub fn check_path(path: &str) -> Result<()> {
    match rule_broken(path) {
        Some(rule) => Err(GitHostError::path(path, rule)),
        None => Ok(()),
    }
}

fn rule_broken(path: &str) -> Option<PathRule> {
    let bytes = path.as_bytes();
    if path.is_empty() {
        return Some(PathRule::Empty);
    }
    if path.len() > 4_096 {
        return Some(PathRule::TooLong);
    }
    if bytes.contains(&0) {
        return Some(PathRule::Nul);
    }
    if bytes.contains(&b'\\') {
        return Some(PathRule::Backslash);
    }
    let drive = bytes.len() >= 3 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/";
    if path.starts_with('/') || drive {
        return Some(PathRule::Absolute);
    }
    if path.split('/').count() > 128 {
        return Some(PathRule::TooDeep);
    }
    path.split('/').find_map(component_rule)
}

fn component_rule(component: &str) -> Option<PathRule> {
    match component {
        "" => return Some(PathRule::EmptyComponent),
        "." | ".." => return Some(PathRule::DotComponent),
        _ if component.len() > 255 => return Some(PathRule::ComponentTooLong),
        _ => {}
    }
    // Names that only Windows reserves (`aux.c`) are ordinary in repositories and stay allowed.
    let options = Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    let valid = gix::validate::path::component(component.into(), None, options).is_ok();
    (!valid).then_some(PathRule::GitDirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_escape_or_touch_git_are_refused() {
        let cases = [
            ("", PathRule::Empty),
            ("/etc/passwd", PathRule::Absolute),
            ("C:/x", PathRule::Absolute),
            ("a/../b", PathRule::DotComponent),
            ("..", PathRule::DotComponent),
            ("./a", PathRule::DotComponent),
            ("a//b", PathRule::EmptyComponent),
            ("a/", PathRule::EmptyComponent),
            ("a\\b", PathRule::Backslash),
            ("a\0b", PathRule::Nul),
            (".git/config", PathRule::GitDirectory),
            ("sub/.GiT/hooks/x", PathRule::GitDirectory),
            (".git ", PathRule::GitDirectory),
            (".git.", PathRule::GitDirectory),
            ("git~1/config", PathRule::GitDirectory),
            (".git::$INDEX_ALLOCATION/x", PathRule::GitDirectory),
            (".g\u{200c}it/config", PathRule::GitDirectory),
        ];
        for (path, rule) in cases {
            assert_eq!(rule_broken(path), Some(rule), "{path:?}");
        }
        assert_eq!(
            rule_broken(&"a".repeat(256)),
            Some(PathRule::ComponentTooLong)
        );
        assert_eq!(rule_broken(&"a/".repeat(3_000)), Some(PathRule::TooLong));
        assert_eq!(
            rule_broken(&vec!["a"; 129].join("/")),
            Some(PathRule::TooDeep)
        );
    }

    #[test]
    fn ordinary_paths_are_accepted() {
        for path in [
            "a",
            ".gitignore",
            "src/aux.c",
            "日本/ü.txt",
            "a b/c:d",
            ".github/x.yml",
            "...",
            "a.git",
        ] {
            assert_eq!(rule_broken(path), None, "{path:?}");
        }
    }
}
