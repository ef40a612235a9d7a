//! Conventional commits (<https://www.conventionalcommits.org>, 1.0.0): what a commit's message
//! says about the weight of its change.

use crate::Bump;

/// What a message says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// `feat`, `fix` and so on, in lower case; absent when the message keeps to no convention.
    pub(crate) kind: Option<String>,
    /// The part that changed.
    pub(crate) scope: Option<String>,
    /// Whether users must change something.
    pub(crate) breaking: bool,
}

impl Parsed {
    /// The weight of the change.
    pub(crate) fn bump(&self) -> Bump {
        match self.kind.as_deref() {
            _ if self.breaking => Bump::Major,
            Some("feat" | "feature") => Bump::Minor,
            _ => Bump::Patch,
        }
    }
}

/// The line that says what a commit is about: the first one, or the title of the pull request
/// that a merge commit names in its first one.
pub(crate) fn title(message: &str) -> &str {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    if !first.starts_with("Merge pull request ") {
        return first;
    }
    lines.find(|line| !line.trim().is_empty()).unwrap_or(first)
}

/// Reads a whole commit message.
pub(crate) fn parse(message: &str) -> Parsed {
    let mut parsed = header_of(title(message)).unwrap_or_default();
    parsed.breaking |= message.lines().skip(1).any(is_breaking_footer);
    parsed
}

// type ["(" scope ")"] ["!"] ":" " " description
fn header_of(header: &str) -> Option<Parsed> {
    let (prefix, description) = header.split_once(": ")?;
    if description.trim().is_empty() {
        return None;
    }
    let (prefix, breaking) = match prefix.strip_suffix('!') {
        Some(prefix) => (prefix, true),
        None => (prefix, false),
    };
    let (kind, scope) = match prefix.split_once('(') {
        Some((kind, rest)) => (kind, Some(rest.strip_suffix(')')?)),
        None => (prefix, None),
    };
    let is_word = |text: &str| {
        (1..=30).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !is_word(kind) || scope.is_some_and(|scope| !is_scope(scope)) {
        return None;
    }
    Some(Parsed {
        kind: Some(kind.to_ascii_lowercase()),
        scope: scope.map(ToOwned::to_owned),
        breaking,
    })
}

fn is_scope(text: &str) -> bool {
    (1..=100).contains(&text.len()) && !text.contains(['(', ')'])
}

// The words are the one part of the convention that is case-sensitive.
fn is_breaking_footer(line: &str) -> bool {
    ["BREAKING CHANGE", "BREAKING-CHANGE"]
        .iter()
        .filter_map(|token| line.strip_prefix(token))
        .any(|rest| rest.starts_with(": ") || rest.starts_with(" #"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_weigh_what_the_convention_says() {
        for (message, bump) in [
            ("fix: a leak", Bump::Patch),
            ("feat: colours", Bump::Minor),
            ("Feat(ui): colours", Bump::Minor),
            ("feat!: other colours", Bump::Major),
            ("refactor(api)!: drop v1", Bump::Major),
            ("fix: x\n\nBREAKING CHANGE: y is gone", Bump::Major),
            ("chore: x\n\nbody\n\nBREAKING-CHANGE: y", Bump::Major),
            ("fix: x\n\nno BREAKING CHANGE: at all", Bump::Patch),
            ("fix: x\n\nbreaking change: y", Bump::Patch),
            ("Colours are nicer", Bump::Patch),
            ("feature colours", Bump::Patch),
            ("feat:no blank", Bump::Patch),
            ("feat: ", Bump::Patch),
            ("feat(: x", Bump::Patch),
            ("see http: //feat", Bump::Patch),
            ("Merge pull request #3 from x\n\nfeat: y", Bump::Minor),
            ("Merge branch 'x'\n\nfeat: y", Bump::Patch),
            ("", Bump::Patch),
        ] {
            assert_eq!(parse(message).bump(), bump, "{message:?}");
        }
    }

    #[test]
    fn type_and_scope_are_read() {
        let parsed = parse("FIX(http server)!: time-outs");
        assert_eq!(parsed.kind.as_deref(), Some("fix"));
        assert_eq!(parsed.scope.as_deref(), Some("http server"));
        assert!(parsed.breaking);
        assert_eq!(parse("Merge branch 'x'"), Parsed::default());
    }
}
