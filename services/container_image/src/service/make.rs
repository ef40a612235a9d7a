//! The act: the image, its documents and its tags, in the registries.

use chrono::{DateTime, Utc};
use sluice_git_host::{Oid, RepoPath};
use sluice_image_registry::{
    BaseImage, Built, Digest, ImageFile, ImageRegistry, ImageRepository, provenance, sbom,
};
use sluice_kernel::{
    AnyFault, Ctx,
    directory::{BuildView, RepositoryView},
};
use sluice_schema::events::BuildCompleted;

use super::{ContainerImages, Result};
use crate::{
    ContainerImage, ContainerImageError, LOCAL, Unbuildable,
    content::{Buildable, buildable, parse_base, repository_of, spec},
    model::Pushed,
};

/// An image that stands in the local registry with its documents.
struct Made {
    built: Built,
    base: Option<BaseImage>,
    sbom: Digest,
    provenance: Digest,
}

/// The commit that an image is made of.
struct Source {
    url: String,
    committed: DateTime<Utc>,
}

impl ContainerImages {
    /// Makes what is wanted of the image and brings it to its registry. The same again finds what
    /// the first time made.
    pub(super) async fn make(
        &self,
        ctx: &Ctx,
        image: &ContainerImage,
        view: &BuildView,
    ) -> Result<Pushed> {
        let room = self.0.room.acquire().await;
        let _room = room.map_err(|_| ContainerImageError::Interrupted)?;
        let repository = repository_of(&image.meta, &image.name)?;
        let made = self.build_locally(ctx, image, view, &repository).await?;
        let digest = made.built.digest;
        let target = self.registry_of(image)?;
        if image.registry != LOCAL {
            let folder = self.ports().local.layout(&repository);
            let folder = folder.ok_or_else(|| {
                Unbuildable::precondition("the local registry keeps no image layouts")
            })?;
            target.import(&repository, &folder, digest, &[]).await?;
        }
        let tags = self.tag(image, view, &repository, digest).await?;
        let reference = if image.registry == LOCAL {
            format!("{}@{digest}", repository.path())
        } else {
            format!("{}@{digest}", target.repository_reference(&repository))
        };
        Ok(Pushed {
            digest: digest.to_string(),
            reference,
            tags,
            size: made.built.size,
            config_digest: made.built.config_digest.to_string(),
            layers: made.built.layers.iter().map(ToString::to_string).collect(),
            base_digest: made.base.map(|base| base.reference.to_string()),
            sbom_digest: made.sbom.to_string(),
            provenance_digest: made.provenance.to_string(),
        })
    }

    /// The registry that the image goes to.
    pub(super) fn registry_of(&self, image: &ContainerImage) -> Result<&dyn ImageRegistry> {
        let ports = self.ports();
        match &ports.remote {
            _ if image.registry == LOCAL => Ok(ports.local.as_ref()),
            Some(remote) if remote.host == image.registry => Ok(remote.registry.as_ref()),
            _ => {
                let reason = format!("the registry {} is not configured any more", image.registry);
                Err(Unbuildable::precondition(reason).into())
            }
        }
    }

    async fn build_locally(
        &self,
        ctx: &Ctx,
        image: &ContainerImage,
        view: &BuildView,
        repository: &ImageRepository,
    ) -> Result<Made> {
        let what = buildable(&view.build)?;
        let source = self.source(ctx, &view.build).await?;
        let base = self.base(image).await?;
        let fetched = self.fetch(view).await?;
        let files = fetched.files.clone();
        let commit = &view.build.commit_sha;
        let spec = spec(
            &what,
            commit,
            source.committed,
            &source.url,
            files,
            base.clone(),
        );
        let local = &self.ports().local;
        let built = local.build_and_push(repository, spec, &[]).await?;
        let name = repository.path();
        let bill = self
            .bill(&what, &name, &built, &source, fetched.files)
            .await?;
        let statement = self.statement(view, &name, &built, &source, base.as_ref())?;
        let bill = local.attach(repository, built.digest, &bill).await?;
        let statement = local.attach(repository, built.digest, &statement).await?;
        Ok(Made {
            built,
            base,
            sbom: bill.digest,
            provenance: statement.digest,
        })
    }

    /// The base as it stands now, named by digest.
    async fn base(&self, image: &ContainerImage) -> Result<Option<BaseImage>> {
        let wanted = image
            .wanted
            .as_ref()
            .and_then(|wanted| wanted.base.as_ref());
        let Some(text) = wanted else {
            return Ok(None);
        };
        let (name, reference) = parse_base(text).ok_or_else(|| {
            let rule = "the base must be name:tag or name@sha256:<64 hex digits>";
            ContainerImageError::invalid("base", rule)
        })?;
        let repository = repository_of(&image.meta, name.as_str())?;
        let digest = self.ports().local.resolve(&repository, &reference).await;
        let digest = digest.map_err(|error| match error {
            sluice_image_registry::ImageError::NotFound { .. } => {
                let reason = format!("the base image {text} is not in the project's registry");
                Unbuildable::precondition(reason).into()
            }
            other => ContainerImageError::from(other),
        })?;
        Ok(Some(BaseImage {
            repository,
            reference: sluice_image_registry::Reference::Digest(digest),
        }))
    }

    async fn source(&self, ctx: &Ctx, build: &BuildCompleted) -> Result<Source> {
        let repositories = &self.ports().repositories;
        let found = repositories.repository(ctx, build.repository_id).await;
        let found = found
            .map_err(AnyFault)
            .map_err(ContainerImageError::Directory)?;
        let found = found.ok_or_else(|| Unbuildable::precondition("the repository is gone"))?;
        let committed = self.committed(&found, &build.commit_sha).await?;
        let base = &self.settings().public_url;
        let (tenant, project, name) = (&found.tenant_id, &found.project_id, &found.name);
        Ok(Source {
            url: format!("{base}/git/{tenant}/{project}/{name}.git"),
            committed,
        })
    }

    /// When the commit was made: the image's time, so that it does not depend on the clock.
    async fn committed(&self, repository: &RepositoryView, sha: &str) -> Result<DateTime<Utc>> {
        let (tenant, project) = (&repository.tenant_id, &repository.project_id);
        let path = RepoPath::new(tenant.as_str(), project.as_str(), &repository.name)?;
        let gone = || Unbuildable::precondition(format!("the repository has no commit {sha}"));
        let id: Oid = sha.parse().map_err(|_| gone())?;
        let commit = self.ports().git.commit(&path, &id).await?;
        Ok(commit.ok_or_else(gone)?.committer.time)
    }

    async fn bill(
        &self,
        what: &Buildable<'_>,
        name: &str,
        built: &Built,
        source: &Source,
        files: Vec<ImageFile>,
    ) -> Result<sluice_image_registry::Attachment> {
        // Lock files are read and parsed, which takes its time.
        let dependencies = tokio::task::spawn_blocking(move || sbom::dependencies_of(&files)).await;
        let dependencies = dependencies.map_err(|_| ContainerImageError::Interrupted)?;
        let subject = sbom::SbomSubject {
            name: name.to_owned(),
            version: what.module.version.clone(),
            digest: built.digest,
            created: source.committed,
            tool_version: self.settings().version.clone(),
        };
        let limits = &self.settings().limits;
        Ok(sbom::attachment(
            &subject,
            &built.files,
            &dependencies,
            limits,
        )?)
    }

    fn statement(
        &self,
        view: &BuildView,
        name: &str,
        built: &Built,
        source: &Source,
        base: Option<&BaseImage>,
    ) -> Result<sluice_image_registry::Attachment> {
        let build = &view.build;
        let base = base.and_then(|base| match base.reference {
            sluice_image_registry::Reference::Digest(digest) => {
                Some((base.repository.path(), digest))
            }
            sluice_image_registry::Reference::Tag(_) => None,
        });
        let settings = self.settings();
        let facts = provenance::ProvenanceFacts {
            image: name.to_owned(),
            digest: built.digest,
            repository: source.url.clone(),
            git_ref: Some(format!("refs/heads/{}", build.branch)),
            commit: build.commit_sha.clone(),
            build_id: build.build_id.to_string(),
            run_id: build.run_id.map(|id| id.to_string()),
            pipeline: None,
            base,
            builder: settings.public_url.clone(),
            builder_version: settings.version.clone(),
            started_at: None,
            finished_at: None,
        };
        Ok(provenance::attachment(&facts)?)
    }
}
