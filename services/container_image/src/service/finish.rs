//! The outcome: what was made of an image, on record.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sluice_kernel::{Ctx, directory::BuildView};
use sluice_schema::{ErrorCode, EventPayload, NewEvent};

use super::{ContainerImages, Result};
use crate::{ContainerImage, Unbuildable, commands::LATEST, model::Pushed, store, turns::Turn};

/// Times that a worker tries what may pass.
const MAX_ATTEMPTS: u32 = 10;
const LONGEST_WAIT: Duration = Duration::seconds(60);

impl ContainerImages {
    /// Acts on the intent and records the outcome; whoever finds an image that is not settled
    /// helps to finish it, and exactly one of the helpers announces it. What cannot succeed
    /// becomes FAILED; what may, later, is an error and stays to be done.
    pub(crate) async fn finish(
        &self,
        ctx: &Ctx,
        turn: &Turn,
        view: Option<&BuildView>,
    ) -> Result<Arc<ContainerImage>> {
        // Read in our turn: whoever had it before may have finished the image.
        let image = self.load(ctx, turn.id()).await?;
        if image.is_settled() {
            return Ok(Arc::new(image));
        }
        let made = match view {
            Some(view) => self.make(ctx, &image, view).await,
            None => self.make_found(ctx, &image).await,
        };
        match made {
            Ok(pushed) => self.succeed(ctx, image, pushed).await,
            Err(error) => {
                let why = error.lasting()?;
                self.fail(ctx, image, &why).await
            }
        }
    }

    async fn make_found(&self, ctx: &Ctx, image: &ContainerImage) -> Result<Pushed> {
        let view = self.build_view(ctx, image.build_id).await?;
        let view = view.ok_or_else(|| Unbuildable::precondition("the build is gone"))?;
        self.make(ctx, image, &view).await
    }

    async fn succeed(
        &self,
        ctx: &Ctx,
        mut image: ContainerImage,
        mut pushed: Pushed,
    ) -> Result<Arc<ContainerImage>> {
        // Until the outcome is on record nobody else decides which build is the newest.
        let _newest = self.0.newest.lock().await;
        if self.point_latest(ctx, &image, &pushed.digest).await? {
            pushed.tags.push(LATEST.to_owned());
        }
        let event = image.built(pushed, self.store().clock().now());
        self.record(ctx, image, Some(&event)).await
    }

    async fn fail(
        &self,
        ctx: &Ctx,
        mut image: ContainerImage,
        why: &Unbuildable,
    ) -> Result<Arc<ContainerImage>> {
        let event = image.failed(why);
        self.record(ctx, image, event.as_ref()).await
    }

    async fn record<P: EventPayload>(
        &self,
        ctx: &Ctx,
        mut image: ContainerImage,
        event: Option<&P>,
    ) -> Result<Arc<ContainerImage>> {
        image.meta.touch(ctx, self.store().clock().now());
        let meta = &image.meta;
        let event =
            event.map(|event| NewEvent::of(&meta.project_id, meta.module_id.as_ref(), event));
        let event = event.transpose()?;
        let tx = self.store().begin(ctx).await?;
        match store::update(&tx, &mut image).await {
            Ok(()) => {
                tx.commit(event).await?;
                Ok(Arc::new(image))
            }
            Err(error) if error.is_race() => {
                drop(tx);
                Ok(Arc::new(self.load(ctx, image.id).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps other processes from an image for a while; `false` when one of them was faster.
    pub(crate) async fn claim(&self, ctx: &Ctx, image: &mut ContainerImage) -> Result<bool> {
        if !self.store().is_shared() {
            return Ok(true);
        }
        image.due_at = Some(self.taken_until());
        self.save(ctx, image).await
    }

    /// Notes that an image could not be finished now, so that it is tried later, and not for ever.
    pub(crate) async fn postpone(&self, ctx: &Ctx, turn: &Turn) -> Result<()> {
        let mut image = self.load(ctx, turn.id()).await?;
        if image.is_settled() {
            return Ok(());
        }
        image.attempts += 1;
        if image.attempts >= MAX_ATTEMPTS {
            let reason = "a store or registry did not answer, however often it was asked";
            let why = Unbuildable::new(ErrorCode::Unavailable, reason);
            self.fail(ctx, image, &why).await?;
            return Ok(());
        }
        image.due_at = Some(later(self.store().clock().now(), image.attempts));
        self.save(ctx, &mut image).await.map(drop)
    }
}

/// When the attempt after `attempts` failed ones comes: later each time.
fn later(now: DateTime<Utc>, attempts: u32) -> DateTime<Utc> {
    let seconds = 1_i64 << attempts.min(10);
    now + Duration::seconds(seconds).min(LONGEST_WAIT)
}
