//! The intent: which image a build becomes.

use chrono::{DateTime, Duration, Utc};
use sluice_kernel::{Ctx, Meta, directory::BuildView};
use sluice_schema::{EventId, ImageId, TypedId};

use super::{COMMAND, ContainerImages, Result};
use crate::{
    ContainerImage, ContainerImageError, ImageStatus, SERVICE, content::buildable, model::Asked,
    store,
};

const TRIES: usize = 20;
/// Other processes leave an image alone for so long after somebody took it up.
pub(crate) const LEFT_ALONE: Duration = Duration::seconds(30);

impl ContainerImages {
    /// The image of the build, made or taken up again when there is something to do; whether this
    /// call did that.
    ///
    /// From here on a crash is found and finished by the worker.
    pub(super) async fn announce(
        &self,
        ctx: &Ctx,
        view: &BuildView,
        registry: &str,
        asked: &Asked,
    ) -> Result<(ContainerImage, bool)> {
        let name = &buildable(&view.build)?.image.name;
        for _ in 0..TRIES {
            let build = view.build.build_id;
            let known =
                store::find_by_key(self.store(), ctx, &view.project_id, registry, name, build)
                    .await?;
            match known {
                None => {
                    let image = self.fresh(ctx, view, registry, asked)?;
                    if self.insert(ctx, &image).await? {
                        return Ok((image, true));
                    }
                }
                Some(image) if image.satisfies(asked) => return Ok((image, false)),
                Some(mut image) if image.is_settled() => {
                    image.begin(asked, self.taken_until());
                    if self.take_up(ctx, &mut image).await? {
                        return Ok((image, true));
                    }
                }
                // It is being built otherwise: that first, then what is asked.
                Some(image) => {
                    let turn = self.turns().take(image.id).await;
                    self.finish(ctx, &turn, Some(view)).await?;
                }
            }
        }
        Err(ContainerImageError::Contended)
    }

    /// Announces the image of a build for the worker, once.
    pub(super) async fn announce_once(
        &self,
        ctx: &Ctx,
        view: &BuildView,
        registry: &str,
        event: EventId,
    ) -> Result<()> {
        let mut image = self.fresh(ctx, view, registry, &Asked::default())?;
        image.caused_by = Some(event);
        image.due_at = Some(self.store().clock().now());
        let tx = self.store().begin(ctx).await?;
        if !tx.first_delivery(SERVICE, event).await? {
            return Ok(());
        }
        match store::insert(&tx, &image).await {
            Ok(()) => Ok(tx.commit([]).await.map(drop)?),
            Err(error) if error.is_unique() => {
                // A command was faster: its image is the one.
                drop(tx);
                self.note_delivery(ctx, event).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// When somebody else may take up what this process begins now. A store of one process has
    /// nobody else, so that what a crash left is taken up at the next start.
    pub(crate) fn taken_until(&self) -> DateTime<Utc> {
        let now = self.store().clock().now();
        if self.store().is_shared() {
            now + LEFT_ALONE
        } else {
            now
        }
    }

    fn fresh(
        &self,
        ctx: &Ctx,
        view: &BuildView,
        registry: &str,
        asked: &Asked,
    ) -> Result<ContainerImage> {
        let build = &view.build;
        let what = buildable(build)?;
        let now = self.store().clock().now();
        let mut image = ContainerImage {
            id: ImageId::generate(),
            meta: Meta::new(ctx, now, view.project_id.clone(), view.module_id.clone()),
            registry: registry.to_owned(),
            name: what.image.name.clone(),
            build_id: build.build_id,
            repository_id: build.repository_id,
            commit_sha: build.commit_sha.clone(),
            status: ImageStatus::Pending,
            code: None,
            reason: None,
            wanted: None,
            due_at: None,
            attempts: 0,
            base: what.image.base.clone(),
            base_digest: None,
            requested_tags: Vec::new(),
            digest: None,
            reference: None,
            tags: Vec::new(),
            size: 0,
            config_digest: None,
            layers: Vec::new(),
            sbom_digest: None,
            provenance_digest: None,
            built_at: None,
            caused_by: ctx.causation_id(),
        };
        image.begin(asked, self.taken_until());
        Ok(image)
    }

    /// Writes the intent; `false` when someone else was faster.
    async fn insert(&self, ctx: &Ctx, image: &ContainerImage) -> Result<bool> {
        let tx = self.store().begin(ctx).await?;
        let saved = match store::insert(&tx, image).await {
            Ok(()) => tx.remember(COMMAND, &image.id.to_string()).await,
            refused => refused,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(true)
            }
            Err(error) if error.is_race() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn take_up(&self, ctx: &Ctx, image: &mut ContainerImage) -> Result<bool> {
        image.meta.touch(ctx, self.store().clock().now());
        let tx = self.store().begin(ctx).await?;
        let saved = match store::update(&tx, image).await {
            Ok(()) => tx.remember(COMMAND, &image.id.to_string()).await,
            refused => refused,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(true)
            }
            Err(error) if error.is_race() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
