//! Where package publications are found.

use super::{PackageById, PackagePublication};
use crate::declare::queries;

queries! {
    /// Package publications.
    PackageQuery;
    /// The package publication with this id; null when there is none that the caller may see.
    one package_publication: PackagePublication by PackageById;
    /// The package publications that the caller may see.
    list package_publications;
    also {}
}
