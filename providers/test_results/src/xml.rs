//! A pull reader of XML under limits: elements, text, positions; no entities but XML's own five.

use std::io::{self, BufRead, Read};

use quick_xml::Error as XmlError;
use quick_xml::errors::IllFormedError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::error::{ParseError, ParseRule, ReportFormat};
use crate::limits::{Limits, cut};

/// One step through the document. Empty elements come as a start and an end.
pub(crate) enum Token {
    Start(Element),
    End,
    Text(String),
    Eof,
}

/// A start tag: local name and attributes, entities resolved, values cut to the limit.
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The attribute's value, when there is one that is not blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.trim().is_empty())
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

/// The reader; `next` drives it.
pub(crate) struct XmlReader<R: BufRead> {
    inner: Reader<Counted<R>>,
    buffer: Vec<u8>,
    format: ReportFormat,
    limits: Limits,
    open: Vec<String>,
    line: u64,
    offset: u64,
    seen_root: bool,
}

/// A buffer that one huge token has grown past this is given back.
const KEEP_BUFFER: usize = 1024 * 1024;

impl<R: BufRead> XmlReader<R> {
    pub(crate) fn new(reader: R, format: ReportFormat, limits: Limits) -> Self {
        let counted = Counted {
            inner: reader,
            bytes: 0,
            lines: 1,
            max: limits.max_bytes,
        };
        let mut inner = Reader::from_reader(counted);
        inner.config_mut().expand_empty_elements = true;
        let buffer = Vec::new();
        let open = Vec::new();
        Self {
            inner,
            buffer,
            format,
            limits,
            open,
            line: 1,
            offset: 0,
            seen_root: false,
        }
    }

    /// An error at the start of the token read last.
    pub(crate) fn fault(&self, rule: ParseRule) -> ParseError {
        ParseError {
            format: self.format,
            rule,
            line: self.line,
            offset: self.offset,
        }
    }

    /// Reads up to the root element and checks that it is one of `expected`.
    pub(crate) fn root(
        &mut self,
        allowed: &[&str],
        expected: &'static str,
    ) -> Result<Element, ParseError> {
        self.refuse_utf16()?;
        loop {
            match self.next()? {
                Token::Start(root) if allowed.contains(&root.name.as_str()) => return Ok(root),
                Token::Start(root) => {
                    let found = cut(root.name, 64);
                    return Err(self.fault(ParseRule::UnexpectedRoot { found, expected }));
                }
                Token::Text(text) if text.trim().is_empty() => {}
                Token::Text(_) | Token::End => {
                    let detail = "text before the root element".to_owned();
                    return Err(self.fault(ParseRule::NotXml { detail }));
                }
                Token::Eof => return Err(self.fault(ParseRule::Empty)),
            }
        }
    }

    /// The next token. After the root is closed only blanks, comments and the end may follow.
    pub(crate) fn next(&mut self) -> Result<Token, ParseError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        if buffer.capacity() > KEEP_BUFFER {
            buffer = Vec::new();
        }
        loop {
            buffer.clear();
            self.line = self.inner.get_ref().lines;
            self.offset = self.inner.buffer_position();
            let step = match self.inner.read_event_into(&mut buffer) {
                Ok(event) => self.step(event)?,
                Err(error) => return Err(self.reader_fault(&error)),
            };
            if let Some(token) = step {
                self.buffer = buffer;
                return Ok(token);
            }
        }
    }

    fn step(&mut self, event: Event<'_>) -> Result<Option<Token>, ParseError> {
        match event {
            Event::Start(tag) | Event::Empty(tag) => self.start(&tag).map(Some),
            Event::End(_) => {
                self.open.pop();
                Ok(Some(Token::End))
            }
            Event::Text(text) => self.text(&text),
            Event::CData(text) => self.text(&text),
            Event::GeneralRef(name) => {
                let character = resolve(&name).map_err(|rule| self.fault(rule))?;
                self.text(character.encode_utf8(&mut [0; 4]))
            }
            Event::DocType(text) if text.contains('[') => Err(self.fault(ParseRule::DocumentType)),
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(None),
            Event::Eof => match self.open.last() {
                Some(element) => {
                    let element = cut(element.clone(), 64);
                    Err(self.fault(ParseRule::Unclosed { element }))
                }
                None => Ok(Some(Token::Eof)),
            },
        }
    }

    fn text(&self, text: &str) -> Result<Option<Token>, ParseError> {
        if self.open.is_empty() && self.seen_root && !text.trim().is_empty() {
            let detail = "text after the root element".to_owned();
            return Err(self.fault(ParseRule::NotXml { detail }));
        }
        Ok(Some(Token::Text(text.to_owned())))
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<Token, ParseError> {
        if self.open.is_empty() && self.seen_root {
            let detail = "a second root element".to_owned();
            return Err(self.fault(ParseRule::NotXml { detail }));
        }
        self.seen_root = true;
        let max = self.limits.max_depth;
        if self.open.len() >= max {
            return Err(self.fault(ParseRule::TooDeep { max }));
        }
        let element = self.element(tag).map_err(|rule| self.fault(rule))?;
        self.open.push(element.name.clone());
        Ok(Token::Start(element))
    }

    fn element(&self, tag: &BytesStart<'_>) -> Result<Element, ParseRule> {
        let max = self.limits.max_attributes;
        let mut attributes = Vec::new();
        // Without the library's duplicate check, which is quadratic; the first of two wins.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| ParseRule::NotXml {
                detail: format!("attribute: {error}"),
            })?;
            if attributes.len() == max {
                return Err(ParseRule::TooManyAttributes { max });
            }
            let key = attribute.key.local_name().into_inner();
            let longest = match key {
                "message" => self.limits.max_text,
                _ => self.limits.max_attribute,
            };
            attributes.push((key.to_owned(), cut(unescape(&attribute.value)?, longest)));
        }
        Ok(Element {
            name: tag.local_name().into_inner().to_owned(),
            attributes,
        })
    }

    fn reader_fault(&self, error: &XmlError) -> ParseError {
        let rule = match error {
            XmlError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                ParseRule::TooLarge {
                    max: self.limits.max_bytes,
                }
            }
            XmlError::Io(error) => ParseRule::Io {
                detail: cut(error.to_string(), 256),
            },
            XmlError::Encoding(_) => ParseRule::UnsupportedEncoding {
                found: "not valid UTF-8".to_owned(),
            },
            XmlError::IllFormed(IllFormedError::MissingEndTag(name)) => ParseRule::Unclosed {
                element: cut(name.clone(), 64),
            },
            other => ParseRule::NotXml {
                detail: cut(other.to_string(), 256),
            },
        };
        self.fault(rule)
    }

    /// UTF-16 would read as garbage one layer down, so it is told apart by its first bytes.
    fn refuse_utf16(&mut self) -> Result<(), ParseError> {
        let start = match self.inner.get_mut().fill_buf() {
            Ok(bytes) => bytes.get(..2).unwrap_or_default().to_owned(),
            Err(error) => return Err(self.reader_fault(&XmlError::from(error))),
        };
        match start.as_slice() {
            [0xFE, 0xFF] | [0xFF, 0xFE] | [0, b'<'] | [b'<', 0] => {
                let found = "UTF-16".to_owned();
                Err(self.fault(ParseRule::UnsupportedEncoding { found }))
            }
            _ => Ok(()),
        }
    }
}

/// Replaces the references in an attribute value.
fn unescape(raw: &str) -> Result<String, ParseRule> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(end) = after.find(';') else {
            let detail = "`&` without `;` in an attribute".to_owned();
            return Err(ParseRule::NotXml { detail });
        };
        text.push(resolve(&after[..end])?);
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The character a reference stands for. Characters that XML forbids are common in the output of
/// terminal programs (`&#x1b;`), so they become U+FFFD instead of an error.
fn resolve(name: &str) -> Result<char, ParseRule> {
    let known = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.strip_prefix('#').and_then(numeric),
    };
    known.ok_or_else(|| ParseRule::UnknownEntity {
        name: cut(name.to_owned(), 64),
    })
}

fn numeric(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..);
    Some(
        char::from_u32(code.ok()?)
            .filter(allowed)
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    )
}

/// Counts bytes and lines on the way through and fails past the limit.
struct Counted<R> {
    inner: R,
    bytes: u64,
    lines: u64,
    max: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(target.len());
        target[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = self.inner.fill_buf()?;
        if self.bytes >= self.max && !available.is_empty() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let room = usize::try_from(self.max - self.bytes).unwrap_or(usize::MAX);
        Ok(&available[..available.len().min(room)])
    }

    fn consume(&mut self, count: usize) {
        if let Ok(buffered) = self.inner.fill_buf() {
            let passed = &buffered[..count.min(buffered.len())];
            self.lines += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        self.bytes += count as u64;
        self.inner.consume(count);
    }
}
