//! Reads manifests, configurations and attached documents.

use crate::backend::{Backend, Stored};
use crate::oci::{ConfigFile, Manifest, REF_NAME};
use crate::port::{Attachment, ImageInfo, LayerInfo};
use crate::{Digest, ImageError, ImageRepository, Limits, Reference, Result};

pub(super) async fn existing(
    backend: &impl Backend,
    repository: &ImageRepository,
    reference: &Reference,
) -> Result<Stored> {
    backend
        .manifest(repository, reference)
        .await?
        .ok_or_else(|| ImageError::not_found(format!("image {reference} in {repository}")))
}

fn parsed<T: serde::de::DeserializeOwned>(content: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(content).map_err(|_| ImageError::damaged(what))
}

pub(super) async fn inspect(
    backend: &impl Backend,
    repository: &ImageRepository,
    reference: &Reference,
) -> Result<ImageInfo> {
    let stored = existing(backend, repository, reference).await?;
    let manifest: Manifest = parsed(&stored.content, "the image's manifest")?;
    if manifest.artifact_type.is_some() {
        return Err(ImageError::not_found(format!(
            "image {reference} in {repository}"
        )));
    }
    let max = backend.limits().max_document_bytes;
    let content = backend.blob(repository, &manifest.config, max).await?;
    let config: ConfigFile = parsed(&content, "the image's configuration")?;
    let layers: u64 = manifest.layers.iter().map(|layer| layer.size).sum();
    let digest = stored.descriptor.digest;
    Ok(ImageInfo {
        digest,
        config_digest: manifest.config.digest,
        size: stored.descriptor.size + manifest.config.size + layers,
        reference: format!("{}@{digest}", backend.name_of(repository)),
        created: config.created,
        platform: config.platform,
        layers: manifest
            .layers
            .into_iter()
            .map(|layer| LayerInfo {
                digest: layer.digest,
                size: layer.size,
                media_type: layer.media_type,
            })
            .collect(),
        entrypoint: config.config.entrypoint,
        cmd: config.config.cmd,
        working_dir: config.config.working_dir,
        user: config.config.user,
        env: config.config.env,
        exposed_ports: config.config.exposed_ports.into_keys().collect(),
        labels: config.config.labels,
        annotations: manifest.annotations,
    })
}

pub(super) fn check(attachment: &Attachment, limits: &Limits) -> Result<()> {
    let size = attachment.content.len() as u64;
    if size > limits.max_attachment_bytes {
        return Err(ImageError::too_large(
            format!("an attachment of {size} bytes"),
            limits.max_attachment_bytes,
        ));
    }
    if size == 0 {
        return Err(ImageError::spec("content", "it is empty"));
    }
    for (field, text) in [
        ("artifactType", &attachment.artifact_type),
        ("mediaType", &attachment.media_type),
    ] {
        if !is_media_type(text) {
            return Err(ImageError::spec(
                field,
                "it must be a media type such as application/vnd.cyclonedx+json",
            ));
        }
    }
    let notes: usize = attachment
        .annotations
        .iter()
        .map(|(k, v)| k.len() + v.len())
        .sum();
    if attachment.annotations.len() > limits.max_entries || notes > limits.max_entry_bytes {
        return Err(ImageError::spec(
            "annotations",
            "they are too many or too long",
        ));
    }
    if attachment.annotations.contains_key(REF_NAME) {
        return Err(ImageError::spec(
            format!("annotations[{REF_NAME}]"),
            "it would give the document a tag",
        ));
    }
    Ok(())
}

// RFC 6838, section 4.2.
fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        (1..=127).contains(&part.len())
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.split_once('/')
        .is_some_and(|(kind, subtype)| name(kind) && name(subtype))
}

pub(super) async fn attachment(
    backend: &impl Backend,
    repository: &ImageRepository,
    digest: Digest,
) -> Result<Attachment> {
    let stored = existing(backend, repository, &Reference::Digest(digest)).await?;
    let manifest: Manifest = parsed(&stored.content, "the attachment's manifest")?;
    let (Some(artifact_type), Some(_), [blob]) = (
        manifest.artifact_type,
        manifest.subject,
        manifest.layers.as_slice(),
    ) else {
        return Err(ImageError::not_found(format!("attachment {digest}")));
    };
    let max = backend.limits().max_attachment_bytes;
    let content = backend.blob(repository, blob, max).await?;
    Ok(Attachment {
        artifact_type,
        media_type: blob.media_type.clone(),
        content,
        annotations: manifest.annotations,
    })
}
