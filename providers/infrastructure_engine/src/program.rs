//! `infra.yaml`: what a module needs around it.
//!
//! [`parse`] checks everything and reports all findings at once, each with its line. All references
//! are resolved while reading, because every output of a local resource follows from its inputs.
//!
//! ```yaml
//! variables:                       # text by name, with a value for all environments
//!   level: info
//! environments:                    # other values for some environments
//!   dev: {level: debug}
//! resources:
//!   data: {kind: directory, path: data, mode: "0750", protect: true}
//!   settings:
//!     kind: file
//!     path: ${data.path}/app.conf
//!     content: |
//!       level=${var.level}
//!       environment=${environment}
//!       log=${config.LOG_LEVEL}
//!   token: {kind: file, content: {secretRef: API_TOKEN}}
//!   motd:  {kind: file, source: infra/motd.txt, dependsOn: [settings]}
//!   db:    {kind: sqliteDatabase, path: data/app.sqlite, schemaFile: infra/schema.sql}
//!   repo:  {kind: gitRepository, path: config.git, defaultBranch: main}
//!   orders: {kind: postgresDatabase, environments: [staging, prod]}
//!   cache: {kind: redisNamespace}
//!   ns:
//!     kind: kubernetesNamespace
//!     labels: {team: web}
//!     quota: {requests.cpu: 500m, limits.memory: 1Gi, pods: 10}
//! outputs:
//!   database: ${db.path}
//! ```

mod findings;
mod order;
mod properties;
mod resources;
pub(crate) mod rules;
mod scope;
mod sql;
mod template;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::json;
use sluice_schema::Finding;

use crate::spec::{Resource, plain_digest};
use crate::stack::StackId;

pub(crate) use order::topological;
pub(crate) use resources::within;

use findings::Findings;
use scope::Scope;

/// The file's name, at the root of the repository.
pub const FILE: &str = "infra.yaml";

/// Largest file taken, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;

/// Most resources of one program.
pub const MAX_RESOURCES: usize = 500;

/// Largest content of one resource, in bytes.
pub const MAX_CONTENT_BYTES: usize = 1024 * 1024;

/// What a program is read with.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts {
    /// The stack that it is for.
    pub stack: StackId,
    /// Files of the repository by path, among them those of [`Requirements::files`] that exist.
    pub files: BTreeMap<String, Bytes>,
    /// Settings of the module in the environment, which `${config.NAME}` refers to.
    pub settings: BTreeMap<String, String>,
    /// Values of secrets by name, among them those of [`Requirements::secrets`] that are known.
    pub secrets: BTreeMap<String, String>,
}

/// What a program refers to outside of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Paths of files in the repository; valid relative paths.
    pub files: BTreeSet<String>,
    /// Names of secrets.
    pub secrets: BTreeSet<String>,
}

/// A valid program for one stack, all references resolved. Holds secrets, so it is not serialised
/// and its secrets are not printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `sha256:` and the hex digest of everything that it declares, values of secrets excepted.
    pub digest: String,
    /// The stack that it was read for.
    pub stack: StackId,
    /// The resources, each after those that it depends on.
    pub resources: Vec<Resource>,
    /// The outputs by name.
    pub outputs: BTreeMap<String, String>,
}

/// Reads `infra.yaml`.
///
/// # Errors
/// All findings, in the order of the file. After 200 the rest is left out.
pub fn parse(text: &str, facts: &Facts) -> Result<Program, Vec<Finding>> {
    let mut findings = Findings::default();
    let mut scope = Scope::new(facts);
    let read = read(text, &mut scope, &mut findings);
    let list = findings.finish();
    match read {
        Some((resources, outputs)) if list.is_empty() => Ok(Program {
            digest: digest(facts, &resources, &outputs),
            stack: facts.stack.clone(),
            resources,
            outputs,
        }),
        _ => Err(list),
    }
}

/// Tells which files and secrets `infra.yaml` needs, as far as it can be read; [`parse`] tells what
/// is wrong with it.
#[must_use]
pub fn requirements(
    text: &str,
    stack: &StackId,
    settings: &BTreeMap<String, String>,
) -> Requirements {
    let facts = Facts {
        stack: stack.clone(),
        files: BTreeMap::new(),
        settings: settings.clone(),
        secrets: BTreeMap::new(),
    };
    let mut scope = Scope::new(&facts);
    read(text, &mut scope, &mut Findings::default());
    scope.requirements
}

type Read = (Vec<Resource>, BTreeMap<String, String>);

fn read(text: &str, scope: &mut Scope<'_>, findings: &mut Findings) -> Option<Read> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes; at most {MAX_BYTES} are read",
            text.len()
        );
        findings.add(1, "too-large", message);
        return None;
    }
    let root = tree::read(text, findings)?;
    let sections = findings.map(&root, "the file");
    let known = ["variables", "environments", "resources", "outputs"];
    findings.known_keys(sections, &known, "");
    let section = |key: &str| sections.iter().find(|entry| entry.key == key);
    scope.read_variables(section("variables"), section("environments"), findings);
    let resources = match section("resources") {
        Some(entry) => resources::read(entry, scope, findings),
        None => {
            findings.add(1, "missing-key", "resources is required");
            Vec::new()
        }
    };
    let outputs = section("outputs").map(|entry| scope.read_outputs(entry, findings));
    Some((resources, outputs.unwrap_or_default()))
}

fn digest(facts: &Facts, resources: &[Resource], outputs: &BTreeMap<String, String>) -> String {
    let resources: Vec<_> = resources
        .iter()
        .map(|resource| {
            let content = resource
                .content
                .as_ref()
                .map(|content| match content.secret {
                    true => "secret".to_owned(),
                    false => plain_digest(&content.bytes),
                });
            json!({
                "name": resource.name,
                "kind": resource.kind,
                "properties": resource.properties,
                "content": content,
                "dependsOn": resource.depends_on,
                "protect": resource.protect,
            })
        })
        .collect();
    let whole = json!({ "stack": facts.stack, "resources": resources, "outputs": outputs });
    plain_digest(whole.to_string().as_bytes())
}
