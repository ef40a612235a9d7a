//! Tags: the commit, the module's version when it is free, what commands ask for, and `latest`.

use sluice_image_registry::{
    Digest, ImageError, ImageRegistry, ImageRepository, Reference, Tag, TagRequest,
};
use sluice_kernel::{Ctx, directory::BuildView};
use sluice_schema::events::ModuleImage;

use super::{ContainerImages, Result};
use crate::{
    ContainerImage, ContainerImageError, LOCAL,
    commands::{LATEST, reference},
    content::{buildable, repository_of},
    model::Asked,
    store,
};

/// Hex digits of the commit in its tag.
const SHORT: usize = 12;

impl ContainerImages {
    /// Refuses tags that name another image before anything is begun.
    pub(super) async fn refuse_taken(
        &self,
        ctx: &Ctx,
        view: &BuildView,
        described: &ModuleImage,
        registry: &str,
        asked: &Asked,
    ) -> Result<()> {
        if asked.tags.is_empty() {
            return Ok(());
        }
        let name = &described.name;
        let build = view.build.build_id;
        let project = &view.project_id;
        let known = store::find_by_key(self.store(), ctx, project, registry, name, build).await?;
        let own = known.and_then(|image| image.digest);
        let repository = ImageRepository {
            tenant: ctx.tenant().clone(),
            project: project.clone(),
            name: name.parse()?,
        };
        let target = self.registry_at(registry)?;
        for (index, tag) in asked.tags.iter().enumerate() {
            let holder = holder(target, &repository, &reference(tag)?).await?;
            if let Some(digest) = holder
                && own.as_ref() != Some(&digest.to_string())
            {
                return Err(ContainerImageError::TagTaken {
                    tag: tag.clone(),
                    digest: digest.to_string(),
                    field: format!("tags[{index}]"),
                });
            }
        }
        Ok(())
    }

    fn registry_at(&self, registry: &str) -> Result<&dyn ImageRegistry> {
        let ports = self.ports();
        match &ports.remote {
            Some(remote) if registry != LOCAL => Ok(remote.registry.as_ref()),
            _ => Ok(ports.local.as_ref()),
        }
    }

    /// Gives the image its tags, without `latest`.
    pub(super) async fn tag(
        &self,
        image: &ContainerImage,
        view: &BuildView,
        repository: &ImageRepository,
        digest: Digest,
    ) -> Result<Vec<String>> {
        let target = self.registry_of(image)?;
        let mut requests = Vec::new();
        let commit: String = image.commit_sha.chars().take(SHORT).collect();
        // Builds of one commit may leave different files.
        requests.push(TagRequest::moving(commit.parse()?));
        let version = &buildable(&view.build)?.module.version;
        if let Ok(tag) = Tag::of_version(version)
            && let Some(request) = free(target, repository, image, digest, &tag).await?
        {
            requests.push(request);
        }
        let wanted = image.wanted.as_ref().map(|wanted| wanted.tags.as_slice());
        for text in wanted.unwrap_or_default() {
            let tag: Tag = text.parse()?;
            // One that is taken meanwhile is refused by the registry.
            let request = free(target, repository, image, digest, &tag).await?;
            let request = request.unwrap_or_else(|| TagRequest::fixed(tag));
            if requests.iter().all(|other| other.tag != request.tag) {
                requests.push(request);
            }
        }
        if image.registry != LOCAL {
            // For those who look into the local registry; what counts is the other one.
            let commit = std::slice::from_ref(&requests[0]);
            self.ports().local.tag(repository, digest, commit).await?;
        }
        match target.tag(repository, digest, &requests).await {
            Err(ImageError::TagTaken { tag, .. }) if tag == version.replace('+', "_") => {
                // Taken since we looked; the version goes to the first image that has it.
                requests.retain(|request| request.tag.as_str() != tag);
                target.tag(repository, digest, &requests).await?;
            }
            tagged => {
                tagged?;
            }
        }
        Ok(requests
            .iter()
            .map(|request| request.tag.to_string())
            .collect())
    }

    /// Points `latest` at the image unless a newer build has one; whether it does.
    pub(super) async fn point_latest(
        &self,
        ctx: &Ctx,
        image: &ContainerImage,
        digest: &str,
    ) -> Result<bool> {
        if store::has_newer(self.store(), ctx, image).await? {
            return Ok(false);
        }
        let repository = repository_of(&image.meta, &image.name)?;
        let latest = [TagRequest::moving(LATEST.parse()?)];
        let digest: Digest = digest.parse()?;
        self.ports().local.tag(&repository, digest, &latest).await?;
        if image.registry != LOCAL {
            let target = self.registry_of(image)?;
            target.tag(&repository, digest, &latest).await?;
        }
        Ok(true)
    }
}

/// The image that a tag names.
async fn holder(
    registry: &dyn ImageRegistry,
    repository: &ImageRepository,
    tag: &Reference,
) -> Result<Option<Digest>> {
    match registry.resolve(repository, tag).await {
        Ok(digest) => Ok(Some(digest)),
        Err(ImageError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The request for a tag that nobody has, or that this image had before it was rebuilt.
async fn free(
    registry: &dyn ImageRegistry,
    repository: &ImageRepository,
    image: &ContainerImage,
    digest: Digest,
    tag: &Tag,
) -> Result<Option<TagRequest>> {
    let holder = holder(registry, repository, &Reference::Tag(tag.clone())).await?;
    let own = |holder: Digest| holder == digest || image.digest == Some(holder.to_string());
    Ok(match holder {
        None => Some(TagRequest::fixed(tag.clone())),
        Some(holder) if own(holder) => Some(TagRequest::moving(tag.clone())),
        Some(_) => None,
    })
}
