//! What mutations have in common: inputs become commands, outcomes become payloads.

use std::sync::Arc;

use async_graphql::Context;
use sluice_kernel::Outcome;
use sluice_schema::BoxFault;

use crate::{
    fault::{InputFault, Result, UserError},
    loaders::{Call, Lookup},
    refusal,
};

/// What a payload is made of.
pub(crate) struct Settled<T> {
    /// The object after the command; absent when it was refused.
    pub(crate) value: Option<T>,
    /// Whether the command had been carried out before.
    pub(crate) replayed: bool,
    /// Why it was refused.
    pub(crate) user_errors: Vec<UserError>,
}

/// Turns an input into the service's command.
///
/// # Errors
/// `INVALID_INPUT` with the field and its rule.
pub(crate) fn command<C>(
    input: impl TryInto<C, Error = InputFault>,
) -> std::result::Result<C, BoxFault> {
    input.try_into().map_err(BoxFault::from)
}

/// What else a command led to, looked up by the object that it answers.
///
/// # Errors
/// What the owning service fails with.
pub(crate) async fn beside<M, K: Lookup>(
    call: &Call,
    settled: &Settled<Arc<M>>,
    key: impl FnOnce(&Call, &M) -> K,
) -> Result<Option<K::Value>> {
    let key = settled.value.as_deref().map(|model| key(call, model));
    call.one(key).await
}

/// Sorts the outcome of a command, and records it when it was refused.
///
/// # Errors
/// As [`settle`].
pub(crate) async fn conclude<T>(
    context: &Context<'_>,
    call: &Call,
    outcome: std::result::Result<Outcome<T>, BoxFault>,
) -> Result<Settled<T>> {
    if let Err(fault) = &outcome {
        refusal::record(context, call, fault.as_ref()).await;
    }
    settle(call, outcome)
}

/// Sorts an outcome: refusals of the domain stand in the payload.
///
/// # Errors
/// Every fault that is no refusal: the caller's request, or the system.
pub(crate) fn settle<T>(
    call: &Call,
    outcome: std::result::Result<Outcome<T>, BoxFault>,
) -> Result<Settled<T>> {
    match outcome {
        Ok(outcome) => Ok(Settled {
            value: Some(outcome.value),
            replayed: outcome.replayed,
            user_errors: Vec::new(),
        }),
        Err(fault) => {
            let failure = call.failure(fault);
            if !failure.is_refusal() {
                return Err(failure);
            }
            Ok(Settled {
                value: None,
                replayed: false,
                user_errors: vec![failure.user_error()],
            })
        }
    }
}
