//! Rules on the text of files.

use crate::violation::Violation;
use crate::workspace::{Workspace, WorkspaceError};

/// No source file is longer.
const MAX_LINES: usize = 500;

const SOURCES: [&str; 7] = ["rs", "ts", "tsx", "js", "mjs", "py", "sh"];

// Put together here, so that this file does not break its own rules.
const UNFINISHED: [&str; 2] = [concat!("todo", "!("), concat!("unimplemented", "!(")];
const MARKERS: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
];

/// Checks the text of every file; binary files and fixtures are left out.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Violation>, WorkspaceError> {
    let root = workspace.root().to_string_lossy().into_owned();
    let mut violations = Vec::new();
    for path in workspace.files().filter(|path| !is_fixture(path)) {
        if let Ok(text) = String::from_utf8(workspace.read(path)?) {
            violations.extend(check_text(path, &text, &root));
        }
    }
    Ok(violations)
}

/// Fixtures are the outside world's text: it keeps to its own rules.
fn is_fixture(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "fixtures" | "snapshots"))
}

fn check_text(path: &str, text: &str, root: &str) -> Vec<Violation> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_source = SOURCES.contains(&extension);
    let mut found = Vec::new();
    let lines = text.lines().count();
    if is_source && lines > MAX_LINES {
        let message = format!("{lines} lines; a file has at most {MAX_LINES}: split it");
        found.push(Violation::new(path, MAX_LINES + 1, "file-length", message));
    }
    for (index, line) in text.lines().enumerate() {
        let rules = [
            (extension == "rs").then(|| unfinished(line)).flatten(),
            is_source.then(|| marker(line)).flatten(),
            machine_path(line, root),
            path.ends_with("package-lock.json")
                .then(|| registry(line))
                .flatten(),
        ];
        let violations = rules.into_iter().flatten();
        found.extend(
            violations.map(|(rule, message)| Violation::new(path, index + 1, rule, message)),
        );
    }
    found
}

type Found = Option<(&'static str, String)>;

fn unfinished(line: &str) -> Found {
    let name = UNFINISHED.iter().find(|name| line.contains(**name))?;
    let message = format!("`{name}…)`: what is not finished is not merged");
    Some(("unfinished", message))
}

fn marker(line: &str) -> Found {
    let word = MARKERS.iter().find(|word| has_word(line, word))?;
    Some(("marker", format!("{word}: do it, or say why it is so")))
}

/// Whether `word` stands in `line` by itself: not as a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// A path of the machine that wrote the line works on no other one.
fn machine_path(line: &str, root: &str) -> Found {
    let is_specific = root.matches('/').count() > 1;
    (is_specific && line.contains(root)).then(|| {
        let message = "the absolute path of a checkout: make it relative";
        ("machine-path", message.to_owned())
    })
}

/// A lock file holds digests; where packages come from is each machine's own setting.
fn registry(line: &str) -> Found {
    line.trim_start().starts_with("\"resolved\":").then(|| {
        let message =
            "the lock file names a registry: set omit-lockfile-registry-resolved in .npmrc";
        ("registry", message.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        check_text(path, text, "/srv/checkout/sluice")
            .iter()
            .map(|violation| (violation.line, violation.rule))
            .collect()
    }

    #[test]
    fn a_source_may_have_five_hundred_lines_and_no_more() {
        assert_eq!(rules("a.rs", &"\n".repeat(500)), []);
        assert_eq!(rules("a.py", &"\n".repeat(501)), [(501, "file-length")]);
        assert_eq!(rules("a.json", &"\n".repeat(5000)), []);
    }

    #[test]
    fn unfinished_macros_and_markers_are_found_with_their_lines() {
        let text = format!(
            "fn a() {{\n    {})\n}}\n// {}: later\n",
            UNFINISHED[0], MARKERS[0]
        );
        assert_eq!(rules("a.rs", &text), [(2, "unfinished"), (4, "marker")]);
        assert_eq!(rules("a.md", &text), []);
    }

    #[test]
    fn a_marker_within_a_longer_word_is_no_marker() {
        assert_eq!(rules("a.sh", "mktemp -d /tmp/a.XXXXXX\nSHACKLE=1\n"), []);
    }

    #[test]
    fn the_path_of_the_checkout_is_refused_everywhere() {
        let text = "see /srv/checkout/sluice/target\n";
        assert_eq!(rules("README.md", text), [(1, "machine-path")]);
        assert_eq!(check_text("README.md", "/app/x", "/app"), []);
    }

    #[test]
    fn a_lock_file_that_names_a_registry_is_refused() {
        let text = "{\n  \"resolved\": \"https://example.invalid/a.tgz\"\n}\n";
        assert_eq!(rules("web/package-lock.json", text), [(2, "registry")]);
        assert_eq!(rules("web/other.json", text), []);
    }

    #[test]
    fn fixtures_keep_to_their_own_rules() {
        assert!(is_fixture("providers/x/tests/fixtures/a.py"));
        assert!(!is_fixture("providers/x/tests/fixtures.rs"));
    }
}
