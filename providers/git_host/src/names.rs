//! The names a Git host understands: repositories, branches, objects.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{GitHostError, Result};

/// Where a repository lives: tenant, project and name.
///
/// Each segment has 1 to 100 characters of `[A-Za-z0-9_.-]`, starts with a letter, a digit or an
/// underscore, holds no `..`, and ends neither in a dot nor in `.git` or `.lock`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath {
    tenant: String,
    project: String,
    name: String,
}

impl RepoPath {
    /// Checks the three segments. Errors with `InvalidName`, naming the segment and the rule.
    pub fn new(tenant: &str, project: &str, name: &str) -> Result<Self> {
        segment("tenant", tenant)?;
        segment("project", project)?;
        segment("repository name", name)?;
        Ok(Self {
            tenant: tenant.into(),
            project: project.into(),
            name: name.into(),
        })
    }

    /// The tenant segment.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The project segment.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The repository's own name, without `.git`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bare repository's folder below `root`: `<root>/<tenant>/<project>/<name>.git`.
    pub fn git_dir(&self, root: &Path) -> PathBuf {
        root.join(&self.tenant)
            .join(&self.project)
            .join(format!("{}.git", self.name))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.project, self.name)
    }
}

fn segment(what: &'static str, value: &str) -> Result<()> {
    let refuse = |rule| Err(GitHostError::name(what, value, rule));
    let lower = value.to_ascii_lowercase();
    let first = value.bytes().next();
    if value.is_empty() || value.len() > 100 {
        refuse("it must have 1 to 100 characters")
    } else if !value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    {
        refuse("only letters, digits, `_`, `.` and `-` are allowed")
    } else if !first.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
        refuse("it must start with a letter, a digit or `_`")
    } else if value.contains("..") || value.ends_with('.') {
        refuse("it must not hold `..` or end in a dot")
    } else if lower.ends_with(".git") || lower.ends_with(".lock") {
        refuse("it must not end in `.git` or `.lock`")
    } else {
        Ok(())
    }
}

/// The SHA-1 id of a Git object: 40 hexadecimal digits, lower case in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(gix::ObjectId);

impl Oid {
    pub(crate) fn raw(self) -> gix::ObjectId {
        self.0
    }
}

impl From<gix::ObjectId> for Oid {
    fn from(id: gix::ObjectId) -> Self {
        Self(id)
    }
}

impl From<gix::Id<'_>> for Oid {
    fn from(id: gix::Id<'_>) -> Self {
        Self(id.detach())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

impl FromStr for Oid {
    type Err = GitHostError;

    fn from_str(text: &str) -> Result<Self> {
        let rule = "it must be 40 hexadecimal digits";
        if text.len() != 40 {
            return Err(GitHostError::name("object id", text, rule));
        }
        gix::ObjectId::from_hex(text.as_bytes())
            .map(Self)
            .map_err(|_| GitHostError::name("object id", text, rule))
    }
}

impl Serialize for Oid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Oid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A branch name without `refs/heads/`, valid by the rules of `git check-ref-format --branch`.
///
/// Stricter than Git in three points: at most 200 bytes a component and 1,000 in all, and not 40
/// hexadecimal digits, which would read as an object id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct BranchName(String);

impl BranchName {
    /// Checks the name. Errors with `InvalidName`, naming the rule.
    pub fn new(name: &str) -> Result<Self> {
        match branch_rule(name) {
            Some(rule) => Err(GitHostError::name("branch name", name, rule)),
            None => Ok(Self(name.to_owned())),
        }
    }

    /// The name as text, for example `feature/login`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full reference name, for example `refs/heads/feature/login`.
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BranchName {
    type Err = GitHostError;

    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for BranchName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn branch_rule(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > 1_000 {
        return Some("it must have 1 to 1000 bytes");
    }
    if name
        .bytes()
        .any(|b| b <= b' ' || b == 0x7f || b"~^:?*[\\".contains(&b))
    {
        return Some("it must not hold spaces, control characters or any of ~ ^ : ? * [ \\");
    }
    if name.contains("..") || name.contains("@{") || name.ends_with('.') {
        return Some("it must not hold `..` or `@{`, or end in a dot");
    }
    if name.starts_with('-') || name == "@" || name == "HEAD" {
        return Some("it must not start with `-`, and `@` and `HEAD` are reserved");
    }
    if name.len() == 40 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some("it must not look like an object id");
    }
    name.split('/').find_map(component_rule)
}

fn component_rule(component: &str) -> Option<&'static str> {
    if component.is_empty() {
        Some("it must not start or end with a slash, or hold two in a row")
    } else if component.len() > 200 {
        Some("a component must not be longer than 200 bytes")
    } else if component.starts_with('.') || component.ends_with(".lock") {
        Some("a component must not start with a dot or end in `.lock`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_segments_that_could_leave_the_root_are_refused() {
        for bad in [
            "", ".", "..", "a/b", "a..b", ".hidden", "-x", "a.git", "A.GIT", "a.lock", "a.",
        ] {
            assert!(RepoPath::new("t", "p", bad).is_err(), "{bad}");
            assert!(RepoPath::new(bad, "p", "n").is_err(), "{bad}");
        }
        assert!(RepoPath::new("t", "p", &"x".repeat(101)).is_err());
        let good = RepoPath::new("Tenant_1", "proj-X", "web.app").unwrap();
        assert_eq!(
            good.git_dir(Path::new("/r")),
            Path::new("/r/Tenant_1/proj-X/web.app.git")
        );
    }

    #[test]
    fn branch_names_agree_with_git_check_ref_format() {
        let names = [
            "main",
            "feature/x",
            "a/b/c",
            "ünïcode/日本",
            "a.b",
            "a@b",
            "a-",
            "x{y}",
            "a.locks",
            "",
            "-a",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a..b",
            "a b",
            "a~b",
            "a^b",
            "a:b",
            "a?b",
            "a*b",
            "a[b",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            "a.",
            "a@{b",
            "a\u{7f}b",
            "a\tb",
            "HEAD",
        ];
        for name in names {
            let status = std::process::Command::new("git")
                .args(["check-ref-format", "--branch", name])
                .current_dir("/")
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status()
                .unwrap();
            assert_eq!(BranchName::new(name).is_ok(), status.success(), "{name:?}");
        }
        // Git takes `@` here as a short form of HEAD.
        assert!(BranchName::new("@").is_err());
        assert!(BranchName::new(&"a".repeat(40)).is_err());
    }

    #[test]
    fn object_ids_read_and_write_as_text() {
        let text = "4B825DC642CB6EB9A060E54BF8D69288FBEE4904";
        let oid: Oid = text.parse().unwrap();
        assert_eq!(oid.to_string(), text.to_lowercase());
        assert_eq!(serde_json::to_string(&oid).unwrap(), format!("\"{oid}\""));
        assert!("4b825dc".parse::<Oid>().is_err());
        assert!("z".repeat(40).parse::<Oid>().is_err());
    }
}
