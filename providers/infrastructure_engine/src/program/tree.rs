//! YAML as a tree in which every key and value knows its line.
//!
//! Built from parser events, not through serde, so that all findings of a file can be told at once.
//! Anchors, aliases, tags and further documents have no use here and are refused, which also rules
//! out documents that grow when expanded. Scalars are text as written: `0640` stays `0640`.

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StrInput};

use super::findings::Findings;

const MAX_DEPTH: usize = 12;
const MAX_NODES: usize = 20_000;

/// A value and the line it starts in.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Already reported; nobody needs to look at it again.
    Refused,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: u32,
    pub(super) key: String,
    pub(super) node: Node,
}

/// Reads the one document of `text`. None when there is none; the findings say why.
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
            let message = format!("not valid YAML: {}", error.info());
            let line = number(error.marker().line());
            builder.findings.add(line, "yaml-syntax", message);
            None
        }
        Err(Stop::Reported) => None,
    }
}

fn number(line: usize) -> u32 {
    u32::try_from(line.max(1)).unwrap_or(u32::MAX)
}

enum Stop {
    Syntax(ScanError),
    Reported,
}

struct Builder<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    findings: &'f mut Findings,
    nodes: usize,
}

impl<'t> Builder<'t, '_> {
    fn next(&mut self) -> Result<Option<(Event<'t>, u32)>, Stop> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, number(span.start.line())))),
            Some(Err(error)) => Err(Stop::Syntax(error)),
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        let mut documents = 0;
        while let Some((event, line)) = self.next()? {
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "the file must hold one YAML document, not several";
                        self.findings.add(line, "yaml-multiple-documents", message);
                        return Err(Stop::Reported);
                    }
                }
                Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                    root = Some(self.node(event, line, 0)?);
                }
                _ => {}
            }
        }
        if root.is_none() {
            let message = "the file is empty; give resources";
            self.findings.add(1, "empty", message);
        }
        Ok(root)
    }

    fn node(&mut self, event: Event<'t>, line: u32, depth: usize) -> Result<Node, Stop> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let message = format!("deeper than {MAX_DEPTH} levels or over {MAX_NODES} values");
            self.findings.add(line, "too-complex", message);
            return Err(Stop::Reported);
        }
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor != 0, tag.is_some()),
            _ => (true, false),
        };
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(text.into_owned(), style),
            Event::SequenceStart(..) => Value::List(self.list(depth)?),
            Event::MappingStart(..) => Value::Map(self.map(depth)?),
            _ => Value::Refused,
        };
        let refused = match (anchor, tagged) {
            (true, _) => Some(("yaml-alias", "anchors and aliases are not allowed here")),
            (_, true) => Some(("yaml-tag", "tags (!name) are not allowed here")),
            _ => None,
        };
        let Some((rule, message)) = refused else {
            return Ok(Node { line, value });
        };
        self.findings.add(line, rule, message);
        let value = Value::Refused;
        Ok(Node { line, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Stop> {
        let mut items = Vec::new();
        while let Some((event, line)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, line, depth + 1)?);
        }
        Ok(items)
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some((event, line)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, line, depth + 1)?;
            let Some((event, value_line)) = self.next()? else {
                break;
            };
            let node = self.node(event, value_line, depth + 1)?;
            match key.value {
                Value::Text(key) if entries.iter().any(|known| known.key == key) => {
                    let shown: String = key.chars().take(64).collect();
                    let message = format!("the key {shown:?} stands here a second time");
                    self.findings.add(line, "duplicate-key", message);
                }
                Value::Text(key) => entries.push(Entry { line, key, node }),
                Value::Refused => {}
                _ => self
                    .findings
                    .add(line, "wrong-type", "a key must be plain text"),
            }
        }
        Ok(entries)
    }
}

fn scalar(text: String, style: ScalarStyle) -> Value {
    let plain = matches!(style, ScalarStyle::Plain);
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Text(text)
}
