//! Where container images are found.

use super::{ContainerImage, ImageById};
use crate::declare::queries;

queries! {
    /// Container images.
    ImageQuery;
    /// The container image with this id; null when there is none that the caller may see.
    one container_image: ContainerImage by ImageById;
    /// The container images that the caller may see.
    list container_images;
    also {}
}
