//! The commands of the repository service.

use super::{ArchiveRepositoryInput, ProvisionRepositoryInput, Repository, UpdateRepositoryInput};
use crate::declare::mutations;

mutations! {
    /// Commands of the repository service.
    RepositoryMutation;

    /// Makes a repository at its provider, with its default branch.
    provision_repository(ProvisionRepositoryInput) -> ProvisionRepositoryPayload {
        /// The repository, made now or before.
        repository: Repository
    } = repositories.provision;

    /// Changes a repository's settings.
    update_repository(UpdateRepositoryInput) -> UpdateRepositoryPayload {
        /// The repository after the change.
        repository: Repository
    } = repositories.update;

    /// Ends a repository's changes; what it holds stays readable.
    archive_repository(ArchiveRepositoryInput) -> ArchiveRepositoryPayload {
        /// The repository, archived.
        repository: Repository
    } = repositories.archive;
}
