//! Repositories.

mod input;
mod mutation;
mod object;
mod query;
mod tree;

pub use input::{
    ArchiveRepositoryInput, ProvisionRepositoryInput, RepositoryFilter, UpdateRepositoryInput,
};
pub use mutation::{
    ArchiveRepositoryPayload, ProvisionRepositoryPayload, RepositoryMutation,
    UpdateRepositoryPayload,
};
pub use object::{
    Repository, RepositoryById, RepositoryOrder, RepositoryOrderField, RepositoryProvider,
    RepositoryStatus, RepositoryVisibility,
};
pub use query::RepositoryQuery;
pub use tree::{RepositoryFile, RepositoryFileConnection, RepositoryFileEdge, RepositoryTree};
