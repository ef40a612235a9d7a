//! The `infrastructure-engine` port: what a module needs around it, declared in `infra.yaml`.
//!
//! [`parse`] reads a program, [`InfrastructureEngine`] is the port. [`LocalEngine`] is the provider
//! that works offline: directories, files, Git repositories, databases and namespaces, all real.
//! Plans, states and events have the shapes of Pulumi's, so that another engine can take its place.
//!
//! A plan names what it was made from; when that changed, it is refused. What an operation does is
//! written down step by step, so that an interrupted one can be continued or looked through. No
//! secret is in a plan, a state, an event or a log: keyed digests stand for them.

mod error;
mod event;
mod kinds;
mod limits;
mod local;
mod plan;
mod port;
mod program;
mod seal;
mod spec;
mod stack;
mod state;

pub use error::{EngineError, Result, StaleCause, StepError};
pub use event::{
    Diagnostic, EngineEvent, EventBody, EventDiff, EventSink, FailedEvent, NoSink, StepEvent,
    StepMetadata, Summary,
};
pub use limits::Limits;
pub use local::{LocalEngine, LocalEngineConfig};
pub use plan::{DiffKind, Op, Operation, Plan, PropertyDiff, Step};
pub use port::{
    Applied, Drift, DriftChange, HistoryEntry, InfrastructureEngine, Outcome, Refreshed,
    StepFailure,
};
pub use program::{
    FILE, Facts, MAX_BYTES, MAX_CONTENT_BYTES, MAX_RESOURCES, Program, Requirements, parse,
    requirements,
};
pub use seal::{SECRET_MARKER, SECRET_SIGNATURE};
pub use spec::{Content, Kind, Properties, Resource};
pub use stack::StackId;
pub use state::{
    Deployment, LastApplied, Manifest, Metadata, PendingOperation, State, StateResource,
};
