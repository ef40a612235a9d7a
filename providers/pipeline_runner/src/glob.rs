//! File patterns: `*`, `?`, `[a-z]`, `{a,b}`, `**`, one per line, `!` takes matches away again.

use std::path::{Path, PathBuf};

use regex::Regex;

const MAX_PATTERN: usize = 4_096;
const MAX_VISITED: usize = 200_000;
const MAX_DEPTH: usize = 64;

/// Compiled patterns, relative to a folder.
#[derive(Debug, Clone)]
pub(crate) struct Patterns(Vec<(bool, Regex)>);

impl Patterns {
    /// Compiles the lines of `text`; absolute patterns must lie in `base`.
    pub(crate) fn new(text: &str, base: &Path) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with('#') {
                continue;
            }
            let (keep, pattern) = line
                .strip_prefix('!')
                .map_or((true, line), |rest| (false, rest));
            patterns.push((keep, compile(relative(pattern, base)?)?));
        }
        if patterns.is_empty() {
            return Err("no file pattern is given".to_owned());
        }
        Ok(Self(patterns))
    }

    /// Whether a path relative to the folder, with `/`, is chosen: the last pattern that matches
    /// decides.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let decisive = self.0.iter().rev().find(|(_, regex)| regex.is_match(path));
        decisive.is_some_and(|(keep, _)| *keep)
    }

    /// All regular files below `base` that match, sorted; links to folders are not followed.
    pub(crate) fn find(&self, base: &Path) -> Result<Vec<(String, PathBuf)>, String> {
        let mut found: Vec<(String, PathBuf)> = walk(base)?
            .into_iter()
            .filter(|(name, _)| self.matches(name))
            .collect();
        found.sort();
        Ok(found)
    }
}

/// All regular files and links to files below `base` with their relative names.
pub(crate) fn walk(base: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), base.to_path_buf(), 0)];
    let mut visited = 0;
    while let Some((prefix, folder, depth)) = folders.pop() {
        let error = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
        for entry in std::fs::read_dir(&folder).map_err(error)? {
            let entry = entry.map_err(error)?;
            visited += 1;
            if visited > MAX_VISITED || depth > MAX_DEPTH {
                return Err(format!(
                    "{} holds too many files or folders",
                    base.display()
                ));
            }
            let kind = entry.file_type().map_err(error)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if kind.is_dir() {
                folders.push((format!("{name}/"), entry.path(), depth + 1));
            } else if kind.is_file() || (kind.is_symlink() && entry.path().is_file()) {
                files.push((name, entry.path()));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn relative<'p>(pattern: &'p str, base: &Path) -> Result<&'p str, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("a file pattern has at most {MAX_PATTERN} bytes"));
    }
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    if !pattern.starts_with('/') {
        return Ok(pattern);
    }
    let base = base.to_string_lossy();
    let inside = pattern.strip_prefix(base.trim_end_matches('/'));
    inside
        .and_then(|rest| rest.strip_prefix('/'))
        .ok_or_else(|| format!("the pattern {pattern} lies outside of {base}"))
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let mut out = String::from("^");
    let mut chars = pattern.chars().peekable();
    let mut braces = 0usize;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                // `**/` also stands for no folder at all.
                if chars.next_if_eq(&'/').is_some() {
                    out.push_str("(?:.*/)?");
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => class(&mut chars, &mut out),
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    regex::RegexBuilder::new(&out)
        .size_limit(1 << 20)
        .dot_matches_new_line(true)
        .build()
        .map_err(|_| format!("`{pattern}` is not a file pattern"))
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.next_if(|c| matches!(c, '!' | '^')).is_some() {
        out.push('^');
    }
    for c in chars.by_ref() {
        match c {
            ']' => break,
            '\\' | '[' | '&' | '~' | '^' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Patterns::new(pattern, Path::new("/base"))
            .unwrap()
            .matches(path)
    }

    #[test]
    fn patterns_follow_folders_braces_and_exclusions() {
        assert!(matches("**/TEST-*.xml", "TEST-a.xml"));
        assert!(matches("**/TEST-*.xml", "a/b/TEST-a.xml"));
        assert!(!matches("*.xml", "a/b.xml"));
        assert!(matches("a/?[0-9].{xml,trx}", "a/x1.trx"));
        assert!(matches("/base/a/*.xml", "a/b.xml"));
        assert!(!matches("**/*.xml\n!**/skip/**", "x/skip/b.xml"));
        assert!(matches("a+b(c).xml", "a+b(c).xml"));
        assert!(Patterns::new("/other/*.xml", Path::new("/base")).is_err());
        assert!(Patterns::new("{a", Path::new("/base")).is_err());
        assert!(Patterns::new("\n", Path::new("/base")).is_err());
    }
}
