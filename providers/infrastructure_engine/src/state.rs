//! The state of a stack, in the shape of Pulumi's exports.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::Operation;
use crate::spec::{Kind, Properties, plain_digest};
use crate::stack::{STACK_TYPE, StackId};

/// A whole state: what `export` gives and what is kept on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of the shape: 3.
    pub version: u32,
    /// What is there.
    pub deployment: Deployment,
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// When and by what it was written.
    pub manifest: Manifest,
    /// The stack, then the resources, each after those that it depends on.
    #[serde(default)]
    pub resources: Vec<StateResource>,
    /// Operations of which it is not known whether they happened.
    #[serde(default)]
    pub pending_operations: Vec<PendingOperation>,
    /// What this engine adds.
    #[serde(default)]
    pub metadata: Metadata,
}

/// When and by what a state was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// When.
    pub time: DateTime<Utc>,
    /// SHA-256 of the version, hex.
    pub magic: String,
    /// Version of the engine.
    pub version: String,
}

/// One resource as it was last known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateResource {
    /// Its URN.
    pub urn: String,
    /// False for the stack itself.
    pub custom: bool,
    /// Where it is: a path, a database or a namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The type token of its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its properties; secrets by their marker and a keyed digest.
    #[serde(default)]
    pub inputs: Properties,
    /// What others may refer to.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
    /// URN of the stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether it is never deleted or replaced.
    #[serde(default)]
    pub protect: bool,
    /// Whether it was replaced and only remains to be deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
    /// URNs of what must exist before it.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<DateTime<Utc>>,
}

impl StateResource {
    /// What it is; None for the stack and for types that this engine does not know.
    #[must_use]
    pub fn known_kind(&self) -> Option<Kind> {
        Kind::of_type(&self.kind)
    }

    /// Its name in the program.
    #[must_use]
    pub fn name(&self) -> &str {
        name_of(&self.urn)
    }
}

/// The name at the end of a URN.
pub(crate) fn name_of(urn: &str) -> &str {
    urn.rsplit("::").next().unwrap_or(urn)
}

/// An operation of which it is not known whether it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingOperation {
    /// The resource as it was to become, or was.
    pub resource: StateResource,
    /// `creating`, `updating` or `deleting`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What this engine adds to the shape.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Grows with every change; 0 when nothing was ever applied.
    #[serde(default)]
    pub serial: u64,
    /// Digest of the program that was last applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_digest: Option<String>,
    /// The plan that was last applied to its end, well or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_applied: Option<LastApplied>,
    /// Identity of the journal that was last folded into this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
}

/// How the last plan ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastApplied {
    /// Digest of the plan.
    pub plan_digest: String,
    /// What it did.
    pub operation: Operation,
    /// What came of it.
    pub outcome: crate::port::Outcome,
}

impl State {
    /// The state of a stack to which nothing was ever applied.
    #[must_use]
    pub fn empty(now: DateTime<Utc>) -> Self {
        let version = concat!("v", env!("CARGO_PKG_VERSION")).to_owned();
        let magic = plain_digest(version.as_bytes()).replace("sha256:", "");
        Self {
            version: 3,
            deployment: Deployment {
                manifest: Manifest {
                    time: now,
                    magic,
                    version,
                },
                resources: Vec::new(),
                pending_operations: Vec::new(),
                metadata: Metadata::default(),
            },
        }
    }

    /// Grows with every change; 0 when nothing was ever applied.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.deployment.metadata.serial
    }

    /// The resources without the stack itself, each after those that it depends on.
    pub fn resources(&self) -> impl DoubleEndedIterator<Item = &StateResource> {
        self.deployment.resources.iter().filter(|one| one.custom)
    }

    /// The outputs of the program that was last applied.
    #[must_use]
    pub fn outputs(&self) -> BTreeMap<String, String> {
        let stack = self.deployment.resources.iter().find(|one| !one.custom);
        stack.map(|stack| stack.outputs.clone()).unwrap_or_default()
    }

    /// The resource of a URN; what was replaced is left out.
    #[must_use]
    pub fn find(&self, urn: &str) -> Option<&StateResource> {
        self.resources().find(|one| one.urn == urn && !one.delete)
    }

    /// Puts the resources in, with the stack before them.
    pub(crate) fn set_resources(
        &mut self,
        stack: &StackId,
        resources: Vec<StateResource>,
        outputs: BTreeMap<String, String>,
    ) {
        let root = StateResource {
            urn: stack.root_urn(),
            custom: false,
            id: None,
            kind: STACK_TYPE.to_owned(),
            inputs: Properties::new(),
            outputs,
            parent: None,
            protect: false,
            delete: false,
            dependencies: Vec::new(),
            created: None,
            modified: None,
        };
        let root = (!resources.is_empty() || !root.outputs.is_empty()).then_some(root);
        self.deployment.resources = root.into_iter().chain(resources).collect();
    }

    /// Whether two states describe the same resources, however they came to be.
    #[must_use]
    pub fn same_resources(&self, other: &Self) -> bool {
        let plain = |state: &Self| -> Vec<Value> {
            let resources = state.deployment.resources.iter().cloned();
            resources
                .map(|one| {
                    let (created, modified) = (None, None);
                    serde_json::json!(StateResource {
                        created,
                        modified,
                        ..one
                    })
                })
                .collect()
        };
        plain(self) == plain(other)
    }
}
