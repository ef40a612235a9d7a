//! The messages of `graphql-transport-ws`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::close::Close;

/// Bytes of an operation's id.
const MAX_ID: usize = 128;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum ClientMessage {
    Init(Option<Map<String, Value>>),
    Ping(Option<Map<String, Value>>),
    Pong,
    Subscribe { id: String, operation: Value },
    Complete { id: String },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire {
    ConnectionInit {
        payload: Option<Map<String, Value>>,
    },
    Ping {
        payload: Option<Map<String, Value>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Subscribe {
        id: String,
        payload: Operation,
    },
    Complete {
        id: String,
    },
}

// The types of an operation's parts are the protocol's matter; what they say is not.
#[derive(Deserialize)]
#[serde(try_from = "Map<String, Value>")]
struct Operation(Map<String, Value>);

impl TryFrom<Map<String, Value>> for Operation {
    type Error = String;

    fn try_from(payload: Map<String, Value>) -> Result<Self, String> {
        for (key, value) in &payload {
            let fits = match key.as_str() {
                "query" => value.is_string(),
                "operationName" => value.is_string() || value.is_null(),
                "variables" | "extensions" => value.is_object() || value.is_null(),
                _ => true,
            };
            if !fits {
                return Err(format!("{key} is of the wrong type"));
            }
        }
        Ok(Self(payload))
    }
}

/// Reads a text message.
///
/// # Errors
/// 4400 with what is wrong.
pub(super) fn read(text: &str) -> Result<ClientMessage, Close> {
    let wire: Wire = serde_json::from_str(text)
        .map_err(|error| Close::invalid(format!("Invalid message: {error}")))?;
    let checked = |id: String| match id.len() {
        0 => Err(Close::invalid("Invalid message: the id is empty")),
        1..=MAX_ID => Ok(id),
        _ => Err(Close::invalid(format!(
            "Invalid message: the id has more than {MAX_ID} bytes"
        ))),
    };
    Ok(match wire {
        Wire::ConnectionInit { payload } => ClientMessage::Init(payload),
        Wire::Ping { payload } => ClientMessage::Ping(payload),
        Wire::Pong { .. } => ClientMessage::Pong,
        Wire::Subscribe { id, payload } => ClientMessage::Subscribe {
            id: checked(id)?,
            operation: Value::Object(payload.0),
        },
        Wire::Complete { id } => ClientMessage::Complete { id: checked(id)? },
    })
}

pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;
pub(super) const PING: &str = r#"{"type":"ping"}"#;

/// Answers a ping with what it carried.
pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        None => r#"{"type":"pong"}"#.to_owned(),
        Some(payload) => json!({"type": "pong", "payload": payload}).to_string(),
    }
}

/// The beginning of every answer to an operation: only payload and a brace are missing.
pub(super) fn next_prefix(id: &str) -> String {
    format!(r#"{{"id":{},"type":"next","payload":"#, Value::from(id))
}

/// An answer, of its prefix and its payload.
pub(super) fn next(prefix: &str, payload: &str) -> String {
    let mut text = String::with_capacity(prefix.len() + payload.len() + 1);
    text.push_str(prefix);
    text.push_str(payload);
    text.push('}');
    text
}

/// The operation did not begin.
pub(super) fn error(id: &str, errors: &Value) -> String {
    json!({"id": id, "type": "error", "payload": errors}).to_string()
}

/// The operation is at its end.
pub(super) fn complete(id: &str) -> String {
    json!({"id": id, "type": "complete"}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_of_the_protocol_are_read() {
        let object = |text| serde_json::from_str(text).unwrap();
        for (text, expected) in [
            (r#"{"type":"connection_init"}"#, ClientMessage::Init(None)),
            (
                r#"{"type":"connection_init","payload":{"a":1}}"#,
                ClientMessage::Init(Some(object(r#"{"a":1}"#))),
            ),
            (
                r#"{"type":"ping","payload":null}"#,
                ClientMessage::Ping(None),
            ),
            (r#"{"type":"pong","payload":{}}"#, ClientMessage::Pong),
            (
                r#"{"id":"1","type":"complete"}"#,
                ClientMessage::Complete { id: "1".into() },
            ),
            (
                r#"{"id":"1","type":"subscribe","payload":{"query":"{a}","variables":null}}"#,
                ClientMessage::Subscribe {
                    id: "1".into(),
                    operation: json!({"query": "{a}", "variables": null}),
                },
            ),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_4400() {
        let long = format!(r#"{{"id":"{}","type":"complete"}}"#, "x".repeat(MAX_ID + 1));
        for text in [
            "",
            "null",
            "[]",
            "{",
            r#""ping""#,
            r#"{"type":"nosuch"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"start","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"ping","payload":[]}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":"{a}"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}"#,
            &long,
        ] {
            assert_eq!(read(text).unwrap_err().code, 4400, "{text}");
        }
    }

    #[test]
    fn ids_are_escaped_and_payloads_are_taken_as_they_are() {
        let text = next(&next_prefix("a\"b"), r#"{"data":1}"#);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({"id": "a\"b", "type": "next", "payload": {"data": 1}})
        );
    }
}
