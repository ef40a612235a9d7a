//! The properties of each kind.

use bytes::Bytes;
use serde_json::Value as Json;

use crate::spec::{Content, Kind, Properties};

use super::findings::{Findings, quoted};
use super::resources::flag;
use super::rules::{self, Checked};
use super::scope::{Scope, too_many};
use super::sql;
use super::tree::Entry;

const MAX_LABELS: usize = 64;

/// Reads the properties of one resource.
pub(super) struct Reader<'r, 't, 'f> {
    name: &'t str,
    line: u32,
    fields: &'t [Entry],
    scope: &'r mut Scope<'f>,
    findings: &'r mut Findings,
    properties: Properties,
    content: Option<Content>,
    /// Whether something that is needed could not be read; a finding says so.
    broken: bool,
}

type Rule = fn(&str) -> Checked;

impl<'r, 't, 'f> Reader<'r, 't, 'f> {
    pub(super) fn new(
        entry: &'t Entry,
        fields: &'t [Entry],
        scope: &'r mut Scope<'f>,
        findings: &'r mut Findings,
    ) -> Self {
        Self {
            name: &entry.key,
            line: entry.line,
            fields,
            scope,
            findings,
            properties: Properties::new(),
            content: None,
            broken: false,
        }
    }

    /// Everything of a kind. None when a finding stands in the way.
    pub(super) fn read(&mut self, kind: Kind) -> Option<(Properties, Option<Content>)> {
        let name = self.name.to_owned();
        let lower = name.to_ascii_lowercase();
        match kind {
            Kind::Directory => {
                self.text("path", rules::path, Some(&name));
                self.mode("0755");
                self.flag("forceDestroy");
            }
            Kind::File => {
                self.text("path", rules::path, Some(&name));
                self.file_content();
                let secret = self.content.as_ref().is_some_and(|content| content.secret);
                self.mode(if secret { "0600" } else { "0644" });
            }
            Kind::GitRepository => {
                self.text("path", rules::path, Some(&name));
                self.text("defaultBranch", rules::branch, Some("main"));
                self.text("description", rules::line, None);
            }
            Kind::SqliteDatabase => {
                self.text("path", rules::path, Some(&name));
                self.mode("0640");
                self.schema();
            }
            Kind::PostgresDatabase => {
                let own = lower.replace('-', "_");
                self.text("database", rules::part_name, Some(&own));
                self.number("connectionLimit", 1..=10_000);
            }
            Kind::RedisNamespace => {
                let own = lower.replace('-', "_");
                self.text("namespace", rules::part_name, Some(&own));
                self.text("description", rules::line, None);
            }
            Kind::KubernetesNamespace => self.kubernetes(&lower.replace('_', "-")),
        }
        let read = (std::mem::take(&mut self.properties), self.content.take());
        (!self.broken).then_some(read)
    }

    fn kubernetes(&mut self, own: &str) {
        let namespace = self.text("namespace", rules::namespace, Some(own));
        let folder = format!("namespaces/{}", namespace.unwrap_or_default());
        self.text("path", rules::path, Some(&folder));
        self.map("labels", rules::label_key, rules::label_value);
        self.map("annotations", rules::label_key, rules::line);
        self.map("quota", rules::label_key, rules::quantity);
        self.flag("forceDestroy");
    }

    fn get(&self, key: &str) -> Option<&'t Entry> {
        self.fields.iter().find(|entry| entry.key == key)
    }

    fn field(&self, key: &str) -> String {
        format!("resources.{}.{key}", quoted(self.name))
    }

    fn refuse(&mut self, line: u32, rule: &str, message: String) {
        self.findings.add(line, rule, message);
        self.broken = true;
    }

    /// Text that keeps a rule; the default, which need not, when it is absent.
    fn text(&mut self, key: &str, rule: Rule, default: Option<&str>) -> Option<String> {
        let field = self.field(key);
        let (line, text) = match self.get(key) {
            Some(entry) => {
                let text = self.scope.plain(&entry.node, &field, self.findings);
                (entry.line, text)
            }
            None => (self.line, Some(default?.to_owned())),
        };
        let Some(text) = text else {
            self.broken = true;
            return None;
        };
        if let Err((name, message)) = rule(&text) {
            self.refuse(line, name, format!("{field} {message}"));
            return None;
        }
        self.properties.insert(key.to_owned(), text.clone().into());
        Some(text)
    }

    fn mode(&mut self, default: &str) {
        if let Some(mode) = self.text("mode", rules::mode, Some(default)) {
            let four = format!("{mode:0>4}");
            self.properties.insert("mode".to_owned(), four.into());
        }
    }

    fn flag(&mut self, key: &str) {
        let Some(entry) = self.get(key) else { return };
        let field = self.field(key);
        if flag(&entry.node, &field, self.findings) {
            self.properties.insert(key.to_owned(), true.into());
        }
    }

    fn number(&mut self, key: &str, range: std::ops::RangeInclusive<u32>) {
        let Some(entry) = self.get(key) else { return };
        let field = self.field(key);
        let text = self.scope.plain(&entry.node, &field, self.findings);
        match text.map(|text| text.parse().ok().filter(|number| range.contains(number))) {
            Some(Some(number)) => {
                self.properties.insert(key.to_owned(), number.into());
            }
            Some(None) => {
                let (low, high) = (range.start(), range.end());
                let message = format!("{field} must be a whole number from {low} to {high}");
                self.refuse(entry.line, "bad-number", message);
            }
            None => self.broken = true,
        }
    }

    fn map(&mut self, key: &str, key_rule: Rule, value_rule: Rule) {
        let Some(section) = self.get(key) else { return };
        let field = self.field(key);
        let entries = self.findings.map(&section.node, &field);
        too_many(entries, MAX_LABELS, &field, self.findings);
        let mut map = std::collections::BTreeMap::new();
        for entry in entries {
            let field = format!("{field}.{}", quoted(&entry.key));
            let Some(value) = self.scope.plain(&entry.node, &field, self.findings) else {
                self.broken = true;
                continue;
            };
            if let Err((name, message)) = key_rule(&entry.key).and_then(|()| value_rule(&value)) {
                self.refuse(entry.line, name, format!("{field} {message}"));
            }
            map.insert(entry.key.clone(), Json::String(value));
        }
        if !map.is_empty() {
            let map = map.into_iter().collect::<serde_json::Map<_, _>>();
            self.properties.insert(key.to_owned(), Json::Object(map));
        }
    }

    /// Content given in place, or taken from a file of the repository as it is.
    fn given(&mut self, inline: &str, source: &str) -> Option<(u32, Content)> {
        match (self.get(inline), self.get(source)) {
            (Some(entry), Some(_)) => {
                let message = format!("{} and {source} exclude each other", self.field(inline));
                self.refuse(entry.line, "exclusive-keys", message);
                None
            }
            (Some(entry), None) => {
                let field = self.field(inline);
                let value = self.scope.value(&entry.node, &field, self.findings);
                self.broken |= value.is_none();
                value.map(|value| {
                    let content = Content {
                        bytes: Bytes::from(value.text),
                        secret: value.secret,
                    };
                    (entry.line, content)
                })
            }
            (None, Some(entry)) => {
                let path = self.text(source, rules::path, None)?;
                // Where the content comes from is no property of what is made of it.
                self.properties.remove(source);
                let bytes = self.scope.file(&path, entry.line, self.findings);
                self.broken |= bytes.is_none();
                let secret = false;
                bytes.map(|bytes| (entry.line, Content { bytes, secret }))
            }
            (None, None) => None,
        }
    }

    fn file_content(&mut self) {
        let given = self.given("content", "source").map(|(_, content)| content);
        if given.is_none() && !self.broken {
            let message = format!("{} or source is required", self.field("content"));
            self.refuse(self.line, "missing-key", message);
        }
        let marked = self.get("secret").is_some_and(|entry| {
            let field = format!("resources.{}.secret", quoted(self.name));
            flag(&entry.node, &field, self.findings)
        });
        self.content = given.map(|mut content| {
            content.secret |= marked;
            content
        });
    }

    fn schema(&mut self) {
        let Some((line, content)) = self.given("schema", "schemaFile") else {
            return;
        };
        let field = self.field("schema");
        if content.secret {
            let message = format!("{field} is kept in the database and must not hold a secret");
            return self.refuse(line, "secret-shown", message);
        }
        let Ok(text) = std::str::from_utf8(&content.bytes) else {
            return self.refuse(line, "not-text", format!("{field} is no UTF-8 text"));
        };
        if let Err(message) = sql::check(text) {
            return self.refuse(line, "bad-schema", format!("{field} {message}"));
        }
        self.content = Some(content);
    }
}
