//! Package publications.

mod input;
mod mutation;
mod object;
mod query;

pub use input::{PackagePublicationFilter, PublishPackageInput};
pub use mutation::{PackageMutation, PublishPackagePayload};
pub use object::{
    PackageById, PackageOfBuild, PackageOrigin, PackagePublication, PackagePublicationOrder,
    PackagePublicationOrderField, PackageStatus, PackagesOfCommit, PackagesOfRepository,
};
pub use query::PackageQuery;
