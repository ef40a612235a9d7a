//! Packages that clients push.

use std::sync::Arc;

use bytes::Bytes;
use sluice_kernel::{Ctx, Meta, Outcome, reserved_project};
use sluice_package_feed::{PackageFeedError, PackageMetadata, digest, inspect, sha512};
use sluice_schema::{PackageId, ProjectId, Scope, TypedId};

use super::{PackagePublishing, Result, feeds::feed_of};
use crate::{
    Origin, PackageError, PackagePublication, PackageStatus, Unpublishable, model::Stored, store,
};

impl PackagePublishing {
    /// Publishes a package that a client made. The same bytes again are replayed.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND` for a project that the caller does not see, `INVALID_INPUT` for
    /// what is no safe package, `CONFLICT` when the version has other content.
    pub async fn push(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        package: Bytes,
    ) -> Result<Outcome<Arc<PackagePublication>>> {
        ctx.require(Scope::PackagesPublish)?;
        ctx.require_project(project)?;
        if let Some(rule) = reserved_project(project.as_str()) {
            return Err(PackageError::invalid("project", rule));
        }
        let (metadata, stored) = self.read(package.clone()).await?;
        loop {
            let (id, version) = (&metadata.id, &metadata.version);
            let holder = store::find_version(&self.store, ctx, project, id, version).await?;
            let (publication, replayed) = match holder {
                Some(holder) => (same(holder, &stored)?, true),
                None => match self.announce_push(ctx, project, &metadata, &stored).await? {
                    Some(publication) => (publication, false),
                    // Someone else took the version meanwhile.
                    None => continue,
                },
            };
            let value = self.finish_push(ctx, publication, package, stored).await?;
            return Ok(Outcome { value, replayed });
        }
    }

    /// Checks a package and says what it is.
    async fn read(&self, package: Bytes) -> Result<(PackageMetadata, Stored)> {
        let limits = self.limits;
        let read = move || {
            let stored = Stored {
                digest: digest(&package),
                sha512: sha512(&package),
                size: package.len() as u64,
            };
            inspect(&package, &limits).map(|metadata| (metadata, stored))
        };
        let read = tokio::task::spawn_blocking(read).await;
        Ok(read.map_err(|_| PackageError::Interrupted)??)
    }

    /// The intent; `None` when the version was taken at the same time.
    async fn announce_push(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        metadata: &PackageMetadata,
        stored: &Stored,
    ) -> Result<Option<PackagePublication>> {
        let version = metadata.version.normalized();
        let publication = PackagePublication {
            id: PackageId::generate(),
            meta: Meta::new(ctx, self.store.clock().now(), project.clone(), None),
            feed: project.to_string(),
            name: metadata.id.to_string(),
            base_version: version.clone(),
            version,
            automatic: false,
            origin: Origin::Push,
            build_id: None,
            repository_id: None,
            commit_sha: None,
            status: PackageStatus::Pending,
            code: None,
            reason: None,
            attempts: 1,
            digest: Some(stored.digest.clone()),
            sha512: Some(stored.sha512.clone()),
            size: stored.size,
            files: 0,
            listed: true,
            published_at: None,
        };
        let tx = self.store.begin(ctx).await?;
        match store::insert(&tx, &publication).await {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(Some(publication))
            }
            Err(error) if error.is_unique() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn finish_push(
        &self,
        ctx: &Ctx,
        publication: PackagePublication,
        package: Bytes,
        stored: Stored,
    ) -> Result<Arc<PackagePublication>> {
        let feed = feed_of(ctx, &publication.meta.project_id);
        match self.ports.feed.push(&feed, package).await {
            Ok(_) if publication.status == PackageStatus::Published => Ok(Arc::new(publication)),
            Ok(_) => self.succeed(ctx, publication, stored).await,
            // The version came into the feed past this service.
            Err(error @ PackageFeedError::Conflict { .. }) => {
                if publication.status == PackageStatus::Pending {
                    let why =
                        Unpublishable::new(sluice_schema::ErrorCode::Conflict, error.to_string());
                    self.fail(ctx, publication, &why).await?;
                }
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The publication that holds the version, if its content is the one that is pushed.
fn same(holder: PackagePublication, stored: &Stored) -> Result<PackagePublication> {
    if holder.digest.as_ref() == Some(&stored.digest) {
        return Ok(holder);
    }
    let (name, version) = (&holder.name, &holder.version);
    let text = match holder.status {
        PackageStatus::Pending => format!("{name} {version} is being published"),
        _ => format!("{name} {version} is published with other content already"),
    };
    Err(PackageError::Taken(text))
}
