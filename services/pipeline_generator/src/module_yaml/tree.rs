//! YAML as a tree in which every key and value knows its place.
//!
//! Built from parser events, not through serde, so that all findings of a file can be told at once.
//! Anchors, aliases, tags and further documents have no use in this file and are refused, which
//! also rules out documents that grow when expanded.

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};

use super::check::Findings;
use super::finding::{Finding, Position};

const MAX_DEPTH: usize = 16;
const MAX_NODES: usize = 20_000;

/// A value and where it starts.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// Already reported; nobody needs to look at it again.
    Refused,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) at: Position,
    pub(super) text: String,
}

/// Reads the one document of `text`. None when it is not YAML at all.
pub(super) fn read(text: &str, findings: &mut Findings) -> Option<Node> {
    let mut options = Options::default();
    options.emit_comments = false;
    let parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder {
        parser,
        findings,
        nodes: 0,
    };
    match builder.document() {
        Ok(root) => root,
        Err(Stop::Syntax(error)) => {
            let at = position(error.marker().line(), error.marker().col());
            let message = format!("not valid YAML: {}", error.info());
            builder
                .findings
                .add(Finding::error(at, "yaml-syntax", message));
            None
        }
        Err(Stop::Reported) => None,
    }
}

fn position(line: usize, column: usize) -> Position {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: number(line.max(1)),
        column: number(column).saturating_add(1),
    }
}

fn start(span: &Span) -> Position {
    position(span.start.line(), span.start.col())
}

enum Stop {
    Syntax(ScanError),
    Reported,
}

type Events<'t> = Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>;

struct Builder<'t, 'f> {
    parser: Events<'t>,
    findings: &'f mut Findings,
    nodes: usize,
}

impl<'t> Builder<'t, '_> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Position)>, Stop> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, start(&span)))),
            Some(Err(error)) => Err(Stop::Syntax(error)),
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        let mut documents = 0;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "the file must hold one YAML document, not several";
                        self.findings
                            .add(Finding::error(at, "yaml-multiple-documents", message));
                        return Err(Stop::Reported);
                    }
                }
                Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                    root = Some(self.node(event, at, 0)?);
                }
                _ => {}
            }
        }
        if root.is_none() {
            let message = "the file is empty; id, kind and stack are required";
            self.findings
                .add(Finding::error(super::finding::START, "empty", message));
        }
        Ok(root)
    }

    fn node(&mut self, event: Event<'t>, at: Position, depth: usize) -> Result<Node, Stop> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let message = format!("deeper than {MAX_DEPTH} levels or over {MAX_NODES} values");
            self.findings
                .add(Finding::error(at, "too-complex", message));
            return Err(Stop::Reported);
        }
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor != 0, tag.is_some()),
            _ => (false, false),
        };
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(text.into_owned(), style),
            Event::SequenceStart(..) => Value::List(self.list(depth)?),
            Event::MappingStart(..) => Value::Map(self.map(depth)?),
            _ => return Ok(self.refuse(at, "yaml-alias", "aliases (*name) are not allowed here")),
        };
        if anchor {
            return Ok(self.refuse(at, "yaml-alias", "anchors (&name) are not allowed here"));
        }
        if tagged {
            return Ok(self.refuse(at, "yaml-tag", "tags (!name) are not allowed here"));
        }
        Ok(Node { at, value })
    }

    fn refuse(&mut self, at: Position, rule: &str, message: &str) -> Node {
        self.findings.add(Finding::error(at, rule, message));
        Node {
            at,
            value: Value::Refused,
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Stop> {
        let mut items = Vec::new();
        while let Some((event, at)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, at, depth + 1)?);
        }
        Ok(items)
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(Key, Node)>, Stop> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        while let Some((event, at)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, at, depth + 1)?;
            let Some((event, value_at)) = self.next()? else {
                break;
            };
            let value = self.node(event, value_at, depth + 1)?;
            match key.value {
                Value::Text(text) if entries.iter().any(|(known, _)| known.text == text) => {
                    let message = format!("the key {text:?} stands here a second time");
                    self.findings
                        .add(Finding::error(at, "duplicate-key", message));
                }
                Value::Text(text) => entries.push((Key { at, text }, value)),
                Value::Refused => {}
                _ => {
                    let message = "a key must be plain text";
                    self.findings.add(Finding::error(at, "wrong-type", message));
                }
            }
        }
        Ok(entries)
    }
}

/// All scalars are text as written: `1.10` stays `1.10` and `yes` stays `yes`.
fn scalar(text: String, style: ScalarStyle) -> Value {
    let plain = matches!(style, ScalarStyle::Plain);
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Text(text)
}
