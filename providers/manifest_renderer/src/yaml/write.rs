//! Writes values as YAML in one form: keys sorted, two spaces, lists at the indent of their key, long
//! text as literal blocks.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::scalar;

/// The value as one document, ending with a line feed.
pub(crate) fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => map_lines(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() => list_lines(&mut out, items, 0),
        _ => {
            inline(&mut out, value, 0);
            out.push('\n');
        }
    }
    out
}

fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n("  ", level));
}

/// The entries, each on a line of its own at `level`.
fn map_lines(out: &mut String, map: &Map<String, Value>, level: usize) {
    for (key, value) in sorted(map) {
        indent(out, level);
        entry(out, key, value, level);
    }
}

fn entry(out: &mut String, key: &str, value: &Value, level: usize) {
    out.push_str(&text(key));
    out.push(':');
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            map_lines(out, map, level + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            list_lines(out, items, level);
        }
        _ => {
            out.push(' ');
            inline(out, value, level + 1);
            out.push('\n');
        }
    }
}

fn list_lines(out: &mut String, items: &[Value], level: usize) {
    for item in items {
        indent(out, level);
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => {
                for (at, (key, value)) in sorted(map).into_iter().enumerate() {
                    if at > 0 {
                        indent(out, level + 1);
                    }
                    entry(out, key, value, level + 1);
                }
            }
            Value::Array(inner) if !inner.is_empty() => {
                let mut nested = String::new();
                list_lines(&mut nested, inner, level + 1);
                out.push_str(nested.trim_start());
            }
            _ => {
                inline(out, item, level + 1);
                out.push('\n');
            }
        }
    }
}

/// A scalar or an empty collection; `level` is the indent of a literal block's lines.
fn inline(out: &mut String, value: &Value, level: usize) {
    match value {
        Value::String(string) if block_fits(string) => block(out, string, level.max(1)),
        Value::String(string) => out.push_str(&text(string)),
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Whether a literal block holds the text unchanged.
fn block_fits(string: &str) -> bool {
    string.trim_end_matches('\n').contains('\n')
        && !string.starts_with([' ', '\n', '\t'])
        && string.chars().all(|c| c == '\n' || printable(c))
        && string.split('\n').all(|line| !line.ends_with([' ', '\t']))
}

/// Characters that stand for themselves in a YAML file.
fn printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn block(out: &mut String, string: &str, level: usize) {
    let body = string.trim_end_matches('\n');
    let (header, extra) = match string.len() - body.len() {
        0 => ("|-", 0),
        1 => ("|", 0),
        more => ("|+", more - 1),
    };
    out.push_str(header);
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, level);
            out.push_str(line);
        }
    }
    out.extend(std::iter::repeat_n('\n', extra));
}

/// A key or text on one line: plain where nobody could read it otherwise, else in double quotes.
fn text(string: &str) -> String {
    if plain_fits(string) {
        return string.to_owned();
    }
    let mut quoted = String::with_capacity(string.len() + 2);
    quoted.push('"');
    for c in string.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if printable(c) => quoted.push(c),
            c if u32::from(c) <= 0xffff => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

fn plain_fits(string: &str) -> bool {
    let Some(first) = string.chars().next() else {
        return false;
    };
    let starts =
        first.is_ascii_alphanumeric() || matches!(first, '/' | '_' | '.' | '+' | '$' | '(');
    let only_known = string
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || " _./:@%+=,-()$;~^*<".contains(c));
    starts
        && only_known
        && !string.contains(": ")
        && !string.ends_with([':', ' '])
        && string != "<<"
        && !means_otherwise(string)
}

/// Whether some reader of YAML takes the plain text for something that is no text.
fn means_otherwise(string: &str) -> bool {
    let lower = string.to_ascii_lowercase();
    let old_boolean = matches!(lower.as_str(), "y" | "n" | "yes" | "no" | "on" | "off");
    let digits_first = string.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '+');
    // Sexagesimal numbers and dates of YAML 1.1.
    let timely = digits_first
        && string.contains([':', '-'])
        && string
            .bytes()
            .all(|b| b.is_ascii_digit() || b":.-_+TtZz ".contains(&b));
    old_boolean || timely || scalar::resolve(string) != Some(Value::String(string.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::{Booleans, documents};
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn arbitrary() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            "[ -~\n\té\u{2028}]{0,20}".prop_map(Value::String),
            "(yes|no|true|null|0[0-7]{1,3}|[0-9.:-]{1,8}|a: b|- x|#c|<<|[a-z ]{0,9}\n{0,3}[a-z]{0,4}\n{0,3})"
                .prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map("[a-zA-Z0-9_./~: -]{0,10}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(value in arbitrary()) {
            let text = write(&json!({"top": value}));
            let read = documents(&text, Booleans::Old).map_err(|problem| {
                TestCaseError::fail(format!("{}: {}\n{text}", problem.line, problem.message))
            })?;
            prop_assert_eq!(&read[0].1, &json!({"top": value}), "{}", text);
        }
    }

    #[test]
    fn the_form_is_kubectls() {
        let value =
            json!({"b": ["x", {"z": 1, "a": [true]}], "a": {"t": "l1\nl2\n", "e": {}, "y": "yes"}});
        let expected = "a:\n  e: {}\n  t: |\n    l1\n    l2\n  \"y\": \"yes\"\nb:\n- x\n- a:\n  - true\n  z: 1\n";
        assert_eq!(write(&value), expected);
    }
}
