//! From an approved release to what environments run.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_deployment_manifest::{DeploymentManifest, ManifestFile, ManifestStatus, ObjectSummary};
use sluice_environment_promotion::{EnvironmentPromotion, Hold, PromotionItem, PromotionKind};
use sluice_gitops_sync::Content;
use sluice_kernel::ContentDigest;
use sluice_schema::{
    PromotionId, ReleaseId, SyncId,
    events::{DeploymentManifestRendered, EnvironmentHeld, EnvironmentResumed},
};

use super::{
    ModuleWorld, PEOPLE,
    promote::{Ask, Ending},
    release::Released,
};
use crate::{
    maker::{Made, Story, system, user},
    scene::ENVIRONMENTS,
};

const PROD: usize = 3;
/// Seconds until the next environment follows, at the least and at the most.
const WAITS: [(u64, u64); 4] = [(60, 300), (1_200, 5_400), (9_000, 28_800), (21_600, 86_400)];

/// What an environment declares of the module.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(super) promotion: PromotionId,
    pub(super) release: ReleaseId,
    pub(super) release_name: String,
    pub(super) version: String,
    pub(super) attempt: u32,
    pub(super) item: PromotionItem,
    pub(super) commit_sha: String,
    pub(super) fingerprint: String,
    pub(super) succeeded: bool,
}

/// A promotion that waits for the end of a hold.
pub(crate) struct Waiting {
    pub(super) promotion: EnvironmentPromotion,
    pub(super) story: Story,
    pub(super) hold: Hold,
}

/// The place of the module in an environment.
pub(crate) struct Place {
    /// When something last happened in it.
    pub(super) last_at: DateTime<Utc>,
    pub(super) current: Option<Current>,
    /// What succeeded in it before what is current.
    pub(super) before: Option<Current>,
    pub(super) waiting: Option<Waiting>,
    pub(super) sync: Option<(SyncId, DateTime<Utc>, Story)>,
    pub(super) attempts: u32,
    pub(super) failures: u32,
    pub(super) applied: Option<Content>,
    pub(super) synced_at: Option<DateTime<Utc>>,
    pub(super) changes: i64,
    pub(super) serial: u64,
}

impl Place {
    pub(crate) fn empty(at: DateTime<Utc>) -> Self {
        Self {
            last_at: at,
            current: None,
            before: None,
            waiting: None,
            sync: None,
            attempts: 0,
            failures: 0,
            applied: None,
            synced_at: None,
            changes: 0,
            serial: 0,
        }
    }
}

/// What becomes of a promotion.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Through,
    RolledBack,
    Held,
    SyncFails,
    Breaks,
}

impl ModuleWorld {
    /// Manifests for every environment, and promotions as far as the release gets.
    pub(super) fn deliver(&mut self, story: &mut Story, released: &Released) -> Made<()> {
        let mut items = Vec::new();
        for place in 0..ENVIRONMENTS.len() {
            // Environments are prepared side by side, all because of the approval.
            self.provision(&mut story.clone(), released, place)?;
            items.push(self.render(&mut story.clone(), released, place)?);
        }
        let mut at = released.approved_at + TimeDelta::seconds(30);
        for (place, item) in items.into_iter().enumerate() {
            let (low, high) = WAITS[place];
            let free = self.places[place].last_at + TimeDelta::seconds(120);
            at = (at + self.pause(low, high)).max(free);
            if self.is_over(at + TimeDelta::seconds(600)) {
                return Ok(());
            }
            let Some(done) = self.step(story, released, (place, at), item)? else {
                return Ok(());
            };
            at = done;
        }
        Ok(())
    }

    fn course(&mut self, place: usize, at: DateTime<Utc>) -> Course {
        let dice = self.maker.random.below(1_000);
        let has_before = self.places[place]
            .current
            .as_ref()
            .is_some_and(|it| it.succeeded);
        let late = self.is_over(at + TimeDelta::seconds(12_000));
        match (ENVIRONMENTS[place], dice) {
            _ if self.character.steady => Course::Through,
            ("test", 0..30) => Course::SyncFails,
            ("staging", 0..15) => Course::Breaks,
            ("prod", 0..25) if has_before && !late => Course::RolledBack,
            ("prod", 25..85) => Course::Held,
            _ => Course::Through,
        }
    }

    /// Promotes into one environment; answers when it succeeded, and nothing when the release
    /// stops here.
    fn step(
        &mut self,
        story: &mut Story,
        released: &Released,
        (place, at): (usize, DateTime<Utc>),
        item: PromotionItem,
    ) -> Made<Option<DateTime<Utc>>> {
        self.end_waiting(place, at - TimeDelta::seconds(20))?;
        let course = self.course(place, at);
        let ask = Ask {
            release: released.id,
            release_name: released.name.clone(),
            version: released.version.clone(),
            place,
            attempt: 1,
            kind: PromotionKind::Promotion,
            item,
            rollback: None,
            at,
            by: user(PEOPLE[self.maker.random.index(PEOPLE.len())]),
        };
        if course == Course::Held {
            self.hold(story, &ask)?;
            return Ok(None);
        }
        let ending = match course {
            Course::SyncFails => Ending::SyncFails,
            Course::Breaks => Ending::Breaks,
            _ => Ending::Succeeds,
        };
        let (promotion, done) = self.promote(story, &ask, ending)?;
        match course {
            Course::RolledBack => self.roll_back(place, promotion, done)?,
            _ => self.maker.rows.promotions.push(promotion),
        }
        Ok((course == Course::Through).then_some(done))
    }

    /// A hold keeps the promotion waiting.
    fn hold(&mut self, story: &mut Story, ask: &Ask) -> Made<()> {
        let by = user("olga");
        let at = ask.at - TimeDelta::seconds(5);
        let hold = Hold {
            module: Some(self.name.clone()),
            reason: "a customer looks at it".to_owned(),
            held_by: by.id.clone(),
            at,
            until: None,
            promotion_id: None,
        };
        self.tell_hold(ask.place, &hold)?;
        let promotion = self.gated(story, ask)?;
        self.places[ask.place].last_at = ask.at;
        self.places[ask.place].waiting = Some(Waiting {
            promotion,
            story: story.clone(),
            hold,
        });
        Ok(())
    }

    pub(super) fn tell_hold(&mut self, place: usize, hold: &Hold) -> Made<()> {
        let (environment_id, environment) = self.scene.environment(place);
        let event = EnvironmentHeld {
            environment_id,
            environment,
            module: hold.module.clone(),
            reason: hold.reason.clone(),
            held_by: hold.held_by.clone(),
            promotion_id: hold.promotion_id,
        };
        let mut story = self.story();
        self.traces.held(place, hold.at);
        self.maker
            .tell(&mut story, hold.at, &user(&hold.held_by), &event)?;
        Ok(())
    }

    pub(super) fn tell_resumed(&mut self, place: usize, at: DateTime<Utc>) -> Made<()> {
        let (environment_id, environment) = self.scene.environment(place);
        let event = EnvironmentResumed {
            environment_id,
            environment,
            module: Some(self.name.clone()),
            resumed_by: "olga".to_owned(),
        };
        let mut story = self.story();
        self.traces.held(place, at);
        self.maker.tell(&mut story, at, &user("olga"), &event)?;
        Ok(())
    }

    /// The hold ends, and what waited for that gives way to what comes now.
    fn end_waiting(&mut self, place: usize, at: DateTime<Utc>) -> Made<()> {
        let Some(mut waiting) = self.places[place].waiting.take() else {
            return Ok(());
        };
        self.tell_resumed(place, at)?;
        let at = at + TimeDelta::seconds(1);
        self.superseded(&mut waiting.story, &mut waiting.promotion, at)?;
        self.maker.rows.promotions.push(waiting.promotion);
        Ok(())
    }

    /// What succeeded before comes back, and a hold stays on for a while.
    fn roll_back(
        &mut self,
        place: usize,
        mut left: EnvironmentPromotion,
        after: DateTime<Utc>,
    ) -> Made<()> {
        let Some(target) = self.places[place].before.clone() else {
            self.maker.rows.promotions.push(left);
            return Ok(());
        };
        let at = after + self.pause(600, 3_600);
        let by = user("olga");
        let reason = "errors rise since the promotion".to_owned();
        let ask = Ask {
            release: target.release,
            release_name: target.release_name.clone(),
            version: target.version.clone(),
            place,
            attempt: target.attempt + 1,
            kind: PromotionKind::Rollback,
            item: target.item.clone(),
            rollback: Some((left.id, target.promotion, reason.clone())),
            at,
            by: by.clone(),
        };
        let mut story = self.story();
        let (rollback, done) = self.promote(&mut story, &ask, Ending::Succeeds)?;
        crate::maker::touch(&mut left.meta, at, &by);
        left.status = sluice_environment_promotion::PromotionStatus::RolledBack;
        left.reason = Some(format!("rolled back by {}: {reason}", rollback.id));
        let hold = Hold {
            module: Some(self.name.clone()),
            reason,
            held_by: by.id,
            at: at + TimeDelta::seconds(1),
            until: None,
            promotion_id: Some(rollback.id),
        };
        self.tell_hold(place, &hold)?;
        let resumed = done + self.pause(600, 7_200);
        if self.is_over(resumed) {
            self.traces.holds.push((place, hold));
        } else {
            self.tell_resumed(place, resumed)?;
        }
        // Nothing else comes while the hold is on.
        self.places[place].last_at = resumed;
        self.maker.rows.promotions.extend([left, rollback]);
        Ok(())
    }

    fn render(
        &mut self,
        story: &mut Story,
        released: &Released,
        place: usize,
    ) -> Made<PromotionItem> {
        let by = system("deployment_manifest");
        let seconds = i64::try_from(place).unwrap_or_default() * 2 + 10;
        let at = released.approved_at + TimeDelta::seconds(seconds);
        let (environment_id, environment) = self.scene.environment(place);
        let name = self.name.clone();
        let namespace = format!("{}-{environment}", self.scene.project);
        let level = if place == PROD { "warn" } else { "debug" };
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: \
             {namespace}\nspec:\n  template:\n    spec:\n      containers:\n      - name: {name}\n        \
             image: {}\n        env:\n        - name: LOG_LEVEL\n          value: {level}\n",
            released.image
        );
        let settings = settings_of(&name, level, &released.version);
        let mut meta = self.maker.meta(story, at, &by);
        meta.version = 2;
        let manifest = DeploymentManifest {
            id: self.maker.random.id(at),
            meta,
            release_id: released.id,
            release_name: released.name.clone(),
            version: released.version.clone(),
            release_digest: released.digest.clone(),
            environment_id,
            environment: environment.clone(),
            module: name.clone(),
            repository_id: self.repository,
            source_commit: released.commit_sha.clone(),
            status: ManifestStatus::Rendered,
            findings: Vec::new(),
            objects: objects_of(&name, &namespace, &released.image, &settings),
            content_digest: ContentDigest::of(&text).to_string(),
            overlay: false,
            gitops_repository_id: Some(self.scene.gitops),
            gitops_repository: Some(self.scene.gitops_name.clone()),
            commit_sha: Some(self.maker.random.sha()),
            path: format!("environments/{environment}/{name}"),
            rank: at.timestamp_micros(),
        };
        let commit = manifest.commit_sha.clone().unwrap_or_default();
        let event = DeploymentManifestRendered {
            manifest_id: manifest.id,
            release_id: manifest.release_id,
            version: manifest.version.clone(),
            environment_id,
            environment,
            module: name.clone(),
            content_digest: manifest.content_digest.clone(),
            gitops_repository_id: self.scene.gitops,
            gitops_repository: self.scene.gitops_name.clone(),
            commit_sha: commit.clone(),
            path: manifest.path.clone(),
            objects: u32::try_from(manifest.objects.len()).unwrap_or_default(),
            configuration: settings,
        };
        self.maker.tell(story, at, &by, &event)?;
        self.traces.rendered.moved(at, &commit);
        let item = PromotionItem {
            module: name,
            manifest_id: manifest.id,
            manifest_digest: manifest.content_digest.clone(),
            source_commit: commit,
            path: manifest.path.clone(),
        };
        let file = ManifestFile {
            name: "00-deployment.yaml".to_owned(),
            text,
        };
        self.maker.rows.manifests.push((manifest, vec![file]));
        Ok(item)
    }
}

fn settings_of(name: &str, level: &str, version: &str) -> BTreeMap<String, String> {
    let digest = |value: &str| ContentDigest::of(value).to_string();
    BTreeMap::from([
        (format!("Deployment/{name}/{name}/LOG_LEVEL"), digest(level)),
        (format!("Deployment/{name}/{name}/VERSION"), digest(version)),
    ])
}

fn objects_of(
    name: &str,
    namespace: &str,
    image: &str,
    settings: &BTreeMap<String, String>,
) -> Vec<ObjectSummary> {
    let object = |api: &str, kind: &str| ObjectSummary {
        api_version: api.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        images: Vec::new(),
        settings: BTreeMap::new(),
    };
    let deployment = ObjectSummary {
        images: vec![image.to_owned()],
        settings: settings.clone(),
        ..object("apps/v1", "Deployment")
    };
    vec![deployment, object("v1", "Service")]
}
