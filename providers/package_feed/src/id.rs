//! The names of packages and feeds.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use sluice_schema::{ProjectId, TenantId};

use crate::error::PackageFeedError;

/// A feed: each project of a tenant has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeedName {
    /// The tenant that owns the feed.
    pub tenant: TenantId,
    /// The project whose feed it is.
    pub project: ProjectId,
}

impl fmt::Display for FeedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.project)
    }
}

/// The id of a package: words of ASCII letters, digits and `_`, joined by single `.` or `-`, at
/// most 100 characters. Two ids that differ in case only are one id.
#[derive(Clone)]
pub struct PackageId {
    text: String,
    lower: String,
}

impl PackageId {
    /// The id as its publisher writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id in lower case, as it stands in paths and URLs.
    #[must_use]
    pub fn lower(&self) -> &str {
        &self.lower
    }
}

impl FromStr for PackageId {
    type Err = PackageFeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word =
            |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if text.len() > 100 {
            let rule = "it is longer than 100 characters";
            return Err(PackageFeedError::invalid("id", text, rule));
        }
        if !text.split(['.', '-']).all(word) {
            let rule = "it must be words of letters, digits and '_', joined by single '.' or '-'";
            return Err(PackageFeedError::invalid("id", text, rule));
        }
        Ok(Self {
            text: text.to_owned(),
            lower: text.to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for PackageId {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for PackageId {}

impl Hash for PackageId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lower.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_leave_a_folder_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a.",
            "a/b",
            "a\\b",
            "a b",
            "-a",
            "é",
            "a\0",
            &"a".repeat(101),
        ] {
            assert!(bad.parse::<PackageId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_that_differ_in_case_are_one() {
        let one: PackageId = "Acme.Web-UI_2".parse().unwrap();
        assert_eq!(one, "acme.web-ui_2".parse().unwrap());
        assert_eq!(one.to_string(), "Acme.Web-UI_2");
    }
}
