//! Reading a subscription's document.

use async_graphql::Positioned;
use async_graphql::{
    Name, Value as ConstValue, Variables,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};
use async_graphql_value::Value;

use super::{
    Described,
    place::{AFTER, place},
    rule::root,
};

/// Reads where a subscription begins. `None` when the document, the operation or its argument is
/// not what the schema demands; [`subscribe`](super::subscribe) says what is wrong.
pub fn describe(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
) -> Option<Described> {
    let operation = chosen(document, operation)?;
    if operation.ty != OperationType::Subscription {
        return None;
    }
    let field = root(operation).ok()?;
    let argument = field.get_argument(AFTER).map(|value| &value.node);
    let after = match argument {
        None => None,
        Some(value) => match given(value, operation, variables)? {
            ConstValue::Null => None,
            ConstValue::String(text) => Some(place(&text).ok()?),
            _ => return None,
        },
    };
    let of_after = match argument {
        Some(Value::Variable(name)) => Some(name),
        _ => None,
    };
    let elsewhere = of_after.is_some_and(|name| uses(document, operation, name) > 1);
    let mut depends = Variables::default();
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        if let Some(value) = variables.get(name)
            && (elsewhere || of_after != Some(name))
        {
            depends.insert(name.clone(), value.clone());
        }
    }
    Some(Described {
        shareable: field.name.node.ends_with("Events") && !elsewhere,
        field: field.name.node.to_string(),
        after,
        variables: depends,
    })
}

/// The operation that is executed: the one of this name, or the only one.
pub(super) fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let mut operations = document.operations.iter();
    let (_, operation) = match name {
        Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known == name))?,
        None => operations.next().filter(|_| operations.next().is_none())?,
    };
    Some(&operation.node)
}

// What an argument is given: nothing, where it is a variable that the operation does not declare.
fn given(
    value: &Value,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<ConstValue> {
    let Value::Variable(name) = value else {
        return value.clone().into_const();
    };
    let mut definitions = operation.variable_definitions.iter();
    let definition = definitions.find(|it| it.node.name.node == *name)?;
    let default = || {
        definition
            .node
            .default_value
            .as_ref()
            .map(|it| it.node.clone())
    };
    let given = variables.get(name).cloned().or_else(default);
    Some(given.unwrap_or_default())
}

/// How often a variable stands in the operation and in the fragments, spread or not.
fn uses(document: &ExecutableDocument, operation: &OperationDefinition, name: &Name) -> usize {
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| {
        let fragment = &fragment.node;
        in_directives(&fragment.directives, name) + in_set(&fragment.selection_set.node, name)
    });
    in_directives(&operation.directives, name)
        + in_set(&operation.selection_set.node, name)
        + fragments.sum::<usize>()
}

// The parser bounds how deep selections nest.
fn in_set(set: &SelectionSet, name: &Name) -> usize {
    let items = set.items.iter().map(|item| match &item.node {
        Selection::Field(field) => in_field(&field.node, name),
        Selection::InlineFragment(inline) => {
            let inline = &inline.node;
            in_directives(&inline.directives, name) + in_set(&inline.selection_set.node, name)
        }
        Selection::FragmentSpread(spread) => in_directives(&spread.node.directives, name),
    });
    items.sum()
}

fn in_field(field: &Field, name: &Name) -> usize {
    in_arguments(&field.arguments, name)
        + in_directives(&field.directives, name)
        + in_set(&field.selection_set.node, name)
}

fn in_directives(directives: &[Positioned<Directive>], name: &Name) -> usize {
    let directives = directives.iter();
    directives
        .map(|directive| in_arguments(&directive.node.arguments, name))
        .sum()
}

fn in_arguments(arguments: &[(Positioned<Name>, Positioned<Value>)], name: &Name) -> usize {
    let arguments = arguments.iter();
    arguments
        .map(|(_, value)| in_value(&value.node, name))
        .sum()
}

fn in_value(value: &Value, name: &Name) -> usize {
    match value {
        Value::Variable(used) => usize::from(used == name),
        Value::List(values) => values.iter().map(|value| in_value(value, name)).sum(),
        Value::Object(fields) => fields.values().map(|value| in_value(value, name)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    fn described(text: &str, variables: Json) -> Option<Described> {
        let document = parse_query(text).unwrap();
        describe(&document, None, &Variables::from_json(variables))
    }

    #[test]
    fn after_is_read_from_literals_variables_and_their_defaults() {
        let after = |text: &str, variables: Json| described(text, variables).map(|it| it.after);
        let literal = "subscription { buildEvents(after: \"5\") { __typename } }";
        assert_eq!(after(literal, json!({})), Some(Some(5)));
        let none = "subscription { buildEvents { __typename } }";
        assert_eq!(after(none, json!({})), Some(None));
        let given = "subscription($a: String) { buildEvents(after: $a) { __typename } }";
        assert_eq!(after(given, json!({ "a": "7" })), Some(Some(7)));
        assert_eq!(after(given, json!({ "a": null })), Some(None));
        assert_eq!(after(given, json!({})), Some(None));
        let default = "subscription($a: String = \"3\") { buildEvents(after: $a) { __typename } }";
        assert_eq!(after(default, json!({})), Some(Some(3)));
        assert_eq!(after(default, json!({ "a": null })), Some(None));
        assert_eq!(after(default, json!({ "a": "4" })), Some(Some(4)));
    }

    #[test]
    fn what_the_schema_refuses_is_not_described() {
        for (text, variables) in [
            ("{ viewer { tenant } }", json!({})),
            ("subscription { a { x } b { x } }", json!({})),
            ("subscription { ...f } fragment f on S { a }", json!({})),
            ("subscription { a(after: \"x\") { x } }", json!({})),
            ("subscription { a(after: 5) { x } }", json!({})),
            ("subscription { a(after: $a) { x } }", json!({ "a": "5" })),
            (
                "subscription($a: String) { a(after: $a) { x } }",
                json!({ "a": 5 }),
            ),
            (
                "subscription a { a { x } } subscription b { b { x } }",
                json!({}),
            ),
        ] {
            assert_eq!(described(text, variables), None, "{text}");
        }
        let two = "subscription a { aEvents { x } } subscription b { bEvents { x } }";
        let document = parse_query(two).unwrap();
        let of = |name| describe(&document, name, &Variables::default()).map(|it| it.field);
        assert_eq!(of(Some("b")).as_deref(), Some("bEvents"));
        assert_eq!(of(Some("c")), None);
    }

    #[test]
    fn answers_depend_on_the_declared_variables_but_not_on_where_they_begin() {
        let text = "subscription($a: String, $p: ID, $d: Int) {
            buildEvents(after: $a, projectId: $p) { ...f } }
            fragment f on X { l(first: $d) }";
        let all = json!({ "a": "5", "p": "web", "d": 1, "stranger": true });
        let found = described(text, all).unwrap();
        assert_eq!(
            found.variables,
            Variables::from_json(json!({ "p": "web", "d": 1 }))
        );
        assert!(found.shareable);
        assert_eq!(found.field, "buildEvents");
    }

    #[test]
    fn a_document_that_shows_where_it_begins_is_not_shared() {
        for inside in [
            "... on BuildEvent { x(cursor: $a) }",
            "... on BuildEvent { x(in: { c: [$a] }) }",
            "... @include(if: $a) { x }",
            "...f } } fragment f on X { y { z(a: $a)",
        ] {
            let text =
                format!("subscription($a: String) {{ buildEvents(after: $a) {{ {inside} }} }}");
            let found = described(&text, json!({ "a": "5" })).unwrap();
            assert!(!found.shareable, "{text}");
            assert_eq!(found.variables, Variables::from_json(json!({ "a": "5" })));
            assert_eq!(found.after, Some(5));
        }
    }

    #[test]
    fn lines_of_a_log_are_no_places_in_the_ledger() {
        let text = "subscription { pipelineRunLog(id: \"run_1\") { nextLine } }";
        assert!(!described(text, json!({})).unwrap().shareable);
    }
}
