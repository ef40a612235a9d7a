//! What the services' REST endpoints share.
//!
//! [`Command`] reads a JSON body with its caller and idempotency key, [`Problem`] answers errors
//! as RFC 9457 problem details, and [`Operation`] describes an endpoint for the OpenAPI document
//! beside the handler, so that the two are changed together. [`recording`] has refused commands
//! recorded.

mod command;
mod openapi;
mod problem;
mod refusals;

pub use command::{Caller, Command};
pub use openapi::{Operation, document};
pub use problem::Problem;
pub use refusals::{CommandRoute, recording};
