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
use sluice_resolvers::{
    Limits, Meter,
    stream::{Delivered, Range},
};

use super::{
    GraphQl, Parameters, Refused,
    allowance::{Allowance, Payer},
    answer,
    bill::{self, Bill, Budget},
    document::Document,
    documents::Documents,
    scan,
};
use crate::config::GraphqlConfig;

/// Prepares and executes operations; cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    executor: Arc<dyn GraphQl>,
    documents: Documents,
    bounds: scan::Bounds,
    limits: Limits,
    max_batch: usize,
    allowance: Option<Arc<Allowance>>,
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
            bounds: scan::Bounds::of(settings),
            limits: settings.limits(),
            max_batch: usize::try_from(settings.max_batch).unwrap_or(usize::MAX),
            allowance: Allowance::new(settings.cost_per_minute).map(Arc::new),
        }))
    }

    /// Finds and parses the document and its operation.
    ///
    /// # Errors
    /// [`Refused`] when the document is unknown, too large or not GraphQL, when it does not tell
    /// which operation is meant, or when the caller has used up what it may spend.
    pub(crate) fn prepare(&self, ctx: &Ctx, parameters: Parameters) -> Result<Prepared, Refused> {
        // Before any work: who has nothing left to spend is not even parsed.
        self.charge(ctx, 0)?;
        let document = self.0.documents.find(&parameters)?;
        let name = parameters.operation_name.clone();
        let operation = document.operation(name.as_deref()).map_err(|message| {
            // The library's words, so that clients find what they know.
            Refused::of_document(vec![ServerError::new(message, None)])
        })?;
        // What it is executed for is not known: one execution may serve many. Each subscriber pays
        // for asking.
        if operation.ty == OperationType::Subscription {
            self.charge(ctx, document.amount().selections)?;
        }
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
        self.run(ctx, prepared, None).await
    }

    /// The same, for one of a batch that has a `budget` together.
    pub(super) async fn run(
        &self,
        ctx: Ctx,
        prepared: Prepared,
        budget: Option<Arc<Budget>>,
    ) -> Result<Bytes, Refused> {
        let bill = Bill::new(&ctx, self.0.allowance.clone(), budget);
        let meter: Arc<dyn Meter> = bill.clone();
        let (document, name) = (prepared.document.clone(), prepared.operation_name.clone());
        let request = prepared.into_request().data(meter);
        let outcome = self.0.executor.execute(ctx.clone(), request).await;
        let mut outcome = begun(outcome)?;
        if let Some(cost) = bill.shown(&ctx) {
            outcome.extensions.insert("cost".to_owned(), cost);
        }
        let shape = document.shape(name.as_deref());
        Ok(answer::encode(outcome, shape, ctx.trace_id()))
    }

    fn charge(&self, ctx: &Ctx, cost: usize) -> Result<(), Refused> {
        let Some(allowance) = &self.0.allowance else {
            return Ok(());
        };
        let spent = bill::spend(allowance, &Payer::of(ctx), cost);
        spent
            .map(drop)
            .map_err(|error| Refused::of_document(vec![error]))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn bounds(&self) -> &scan::Bounds {
        &self.0.bounds
    }

    pub(super) fn max_batch(&self) -> usize {
        self.0.max_batch
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
        let request = prepared.clone().into_request();
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
        let shape = self.document.shape(self.operation_name.as_deref());
        answer::encode(outcome, shape, trace_id)
    }

    // The library takes the document by value.
    fn into_request(self) -> Request {
        let mut request = Request::new("").variables(self.variables);
        if let Some(name) = self.operation_name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(self.document.parsed().clone());
        request
    }
}

// A fragment may hold more than one.
fn has_one_field(operation: &OperationDefinition) -> bool {
    match operation.selection_set.node.items.as_slice() {
        [only] => matches!(only.node, Selection::Field(_)),
        _ => false,
    }
}
