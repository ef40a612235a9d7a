//! The commands of the container image service.

use super::{BuildContainerImageInput, ContainerImage};
use crate::declare::mutations;

mutations! {
    /// Commands of the container image service.
    ImageMutation;

    /// Builds the container image of a build, builds it upon another base, or tries again what
    /// failed.
    build_container_image(BuildContainerImageInput) -> BuildContainerImagePayload {
        /// The image, built now or before.
        container_image: ContainerImage
    } = images.build;
}
