//! What an environment is made of.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_environment_promotion as service;
use sluice_kernel::directory;

use crate::{
    fault::Result,
    loaders::Call,
    promotion::{EnvironmentPromotion, PromotionById},
    release::{ReleaseById, ReleasePlan},
};

/// What an environment may demand to have succeeded for every module of a release.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::RequiredCheck")]
pub enum RequiredCheck {
    /// The builds of the release.
    Build,
    /// The tests that the builds ran.
    Tests,
    /// The coverage that the builds measured.
    Coverage,
    /// The targets of the environments before: synchronised and healthy.
    Sync,
}

/// How many replicas an autoscaled workload has.
#[derive(SimpleObject, Debug, Clone)]
pub struct Autoscale {
    /// At least.
    pub min_replicas: u32,
    /// At most.
    pub max_replicas: u32,
    /// Average use of the CPU that it aims at, 1 to 100.
    pub target_cpu_percent: u32,
}

impl From<&directory::Autoscale> for Autoscale {
    fn from(it: &directory::Autoscale) -> Self {
        Self {
            min_replicas: it.min_replicas,
            max_replicas: it.max_replicas,
            target_cpu_percent: it.target_cpu_percent,
        }
    }
}

/// A time in which nothing is promoted into an environment: once, or again and again by a rule.
#[derive(SimpleObject, Debug, Clone)]
pub struct Freeze {
    /// Unique in the environment.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Recurrence rule of RFC 5545.
    pub rrule: Option<String>,
    /// Five fields of cron.
    pub cron: Option<String>,
    /// First start of a freeze that recurs.
    pub start: Option<DateTime<Utc>>,
    /// IANA time zone of the rule's wall clock; UTC when absent.
    pub time_zone: Option<String>,
    /// How long a freeze that recurs lasts each time.
    pub duration_minutes: Option<u32>,
    /// When a single freeze begins.
    pub from: Option<DateTime<Utc>>,
    /// When a single freeze ends.
    pub until: Option<DateTime<Utc>>,
}

impl From<&service::Freeze> for Freeze {
    fn from(it: &service::Freeze) -> Self {
        Self {
            name: it.name.clone(),
            reason: it.reason.clone(),
            rrule: it.rrule.clone(),
            cron: it.cron.clone(),
            start: it.start,
            time_zone: it.time_zone.clone(),
            duration_minutes: it.duration_minutes,
            from: it.from,
            until: it.until,
        }
    }
}

/// A freeze that is on now.
#[derive(SimpleObject, Debug, Clone)]
pub struct ActiveFreeze {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When it ends; null when that is not known.
    pub until: Option<DateTime<Utc>>,
}

impl From<service::Frozen> for ActiveFreeze {
    fn from(it: service::Frozen) -> Self {
        Self {
            name: it.name,
            reason: it.reason,
            until: it.until,
        }
    }
}

/// What must hold for a release to be promoted into an environment.
#[derive(SimpleObject, Debug, Clone)]
pub struct EnvironmentGates {
    /// Distinct people whose approval counts, besides what the project demands.
    pub required_approvals: u32,
    /// Checks that must have succeeded for every module.
    pub required_checks: Vec<RequiredCheck>,
    /// Minutes that the release must have run in every environment before.
    pub soak_minutes: u32,
    /// Times in which nothing is promoted.
    pub freezes: Vec<Freeze>,
    /// Whether a newer promotion of a module ends older ones that wait.
    pub supersede_waiting: bool,
    /// Minutes in which a promotion must be synchronised and healthy.
    pub verification_timeout_minutes: u32,
}

impl From<&service::Gates> for EnvironmentGates {
    fn from(it: &service::Gates) -> Self {
        let checks = it.required_checks.iter().copied();
        Self {
            required_approvals: it.required_approvals,
            required_checks: checks.map(Into::into).collect(),
            soak_minutes: it.soak_minutes,
            freezes: it.freezes.iter().map(Into::into).collect(),
            supersede_waiting: it.supersede_waiting,
            verification_timeout_minutes: it.verification_timeout_minutes,
        }
    }
}

/// Promotions into an environment, or of one module into it, are held until somebody resumes.
#[derive(Debug, Clone)]
pub struct EnvironmentHold(pub(crate) service::Hold);

/// Promotions into an environment, or of one module into it, are held until somebody resumes.
#[Object]
impl EnvironmentHold {
    /// The module; null when every module is held.
    async fn module(&self) -> Option<&str> {
        self.0.module.as_deref()
    }
    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    /// Who holds.
    async fn by(&self) -> &str {
        &self.0.held_by
    }
    /// Since when.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }
    /// When it ends by itself; null when only `resumeEnvironment` ends it.
    async fn until(&self) -> Option<DateTime<Utc>> {
        self.0.until
    }
    /// The rollback that placed it; null when a person did.
    async fn promotion(&self, context: &Context<'_>) -> Result<Option<EnvironmentPromotion>> {
        let key = self.0.promotion_id.map(PromotionById);
        let found = Call::of(context)?.one(key).await?;
        Ok(found.map(EnvironmentPromotion))
    }
}

/// A module and the promotion that Git declares of it.
pub(crate) type Declared = (String, Arc<service::EnvironmentPromotion>);

/// What Git declares of one module in an environment.
#[derive(Debug, Clone)]
pub struct RunningModule(pub(crate) Declared);

/// What Git declares of one module in an environment.
#[Object]
impl RunningModule {
    /// The module.
    async fn module(&self) -> &str {
        &self.0.0
    }
    /// The promotion that declared it.
    async fn promotion(&self) -> EnvironmentPromotion {
        EnvironmentPromotion(self.0.1.clone())
    }
    /// The release that it is of.
    async fn release(&self, context: &Context<'_>) -> Result<Option<ReleasePlan>> {
        let key = Some(ReleaseById(self.0.1.release_id));
        let found = Call::of(context)?.one(key).await?;
        Ok(found.map(ReleasePlan))
    }
    /// Since when Git declares it.
    async fn since(&self) -> Option<DateTime<Utc>> {
        self.0.1.promoted_at
    }
}
