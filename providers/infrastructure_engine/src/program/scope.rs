//! What references stand for.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::findings::{Findings, hint, quoted};
use super::template::{Part, parts};
use super::tree::{Entry, Node, Value};
use super::{Facts, MAX_CONTENT_BYTES, Requirements, rules};

const MAX_VARIABLES: usize = 500;

/// A text with its references resolved.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) text: String,
    /// Whether a secret is a part of it.
    pub(super) secret: bool,
}

/// Everything that a reference may name, and what was asked for.
#[derive(Debug)]
pub(super) struct Scope<'f> {
    facts: &'f Facts,
    pub(super) requirements: Requirements,
    /// None: its own finding stands already.
    variables: BTreeMap<String, Option<Text>>,
    /// Outputs of the resources read so far; None: its own finding stands already.
    resources: BTreeMap<String, Option<BTreeMap<String, String>>>,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts")
            .field("stack", &self.stack)
            .field("files", &self.files.keys())
            .field("settings", &self.settings)
            .field("secrets", &self.secrets.keys())
            .finish()
    }
}

impl<'f> Scope<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        Self {
            facts,
            requirements: Requirements::default(),
            variables: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    pub(super) fn facts(&self) -> &'f Facts {
        self.facts
    }

    /// Makes the outputs of a resource known.
    pub(super) fn define(&mut self, name: &str, outputs: Option<BTreeMap<String, String>>) {
        self.resources.insert(name.to_owned(), outputs);
    }

    pub(super) fn read_variables(
        &mut self,
        variables: Option<&Entry>,
        environments: Option<&Entry>,
        findings: &mut Findings,
    ) {
        let declared = variables
            .map(|entry| findings.map(&entry.node, "variables"))
            .unwrap_or_default();
        too_many(declared, MAX_VARIABLES, "variables", findings);
        let mut chosen: BTreeMap<&str, &Node> = BTreeMap::new();
        for entry in declared {
            named(entry, "variables", findings);
            chosen.insert(&entry.key, &entry.node);
        }
        let names: Vec<&str> = declared.iter().map(|entry| entry.key.as_str()).collect();
        let environments = environments
            .map(|entry| findings.map(&entry.node, "environments"))
            .unwrap_or_default();
        for environment in environments {
            let field = format!("environments.{}", quoted(&environment.key));
            let values = findings.map(&environment.node, &field);
            for value in values {
                if !names.contains(&value.key.as_str()) {
                    let shown = quoted(&value.key);
                    let hint = hint(&value.key, &names);
                    let message = format!("{field}: there is no variable {shown}{hint}");
                    findings.add(value.line, "unknown-variable", message);
                } else if environment.key == self.facts.stack.environment() {
                    chosen.insert(&value.key, &value.node);
                }
            }
        }
        // Variables see facts and secrets, not each other: no order to think about.
        for (name, node) in chosen {
            let value = self.value(node, &format!("variables.{name}"), findings);
            self.variables.insert(name.to_owned(), value);
        }
    }

    pub(super) fn read_outputs(
        &mut self,
        section: &Entry,
        findings: &mut Findings,
    ) -> BTreeMap<String, String> {
        let entries = findings.map(&section.node, "outputs");
        too_many(entries, MAX_VARIABLES, "outputs", findings);
        let mut outputs = BTreeMap::new();
        for entry in entries {
            named(entry, "outputs", findings);
            let field = format!("outputs.{}", quoted(&entry.key));
            if let Some(value) = self.plain(&entry.node, &field, findings) {
                outputs.insert(entry.key.clone(), value);
            }
        }
        outputs
    }

    /// Text that must not hold a secret.
    pub(super) fn plain(
        &mut self,
        node: &Node,
        field: &str,
        findings: &mut Findings,
    ) -> Option<String> {
        let value = self.value(node, field, findings)?;
        if value.secret {
            let message = format!("{field} is shown in plans and must not hold a secret");
            findings.add(node.line, "secret-shown", message);
            return None;
        }
        Some(value.text)
    }

    /// Text with references, or `{secretRef: NAME}`.
    pub(super) fn value(
        &mut self,
        node: &Node,
        field: &str,
        findings: &mut Findings,
    ) -> Option<Text> {
        if let Value::Map(entries) = &node.value {
            findings.known_keys(entries, &["secretRef"], &format!(" in {field}"));
            let Some(entry) = entries.iter().find(|entry| entry.key == "secretRef") else {
                let message = format!("{field} must be text or {{secretRef: NAME}}");
                findings.add(node.line, "wrong-type", message);
                return None;
            };
            let name = findings.text(&entry.node, field)?;
            return self.secret(name, entry.line, findings);
        }
        let text = findings.text(node, field)?;
        self.resolve(text, node.line, findings)
    }

    fn resolve(&mut self, text: &str, line: u32, findings: &mut Findings) -> Option<Text> {
        let parts = match parts(text) {
            Ok(parts) => parts,
            Err(message) => {
                findings.add(line, "bad-reference", message);
                return None;
            }
        };
        let mut whole = Some(Text::default());
        for part in parts {
            let piece = match part {
                Part::Literal(text) => Some(Text {
                    text,
                    secret: false,
                }),
                Part::Reference(name) => self.reference(&name, line, findings),
            };
            whole = whole.zip(piece).map(|(mut whole, piece)| {
                whole.text.push_str(&piece.text);
                whole.secret |= piece.secret;
                whole
            });
            let length = whole.as_ref().map_or(0, |whole| whole.text.len());
            if length > MAX_CONTENT_BYTES {
                let message = format!("longer than {MAX_CONTENT_BYTES} bytes");
                findings.add(line, "too-large", message);
                return None;
            }
        }
        whole
    }

    fn reference(&mut self, name: &str, line: u32, findings: &mut Findings) -> Option<Text> {
        let stack = &self.facts.stack;
        let fact = match name {
            "environment" => Some(stack.environment()),
            "tenant" => Some(stack.tenant().as_str()),
            "project" => Some(stack.project().as_str()),
            "module" => Some(stack.module().as_str()),
            _ => None,
        };
        if let Some(text) = fact {
            let text = text.to_owned();
            let secret = false;
            return Some(Text { text, secret });
        }
        match name.split_once('.') {
            Some(("secret", secret)) => self.secret(secret, line, findings),
            Some(("var", variable)) => match self.variables.get(variable) {
                Some(value) => value.clone(),
                None => {
                    let names: Vec<&str> = self.variables.keys().map(String::as_str).collect();
                    let hint = hint(variable, &names);
                    let message = format!("there is no variable {}{hint}", quoted(variable));
                    findings.add(line, "unknown-variable", message);
                    None
                }
            },
            Some(("config", setting)) => self.setting(setting, line, findings),
            Some((resource, output)) => self.output(resource, output, line, findings),
            None => {
                let known = ["environment", "tenant", "project", "module"];
                let hint = hint(name, &known);
                let message = format!("${{{name}}} stands for nothing{hint}");
                findings.add(line, "bad-reference", message);
                None
            }
        }
    }

    fn setting(&self, name: &str, line: u32, findings: &mut Findings) -> Option<Text> {
        let Some(text) = self.facts.settings.get(name) else {
            let names: Vec<&str> = self.facts.settings.keys().map(String::as_str).collect();
            let hint = hint(name, &names);
            let environment = self.facts.stack.environment();
            let message = format!("{environment} has no setting {}{hint}", quoted(name));
            findings.add(line, "unknown-setting", message);
            return None;
        };
        let text = text.clone();
        let secret = false;
        Some(Text { text, secret })
    }

    fn output(
        &self,
        resource: &str,
        output: &str,
        line: u32,
        findings: &mut Findings,
    ) -> Option<Text> {
        let Some(outputs) = self.resources.get(resource) else {
            let names: Vec<&str> = self.resources.keys().map(String::as_str).collect();
            let hint = hint(resource, &names);
            let message = format!("there is no resource {} here{hint}", quoted(resource));
            findings.add(line, "unknown-resource", message);
            return None;
        };
        let outputs = outputs.as_ref()?;
        let Some(text) = outputs.get(output) else {
            let names: Vec<&str> = outputs.keys().map(String::as_str).collect();
            let hint = hint(output, &names);
            let message = format!("{resource} has no output {}{hint}", quoted(output));
            findings.add(line, "unknown-output", message);
            return None;
        };
        let text = text.clone();
        let secret = false;
        Some(Text { text, secret })
    }

    fn secret(&mut self, name: &str, line: u32, findings: &mut Findings) -> Option<Text> {
        if let Err((rule, message)) = rules::name(name) {
            findings.add(line, rule, format!("the name of a secret {message}"));
            return None;
        }
        self.requirements.secrets.insert(name.to_owned());
        let Some(text) = self.facts.secrets.get(name) else {
            let message = format!("the secret {name} is not known");
            findings.add(line, "unknown-secret", message);
            return None;
        };
        let text = text.clone();
        let secret = true;
        Some(Text { text, secret })
    }

    /// A file of the repository.
    pub(super) fn file(&mut self, path: &str, line: u32, findings: &mut Findings) -> Option<Bytes> {
        self.requirements.files.insert(path.to_owned());
        let Some(bytes) = self.facts.files.get(path) else {
            let message = format!("the repository has no file {}", quoted(path));
            findings.add(line, "unknown-file", message);
            return None;
        };
        if bytes.len() > MAX_CONTENT_BYTES {
            let message = format!("{} is longer than {MAX_CONTENT_BYTES} bytes", quoted(path));
            findings.add(line, "too-large", message);
            return None;
        }
        Some(bytes.clone())
    }
}

fn named(entry: &Entry, section: &str, findings: &mut Findings) {
    if let Err((rule, message)) = rules::name(&entry.key) {
        let shown = quoted(&entry.key);
        findings.add(
            entry.line,
            rule,
            format!("{section}: the name {shown} {message}"),
        );
    }
}

pub(super) fn too_many(entries: &[Entry], most: usize, field: &str, findings: &mut Findings) {
    if let Some(entry) = entries.get(most) {
        let message = format!("{field} must have at most {most} entries");
        findings.add(entry.line, "too-many", message);
    }
}
