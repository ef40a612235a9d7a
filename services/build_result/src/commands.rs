//! Validated inputs.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::{ContentDigest, text_enum};
use sluice_schema::RepositoryId;

use crate::{BuildResultError, BuildStatus};

text_enum! {
    /// Format of a report.
    ResultFormat {
        /// JUnit XML.
        Junit = "JUNIT",
        /// Visual Studio test results.
        Trx = "TRX",
        /// Cobertura coverage.
        Cobertura = "COBERTURA",
    }
}

/// A report handed over with the command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlineResult {
    /// Its format.
    pub format: ResultFormat,
    /// Name for people, up to 500 characters.
    pub path: String,
    /// The report itself.
    pub content: String,
}

/// An artifact that the external CI keeps.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalArtifact {
    /// Name in the build.
    pub name: String,
    /// Path of the file inside the artifact.
    pub path: String,
    /// Where it is: an absolute http(s) URI.
    pub uri: String,
    /// `sha256:<hex>` of the content.
    pub digest: ContentDigest,
    /// Bytes.
    pub size: u64,
}

/// Records the result of a build that an external CI ran.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordBuildResult {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The CI's own name of the build, unique in the repository.
    pub external_key: String,
    /// Branch of the commit.
    pub branch: String,
    /// The commit that was built, 40 hex digits.
    pub commit_sha: String,
    /// How it ended.
    pub status: BuildStatus,
    /// One line that says why, when it did not succeed.
    pub reason: Option<String>,
    /// The CI's page of the build: an absolute http(s) URI.
    pub url: Option<String>,
    /// Reports, up to 50.
    #[serde(default)]
    pub results: Vec<InlineResult>,
    /// Artifacts, up to 1,000.
    #[serde(default)]
    pub artifacts: Vec<ExternalArtifact>,
    /// When the build began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

fn is_text(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn is_link(text: &str) -> bool {
    let scheme = text.starts_with("https://") || text.starts_with("http://");
    let after = text.split_once("://").map_or("", |(_, after)| after);
    let authority = after
        .split(['/', '?', '#', '\\'])
        .next()
        .unwrap_or_default();
    // A password in an address would be shown to every reader and told in events.
    let plain = !authority.is_empty() && !authority.contains('@');
    scheme && plain && is_text(text, 2_000) && !text.contains(' ')
}

impl RecordBuildResult {
    pub(crate) fn validate(&self) -> Result<(), BuildResultError> {
        let refuse = |field: &str, rule: &str| {
            Err(BuildResultError::invalid(field, format!("{field} {rule}")))
        };
        if !is_text(&self.external_key, 200) {
            return refuse(
                "externalKey",
                "must be 1 to 200 characters without control characters",
            );
        }
        if !is_text(&self.branch, 250) {
            return refuse(
                "branch",
                "must be 1 to 250 characters without control characters",
            );
        }
        let is_sha = self.commit_sha.len() == 40
            && self
                .commit_sha
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_sha {
            return refuse("commitSha", "must be 40 lower-case hex digits");
        }
        if self
            .reason
            .as_ref()
            .is_some_and(|reason| !is_text(reason, 1_000))
        {
            return refuse("reason", "must be one line of 1 to 1,000 characters");
        }
        if self.url.as_ref().is_some_and(|url| !is_link(url)) {
            return refuse(
                "url",
                "must be an absolute http or https URI without user or password",
            );
        }
        if self
            .started_at
            .is_some_and(|start| start > self.finished_at)
        {
            return refuse("startedAt", "must not be after finishedAt");
        }
        self.validate_lists()
    }

    fn validate_lists(&self) -> Result<(), BuildResultError> {
        if self.results.len() > 50 {
            return Err(BuildResultError::invalid(
                "results",
                "results must be at most 50",
            ));
        }
        if self.artifacts.len() > 1_000 {
            return Err(BuildResultError::invalid(
                "artifacts",
                "artifacts must be at most 1,000",
            ));
        }
        for (index, result) in self.results.iter().enumerate() {
            if !is_text(&result.path, 500) {
                let rule = "path must be 1 to 500 characters without control characters";
                return Err(BuildResultError::invalid(
                    format!("results[{index}].path"),
                    rule,
                ));
            }
        }
        for (index, artifact) in self.artifacts.iter().enumerate() {
            if !is_text(&artifact.name, 200) || !is_text(&artifact.path, 1_000) {
                let rule = "name and path must be text without control characters";
                return Err(BuildResultError::invalid(
                    format!("artifacts[{index}]"),
                    rule,
                ));
            }
            if !is_link(&artifact.uri) {
                let rule = "uri must be an absolute http or https URI without user or password";
                return Err(BuildResultError::invalid(
                    format!("artifacts[{index}].uri"),
                    rule,
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn run_key(&self) -> String {
        format!("external:{}:{}", self.repository_id, self.external_key)
    }

    pub(crate) fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(ContentDigest::of(serde_json::to_vec(self)?).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_http_and_carry_no_password() {
        for good in [
            "https://ci.example/42",
            "http://[::1]:8080",
            "https://h/a@b?c=@",
        ] {
            assert!(is_link(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://u:p@h/x",
            "https://token@h",
            "https://h x",
            "ftp://h/x",
            "https://h/\n",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
