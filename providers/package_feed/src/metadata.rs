//! What a package says about itself.

use crate::error::{PackageFeedError, Result};
use crate::id::PackageId;
use crate::limits::Limits;
use crate::range::VersionRange;
use crate::version::PackageVersion;

/// The description of a package, as its `.nuspec` holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageMetadata {
    /// The id.
    pub id: PackageId,
    /// The version.
    pub version: PackageVersion,
    /// A name for people; at most 256 characters.
    pub title: Option<String>,
    /// What it is; at most 4,000 characters.
    pub description: String,
    /// Who made it, without commas; together at most 4,000 characters.
    pub authors: Vec<String>,
    /// Words to find it by, without blanks; together at most 4,000 characters.
    pub tags: Vec<String>,
    /// Where its sources are.
    pub repository: Option<SourceRepository>,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
    /// What is new; at most 35,000 characters.
    pub release_notes: Option<String>,
    /// Its page; at most 2,000 characters.
    pub project_url: Option<String>,
    /// Its licence as an SPDX expression; at most 500 characters.
    pub license: Option<String>,
}

/// Where the sources of a package are. Each part has at most 2,000 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRepository {
    /// The kind, `git`.
    pub kind: String,
    /// The address to clone from.
    pub url: String,
    /// The branch it was built from.
    pub branch: Option<String>,
    /// The commit it was built from.
    pub commit: Option<String>,
}

/// Another package that a package needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The package.
    pub id: PackageId,
    /// The versions that will do; `None` for any.
    pub range: Option<VersionRange>,
    /// The framework (`net8.0`, `.NETStandard2.0`) that it is needed for; `None` for all.
    pub target_framework: Option<String>,
}

impl PackageMetadata {
    /// A description with nothing but what every package has.
    #[must_use]
    pub fn new(id: PackageId, version: PackageVersion) -> Self {
        Self {
            id,
            version,
            title: None,
            description: String::new(),
            authors: Vec::new(),
            tags: Vec::new(),
            repository: None,
            dependencies: Vec::new(),
            release_notes: None,
            project_url: None,
            license: None,
        }
    }

    /// The description with blanks trimmed, line ends unified and empty parts left out, so that
    /// what is read from a package equals what it was made from.
    ///
    /// # Errors
    /// [`PackageFeedError::Invalid`] names the part that is too long or holds a character that XML
    /// cannot; [`PackageFeedError::TooLarge`] when there are too many dependencies.
    pub fn normalized(mut self, limits: &Limits) -> Result<Self> {
        self.title = optional("title", self.title, 256)?;
        self.description = text("description", &self.description, 4_000)?;
        self.release_notes = optional("releaseNotes", self.release_notes, 35_000)?;
        self.project_url = optional("projectUrl", self.project_url, 2_000)?;
        self.license = optional("license", self.license, 500)?;
        self.authors = list("authors", self.authors, |c| c == ',' || c == ';')?;
        self.tags = list("tags", self.tags, |c| {
            c.is_whitespace() || c == ',' || c == ';'
        })?;
        if let Some(repository) = &mut self.repository {
            repository.kind = text("repository.type", &repository.kind, 100)?;
            repository.url = text("repository.url", &repository.url, 2_000)?;
            repository.branch = optional("repository.branch", repository.branch.take(), 2_000)?;
            repository.commit = optional("repository.commit", repository.commit.take(), 100)?;
        }
        self.repository = self
            .repository
            .filter(|r| *r != SourceRepository::default());
        if self.dependencies.len() > limits.max_dependencies {
            let max = limits.max_dependencies as u64;
            return Err(PackageFeedError::too_large("number of dependencies", max));
        }
        for (index, dependency) in self.dependencies.iter_mut().enumerate() {
            let field = format!("dependencies[{index}].targetFramework");
            dependency.target_framework =
                optional(&field, dependency.target_framework.take(), 100)?;
        }
        // Groups in the order of their frameworks: the order of a reader, whatever the writer's.
        self.dependencies
            .sort_by(|a, b| a.target_framework.cmp(&b.target_framework));
        Ok(self)
    }
}

fn optional(field: &str, value: Option<String>, max: usize) -> Result<Option<String>> {
    let value = value.map(|value| text(field, &value, max)).transpose()?;
    Ok(value.filter(|value| !value.is_empty()))
}

fn text(field: &str, value: &str, max: usize) -> Result<String> {
    let value = value.replace("\r\n", "\n").replace('\r', "\n");
    let value = value.trim();
    let forbidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if value.chars().any(forbidden) {
        return Err(PackageFeedError::invalid(
            field,
            value,
            "it holds a control character",
        ));
    }
    if value.chars().count() > max {
        return Err(PackageFeedError::invalid(
            field,
            value,
            "it is longer than the feed takes",
        ));
    }
    Ok(value.to_owned())
}

fn list(field: &str, values: Vec<String>, separator: fn(char) -> bool) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        let value = text(field, &value, 4_000)?;
        if value.contains(separator) {
            return Err(PackageFeedError::invalid(
                field,
                &value,
                "it holds a character that separates entries",
            ));
        }
        if !value.is_empty() && !kept.contains(&value) {
            kept.push(value);
        }
    }
    text(field, &kept.join(" "), 4_000)?;
    Ok(kept)
}
