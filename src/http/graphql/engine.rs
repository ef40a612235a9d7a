//! One way in for every transport: what a client sends becomes a [`Prepared`] operation, and that
//! an answer.

use std::sync::Arc;

use async_graphql::{
    Request, Response as Outcome, ServerError, Variables,
    parser::types::{OperationDefinition, OperationType, Selection},
};
use bytes::Bytes;
use futures::stream::BoxStream;
use sluice_kernel::{ContentDigest, Ctx};
use sluice_resolvers::stream::{Delivered, Range};

use super::{
    GraphQl, Parameters, Refused, answer,
    documents::{Document, Documents},
};
use crate::config::GraphqlConfig;

/// Prepares and executes operations; cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    executor: Arc<dyn GraphQl>,
    documents: Documents,
}

/// An operation of a document that may be executed, with its variables.
#[derive(Clone)]
pub(crate) struct Prepared {
    /// What it is.
    pub(crate) kind: OperationType,
    /// Its document, parsed.
    pub(crate) document: Arc<Document>,
    /// Its name as the client gave it; `None` where the document has only one.
    pub(crate) operation_name: Option<String>,
    /// Its variables, as they were given.
    pub(crate) variables: Variables,
}

impl Engine {
    /// Executes by `executor`, within the limits of `settings`.
    pub fn new(executor: Arc<dyn GraphQl>, settings: &GraphqlConfig) -> Self {
        Self(Arc::new(Inner {
            executor,
            documents: Documents::new(settings),
        }))
    }

    /// Finds and parses the document and its operation.
    ///
    /// # Errors
    /// [`Refused`] when the document is unknown, too large or not GraphQL, when it does not tell
    /// which operation is meant, or when the caller has used up what it may spend.
    pub(crate) fn prepare(&self, ctx: &Ctx, parameters: Parameters) -> Result<Prepared, Refused> {
        let _ = ctx;
        let document = self.0.documents.find(&parameters)?;
        let name = parameters.operation_name.clone();
        let operation = document.operation(name.as_deref()).map_err(|message| {
            // The library's words, so that clients find what they know.
            Refused::of_document(vec![ServerError::new(message, None)])
        })?;
        Ok(Prepared {
            kind: operation.ty,
            operation_name: name,
            variables: parameters.variables(),
            document,
        })
    }

    /// Executes a query or mutation; the answer is the body of a GraphQL response.
    ///
    /// # Errors
    /// [`Refused`] when it did not begin: the document is not valid, the variables do not fit, or
    /// a limit does not allow it.
    pub(crate) async fn execute(&self, ctx: Ctx, prepared: Prepared) -> Result<Bytes, Refused> {
        let trace_id = ctx.trace_id().to_owned();
        let (request, document) = prepared.into_request();
        let outcome = self.0.executor.execute(ctx, request).await;
        let outcome = begun(outcome)?;
        Ok(document.encode(outcome, &trace_id))
    }

    /// Begins a subscription, after its own argument or in `range`; returns when its source is
    /// open. [`Prepared::encode`] makes bytes of its answers.
    ///
    /// # Errors
    /// [`Refused`] when it did not begin.
    pub(crate) async fn subscribe(
        &self,
        ctx: Ctx,
        prepared: &Prepared,
        range: Option<Range>,
    ) -> Result<BoxStream<'static, Delivered>, Refused> {
        let (request, _) = prepared.clone().into_request();
        let begun = self.0.executor.subscribe(ctx, request, range).await;
        begun.map_err(|refusal| Refused::of_document(refusal.errors))
    }
}

// Errors of execution carry the path of their field; those before it have none.
fn begun(outcome: Outcome) -> Result<Outcome, Refused> {
    let ran = outcome.errors.is_empty()
        || outcome.data != async_graphql::Value::Null
        || outcome.errors.iter().any(|error| !error.path.is_empty());
    match ran {
        true => Ok(outcome),
        false => Err(Refused::of_document(outcome.errors)),
    }
}

impl Prepared {
    /// Whether the operation selects one field and no more.
    pub(crate) fn has_one_field(&self) -> bool {
        let operation = self.document.operation(self.operation_name.as_deref());
        operation.is_ok_and(has_one_field)
    }

    /// Digest of operation and variables; the order of keys does not matter.
    pub(crate) fn fingerprint(&self) -> ContentDigest {
        let variables = super::parameters::canonical(&self.variables);
        let name = self.operation_name.as_deref().unwrap_or_default();
        let text = self.document.text();
        ContentDigest::of_parts([text.as_bytes(), name.as_bytes(), variables.as_bytes()])
    }

    /// The body of an answer to the operation.
    pub(crate) fn encode(&self, outcome: Outcome, trace_id: &str) -> Bytes {
        self.document.encode(outcome, trace_id)
    }

    // The library takes the document by value.
    fn into_request(self) -> (Request, Arc<Document>) {
        let mut request = Request::new("").variables(self.variables);
        if let Some(name) = self.operation_name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(self.document.parsed().clone());
        (request, self.document)
    }
}

// A fragment may hold more than one.
fn has_one_field(operation: &OperationDefinition) -> bool {
    match operation.selection_set.node.items.as_slice() {
        [only] => matches!(only.node, Selection::Field(_)),
        _ => false,
    }
}

impl Document {
    fn encode(&self, outcome: Outcome, trace_id: &str) -> Bytes {
        answer::encode(outcome, trace_id)
    }
}
