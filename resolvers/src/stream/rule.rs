//! A subscription has one root field, and that stands in the operation itself.
//!
//! The library follows every field of the root on its own, overlooks fragments there without a
//! word, and ends at once when a directive takes the field out.

use std::sync::{Arc, OnceLock};

use async_graphql::{Error, ErrorExtensions};
use async_graphql::{
    Name, Pos, Positioned, Request, ServerError, ServerResult, ValidationResult,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextValidation,
    },
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection},
};
use sluice_schema::ErrorCode;

/// Why the root of a subscription is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    /// There are several root fields.
    #[error("a subscription has one root field, not {0}: subscribe once for each")]
    Several(usize),
    /// The root holds a fragment.
    #[error("the root field of a subscription stands in the operation itself, not in a fragment")]
    Fragment,
    /// The root field is none of the schema's.
    #[error("the root field of a subscription is one of its streams, not {0}")]
    Meta(Name),
    /// The root field has a directive.
    #[error("the root field of a subscription takes no directive, and this one has @{0}")]
    Directive(Name),
}

/// The one root field of a subscription.
///
/// # Errors
/// [`Broken`], and where.
pub(super) fn root(operation: &OperationDefinition) -> Result<&Field, (Broken, Pos)> {
    let set = &operation.selection_set;
    let mut fields = Vec::with_capacity(1);
    for item in &set.node.items {
        match &item.node {
            Selection::Field(field) => fields.push(field),
            _ => return Err((Broken::Fragment, item.pos)),
        }
    }
    match fields[..] {
        [field] => alone(field),
        _ => Err((Broken::Several(fields.len()), set.pos)),
    }
}

fn alone(field: &Positioned<Field>) -> Result<&Field, (Broken, Pos)> {
    if let Some(directive) = field.node.directives.first() {
        let name = directive.node.name.node.clone();
        return Err((Broken::Directive(name), directive.pos));
    }
    let name = &field.node.name.node;
    if name.starts_with("__") {
        return Err((Broken::Meta(name.clone()), field.pos));
    }
    Ok(&field.node)
}

fn broken(document: &ExecutableDocument) -> Option<ServerError> {
    let mut operations = document.operations.iter();
    operations.find_map(|(_, operation)| {
        if operation.node.ty != OperationType::Subscription {
            return None;
        }
        let (broken, pos) = root(&operation.node).err()?;
        let error = Error::new(broken.to_string()).extend_with(|_, extensions| {
            extensions.set("code", ErrorCode::BadRequest.as_str());
            extensions.set("retryable", false);
        });
        Some(error.into_server_error(pos))
    })
}

/// Refuses subscriptions whose root breaks the rule, before anything is opened.
pub(crate) struct OneRoot;

impl ExtensionFactory for OneRoot {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OfRequest::default())
    }
}

#[derive(Default)]
struct OfRequest {
    broken: OnceLock<ServerError>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for OfRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        if let Some(error) = broken(request.parsed_query()?) {
            let _ = self.broken.set(error);
        }
        next.run(ctx, request).await
    }

    // What else is wrong with the document is said first.
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(ctx).await?;
        match self.broken.get() {
            Some(broken) => Err(vec![broken.clone()]),
            None => Ok(valid),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refused(text: &str) -> Option<String> {
        broken(&parse_query(text).unwrap()).map(|error| error.message)
    }

    #[test]
    fn one_field_directly_in_the_operation_is_all_that_is_taken() {
        assert_eq!(refused("subscription { a: x(after: \"1\") { y } }"), None);
        assert_eq!(refused("{ a b ...f } fragment f on Query { c }"), None);
        for (text, says) in [
            ("subscription { x { a } y { b } }", "not 2"),
            ("subscription { x { a } x { b } }", "not 2"),
            ("subscription { ...f } fragment f on S { x }", "fragment"),
            ("subscription { ... { x } }", "fragment"),
            ("subscription { x ... on S { y } }", "fragment"),
            ("subscription { __typename }", "not __typename"),
            ("subscription { x @skip(if: true) }", "@skip"),
            (
                "subscription($a: Boolean!) { x @include(if: $a) }",
                "@include",
            ),
            ("query q { a } subscription s { x y }", "not 2"),
        ] {
            let refused = refused(text).unwrap_or_default();
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }
}
