//! Container images.

mod input;
mod mutation;
mod object;
mod query;

pub use input::{BuildContainerImageInput, ContainerImageFilter};
pub use mutation::{BuildContainerImagePayload, ImageMutation};
pub use object::{
    ContainerImage, ContainerImageOrder, ContainerImageOrderField, ImageByDigest, ImageById,
    ImageOfBuild, ImageRebuild, ImageStatus, ImagesOfBuild, ImagesOfCommit, ImagesOfRepository,
};
pub use query::ImageQuery;
