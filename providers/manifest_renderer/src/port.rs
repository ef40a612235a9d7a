//! The port, and the renderer that works in the process.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::check;
use crate::digest::digest;
use crate::error::{RenderError, Result};
use crate::facts::ModuleFacts;
use crate::limits::Limits;
use crate::object::{Object, to_yaml};
use crate::{base, kustomize};

/// Text files by path; paths are relative, `/`-separated, without `.` and `..`.
pub type Files = BTreeMap<String, String>;

/// Objects of one build.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The objects, in the order in which they are to be applied.
    pub objects: Vec<Object>,
    /// All of them as one YAML stream.
    pub yaml: String,
    /// `sha256:` and the hex digest of `yaml`: equal content has equal digests.
    pub digest: String,
}

/// Makes Kubernetes manifests. All operations give the same bytes for the same input.
#[async_trait]
pub trait ManifestRenderer: Send + Sync {
    /// The base of a module: a directory with `kustomization.yaml` and one file per object.
    ///
    /// # Errors
    /// `InvalidFact` naming the fact; `NothingToDeploy` for a module without an image and configuration.
    async fn base(&self, facts: &ModuleFacts) -> Result<Files>;

    /// Builds the directory `root` of `files` (empty for the top) as `kubectl kustomize` does, and checks
    /// the outcome against the rules of Kubernetes.
    ///
    /// # Errors
    /// Typed by what is wrong in which file; `InvalidObjects` with all findings when the outcome breaks
    /// rules.
    async fn build(&self, files: &Files, root: &str) -> Result<Rendered>;
}

/// Renders in the process, with no program beside it.
#[derive(Debug, Clone, Default)]
pub struct LocalRenderer {
    limits: Limits,
}

impl LocalRenderer {
    /// A renderer with bounds of its own.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

#[async_trait]
impl ManifestRenderer for LocalRenderer {
    async fn base(&self, facts: &ModuleFacts) -> Result<Files> {
        base::files(facts)
    }

    async fn build(&self, files: &Files, root: &str) -> Result<Rendered> {
        let objects = kustomize::build(files, root, &self.limits)?;
        let findings = check::check(&objects);
        if !findings.is_empty() {
            return Err(RenderError::InvalidObjects(findings));
        }
        let yaml = to_yaml(&objects);
        if yaml.len() > self.limits.output_bytes {
            return Err(RenderError::TooLarge {
                what: "the bytes of the rendered YAML".to_owned(),
                limit: self.limits.output_bytes,
            });
        }
        Ok(Rendered {
            digest: digest(&objects),
            objects,
            yaml,
        })
    }
}
