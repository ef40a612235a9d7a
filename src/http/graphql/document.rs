//! A document that was parsed.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, OnceLock},
};

use async_graphql::{
    Name, ServerError,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    },
};
use sluice_kernel::ContentDigest;
use sluice_resolvers::{Amount, Limits, measure};

use super::{
    Refused,
    order::{self, Shape},
    scan::Bounds,
};

// Of a document without operations, which no parser lets through.
static EMPTY: LazyLock<Shape> = LazyLock::new(Shape::default);

/// A document that was parsed.
#[derive(Debug)]
pub(crate) struct Document {
    text: Arc<str>,
    digest: ContentDigest,
    tokens: usize,
    parsed: ExecutableDocument,
    amount: Amount,
    shapes: OnceLock<HashMap<Option<Name>, Shape>>,
}

impl Document {
    /// Parses and measures a text whose length was judged.
    ///
    /// # Errors
    /// [`Refused`] when it has too many tokens, is not GraphQL or is above the limits.
    pub(super) fn parse(
        text: &str,
        digest: ContentDigest,
        bounds: &Bounds,
        limits: &Limits,
    ) -> Result<Self, Refused> {
        let of_document = |error: ServerError| Refused::of_document(vec![error]);
        let tokens = bounds.check(text)?;
        let parsed = parse_query(text).map_err(|error| of_document(error.into()))?;
        let measure = measure(&parsed, limits).map_err(of_document)?;
        Ok(Self {
            text: text.into(),
            digest,
            tokens,
            parsed,
            amount: measure.amount,
            shapes: OnceLock::new(),
        })
    }

    /// As the client wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text.
    pub(crate) fn digest(&self) -> &ContentDigest {
        &self.digest
    }

    /// How many tokens it has.
    pub(super) fn tokens(&self) -> usize {
        self.tokens
    }

    /// What it asks for, fragments expanded.
    pub(super) fn amount(&self) -> Amount {
        self.amount
    }

    /// The order of the fields of an operation's answers.
    pub(super) fn shape(&self, operation: Option<&str>) -> &Shape {
        let shapes = self.shapes.get_or_init(|| order::shapes(&self.parsed));
        let named = shapes.get(&operation.map(Name::new));
        // The only operation may have a name that the client did not give.
        named.or_else(|| shapes.values().next()).unwrap_or(&EMPTY)
    }

    /// What the parser made of it.
    pub(crate) fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// The operation of that name, or the only one.
    ///
    /// # Errors
    /// What is wrong with the name, or that there must be one.
    pub(crate) fn operation(&self, name: Option<&str>) -> Result<&OperationDefinition, String> {
        let unknown = |name| format!("Unknown operation named \"{name}\"");
        match (&self.parsed.operations, name) {
            (DocumentOperations::Single(operation), None) => Ok(&operation.node),
            (DocumentOperations::Single(_), Some(name)) => Err(unknown(name)),
            (DocumentOperations::Multiple(all), Some(name)) => all
                .get(&Name::new(name))
                .map(|operation| &operation.node)
                .ok_or_else(|| unknown(name)),
            (DocumentOperations::Multiple(all), None) => match all.values().next() {
                Some(only) if all.len() == 1 => Ok(&only.node),
                _ => Err("Operation name required in request.".to_owned()),
            },
        }
    }
}
