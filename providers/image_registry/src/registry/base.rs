//! Finds the image that another is built upon.

use crate::backend::{Backend, Stored};
use crate::build::Base;
use crate::oci::{ConfigFile, Index, Manifest, Platform, media_type};
use crate::{BaseImage, Descriptor, ImageError, ImageRepository, Reference, Result};

/// The base's layers and configuration, from one image or from the fitting one of an index.
pub(super) async fn resolve(
    backend: &impl Backend,
    repository: &ImageRepository,
    base: &BaseImage,
    platform: &Platform,
) -> Result<Base> {
    if base.repository.tenant != repository.tenant {
        return Err(ImageError::BaseUnusable {
            rule: "it belongs to another tenant",
        });
    }
    let stored = fitting(backend, base, platform).await?;
    let manifest: Manifest =
        serde_json::from_slice(&stored.content).map_err(|_| ImageError::BaseUnusable {
            rule: "its manifest is not that of an image with SHA-256 digests",
        })?;
    if manifest.artifact_type.is_some() || manifest.subject.is_some() {
        return Err(ImageError::BaseUnusable {
            rule: "it is a document about an image",
        });
    }
    let layers = manifest
        .layers
        .into_iter()
        .map(known_layer)
        .collect::<Result<Vec<_>>>()?;
    let max = backend.limits().max_document_bytes;
    let config = backend
        .blob(&base.repository, &manifest.config, max)
        .await?;
    let config: ConfigFile =
        serde_json::from_slice(&config).map_err(|_| ImageError::BaseUnusable {
            rule: "its configuration is not that of an image",
        })?;
    Ok(Base {
        config,
        layers,
        digest: stored.descriptor.digest,
        name: base.repository.path(),
    })
}

async fn fitting(backend: &impl Backend, base: &BaseImage, platform: &Platform) -> Result<Stored> {
    let found = |reference: &Reference| ImageError::NotFound {
        what: format!("base image {}:{reference}", base.repository),
    };
    let stored = backend
        .manifest(&base.repository, &base.reference)
        .await?
        .ok_or_else(|| found(&base.reference))?;
    let is_index = matches!(
        stored.descriptor.media_type.as_str(),
        media_type::INDEX | media_type::DOCKER_LIST
    );
    if !is_index {
        return Ok(stored);
    }
    let index: Index =
        serde_json::from_slice(&stored.content).map_err(|_| ImageError::BaseUnusable {
            rule: "its index cannot be read",
        })?;
    let fits = |entry: &&Descriptor| {
        entry
            .platform
            .as_ref()
            .is_some_and(|p| (&p.os, &p.architecture) == (&platform.os, &platform.architecture))
    };
    let entry = index
        .manifests
        .iter()
        .find(fits)
        .ok_or(ImageError::BaseUnusable {
            rule: "it is for another operating system or processor",
        })?;
    let reference = Reference::Digest(entry.digest);
    backend
        .manifest(&base.repository, &reference)
        .await?
        .ok_or_else(|| found(&reference))
}

fn known_layer(mut layer: Descriptor) -> Result<Descriptor> {
    match layer.media_type.as_str() {
        media_type::LAYER | media_type::LAYER_GZIP | media_type::LAYER_ZSTD => {}
        // The same bytes under Docker's older name.
        media_type::DOCKER_LAYER_GZIP => media_type::LAYER_GZIP.clone_into(&mut layer.media_type),
        _ => {
            return Err(ImageError::BaseUnusable {
                rule: "it has a layer of a kind that is not known here",
            });
        }
    }
    Ok(layer)
}
