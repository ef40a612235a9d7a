//! Validated inputs.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use sluice_kernel::ContentDigest;
use sluice_schema::{BuildId, ReleaseId};

use crate::{ReleaseError, error::build_field, model::version};

/// Plans a release of successful builds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRelease {
    /// The builds, 1 to 50, of distinct modules of one project.
    pub build_ids: Vec<BuildId>,
    /// Semantic version, greater than the last approved one; proposed from the modules and the
    /// commits since the release before when absent.
    pub version: Option<String>,
    /// What the planner says about it, up to 20,000 characters; the commits are listed anyway.
    pub notes: Option<String>,
}

/// Lets a release go on.
#[derive(Debug, Clone)]
pub struct ApproveRelease {
    /// The release.
    pub release_id: ReleaseId,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// Refuse when the release covers something else than this digest.
    pub content_digest: Option<String>,
}

/// Ends a release by veto.
#[derive(Debug, Clone)]
pub struct RejectRelease {
    /// The release.
    pub release_id: ReleaseId,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// Gives a release up.
#[derive(Debug, Clone)]
pub struct CancelRelease {
    /// The release.
    pub release_id: ReleaseId,
    /// Why, up to 500 characters.
    pub reason: Option<String>,
}

const MAX_BUILDS: usize = 50;
const MAX_NOTES: usize = 20_000;
const MAX_REASON: usize = 500;

impl PlanRelease {
    /// Checks the input; the version, when one is given.
    pub(crate) fn validate(&self) -> Result<Option<Version>, ReleaseError> {
        if !(1..=MAX_BUILDS).contains(&self.build_ids.len()) {
            let rule = format!("buildIds must be 1 to {MAX_BUILDS} builds");
            return Err(ReleaseError::invalid("buildIds", rule));
        }
        let mut seen = BTreeSet::new();
        for (index, id) in self.build_ids.iter().enumerate() {
            if !seen.insert(id) {
                let rule = format!("buildIds names {id} twice");
                return Err(ReleaseError::invalid(build_field(index), rule));
            }
        }
        check_text("notes", self.notes.as_deref(), MAX_NOTES)?;
        let version = self.version.as_deref().map(version::parse).transpose();
        version.map_err(|rule| ReleaseError::invalid("version", format!("version {rule}")))
    }
}

impl ApproveRelease {
    pub(crate) fn validate(&self) -> Result<(), ReleaseError> {
        check_reason(&self.reason)?;
        let digest = self.content_digest.as_deref();
        match digest.map(str::parse::<ContentDigest>).transpose() {
            Ok(_) => Ok(()),
            Err(error) => {
                let rule = format!("contentDigest is {error}");
                Err(ReleaseError::invalid("contentDigest", rule))
            }
        }
    }
}

impl RejectRelease {
    pub(crate) fn validate(&self) -> Result<(), ReleaseError> {
        check_reason(&self.reason)
    }
}

impl CancelRelease {
    pub(crate) fn validate(&self) -> Result<(), ReleaseError> {
        check_text("reason", self.reason.as_deref(), MAX_REASON)
    }
}

fn check_reason(reason: &str) -> Result<(), ReleaseError> {
    if reason.trim().is_empty() {
        let rule = format!("reason must have 1 to {MAX_REASON} characters, not only blanks");
        return Err(ReleaseError::invalid("reason", rule));
    }
    check_text("reason", Some(reason), MAX_REASON)
}

fn check_text(field: &'static str, text: Option<&str>, max: usize) -> Result<(), ReleaseError> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > max {
        let rule = format!("{field} must have at most {max} characters");
        return Err(ReleaseError::invalid(field, rule));
    }
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(is_odd) {
        let rule = format!("{field} must hold no control characters but line ends and tabs");
        return Err(ReleaseError::invalid(field, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sluice_schema::{Fault, TypedId};

    use super::*;

    fn field_of(change: impl FnOnce(&mut PlanRelease)) -> Option<String> {
        let mut command = PlanRelease {
            build_ids: vec![BuildId::generate()],
            version: Some("1.0.0".into()),
            notes: None,
        };
        change(&mut command);
        command.validate().err().and_then(|error| error.field())
    }

    #[test]
    fn a_plan_that_breaks_a_rule_names_its_field() {
        assert_eq!(field_of(|_| {}), None);
        let field = |name: &str| Some(name.to_owned());
        assert_eq!(field_of(|it| it.build_ids.clear()), field("buildIds"));
        let twice = |it: &mut PlanRelease| it.build_ids.push(it.build_ids[0]);
        assert_eq!(field_of(twice), field("buildIds[1]"));
        let many = |it: &mut PlanRelease| {
            it.build_ids = (0..51).map(|_| BuildId::generate()).collect();
        };
        assert_eq!(field_of(many), field("buildIds"));
        let version = |it: &mut PlanRelease| it.version = Some("v1".into());
        assert_eq!(field_of(version), field("version"));
        let notes = |it: &mut PlanRelease| it.notes = Some("x".repeat(20_001));
        assert_eq!(field_of(notes), field("notes"));
        let nul = |it: &mut PlanRelease| it.notes = Some("a\0b".into());
        assert_eq!(field_of(nul), field("notes"));
    }

    #[test]
    fn an_approval_gives_a_reason_and_a_digest_in_its_form() {
        let field = |reason: &str, digest: Option<&str>| {
            let command = ApproveRelease {
                release_id: ReleaseId::generate(),
                reason: reason.to_owned(),
                content_digest: digest.map(ToOwned::to_owned),
            };
            command.validate().err().and_then(|error| error.field())
        };
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(field("fine", Some(&digest)), None);
        assert_eq!(field(" ", None).as_deref(), Some("reason"));
        let long = "x".repeat(501);
        assert_eq!(field(&long, None).as_deref(), Some("reason"));
        let odd = field("fine", Some("latest"));
        assert_eq!(odd.as_deref(), Some("contentDigest"));
    }
}
