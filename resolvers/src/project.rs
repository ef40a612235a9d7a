//! Projects.

mod input;
mod mutation;
mod object;
mod query;

pub use input::ConfigureProjectInput;
pub use mutation::{ConfigureProjectPayload, ProjectMutation};
pub use object::{Project, ProjectById, ProjectPolicies};
pub use query::ProjectQuery;
