//! Builds an image: pure in its spec and its base, apart from the files it reads.

mod config;
mod layer;

use std::path::Path;

pub use layer::FileFact;
pub(crate) use layer::open as open_source;

use crate::oci::{ConfigFile, Descriptor, Manifest, media_type};
use crate::spec::{ImageSpec, validate};
use crate::{Digest, ImageError, Limits, Result};

/// The image that is built upon.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) config: ConfigFile,
    pub(crate) layers: Vec<Descriptor>,
    pub(crate) digest: Digest,
    /// `tenant/project/name`, for the annotations; without the host, which is none of its content.
    pub(crate) name: String,
}

/// An image as it goes to a registry. The base's layers are not here: the registry has them.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) layer: layer::Layer,
    pub(crate) config: Document,
    pub(crate) manifest: Document,
    pub(crate) layers: Vec<Descriptor>,
}

/// A JSON document and its descriptor.
#[derive(Debug, Clone)]
pub struct Document {
    /// What points at it.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Document {
    pub(crate) fn of(media_type: &str, value: &impl serde::Serialize) -> Result<Self> {
        let content = serde_json::to_vec(value).map_err(|source| ImageError::Registry {
            doing: "writing a document",
            source: source.into(),
        })?;
        Ok(Self {
            descriptor: Descriptor::of(media_type, &content),
            content,
        })
    }
}

/// Reads the files and makes layer, configuration and manifest. `staging` takes the layer.
///
/// # Errors
/// [`ImageError::InvalidSpec`], [`ImageError::SourceFile`], [`ImageError::BaseUnusable`],
/// [`ImageError::TooLarge`], [`ImageError::Io`].
pub(crate) fn build(
    spec: &ImageSpec,
    base: Option<&Base>,
    staging: &Path,
    limits: &Limits,
) -> Result<Image> {
    validate(spec, limits)?;
    let mut layers = base.map_or_else(Vec::new, |base| base.layers.clone());
    if layers.len() >= limits.max_layers {
        return Err(ImageError::too_large(
            format!("{} layers", layers.len() + 1),
            limits.max_layers as u64,
        ));
    }
    let layer = layer::write(spec, staging, limits)?;
    layers.push(layer.descriptor.clone());
    let config = config::configuration(spec, base, layer.diff_id)?;
    let config = Document::of(media_type::CONFIG, &config)?;
    let mut annotations = spec.annotations.clone();
    if let Some(base) = base {
        let name = "org.opencontainers.image.base.name".to_owned();
        let digest = "org.opencontainers.image.base.digest".to_owned();
        annotations.insert(name, base.name.clone());
        annotations.insert(digest, base.digest.to_string());
    }
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: config.descriptor.clone(),
        layers: layers.clone(),
        subject: None,
        annotations,
    };
    let manifest = Document::of(media_type::MANIFEST, &manifest)?;
    Ok(Image {
        layer,
        config,
        manifest,
        layers,
    })
}
