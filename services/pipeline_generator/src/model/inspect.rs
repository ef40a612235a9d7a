//! From a commit's `module.yaml` to a pipeline, or to what is wrong.

use bytes::Bytes;
use sluice_kernel::ContentDigest;
use sluice_schema::events::ModuleDescription;

use crate::{
    azure::{self, GenerateOptions},
    module_yaml::{self, Finding, Module, Parsed, Severity, Stage},
};

/// What the Git host has at the place of `module.yaml`.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    File(Bytes),
    Missing,
    TooLarge,
}

/// A pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Generated {
    pub(crate) module: Module,
    pub(crate) yaml: String,
    pub(crate) content_digest: String,
    pub(crate) warnings: Vec<Finding>,
}

/// No pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) module_digest: Option<String>,
    pub(crate) content_digest: String,
    pub(crate) findings: Vec<Finding>,
}

/// What a `module.yaml` would lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Lint {
    /// Everything found, in the order of the file; valid when none is an error.
    pub findings: Vec<Finding>,
    /// The module, when valid.
    pub module: Option<Module>,
    /// The stages that its pipeline has, in order.
    pub stages: Vec<Stage>,
    /// The pipeline's YAML, when valid.
    pub yaml: Option<String>,
}

pub(crate) fn inspect(
    reading: &Reading,
    commit_sha: &str,
    default_branch: &str,
) -> Result<Generated, Refused> {
    let bytes = match reading {
        Reading::File(bytes) => bytes,
        Reading::Missing => return Err(without_file(commit_sha, "module-yaml-missing", MISSING)),
        Reading::TooLarge => {
            let limit = module_yaml::MAX_BYTES;
            let message = format!("the file has more than {limit} bytes");
            return Err(without_file(commit_sha, "too-large", &message));
        }
    };
    let refused = |findings| {
        let digest = ContentDigest::of(bytes).to_string();
        Refused {
            module_digest: Some(digest.clone()),
            content_digest: digest,
            findings,
        }
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| refused(vec![not_utf8(bytes, error.valid_up_to())]))?;
    let Parsed { module, warnings } = module_yaml::parse(text).map_err(refused)?;
    let yaml = generate(&module, default_branch);
    Ok(Generated {
        content_digest: ContentDigest::of(&yaml).to_string(),
        module,
        yaml,
        warnings,
    })
}

impl Lint {
    /// The module as other services are told of it, when valid.
    pub fn description(&self) -> Option<ModuleDescription> {
        self.module.as_ref().map(described)
    }
}

/// A module as other services are told of it.
pub(crate) fn described(module: &Module) -> ModuleDescription {
    ModuleDescription {
        id: module.id.clone(),
        name: module.name.clone(),
        kind: module.kind.as_str().to_owned(),
        stack: module.stack.as_str().to_owned(),
        version: module.version.to_string(),
        package: azure::package_of(module),
        image: azure::image_of(module),
        ports: module.ports.clone(),
        health: module.health.clone(),
        configuration: module.configuration.clone(),
    }
}

pub(crate) fn lint(text: &str, default_branch: &str) -> Lint {
    match module_yaml::parse(text) {
        Ok(Parsed { module, warnings }) => Lint {
            findings: warnings,
            stages: azure::stages(&module),
            yaml: Some(generate(&module, default_branch)),
            module: Some(module),
        },
        Err(findings) => Lint {
            findings,
            module: None,
            stages: Vec::new(),
            yaml: None,
        },
    }
}

fn generate(module: &Module, default_branch: &str) -> String {
    let default_branch = default_branch.to_owned();
    azure::generate(module, &GenerateOptions { default_branch })
}

const MISSING: &str = "the commit has no module.yaml at its root";

fn without_file(commit_sha: &str, rule: &str, message: &str) -> Refused {
    Refused {
        module_digest: None,
        content_digest: ContentDigest::of(format!("commit {commit_sha}")).to_string(),
        findings: vec![error(1, rule, message)],
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> Finding {
    let before = bytes.iter().take(valid);
    let lines = before.filter(|byte| **byte == b'\n').count();
    let line = u32::try_from(lines + 1).unwrap_or(u32::MAX);
    error(line, "not-utf8", "the file must be UTF-8 text")
}

fn error(line: u32, rule: &str, message: &str) -> Finding {
    Finding {
        file: module_yaml::FILE.to_owned(),
        line,
        column: 1,
        rule: rule.to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789012345678901234567890123456789";

    fn refused(reading: &Reading) -> Refused {
        inspect(reading, SHA, "main").unwrap_err()
    }

    #[test]
    fn a_missing_file_is_keyed_by_its_commit() {
        let missing = refused(&Reading::Missing);
        assert_eq!(missing.findings[0].rule, "module-yaml-missing");
        assert_eq!(missing.module_digest, None);
        let other = inspect(&Reading::Missing, &SHA.replace('0', "f"), "main").unwrap_err();
        assert_ne!(missing.content_digest, other.content_digest);
        assert_eq!(refused(&Reading::TooLarge).findings[0].rule, "too-large");
    }

    #[test]
    fn a_wrong_file_is_keyed_by_its_content() {
        let wrong = refused(&Reading::File("id: x\n".into()));
        assert_eq!(
            wrong.content_digest,
            ContentDigest::of("id: x\n").to_string()
        );
        assert!(!wrong.findings.is_empty());
        let binary = refused(&Reading::File(Bytes::from_static(b"id: x\n\xff")));
        assert_eq!(binary.findings[0].rule, "not-utf8");
        assert_eq!(binary.findings[0].line, 2);
    }

    #[test]
    fn linting_shows_the_pipeline_or_everything_wrong() {
        let good = lint("id: a\nkind: worker\nstack: node\n", "trunk");
        assert!(good.yaml.unwrap().contains("\"trunk\""));
        assert_eq!(good.stages.len(), 5);
        let bad = lint("id: A\nkind: x\n", "main");
        assert!(bad.yaml.is_none() && bad.findings.len() >= 3);
    }
}
