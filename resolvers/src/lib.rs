//! The GraphQL schema: thin objects over the services' models.
//!
//! An object is a newtype over the service's model and shows it through getters. Edges are
//! declared once each (`declare`), and looked up in batches (`loaders`): however many objects a
//! level holds, an edge costs one statement. Whoever executes a request hands its [`Ctx`] to
//! [`execute`]; nothing else reads who the caller is.

pub mod blocker;
pub mod board;
pub mod branch;
pub mod build_result;
pub mod commit;
pub mod compare;
#[cfg(test)]
mod contract;
pub mod dead_letter;
mod declare;
pub mod environment;
pub mod fault;
pub mod gitops;
pub mod image;
pub mod infrastructure;
pub mod ledger;
mod limits;
pub mod lineage;
pub mod loaders;
pub mod manifest;
pub mod metrics;
mod mutation;
pub mod node;
pub mod package;
pub mod paging;
pub mod pipeline;
pub mod pipeline_run;
pub mod project;
pub mod promotion;
pub mod pull_request;
pub mod reach;
mod refusal;
pub mod release;
pub mod repository;
mod root;
pub mod scalars;
pub mod server;
pub mod stream;
mod text;
mod variables;

pub use limits::{Amount, Cost, Limits, Measure, Meter, Metered, measure};
pub use root::{
    Mutation, Options, Query, Services, SluiceSchema, Subscription, execute, schema, sdl,
};
pub use server::ServerMode;
