//! Several operations in one request.

use std::{cell::Cell, fmt};

use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use sluice_kernel::Ctx;
use sluice_resolvers::Amount;
use sluice_schema::ErrorCode;

use super::{Engine, Parameters, Prepared, Refused, bill::Budget};

/// Operations of a batch that are executed at the same time.
const AT_ONCE: usize = 4;

/// Reads a list of at most `max` requests; the rest of a longer one is not looked at.
pub(super) fn read(body: &[u8], max: usize) -> Result<Vec<Parameters>, Refused> {
    if max <= 1 {
        let rule = "batches are not taken: send one operation per request";
        return Err(Refused::bad(rule));
    }
    let over = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_slice(body);
    let seed = AtMost { max, over: &over };
    let read = seed.deserialize(&mut reader);
    match read.and_then(|batch| reader.end().map(|()| batch)) {
        Ok(batch) if batch.is_empty() => Err(Refused::bad("the batch is empty")),
        Ok(batch) => batch.into_iter().map(Parameters::checked).collect(),
        Err(_) if over.get() => {
            let rule = format!("a batch has at most {max} operations");
            Err(Refused::new(400, ErrorCode::LimitExceeded, rule))
        }
        Err(error) => {
            let rule = format!("the body is not a list of GraphQL requests: {error}");
            Err(Refused::bad(rule))
        }
    }
}

struct AtMost<'a> {
    max: usize,
    over: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for AtMost<'_> {
    type Value = Vec<Parameters>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for AtMost<'_> {
    type Value = Vec<Parameters>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of GraphQL requests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut batch = Vec::new();
        while let Some(parameters) = items.next_element()? {
            if batch.len() == self.max {
                // An error is the only way to stop reading.
                self.over.set(true);
                return Err(A::Error::custom("too long"));
            }
            batch.push(parameters);
        }
        Ok(batch)
    }
}

/// Executes the operations of a batch; the answer is the list of theirs, in their order. Queries
/// are executed side by side; with a mutation among them each waits for the one before.
pub(super) async fn execute(
    engine: &Engine,
    ctx: &Ctx,
    batch: Vec<Parameters>,
) -> Result<Bytes, Refused> {
    let prepared = prepare(engine, ctx, batch)?;
    let mutates = prepared.iter().flatten().any(is_mutation);
    let budget = Budget::new(engine.limits().complexity);
    let answers = prepared.into_iter().map(|prepared| {
        let budget = budget.clone();
        async move {
            let answer = match prepared {
                Ok(prepared) => engine.run(ctx.clone(), prepared, Some(budget)).await,
                Err(refused) => Err(refused),
            };
            answer.unwrap_or_else(|refused| refused.body(ctx.trace_id()).to_string().into())
        }
    });
    let at_once = if mutates { 1 } else { AT_ONCE };
    let answers: Vec<Bytes> = stream::iter(answers).buffered(at_once).collect().await;
    let body = [b"[".as_slice(), &answers.join(b",".as_slice()), b"]"].concat();
    Ok(body.into())
}

fn is_mutation(prepared: &Prepared) -> bool {
    prepared.kind == OperationType::Mutation
}

// What is wrong with one operation is its own answer; limits hold for all of them together.
fn prepare(
    engine: &Engine,
    ctx: &Ctx,
    batch: Vec<Parameters>,
) -> Result<Vec<Result<Prepared, Refused>>, Refused> {
    let (mut amount, mut tokens) = (Amount::default(), 0);
    let mut all = Vec::with_capacity(batch.len());
    for parameters in batch {
        let prepared = engine.prepare(ctx, parameters).and_then(no_subscription);
        if let Ok(prepared) = &prepared {
            amount.add(prepared.document.amount());
            tokens += prepared.document.tokens();
            amount
                .within(engine.limits())
                .map_err(|error| Refused::of_document(vec![error]))?;
            engine.bounds().check_tokens(tokens)?;
        }
        all.push(prepared);
    }
    Ok(all)
}

fn no_subscription(prepared: Prepared) -> Result<Prepared, Refused> {
    match prepared.kind {
        OperationType::Subscription => Err(Refused::bad("a batch carries no subscriptions")),
        _ => Ok(prepared),
    }
}
