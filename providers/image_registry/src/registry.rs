//! The port, on top of any [`Backend`].

mod base;
mod documents;
mod import;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;

use crate::backend::{Backend, BlobSource};
use crate::build::{self, Document, Image};
use crate::error::blocking;
use crate::oci::{Manifest, media_type};
use crate::port::{Attachment, Built, ImageInfo, ImageRegistry, TagRequest};
use crate::{
    Descriptor, Digest, ImageError, ImageRepository, ImageSpec, Reference, Result, TagRule,
};

#[async_trait]
impl<B: Backend> ImageRegistry for B {
    fn repository_reference(&self, repository: &ImageRepository) -> String {
        self.name_of(repository)
    }

    fn layout(&self, repository: &ImageRepository) -> Option<PathBuf> {
        self.layout_of(repository)
    }

    async fn build_and_push(
        &self,
        repository: &ImageRepository,
        spec: ImageSpec,
        tags: &[TagRequest],
    ) -> Result<Built> {
        check_tags(self, tags)?;
        let base = match &spec.base {
            Some(base) => Some(base::resolve(self, repository, base, &spec.platform).await?),
            None => None,
        };
        let staging = self.staging().to_owned();
        let limits = self.limits().clone();
        let from = spec.base.as_ref().map(|base| base.repository.clone());
        let below = base.as_ref().map_or_else(Vec::new, |b| b.layers.clone());
        let image = blocking("building an image", move || {
            build::build(&spec, base.as_ref(), &staging, &limits)
        })
        .await?;
        // Early, so that a refused image costs no upload; decided again when the tags are set.
        refuse_taken(self, repository, image.manifest.descriptor.digest, tags).await?;
        for layer in &below {
            if let Some(from) = &from {
                self.share_blob(from, repository, layer).await?;
            }
        }
        let layer = BlobSource::File(image.layer.file.path().to_owned());
        self.put_blob(repository, &image.layer.descriptor, layer)
            .await?;
        put_document(self, repository, &image.config).await?;
        let changed = self.put_manifest(repository, &image.manifest, tags).await?;
        Ok(outcome(self.name_of(repository), image, !changed))
    }

    async fn tag(
        &self,
        repository: &ImageRepository,
        image: Digest,
        tags: &[TagRequest],
    ) -> Result<bool> {
        check_tags(self, tags)?;
        let stored = documents::existing(self, repository, &Reference::Digest(image)).await?;
        let manifest = Document {
            descriptor: stored.descriptor,
            content: stored.content.to_vec(),
        };
        self.put_manifest(repository, &manifest, tags).await
    }

    async fn import(
        &self,
        repository: &ImageRepository,
        layout: &Path,
        image: Digest,
        tags: &[TagRequest],
    ) -> Result<bool> {
        check_tags(self, tags)?;
        refuse_taken(self, repository, image, tags).await?;
        import::import(self, repository, layout, image, tags).await
    }

    async fn resolve(&self, repository: &ImageRepository, reference: &Reference) -> Result<Digest> {
        let found = documents::existing(self, repository, reference).await?;
        Ok(found.descriptor.digest)
    }

    async fn inspect(
        &self,
        repository: &ImageRepository,
        reference: &Reference,
    ) -> Result<ImageInfo> {
        documents::inspect(self, repository, reference).await
    }

    async fn attach(
        &self,
        repository: &ImageRepository,
        image: Digest,
        attachment: &Attachment,
    ) -> Result<Descriptor> {
        documents::check(attachment, self.limits())?;
        let subject = documents::existing(self, repository, &Reference::Digest(image)).await?;
        let blob = Descriptor::of(&attachment.media_type, &attachment.content);
        let content = BlobSource::Bytes(attachment.content.clone());
        self.put_blob(repository, &blob, content).await?;
        let config = Document::of(media_type::EMPTY, &crate::oci::Empty {})?;
        put_document(self, repository, &config).await?;
        let subject = subject.descriptor;
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: Some(attachment.artifact_type.clone()),
            config: config.descriptor,
            layers: vec![blob],
            subject: Some(Descriptor::new(
                &subject.media_type,
                subject.digest,
                subject.size,
            )),
            annotations: attachment.annotations.clone(),
        };
        let mut manifest = Document::of(media_type::MANIFEST, &manifest)?;
        manifest.descriptor.artifact_type = Some(attachment.artifact_type.clone());
        manifest.descriptor.annotations = attachment.annotations.clone();
        self.put_referrer(repository, image, &manifest).await?;
        Ok(manifest.descriptor)
    }

    async fn referrers(
        &self,
        repository: &ImageRepository,
        image: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let mut found = self.referrers_of(repository, image).await?;
        found
            .retain(|one| artifact_type.is_none() || one.artifact_type.as_deref() == artifact_type);
        found.sort_by_key(|one| one.digest);
        found.dedup_by_key(|one| one.digest);
        Ok(found)
    }

    async fn attachment(&self, repository: &ImageRepository, digest: Digest) -> Result<Attachment> {
        documents::attachment(self, repository, digest).await
    }
}

fn check_tags(backend: &impl Backend, tags: &[TagRequest]) -> Result<()> {
    let max = backend.limits().max_tags;
    if tags.len() > max {
        return Err(ImageError::too_large(
            format!("{} tags", tags.len()),
            max as u64,
        ));
    }
    let twice =
        |(index, one): (usize, &TagRequest)| tags[..index].iter().any(|other| other.tag == one.tag);
    if tags.iter().enumerate().any(twice) {
        return Err(ImageError::spec("tags", "a tag is named more than once"));
    }
    Ok(())
}

async fn refuse_taken(
    backend: &impl Backend,
    repository: &ImageRepository,
    image: Digest,
    tags: &[TagRequest],
) -> Result<()> {
    for request in tags.iter().filter(|request| request.rule == TagRule::Fixed) {
        let tag = Reference::Tag(request.tag.clone());
        if let Some(stored) = backend.manifest(repository, &tag).await?
            && stored.descriptor.digest != image
        {
            return Err(ImageError::TagTaken {
                tag: request.tag.to_string(),
                digest: stored.descriptor.digest,
            });
        }
    }
    Ok(())
}

async fn put_document(
    backend: &impl Backend,
    repository: &ImageRepository,
    document: &Document,
) -> Result<()> {
    let content = BlobSource::Bytes(Bytes::copy_from_slice(&document.content));
    backend
        .put_blob(repository, &document.descriptor, content)
        .await
}

fn outcome(name: String, image: Image, replayed: bool) -> Built {
    let manifest = &image.manifest.descriptor;
    let config = &image.config.descriptor;
    let layers: u64 = image.layers.iter().map(|layer| layer.size).sum();
    Built {
        digest: manifest.digest,
        config_digest: config.digest,
        size: manifest.size + config.size + layers,
        reference: format!("{name}@{}", manifest.digest),
        replayed,
        layers: image.layers.iter().map(|layer| layer.digest).collect(),
        files: image.layer.facts,
    }
}
