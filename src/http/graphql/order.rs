//! The fields of an answer, in the order of the document.
//!
//! The specification orders the fields of an answer as its operation selects them; the executor
//! puts them down as they become ready. So an answer is written along the shape of its operation.
//! Which of the fragments on an abstract type applied is not known here: where two of them select
//! the same fields in different orders, the first of them decides for both.

use std::collections::HashMap;

use async_graphql::{
    Name, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

/// The keys of an object as they were asked for, with the shapes of their values; without any for
/// what has no fields.
#[derive(Debug, Default)]
pub(super) struct Shape(IndexMap<Name, Shape>);

/// The shapes of all operations of a document, by name. It takes as many steps as the document
/// has selections with its fragments expanded: measure it first.
pub(super) fn shapes(document: &ExecutableDocument) -> HashMap<Option<Name>, Shape> {
    let operations = document.operations.iter();
    let shapes = operations.map(|(name, operation)| {
        let mut shape = Shape::default();
        shape.take(document, &operation.node.selection_set.node);
        (name.cloned(), shape)
    });
    shapes.collect()
}

impl Shape {
    // As deep as selections nest, which was measured as well.
    fn take(&mut self, document: &ExecutableDocument, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.clone();
                    let below = self.0.entry(key).or_default();
                    below.take(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.take(document, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        self.take(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}

/// A value that is written in the order of its shape.
pub(super) struct Ordered<'a>(pub(super) &'a Value, pub(super) &'a Shape);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(value, shape) = self;
        match value {
            // A scalar may be an object of any form.
            _ if shape.0.is_empty() => value.serialize(serializer),
            Value::Object(fields) => object(fields, shape, serializer),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item, shape))?;
                }
                list.end()
            }
            _ => value.serialize(serializer),
        }
    }
}

fn object<S: Serializer>(
    fields: &IndexMap<Name, Value>,
    shape: &Shape,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    let mut written = 0;
    for (key, below) in &shape.0 {
        // Nearly always the next one: then nothing is looked up.
        let next = fields.get_index(written).filter(|(name, _)| *name == key);
        let found = next.map(|(_, value)| value).or_else(|| fields.get(key));
        if let Some(value) = found {
            map.serialize_entry(key.as_str(), &Ordered(value, below))?;
            written += 1;
        }
    }
    if written < fields.len() {
        for (key, value) in fields.iter().filter(|(key, _)| !shape.0.contains_key(*key)) {
            map.serialize_entry(key.as_str(), value)?;
        }
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn written(document: &str, value: &Value) -> String {
        let document = parse_query(document).unwrap();
        let shapes = shapes(&document);
        serde_json::to_string(&Ordered(value, &shapes[&None])).unwrap()
    }

    #[test]
    fn fields_stand_as_they_are_asked_for_and_not_as_they_became_ready() {
        let value = value!({ "b": { "y": 1, "x": [{ "q": 1, "p": 2 }, null] }, "a": 2 });
        let text = written("{ a b { x { p q } y } }", &value);
        assert_eq!(text, r#"{"a":2,"b":{"x":[{"p":2,"q":1},null],"y":1}}"#);
    }

    #[test]
    fn a_field_stands_where_it_is_selected_first_and_holds_all_of_its_selections() {
        let value = value!({ "t": 1, "b": { "z": 3, "y": 2, "x": 1 }, "a": 0 });
        let document = "{ b { x } ...f a b { z } } fragment f on Q { ... on Q { a b { y } } t }";
        let text = written(document, &value);
        assert_eq!(text, r#"{"b":{"x":1,"y":2,"z":3},"a":0,"t":1}"#);
    }

    #[test]
    fn aliases_are_keys_and_json_scalars_stay_as_they_are() {
        let value = value!({ "two": { "b": 1, "a": { "d": 1, "c": 2 } }, "one": null });
        let text = written("{ one: x two: json(a: 1) skipped @skip(if: true) }", &value);
        assert_eq!(text, r#"{"one":null,"two":{"b":1,"a":{"d":1,"c":2}}}"#);
    }
}
