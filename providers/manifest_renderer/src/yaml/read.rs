//! Reads YAML from parser events.
//!
//! Aliases, tags and merge keys are refused: they have no use in manifests, and without them no document
//! grows when it is read.

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput};

use super::scalar::{self, Booleans};

const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 200_000;

/// What is wrong, and where.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Line, from 1.
    pub(crate) line: u32,
    /// In words.
    pub(crate) message: String,
}

impl Problem {
    fn new(line: u32, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

/// All documents of `text` with the line each starts at; empty ones are left out.
pub(crate) fn documents(text: &str, booleans: Booleans) -> Result<Vec<(u32, Value)>, Problem> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        nodes: 0,
        booleans,
    };
    let mut found = Vec::new();
    while let Some((event, line)) = reader.next()? {
        if matches!(
            event,
            Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::MappingStart(..)
                | Event::Alias(..)
        ) {
            let value = reader.node(event, line, 0)?;
            if !value.is_null() {
                found.push((line, value));
            }
        }
    }
    Ok(found)
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    nodes: usize,
    booleans: Booleans,
}

fn line_of(span: &Span) -> u32 {
    u32::try_from(span.start.line().max(1)).unwrap_or(u32::MAX)
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, u32)>, Problem> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, line_of(&span)))),
            Some(Err(error)) => {
                let line = u32::try_from(error.marker().line().max(1)).unwrap_or(u32::MAX);
                Err(Problem::new(
                    line,
                    format!("not valid YAML: {}", error.info()),
                ))
            }
        }
    }

    fn node(&mut self, event: Event<'t>, line: u32, depth: usize) -> Result<Value, Problem> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let message = format!("deeper than {MAX_DEPTH} levels or over {MAX_NODES} values");
            return Err(Problem::new(line, message));
        }
        match event {
            Event::Scalar(_, _, anchor, ref tag)
            | Event::SequenceStart(_, anchor, ref tag)
            | Event::MappingStart(_, anchor, ref tag) => {
                if anchor != 0 {
                    return Err(Problem::new(line, "anchors (&name) are not allowed here"));
                }
                if tag.is_some() {
                    return Err(Problem::new(line, "tags (!name) are not allowed here"));
                }
            }
            _ => return Err(Problem::new(line, "aliases (*name) are not allowed here")),
        }
        match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, line),
            Event::SequenceStart(..) => self.list(depth),
            _ => self.map(depth),
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, line: u32) -> Result<Value, Problem> {
        if !matches!(style, ScalarStyle::Plain) {
            return Ok(Value::String(text.to_owned()));
        }
        if self.booleans == Booleans::Old
            && let Some(flag) = scalar::old_boolean(text)
        {
            return Ok(Value::Bool(flag));
        }
        if scalar::is_date(text) {
            let message = format!("{text} may be a date or text; put it in quotes");
            return Err(Problem::new(line, message));
        }
        scalar::resolve(text).ok_or_else(|| {
            Problem::new(
                line,
                format!("{text} is no number that a manifest can hold"),
            )
        })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        while let Some((event, line)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, line, depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries = Map::new();
        while let Some((event, line)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let merges =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            if merges {
                return Err(Problem::new(line, "merge keys (<<) are not allowed here"));
            }
            let key = match self.node(event, line, depth + 1)? {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(truth) => truth.to_string(),
                _ => return Err(Problem::new(line, "a key must be text")),
            };
            let Some((event, value_line)) = self.next()? else {
                break;
            };
            let value = self.node(event, value_line, depth + 1)?;
            if entries.contains_key(&key) {
                let message = format!("the key {key:?} stands here a second time");
                return Err(Problem::new(line, message));
            }
            entries.insert(key, value);
        }
        Ok(Value::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Problem {
        documents(text, Booleans::Plain).expect_err("the text is refused")
    }

    #[test]
    fn what_could_grow_or_hide_a_value_is_refused_with_its_line() {
        assert_eq!(refused("a: 1\nb: &x 2\n").line, 2);
        assert!(refused("a: !!binary aGk=\n").message.contains("tags"));
        assert!(refused("a: {<<: {b: 1}}").message.contains("merge keys"));
        assert!(refused("a: 1\na: 2\n").message.contains("second time"));
        assert!(refused("a: 2024-01-01\n").message.contains("quotes"));
        assert!(refused("a: [1\n").message.contains("not valid YAML"));
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(refused(&deep).message.contains("deeper"));
    }

    #[test]
    fn empty_documents_are_left_out() {
        let found = documents("---\n# nothing\n---\na: 1\n---\n", Booleans::Plain).expect("valid");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1, serde_json::json!({"a": 1}));
    }
}
