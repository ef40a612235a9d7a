//! Refused commands are recorded: what was refused, never with what.

use async_graphql::{Context, Value};
use sluice_kernel::{Named, RefusalRecorder, Refused};
use sluice_schema::Fault;

use crate::loaders::Call;

/// Values of a list that are looked at.
const MAX_VALUES: usize = 100;

/// Records that the command at hand was refused, unless the fault is none that audits read.
/// Nothing of it reaches the caller.
pub(crate) async fn record(context: &Context<'_>, call: &Call, fault: &dyn Fault) {
    let Some(refused) = Refused::of(fault) else {
        return;
    };
    let named = named(context);
    let refusal = refused.told(context.field().name(), &named);
    let ledger = &call.services.ledger;
    ledger.record(&call.ctx, named.project(), refusal).await;
}

/// The ids in the fields of the command's input.
fn named(context: &Context<'_>) -> Named {
    let mut named = Named::default();
    let arguments = context.field().arguments().unwrap_or_default();
    for (_, value) in &arguments {
        let Value::Object(input) = value else {
            continue;
        };
        for (field, value) in input {
            match value {
                Value::String(text) => named.note(field, text),
                Value::List(values) => {
                    for value in values.iter().take(MAX_VALUES) {
                        if let Value::String(text) = value {
                            named.note(field, text);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    named
}
