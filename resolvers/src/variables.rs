//! Variables that a request leaves out.
//!
//! By the specification an argument whose variable is not given counts as not given, so that its
//! default applies. The library refuses such a request instead; here the uses are taken out of
//! the document before it is validated.

use std::{collections::HashSet, sync::Arc};

use async_graphql::{
    Name, Positioned, Request, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

/// Takes the uses of variables out that may be left out and are.
pub(crate) struct LeftOut;

impl ExtensionFactory for LeftOut {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for LeftOut {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let given: HashSet<Name> = request.variables.keys().cloned().collect();
        let operation = request.operation_name.clone();
        let document = request.parsed_query()?;
        let absent = left_out(document, operation.as_deref(), &given);
        if !absent.is_empty() {
            let mut document = document.clone();
            take_out(&mut document, &absent);
            request.set_parsed_query(document);
        }
        next.run(ctx, request).await
    }
}

// Nullable, without a default and not given.
fn left_out(
    document: &ExecutableDocument,
    operation: Option<&str>,
    given: &HashSet<Name>,
) -> HashSet<Name> {
    let runs = |name: Option<&Name>| operation.is_none() || name.map(Name::as_str) == operation;
    let operations = document.operations.iter().filter(|(name, _)| runs(*name));
    let variables = operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
    variables
        .map(|variable| &variable.node)
        .filter(|variable| variable.var_type.node.nullable && variable.default_value.is_none())
        .map(|variable| variable.name.node.clone())
        .filter(|name| !given.contains(name))
        .collect()
}

fn take_out(document: &mut ExecutableDocument, absent: &HashSet<Name>) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => in_operation(&mut operation.node, absent),
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .for_each(|operation| in_operation(&mut operation.node, absent)),
    }
    for fragment in document.fragments.values_mut() {
        in_set(&mut fragment.node.selection_set.node, absent);
    }
}

fn in_operation(operation: &mut OperationDefinition, absent: &HashSet<Name>) {
    let definitions = &mut operation.variable_definitions;
    definitions.retain(|variable| !absent.contains(&variable.node.name.node));
    in_set(&mut operation.selection_set.node, absent);
}

// The parser bounds how deep selections nest.
fn in_set(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                in_arguments(&mut field.node.arguments, absent);
                in_set(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(inline) => {
                in_set(&mut inline.node.selection_set.node, absent);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn in_arguments(
    arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>,
    absent: &HashSet<Name>,
) {
    arguments.retain_mut(|(_, value)| stays(&mut value.node, absent));
}

// Whether the value stays; what is inside of it and does not is taken out.
fn stays(value: &mut Value, absent: &HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) => return !absent.contains(name),
        Value::Object(fields) => fields.retain(|_, value| stays(value, absent)),
        Value::List(items) => {
            for item in items {
                if !stays(item, absent) {
                    *item = Value::Null;
                }
            }
        }
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn absent(text: &str, operation: Option<&str>, given: &[&str]) -> Vec<String> {
        let given = given.iter().map(Name::new).collect();
        let found = left_out(&parse_query(text).unwrap(), operation, &given);
        let mut names: Vec<_> = found.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn only_nullable_variables_without_a_default_may_be_left_out() {
        let text = "query a($a: Int, $b: Int!, $c: Int = 1, $d: Int) { x }";
        assert_eq!(absent(text, None, &["d"]), ["a"]);
        let two = "query a($a: Int) { x } query b($b: Int) { x }";
        assert_eq!(absent(two, Some("b"), &[]), ["b"]);
    }

    #[test]
    fn arguments_and_input_fields_go_and_list_items_become_null() {
        let text = "query a($a: Int, $b: Int) {
            x(a: $a, b: $b, c: { a: $a, b: $b, d: [1, $a] }) { y(a: $a) }
            ...f
        } fragment f on X { z(a: $a) }";
        let mut document = parse_query(text).unwrap();
        take_out(&mut document, &HashSet::from([Name::new("a")]));
        let operation = document.operations.iter().next().unwrap().1;
        assert_eq!(operation.node.variable_definitions.len(), 1);
        let Selection::Field(x) = &operation.node.selection_set.node.items[0].node else {
            panic!("a field");
        };
        assert!(x.node.get_argument("a").is_none());
        let c = x.node.get_argument("c").unwrap().node.to_string();
        assert_eq!(c, "{b: $b,d: [1,null]}".replace(',', ", "));
        let fragment = &document.fragments[&Name::new("f")].node;
        let Selection::Field(z) = &fragment.selection_set.node.items[0].node else {
            panic!("a field");
        };
        assert!(z.node.arguments.is_empty());
    }
}
