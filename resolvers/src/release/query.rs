//! Where releases are found.

use super::{ReleaseById, ReleasePlan};
use crate::declare::queries;

queries! {
    /// Releases.
    ReleaseQuery;
    /// The release with this id; null when there is none that the caller may see.
    one release: ReleasePlan by ReleaseById;
    /// The releases that the caller may see.
    list releases;
    also {}
}
