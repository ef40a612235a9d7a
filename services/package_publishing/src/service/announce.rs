//! The intent: which version of which package a build becomes.

use sluice_kernel::{Ctx, Meta, directory::BuildView};
use sluice_package_feed::{PackageId as FeedId, PackageVersion};
use sluice_schema::{EventId, PackageId, TypedId};

use super::{CONSUMER, PackagePublishing, Result};
use crate::{
    Origin, PackageError, PackagePublication, PackageStatus,
    content::{feed_id, publishable},
    model::candidate,
    store,
};

/// Versions that are tried before something is wrong.
const MAX_TRIES: u64 = 100;

impl PackagePublishing {
    /// The build's publication, made or taken up again when there is something to do; whether
    /// this call did that.
    ///
    /// From here on a crash is found and finished by the recovery loop.
    pub(super) async fn announce(
        &self,
        ctx: &Ctx,
        view: &BuildView,
        wanted: Option<&PackageVersion>,
        event: Option<EventId>,
    ) -> Result<(PackagePublication, bool)> {
        let mut tries = 0;
        loop {
            let known = store::find_by_build(&self.store, ctx, view.build.build_id).await?;
            let mut publication = match known {
                Some(known) if known.status == PackageStatus::Failed => known,
                Some(known) => return Ok((self.is_wanted(known, wanted)?, false)),
                None => self.fresh(ctx, view)?,
            };
            let fresh = publication.attempts == 0;
            let (version, free) = self.version(ctx, &publication, wanted, tries).await?;
            if !free && wanted.is_some() {
                return Err(taken(&publication.name, &version));
            }
            publication.retry(version, wanted.is_none());
            if free && self.save(ctx, &mut publication, fresh, event).await? {
                return Ok((publication, true));
            }
            tries += 1;
            if tries > MAX_TRIES {
                return Err(taken(&publication.name, &publication.version));
            }
        }
    }

    /// A publication that is under way or done: the one asked for, or another version.
    fn is_wanted(
        &self,
        known: PackagePublication,
        wanted: Option<&PackageVersion>,
    ) -> Result<PackagePublication> {
        match wanted {
            Some(wanted) if known.version.parse::<PackageVersion>()? != *wanted => {
                let text = format!(
                    "the build is published as {} {} already",
                    known.name, known.version
                );
                Err(PackageError::Taken(text))
            }
            _ => Ok(known),
        }
    }

    fn fresh(&self, ctx: &Ctx, view: &BuildView) -> Result<PackagePublication> {
        let build = &view.build;
        let what = publishable(build)?;
        let now = self.store.clock().now();
        // A name that no feed takes fails when the package is made, so that it is recorded.
        let name = feed_id(&what.package.name)
            .map_or_else(|_| what.package.name.clone(), |id| id.to_string());
        Ok(PackagePublication {
            id: PackageId::generate(),
            meta: Meta::new(ctx, now, view.project_id.clone(), view.module_id.clone()),
            feed: view.project_id.to_string(),
            name,
            version: String::new(),
            base_version: what.module.version.clone(),
            automatic: true,
            origin: Origin::Build,
            build_id: Some(build.build_id),
            repository_id: Some(build.repository_id),
            commit_sha: Some(build.commit_sha.clone()),
            status: PackageStatus::Pending,
            code: None,
            reason: None,
            attempts: 0,
            digest: None,
            sha512: None,
            size: 0,
            files: 0,
            listed: true,
            published_at: None,
        })
    }

    /// The version to try, and whether it is free.
    async fn version(
        &self,
        ctx: &Ctx,
        publication: &PackagePublication,
        wanted: Option<&PackageVersion>,
        tries: u64,
    ) -> Result<(String, bool)> {
        let Ok(name) = publication.name.parse::<FeedId>() else {
            return Ok((publication.base_version.clone(), true));
        };
        let version = match wanted {
            Some(wanted) => wanted.normalized(),
            None => self.next(ctx, publication, &name, tries).await?,
        };
        let Ok(parsed) = version.parse::<PackageVersion>() else {
            return Ok((version, true));
        };
        let project = &publication.meta.project_id;
        let holder = store::find_version(&self.store, ctx, project, &name, &parsed).await?;
        let in_feed = match &holder {
            Some(_) => true,
            // A version that came into the feed past this service.
            None if wanted.is_none() => {
                let feed = super::feeds::feed_of(ctx, project);
                self.ports.feed.find(&feed, &name, &parsed).await?.is_some()
            }
            None => false,
        };
        Ok((parsed.normalized(), !in_feed))
    }

    /// The module's version, then `-build.<n>` behind it, counted over all builds of the version.
    async fn next(
        &self,
        ctx: &Ctx,
        publication: &PackagePublication,
        name: &FeedId,
        tries: u64,
    ) -> Result<String> {
        let base = &publication.base_version;
        let Ok(semver) = base.parse::<semver::Version>() else {
            // No successor is known of a version that is none.
            return match tries {
                0 => Ok(base.clone()),
                _ => Err(taken(&publication.name, base)),
            };
        };
        if tries == 0 {
            return Ok(candidate(&semver, 0));
        }
        let project = &publication.meta.project_id;
        let before = store::count_of_base(&self.store, ctx, project, name, base).await?;
        Ok(candidate(&semver, before.max(1) + tries - 1))
    }

    /// Writes the intent; `false` when someone else was faster.
    async fn save(
        &self,
        ctx: &Ctx,
        publication: &mut PackagePublication,
        fresh: bool,
        event: Option<EventId>,
    ) -> Result<bool> {
        let tx = self.store.begin(ctx).await?;
        if let Some(event) = event {
            tx.first_delivery(CONSUMER, event).await?;
        }
        let saved = if fresh {
            store::insert(&tx, publication).await
        } else {
            publication.meta.touch(ctx, self.store.clock().now());
            store::update(&tx, publication).await
        };
        let saved = match saved {
            Ok(()) => {
                tx.remember("publishPackage", &publication.id.to_string())
                    .await
            }
            refused => refused,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(true)
            }
            Err(error) if error.is_unique() || error.is_race() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves an announced publication to the next free version, since the feed holds its own.
    pub(super) async fn give_way(
        &self,
        ctx: &Ctx,
        publication: &mut PackagePublication,
        tries: u64,
    ) -> Result<bool> {
        let (version, free) = self.version(ctx, publication, None, tries).await?;
        publication.version = version;
        Ok(free && self.save(ctx, publication, false, None).await?)
    }
}

fn taken(name: &str, version: &str) -> PackageError {
    PackageError::Taken(format!(
        "{name} {version} is published with other content already"
    ))
}
