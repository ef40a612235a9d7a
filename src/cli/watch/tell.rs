//! Shows what a stream gives.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::{WatchError, line};
use crate::cli::{
    client::{Item, Waiting},
    ship::clean,
};

/// Items go to stdout, one line each; what is to be said of the connection goes to stderr.
#[derive(Debug)]
pub(super) struct Tell {
    json: bool,
    // Why is told once and not with every try.
    waiting: Option<String>,
}

impl Tell {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            waiting: None,
        }
    }

    /// One item of a stream of events.
    pub(super) fn item(&self, item: &Item) -> Result<(), WatchError> {
        for error in &item.errors {
            aside(&format!("warning: {}", clean(&error.to_string())));
        }
        let found = field(&item.data);
        match self.json {
            true => self.object(found.clone(), item.cursor.as_deref()),
            false => self.text(&line::of(found)),
        }
    }

    /// One JSON object, with a cursor.
    pub(super) fn object(&self, object: Value, cursor: Option<&str>) -> Result<(), WatchError> {
        let mut object = match object {
            Value::Object(object) => object,
            other => json!({ "item": other })
                .as_object()
                .cloned()
                .unwrap_or_default(),
        };
        if let Some(cursor) = cursor {
            object.entry("cursor").or_insert_with(|| cursor.into());
        }
        write(&Value::Object(object).to_string())
    }

    /// One line for people.
    pub(super) fn text(&self, text: &str) -> Result<(), WatchError> {
        write(&clean(text))
    }

    /// Whether objects are wanted.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// The server is away, or back.
    pub(super) fn waiting(&mut self, waiting: &Waiting<'_>) {
        match waiting {
            Waiting::Again { error, .. } => {
                let reason = clean(&error.to_string());
                if self.waiting.as_ref() != Some(&reason) {
                    aside(&format!("interrupted: {reason}; trying again"));
                    self.waiting = Some(reason);
                }
            }
            Waiting::Back => {
                self.waiting = None;
                aside("connected again");
            }
        }
    }
}

fn write(line: &str) -> Result<(), WatchError> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(WatchError::Output)
}

/// What the one field of a subscription's data holds.
pub(super) fn field(data: &Value) -> &Value {
    let fields = data.as_object().and_then(|fields| fields.values().next());
    fields.unwrap_or(&Value::Null)
}

/// Says something to the person at the terminal.
pub(super) fn aside(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
