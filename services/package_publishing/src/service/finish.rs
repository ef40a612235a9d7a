//! The act and the outcome: what a publication holds, into the feed and on record.

use std::sync::Arc;

use bytes::Bytes;
use sluice_kernel::{AnyFault, Ctx, directory::BuildView};
use sluice_package_feed::{FileContent, PackageFeedError, PackageFile, PackageSpec, Packed, pack};
use sluice_schema::{EventPayload, NewEvent, events::PublishedArtifact};
use sluice_test_results::blob::{BlobError, BlobKey, sha256};

use super::{PackagePublishing, Result, feeds::feed_of, settled};
use crate::{
    Origin, PackageError, PackagePublication, Unpublishable,
    content::{feed_id, files, metadata, path_in_package, publishable},
    model::Stored,
    store,
};

/// Times that a publication gives way to versions that came into the feed past this service.
const MAX_MOVES: u64 = 20;

impl PackagePublishing {
    /// Acts on the intent and records the outcome; whoever finds a publication that is still
    /// pending helps to finish it, and exactly one of the helpers announces it. What cannot
    /// succeed becomes FAILED; what may, later, is an error and stays pending.
    pub(crate) async fn finish(
        &self,
        ctx: &Ctx,
        mut publication: PackagePublication,
        build: Option<&BuildView>,
    ) -> Result<Arc<PackagePublication>> {
        if settled(&publication) {
            return Ok(Arc::new(publication));
        }
        let done = match publication.origin {
            Origin::Build => self.make(ctx, &mut publication, build).await,
            Origin::Push => self.look(ctx, &publication).await.map(Some),
        };
        match done {
            Ok(Some(stored)) => self.succeed(ctx, publication, stored).await,
            Ok(None) => Ok(Arc::new(publication)),
            Err(error) => {
                let why = error.lasting()?;
                self.fail(ctx, publication, &why).await
            }
        }
    }

    /// Makes the package of its build and publishes it; `None` when another helper was faster.
    async fn make(
        &self,
        ctx: &Ctx,
        publication: &mut PackagePublication,
        build: Option<&BuildView>,
    ) -> Result<Option<Stored>> {
        let found;
        let view = match (build, publication.build_id) {
            (Some(view), _) => view,
            (None, Some(id)) => {
                found = self.build(ctx, id).await?;
                found
                    .as_ref()
                    .ok_or_else(|| Unpublishable::precondition("the build is gone"))?
            }
            (None, None) => return Err(Unpublishable::precondition("it has no build").into()),
        };
        let room = self.packing.acquire().await;
        let _room = room.map_err(|_| PackageError::Interrupted)?;
        let content = self.fetch(view).await?;
        publication.files = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let source = self.source(ctx, view).await?;
        let feed = feed_of(ctx, &publication.meta.project_id);
        let mut moves = 0;
        loop {
            let packed = self
                .pack(publication, view, &content, source.as_deref())
                .await?;
            match self.ports.feed.push(&feed, packed.bytes.clone()).await {
                Ok(pushed) => {
                    return Ok(Some(Stored {
                        digest: pushed.digest,
                        sha512: pushed.sha512,
                        size: pushed.size,
                    }));
                }
                Err(PackageFeedError::Conflict { .. })
                    if publication.automatic && moves < MAX_MOVES =>
                {
                    moves += 1;
                    if !self.give_way(ctx, publication, moves).await? {
                        // Taken as well, or another helper is at it: its word counts.
                        *publication = self.load(ctx, publication.id).await?;
                        if settled(publication) {
                            return Ok(None);
                        }
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The files of the build, under their paths in the package.
    async fn fetch(&self, view: &BuildView) -> Result<Vec<PackageFile>> {
        let what = publishable(&view.build)?;
        let artifacts = files(&view.build, what.package)?;
        let size: u64 = artifacts.iter().map(|artifact| artifact.blob.size).sum();
        if size > self.limits.max_unpacked_bytes || artifacts.len() > self.limits.max_files {
            let (bytes, count) = (self.limits.max_unpacked_bytes, self.limits.max_files);
            let reason = format!("a package holds at most {count} files and {bytes} bytes");
            return Err(Unpublishable::new(sluice_schema::ErrorCode::LimitExceeded, reason).into());
        }
        let mut content = Vec::with_capacity(artifacts.len());
        for artifact in artifacts {
            content.push(PackageFile {
                path: path_in_package(&artifact.path),
                content: FileContent::Bytes(self.blob(artifact).await?),
            });
        }
        Ok(content)
    }

    /// A file as the build left it. One that is gone or not what it was can never be published; a
    /// store that does not answer is asked again.
    async fn blob(&self, artifact: &PublishedArtifact) -> Result<Bytes> {
        let gone = |what: &str| {
            Unpublishable::precondition(format!("the build's file {} {what}", artifact.path))
        };
        let key = BlobKey::new(artifact.blob.key.as_str()).map_err(|_| gone("has no valid key"))?;
        let content = match self.ports.blobs.get(&key, artifact.blob.size).await {
            Ok(content) => content,
            Err(BlobError::NotFound { .. }) => return Err(gone("is gone").into()),
            Err(BlobError::TooLarge { .. }) => {
                return Err(gone("is not what the build left").into());
            }
            Err(error) => return Err(error.into()),
        };
        if sha256(&content) != artifact.blob.digest {
            return Err(gone("is not what the build left").into());
        }
        Ok(content)
    }

    /// Where the sources can be cloned from, when the caller may know of the repository.
    async fn source(&self, ctx: &Ctx, view: &BuildView) -> Result<Option<String>> {
        let found = self
            .ports
            .repositories
            .repository(ctx, view.build.repository_id)
            .await;
        let found = found.map_err(AnyFault).map_err(PackageError::Directory)?;
        let base = &self.public_url;
        Ok(found.map(|r| format!("{base}/git/{}/{}/{}.git", r.tenant_id, r.project_id, r.name)))
    }

    async fn pack(
        &self,
        publication: &PackagePublication,
        view: &BuildView,
        content: &[PackageFile],
        source: Option<&str>,
    ) -> Result<Packed> {
        let what = publishable(&view.build)?;
        let id = feed_id(&what.package.name)?;
        let version = publication.version.parse()?;
        let owner = publication.meta.tenant_id.as_str();
        let spec = PackageSpec {
            metadata: metadata(id, version, &view.build, what.module, source, owner),
            files: content.to_vec(),
        };
        let limits = self.limits;
        // Compression takes its time, which belongs to other requests.
        let packed = tokio::task::spawn_blocking(move || pack(&spec, &limits)).await;
        Ok(packed.map_err(|_| PackageError::Interrupted)??)
    }

    /// Whether a push that was broken off brought its package into the feed.
    async fn look(&self, ctx: &Ctx, publication: &PackagePublication) -> Result<Stored> {
        let feed = feed_of(ctx, &publication.meta.project_id);
        let (id, version) = (publication.name.parse()?, publication.version.parse()?);
        let entry = self.ports.feed.find(&feed, &id, &version).await?;
        match (entry, &publication.digest) {
            (Some(entry), Some(digest)) if Some(&entry.sha512) == publication.sha512.as_ref() => {
                Ok(Stored {
                    digest: digest.clone(),
                    sha512: entry.sha512,
                    size: entry.size,
                })
            }
            _ => {
                Err(Unpublishable::precondition("the upload was broken off; push it again").into())
            }
        }
    }

    pub(super) async fn succeed(
        &self,
        ctx: &Ctx,
        mut publication: PackagePublication,
        stored: Stored,
    ) -> Result<Arc<PackagePublication>> {
        let now = self.store.clock().now();
        let event = publication.published(stored, now);
        self.record(ctx, publication, &event).await
    }

    pub(crate) async fn fail(
        &self,
        ctx: &Ctx,
        mut publication: PackagePublication,
        why: &Unpublishable,
    ) -> Result<Arc<PackagePublication>> {
        let event = publication.failed(why);
        self.record(ctx, publication, &event).await
    }

    async fn record<P: EventPayload>(
        &self,
        ctx: &Ctx,
        mut publication: PackagePublication,
        event: &P,
    ) -> Result<Arc<PackagePublication>> {
        publication.meta.touch(ctx, self.store.clock().now());
        let meta = &publication.meta;
        let event = NewEvent::of(&meta.project_id, meta.module_id.as_ref(), event)?;
        let tx = self.store.begin(ctx).await?;
        match store::update(&tx, &mut publication).await {
            Ok(()) => {
                tx.commit([event]).await?;
                Ok(Arc::new(publication))
            }
            Err(error) if error.is_race() => {
                drop(tx);
                Ok(Arc::new(self.load(ctx, publication.id).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Notes that a publication could not be finished now, so that it is tried later, and not
    /// for ever.
    pub(crate) async fn postpone(
        &self,
        ctx: &Ctx,
        mut publication: PackagePublication,
        max: u32,
    ) -> Result<()> {
        if publication.attempts >= max {
            let reason = "a store or provider did not answer, however often it was asked";
            let why = Unpublishable::new(sluice_schema::ErrorCode::Unavailable, reason);
            self.fail(ctx, publication, &why).await?;
            return Ok(());
        }
        publication.attempts += 1;
        publication.meta.touch(ctx, self.store.clock().now());
        let tx = self.store.begin(ctx).await?;
        match store::update(&tx, &mut publication).await {
            Ok(()) => Ok(tx.commit([]).await.map(drop)?),
            Err(error) if error.is_race() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
