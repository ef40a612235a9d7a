//! Variables that a request leaves out.
//!
//! By the specification an argument whose variable is not given counts as not given, so that its
//! default applies. The library refuses such a request instead; here the uses are taken out of
//! the document before it is validated. One that must be given is refused here, before anything is
//! executed: the library would begin, and fail at the field that uses it.

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Name, Positioned, Request, ServerError, ServerResult, ValidationResult,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextValidation,
    },
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

/// Takes the uses of variables out that may be left out and are.
pub(crate) struct LeftOut;

impl ExtensionFactory for LeftOut {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OfRequest::default())
    }
}

#[derive(Default)]
struct OfRequest {
    missing: OnceLock<ServerError>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for OfRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let given: HashSet<Name> = request.variables.keys().cloned().collect();
        let null = async_graphql::Value::Null;
        let nulls = request
            .variables
            .iter()
            .filter(|(_, value)| **value == null);
        let nulls: HashSet<Name> = nulls.map(|(name, _)| name.clone()).collect();
        let operation = request.operation_name.clone();
        let document = request.parsed_query()?;
        if let Some(missing) = missing(document, operation.as_deref(), &given, &nulls) {
            let _ = self.missing.set(missing);
        }
        let absent = left_out(document, operation.as_deref(), &given);
        if !absent.is_empty() {
            let mut document = document.clone();
            take_out(&mut document, &absent);
            request.set_parsed_query(document);
        }
        next.run(ctx, request).await
    }

    // What is wrong with the document itself is said first.
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(ctx).await?;
        match self.missing.get() {
            Some(missing) => Err(vec![missing.clone()]),
            None => Ok(valid),
        }
    }
}

// The first one that must be given and is not, or is null and must not be.
fn missing(
    document: &ExecutableDocument,
    operation: Option<&str>,
    given: &HashSet<Name>,
    nulls: &HashSet<Name>,
) -> Option<ServerError> {
    let mut operations = document.operations.iter();
    let (_, operation) = match operation {
        Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known == name))?,
        // Which of several runs is not known: the library refuses that.
        None => operations.next().filter(|_| operations.next().is_none())?,
    };
    let mut variables = operation.node.variable_definitions.iter();
    let variable = variables.find(|variable| {
        let variable = &variable.node;
        let required = !variable.var_type.node.nullable && variable.default_value.is_none();
        let null = !variable.var_type.node.nullable && nulls.contains(&variable.name.node);
        null || (required && !given.contains(&variable.name.node))
    })?;
    let (name, kind) = (&variable.node.name.node, &variable.node.var_type.node);
    let rule = match nulls.contains(name) {
        true => "must not be null",
        false => "is required and not given",
    };
    let message = format!("the variable ${name} of type {kind} {rule}");
    Some(ServerError::new(message, Some(variable.pos)))
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
    fn a_variable_that_must_be_given_and_is_not_is_named() {
        let message = |text: &str, operation: Option<&str>, given: &[&str]| {
            let given = given.iter().map(Name::new).collect();
            let document = parse_query(text).unwrap();
            let refused = missing(&document, operation, &given, &HashSet::new());
            refused.map(|error| error.message)
        };
        let text = "query a($a: Int, $b: [ID!]!, $c: Int! = 1) { x }";
        let refused = message(text, None, &["a"]).unwrap();
        assert_eq!(
            refused,
            "the variable $b of type [ID!]! is required and not given"
        );
        assert_eq!(message(text, Some("a"), &["b"]), None);
        let two = "query a($a: Int!) { x } query b($b: Int!) { x }";
        assert!(message(two, Some("b"), &["a"]).unwrap().contains("$b"));
        assert_eq!(message(two, None, &[]), None);
        assert_eq!(message(two, Some("c"), &[]), None);
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
