//! The commands of package publishing.

use super::{PackagePublication, PublishPackageInput};
use crate::declare::mutations;

mutations! {
    /// Commands of package publishing.
    PackageMutation;

    /// Publishes the package of a build to its project's feed, or tries again what failed.
    publish_package(PublishPackageInput) -> PublishPackagePayload {
        /// The publication, made now or before.
        package_publication: PackagePublication
    } = packages.publish;
}
