//! YAML text to a tree that knows where each node stands.
//!
//! Azure Pipelines reads every scalar as text and knows no anchors, so the tree keeps the text as
//! written (`1.10` stays `1.10`) and anchors are refused, which also rules out alias bombs.

mod fields;

use serde_saphyr::Budget;
use serde_saphyr::budget::{EnforcingPolicy, check_yaml_budget};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use crate::error::{Finding, Rule};

pub(crate) use fields::{Fields, View};

/// Largest text that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 50_000;
const MAX_FINDINGS: usize = 1_000;

/// One value with the place where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping, in source order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) value: Node,
}

/// Collects findings; holds at most [`MAX_FINDINGS`].
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, view: &View<'_>, rule: Rule, message: impl Into<String>) {
        self.at(view.line, view.column, &view.path, rule, message);
    }

    pub(crate) fn at(
        &mut self,
        line: u32,
        column: u32,
        path: &str,
        rule: Rule,
        message: impl Into<String>,
    ) {
        if self.0.len() < MAX_FINDINGS {
            let (path, message) = (path.to_owned(), message.into());
            self.0.push(Finding {
                line,
                column,
                path,
                rule,
                message,
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All findings in the order of the text.
    pub(crate) fn into_sorted(mut self) -> Vec<Finding> {
        self.0
            .sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
        self.0.dedup();
        self.0
    }
}

/// Reads one document within the limits.
pub(crate) fn load(text: &str, findings: &mut Findings) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "the text has {} bytes, at most {MAX_BYTES} are read",
            text.len()
        );
        findings.at(1, 1, "", Rule::YamlLimit, message);
        return None;
    }
    if let Err(message) = within_budget(text) {
        match message {
            Breach::Limit(message) => findings.at(1, 1, "", Rule::YamlLimit, message),
            Breach::Syntax(error) => syntax(&error, findings),
        }
        return None;
    }
    let mut loader = Loader {
        parser: Parser::new_from_str(text),
        findings,
    };
    match loader.document() {
        Ok(Some(node)) => {
            refuse_templates(&View::root(&node), findings);
            Some(node)
        }
        Ok(None) => {
            findings.at(1, 1, "", Rule::MissingKey, "the pipeline is empty");
            None
        }
        Err(error) => {
            syntax(&error, findings);
            None
        }
    }
}

enum Breach {
    Limit(String),
    Syntax(ScanError),
}

fn within_budget(text: &str) -> Result<(), Breach> {
    let mut budget = Budget::default();
    budget.max_depth = MAX_DEPTH;
    budget.max_nodes = MAX_NODES;
    budget.max_events = 4 * MAX_NODES;
    budget.max_documents = 1;
    budget.max_aliases = 100;
    budget.max_anchors = 100;
    budget.flow_nesting_limit = MAX_DEPTH;
    budget.max_total_scalar_bytes = MAX_BYTES;
    let report =
        check_yaml_budget(text, budget, EnforcingPolicy::AllContent).map_err(Breach::Syntax)?;
    match report.breached {
        None => Ok(()),
        Some(breach) => Err(Breach::Limit(format!(
            "the text is over a limit: {breach:?}"
        ))),
    }
}

fn syntax(error: &ScanError, findings: &mut Findings) {
    let at = error.marker();
    findings.at(
        number(at.line()),
        number(at.col() + 1),
        "",
        Rule::YamlSyntax,
        error.info(),
    );
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Reports every `${{` in keys and values: templates are expanded by Azure, not here.
fn refuse_templates(view: &View<'_>, findings: &mut Findings) {
    const MESSAGE: &str = "template expressions `${{ }}` are not expanded";
    match &view.node.value {
        Value::Text(text) if text.contains("${{") => {
            findings.add(view, Rule::TemplateExpression, MESSAGE);
        }
        Value::List(items) => {
            for index in 0..items.len() {
                if let Some(item) = view.item(index) {
                    refuse_templates(&item, findings);
                }
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                if entry.key.contains("${{") {
                    let (line, column) = (entry.line, entry.column);
                    findings.at(line, column, &view.path, Rule::TemplateExpression, MESSAGE);
                }
                refuse_templates(&view.entry(entry), findings);
            }
        }
        Value::Text(_) | Value::Null => {}
    }
}

struct Loader<'a, 'f> {
    parser: Parser<'a, StrInput<'a>>,
    findings: &'f mut Findings,
}

impl<'a> Loader<'a, '_> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, ScanError> {
        loop {
            match self.parser.next_event() {
                None => return Ok(None),
                Some(Err(error)) => return Err(error),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(item)) => return Ok(Some(item)),
            }
        }
    }

    fn document(&mut self) -> Result<Option<Node>, ScanError> {
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd | Event::DocumentEnd => return Ok(None),
                event => {
                    let node = self.node(event, &span)?;
                    return Ok(Some(node).filter(|node| node.value != Value::Null));
                }
            }
        }
        Ok(None)
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, ScanError> {
        let (line, column) = (number(span.start.line()), number(span.start.col() + 1));
        if event.anchor_id().is_some() || event.is_alias() {
            let message = "anchors and aliases are not supported by Azure Pipelines";
            self.findings
                .at(line, column, "", Rule::YamlFeature, message);
        }
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => Value::List(self.items()?),
            Event::MappingStart(..) => Value::Map(self.entries()?),
            _ => Value::Null,
        };
        Ok(Node {
            value,
            line,
            column,
        })
    }

    fn items(&mut self) -> Result<Vec<Node>, ScanError> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, &span)?);
        }
        Ok(items)
    }

    fn entries(&mut self) -> Result<Vec<Entry>, ScanError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, &span)?;
            let Some((event, span)) = self.next()? else {
                break;
            };
            let value = self.node(event, &span)?;
            let (line, column) = (key.line, key.column);
            let text = match key.value {
                Value::Text(text) => text,
                Value::Null => String::new(),
                Value::List(_) | Value::Map(_) => {
                    let message = "a key must be plain text";
                    self.findings
                        .at(line, column, "", Rule::YamlFeature, message);
                    continue;
                }
            };
            if !seen.insert(text.clone()) {
                let message = format!("the key `{text}` stands twice in one mapping");
                self.findings
                    .at(line, column, "", Rule::DuplicateName, message);
                continue;
            }
            entries.push(Entry {
                key: text,
                line,
                column,
                value,
            });
        }
        Ok(entries)
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<Rule> {
        let mut findings = Findings::default();
        load(text, &mut findings);
        findings
            .into_sorted()
            .into_iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn scalars_keep_their_spelling() {
        let mut findings = Findings::default();
        let node = load("version: 1.10\nflag: yes\n", &mut findings).unwrap();
        let Value::Map(entries) = node.value else {
            panic!()
        };
        assert_eq!(entries[0].value.value, Value::Text("1.10".into()));
        assert_eq!(entries[1].value.value, Value::Text("yes".into()));
        assert_eq!((entries[1].line, entries[1].column), (2, 1));
    }

    #[test]
    fn anchors_depth_size_and_second_documents_are_refused() {
        assert_eq!(
            rules("a: &x 1\nb: *x\n"),
            [Rule::YamlFeature, Rule::YamlFeature]
        );
        assert_eq!(rules(&"[".repeat(40)), [Rule::YamlSyntax]);
        assert_eq!(
            rules(&format!("a: {}{}", "[".repeat(33), "]".repeat(33))),
            [Rule::YamlSyntax]
        );
        assert_eq!(rules(&" ".repeat(MAX_BYTES + 1)), [Rule::YamlLimit]);
        assert_eq!(rules("a: 1\n---\nb: 2\n"), [Rule::YamlLimit]);
        assert_eq!(rules("a: 1\na: 2\n"), [Rule::DuplicateName]);
        assert_eq!(rules(""), [Rule::MissingKey]);
    }

    #[test]
    fn template_expressions_are_found_in_keys_and_values() {
        let text = "steps:\n- ${{ if x }}:\n  - script: a\n- script: echo ${{ y }}\n";
        assert_eq!(
            rules(text),
            [Rule::TemplateExpression, Rule::TemplateExpression]
        );
    }
}
