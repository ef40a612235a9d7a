//! What callers say about environments.

use std::collections::BTreeMap;

use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use sluice_environment_promotion as service;
use sluice_kernel::directory;

use super::RequiredCheck;
use crate::fault::{InputFault, name, optional_id, optional_name};

/// Which environments a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct EnvironmentFilter {
    /// Of this project; it has the default ones, dev, test, staging and prod, while nobody defined
    /// others.
    pub project_id: Option<ID>,
    /// Of this name.
    pub name: Option<String>,
    /// Also those that were taken out of their project's definition.
    #[graphql(default)]
    pub include_retired: bool,
}

impl TryFrom<EnvironmentFilter> for service::EnvironmentFilter {
    type Error = InputFault;
    fn try_from(filter: EnvironmentFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            name: filter.name,
            retired: (!filter.include_retired).then_some(false),
        })
    }
}

/// How many replicas an autoscaled workload has.
#[derive(InputObject, Debug, Clone)]
pub struct AutoscaleInput {
    /// At least, 1 to 1,000.
    pub min_replicas: u32,
    /// At most; not below `minReplicas`.
    pub max_replicas: u32,
    /// Average use of the CPU that it aims at, 1 to 100.
    pub target_cpu_percent: u32,
}

/// A setting of every module in an environment; never a secret, as it is shown.
#[derive(InputObject, Debug, Clone)]
pub struct EnvironmentSettingInput {
    /// Its name: letters, digits, `_`, `.` and `-`.
    pub name: String,
    /// Its value, up to 4,096 characters.
    pub value: String,
}

/// A time in which nothing is promoted into an environment: `from` and `until`, or `rrule` or
/// `cron` with `durationMinutes`.
#[derive(InputObject, Debug, Clone)]
pub struct FreezeInput {
    /// Unique in the environment, 1 to 100 characters.
    pub name: String,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// Recurrence rule of RFC 5545 without `DTSTART`, at most daily: `FREQ=WEEKLY;BYDAY=FR`.
    pub rrule: Option<String>,
    /// Five fields of cron: minute, hour, day of month, month, day of week.
    pub cron: Option<String>,
    /// First start of an `rrule`, whose wall clock recurs; a `cron` does not start before it.
    pub start: Option<DateTime<Utc>>,
    /// IANA time zone of the rule's wall clock; UTC when absent.
    pub time_zone: Option<String>,
    /// How long a freeze that recurs lasts, 1 to 44,640 minutes.
    pub duration_minutes: Option<u32>,
    /// When a single freeze begins.
    pub from: Option<DateTime<Utc>>,
    /// When a single freeze ends; later than `from`.
    pub until: Option<DateTime<Utc>>,
}

impl From<FreezeInput> for service::Freeze {
    fn from(input: FreezeInput) -> Self {
        Self {
            name: input.name,
            reason: input.reason,
            rrule: input.rrule,
            cron: input.cron,
            start: input.start,
            time_zone: input.time_zone,
            duration_minutes: input.duration_minutes,
            from: input.from,
            until: input.until,
        }
    }
}

/// What must hold for a release to be promoted into an environment; absent fields demand nothing.
#[derive(InputObject, Debug, Clone)]
pub struct EnvironmentGatesInput {
    /// Distinct people whose approval counts, 0 to 20, besides what the project demands.
    pub required_approvals: Option<u32>,
    /// Checks that must have succeeded for every module.
    #[graphql(default)]
    pub required_checks: Vec<RequiredCheck>,
    /// Minutes that the release must have run in every environment before, 0 to 43,200.
    pub soak_minutes: Option<u32>,
    /// Times in which nothing is promoted, at most 50.
    #[graphql(default)]
    pub freezes: Vec<FreezeInput>,
    /// Whether a newer promotion of a module ends older ones that wait; it does when absent.
    pub supersede_waiting: Option<bool>,
    /// Minutes in which a promotion must be synchronised and healthy, 1 to 1,440; 10 when absent.
    pub verification_timeout_minutes: Option<u32>,
}

impl From<EnvironmentGatesInput> for service::Gates {
    fn from(input: EnvironmentGatesInput) -> Self {
        let none = Self::default();
        let checks = input.required_checks.into_iter();
        Self {
            required_approvals: input.required_approvals.unwrap_or(none.required_approvals),
            required_checks: checks.map(Into::into).collect(),
            soak_minutes: input.soak_minutes.unwrap_or(none.soak_minutes),
            freezes: input.freezes.into_iter().map(Into::into).collect(),
            supersede_waiting: input.supersede_waiting.unwrap_or(none.supersede_waiting),
            verification_timeout_minutes: input
                .verification_timeout_minutes
                .unwrap_or(none.verification_timeout_minutes),
        }
    }
}

/// Defines an environment of a project, or replaces its whole definition. The project and name
/// are its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct DefineEnvironmentInput {
    /// The project.
    pub project_id: ID,
    /// Unique in the project: 1 to 40 of a-z, 0-9 and `-`, beginning with a letter.
    pub name: String,
    /// Names of the environments that a release must have succeeded in before, at most 20.
    #[graphql(default)]
    pub upstream: Vec<String>,
    /// Place among the environments where `upstream` leaves it open, 0 to 10,000; after those
    /// before it when absent.
    pub order: Option<u32>,
    /// Whether releases are promoted into it as soon as its gates open.
    #[graphql(default)]
    pub auto_promote: bool,
    /// Whether drift is undone without a command.
    #[graphql(default)]
    pub self_heal: bool,
    /// Kubernetes namespace of its objects; `<project>-<name>` when absent.
    pub namespace: Option<String>,
    /// Domain below which its ingresses stand; none are made when absent.
    pub ingress_domain: Option<String>,
    /// Replicas of a workload without autoscaling, 0 to 1,000; 1 when absent.
    pub replicas: Option<u32>,
    /// Autoscaling of its workloads; none when absent.
    pub autoscale: Option<AutoscaleInput>,
    /// Settings of every module in it, at most 200 and 64 KiB.
    #[graphql(default)]
    pub configuration: Vec<EnvironmentSettingInput>,
    /// What must hold for a release to be promoted into it.
    pub gates: Option<EnvironmentGatesInput>,
    /// Whether it is taken out of the definition: nothing is promoted into it any more.
    #[graphql(default)]
    pub retired: bool,
}

impl TryFrom<DefineEnvironmentInput> for service::DefineEnvironment {
    type Error = InputFault;
    fn try_from(input: DefineEnvironmentInput) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: name("projectId", &input.project_id)?,
            name: input.name,
            upstream: input.upstream,
            order: input.order,
            auto_promote: input.auto_promote,
            self_heal: input.self_heal,
            namespace: input.namespace,
            ingress_domain: input.ingress_domain,
            replicas: input.replicas,
            autoscale: input.autoscale.map(|it| directory::Autoscale {
                min_replicas: it.min_replicas,
                max_replicas: it.max_replicas,
                target_cpu_percent: it.target_cpu_percent,
            }),
            configuration: by_name(input.configuration)?,
            gates: input.gates.map(Into::into).unwrap_or_default(),
            retired: input.retired,
        })
    }
}

fn by_name(settings: Vec<EnvironmentSettingInput>) -> Result<BTreeMap<String, String>, InputFault> {
    let mut named = BTreeMap::new();
    for (index, setting) in settings.into_iter().enumerate() {
        if named.insert(setting.name, setting.value).is_some() {
            let field = format!("configuration[{index}].name");
            return Err(InputFault::new(field, "must be given once"));
        }
    }
    Ok(named)
}

/// Holds promotions into an environment.
#[derive(InputObject, Debug, Clone)]
pub struct HoldEnvironmentInput {
    /// The environment; or else `projectId` and `environment`.
    pub environment_id: Option<ID>,
    /// The project of the environment that is named.
    pub project_id: Option<ID>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The module to hold; all when absent.
    pub module: Option<String>,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// When the hold ends by itself; in the future.
    pub until: Option<DateTime<Utc>>,
}

impl TryFrom<HoldEnvironmentInput> for service::HoldEnvironment {
    type Error = InputFault;
    fn try_from(input: HoldEnvironmentInput) -> Result<Self, InputFault> {
        Ok(Self {
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            project_id: optional_name("projectId", input.project_id.as_ref())?,
            environment: input.environment,
            module: input.module,
            reason: input.reason,
            until: input.until,
        })
    }
}

/// Ends holds of an environment.
#[derive(InputObject, Debug, Clone)]
pub struct ResumeEnvironmentInput {
    /// The environment; or else `projectId` and `environment`.
    pub environment_id: Option<ID>,
    /// The project of the environment that is named.
    pub project_id: Option<ID>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The module whose hold ends; every hold of the environment ends when absent.
    pub module: Option<String>,
}

impl TryFrom<ResumeEnvironmentInput> for service::ResumeEnvironment {
    type Error = InputFault;
    fn try_from(input: ResumeEnvironmentInput) -> Result<Self, InputFault> {
        Ok(Self {
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            project_id: optional_name("projectId", input.project_id.as_ref())?,
            environment: input.environment,
            module: input.module,
        })
    }
}
