//! Why the server does not start.

use std::net::SocketAddr;

use sluice_bus::BusError;
use sluice_git_host::GitHostError;
use sluice_image_registry::ImageError;
use sluice_infrastructure_engine::EngineError;
use sluice_migrations::MigrationError;
use sluice_package_feed::PackageFeedError;
use sluice_store::StoreError;
use sluice_test_results::blob::BlobError;

use crate::{auth::KeyError, data_dir::DataDirError};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The signing key or the identity provider's keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A store cannot be opened.
    #[error("the store '{store}' cannot be opened: {}", causes(source))]
    Store {
        /// The store.
        store: &'static str,
        /// What it failed with.
        source: StoreError,
    },
    /// A store's schema cannot be brought up to date.
    #[error("{}", causes(.0))]
    Migration(#[from] MigrationError),
    /// A store's schema is older than this program.
    #[error("the store '{store}' lacks the migrations {missing}; run `sluice migrate` first")]
    Behind {
        /// The store.
        store: &'static str,
        /// Names of the migrations.
        missing: String,
    },
    /// The database role passes row-level security.
    #[error(
        "the PostgreSQL role {role} is a superuser or has BYPASSRLS, so that row-level security \
         does not hold: use a plain role"
    )]
    Role {
        /// The role.
        role: String,
    },
    /// The database role could not be looked up.
    #[error("the PostgreSQL role cannot be checked: {0}")]
    RoleUnknown(#[source] sqlx::Error),
    /// The folder of repositories cannot be used.
    #[error("the folder of repositories cannot be used: {}", causes(.0))]
    Git(#[from] GitHostError),
    /// The folder of blobs cannot be used.
    #[error("the blob store cannot be used: {0}")]
    Blobs(#[from] BlobError),
    /// The folder of packages cannot be used.
    #[error("the package feeds cannot be used: {}", causes(.0))]
    Packages(#[from] PackageFeedError),
    /// The folder of images, or the registry's settings, cannot be used.
    #[error("the image registry cannot be used: {}", causes(.0))]
    Images(#[from] ImageError),
    /// The folder of infrastructure, or its servers' settings, cannot be used.
    #[error("the infrastructure engine cannot be used: {}", causes(.0))]
    Infrastructure(#[from] EngineError),
    /// The event bus does not answer.
    #[error("{}", causes(.0))]
    Bus(#[from] BusError),
}

// Startup errors are for the operator: the chain of causes is the useful part.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<String> = chain.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
