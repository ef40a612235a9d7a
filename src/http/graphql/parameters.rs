//! The parameters of a request.

use async_graphql::{Name, Value as ConstValue, Variables};
use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};
use sluice_schema::ErrorCode;

use super::{Refused, batch};

/// What a client sends.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Parameters {
    /// The document; absent when it is named by its digest.
    pub(crate) query: Option<String>,
    /// The digest of the document: `sha256:` and hexadecimal digits.
    #[serde(alias = "id")]
    pub(crate) document_id: Option<String>,
    /// Which of the document's operations.
    pub(crate) operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    /// What clients and server agree on beside the specification.
    pub(crate) extensions: Option<Map<String, Value>>,
}

impl Parameters {
    /// Reads the parameters of a message.
    ///
    /// # Errors
    /// [`Refused`] names the parameter whose type is wrong.
    pub(crate) fn from_json(value: Value) -> Result<Self, Refused> {
        let read: Self = serde_json::from_value(value)
            .map_err(|error| Refused::bad(format!("this is not a GraphQL request: {error}")))?;
        read.checked()
    }

    // Forms and some clients say "none" with an empty text.
    pub(super) fn checked(mut self) -> Result<Self, Refused> {
        self.operation_name = self.operation_name.filter(|name| !name.is_empty());
        match self.names_document() {
            true => Ok(self),
            false => Err(Refused::bad("the request has no query")),
        }
    }

    fn names_document(&self) -> bool {
        let extensions = self.extensions.as_ref();
        self.query.is_some()
            || self.document_id.is_some()
            || extensions.is_some_and(|extensions| extensions.contains_key("persistedQuery"))
    }

    /// The variables, for the executor.
    pub(crate) fn variables(self) -> Variables {
        Variables::from_json(Value::Object(self.variables.unwrap_or_default()))
    }
}

/// The variables as a text that is equal for equal variables, whatever the order of their keys.
pub(crate) fn canonical(variables: &Variables) -> String {
    let mut text = String::new();
    if !variables.is_empty() {
        write_object(variables.iter(), &mut text);
    }
    text
}

fn write_object<'a>(entries: impl Iterator<Item = (&'a Name, &'a ConstValue)>, out: &mut String) {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(key, _)| *key);
    out.push('{');
    for (key, value) in entries {
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write_value(value, out);
        out.push(',');
    }
    out.push('}');
}

fn write_value(value: &ConstValue, out: &mut String) {
    match value {
        ConstValue::Object(map) => write_object(map.iter(), out),
        ConstValue::List(items) => {
            out.push('[');
            for item in items {
                write_value(item, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.clone().into_json().unwrap_or_default().to_string()),
    }
}

/// Demands JSON: what a browser sends across sites without asking is never JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Refused> {
    let wrong = |rule| Err(Refused::new(415, ErrorCode::BadRequest, rule));
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(CONTENT_TYPE).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    if !parts
        .next()
        .unwrap_or_default()
        .eq_ignore_ascii_case("application/json")
    {
        return wrong("the content type must be application/json");
    }
    let foreign_charset = parts
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .any(|(_, charset)| !charset.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if foreign_charset {
        return wrong("the charset must be utf-8");
    }
    match text(CONTENT_ENCODING) {
        None | Some("identity") => Ok(()),
        Some(_) => wrong("the body must not be compressed"),
    }
}

/// What a body holds.
#[derive(Debug)]
pub(super) enum Posted {
    One(Parameters),
    Batch(Vec<Parameters>),
}

/// Reads a JSON body.
pub(super) fn of_post(
    body: Result<Bytes, BytesRejection>,
    max_batch: usize,
) -> Result<Posted, Refused> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refused::new(413, ErrorCode::LimitExceeded, "the body is too large")
        }
        _ => Refused::bad("the body could not be read to its end"),
    })?;
    if body.trim_ascii_start().starts_with(b"[") {
        return batch::read(&body, max_batch).map(Posted::Batch);
    }
    let read: Result<Parameters, _> = serde_json::from_slice(&body);
    read.map_err(|error| Refused::bad(format!("the body is not a GraphQL request: {error}")))?
        .checked()
        .map(Posted::One)
}

/// Reads URL parameters; `variables` and `extensions` are JSON.
pub(crate) fn of_get(query: &str) -> Result<Parameters, Refused> {
    let mut parameters = Map::new();
    for (name, value) in form_pairs(query) {
        let value = match name.as_str() {
            "query" | "operationName" | "documentId" | "id" => Value::from(value),
            // An empty parameter is how forms say "none".
            "variables" | "extensions" if value.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&value)
                .map_err(|error| Refused::bad(format!("{name} is not JSON: {error}")))?,
            _ => continue,
        };
        if parameters.insert(name.clone(), value).is_some() {
            return Err(Refused::bad(format!("{name} is given twice")));
        }
    }
    Parameters::from_json(Value::Object(parameters))
}

fn form_pairs(query: &str) -> Vec<(String, String)> {
    let base = reqwest::Url::parse("http://localhost/");
    let Ok(mut url) = base else {
        return Vec::new();
    };
    url.set_query(Some(query));
    let pairs = url.query_pairs();
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(text: &str) -> Result<Parameters, String> {
        let body = Ok(Bytes::copy_from_slice(text.as_bytes()));
        match of_post(body, 1).map_err(|refused| refused.body("").to_string())? {
            Posted::One(parameters) => Ok(parameters),
            Posted::Batch(batch) => panic!("a batch: {batch:?}"),
        }
    }

    #[test]
    fn equal_variables_have_one_text_whatever_the_order_of_keys() {
        let one = parameters(r#"{"query":"q","variables":{"a":{"x":1,"y":[1,2]},"b":"2"}}"#);
        let two = parameters(r#"{"variables":{"b":"2","a":{"y":[1,2],"x":1}},"query":"q"}"#);
        let other = parameters(r#"{"query":"q","variables":{"a":{"x":1,"y":[2,1]},"b":"2"}}"#);
        let text =
            |parameters: Result<Parameters, String>| canonical(&parameters.unwrap().variables());
        let one = text(one);
        assert_eq!(one, text(two));
        assert_ne!(one, text(other));
    }

    #[test]
    fn bodies_that_are_not_a_request_are_refused() {
        for text in [
            "",
            "{",
            "null",
            "{}",
            r#"{"query":1}"#,
            r#"{"query":null}"#,
            r#"{"query":"q","variables":[]}"#,
            r#"{"query":"q","variables":"{}"}"#,
            r#"{"query":"q","operationName":1}"#,
            r#"{"query":"q","extensions":"x"}"#,
            r#"[{"query":"q"}]"#,
            r#"{"query":"q"} trailing"#,
        ] {
            assert!(parameters(text).is_err(), "{text:?}");
        }
        assert!(parameters(r#"{"query":"q","variables":null,"operationName":null}"#).is_ok());
    }

    #[test]
    fn url_parameters_are_decoded_and_given_once() {
        let read = |query| of_get(query).map_err(|refused| refused.body("").to_string());
        let good = read("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=A&other=1");
        let good = good.unwrap();
        assert_eq!(good.query.as_deref(), Some("{a}"));
        assert_eq!(good.operation_name.as_deref(), Some("A"));
        for bad in [
            "",
            "query=a&query=b",
            "query=a&variables=x",
            "query=a&variables=[]",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
