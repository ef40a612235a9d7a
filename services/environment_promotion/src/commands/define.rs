//! Defining an environment.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::{directory::Autoscale, reserved_project};
use sluice_schema::ProjectId;

use super::{Result, rules};
use crate::{EnvironmentSpec, Gates, PromotionError, model::BadFreeze};

const MAX_UPSTREAM: usize = 20;
const MAX_ORDER: u32 = 10_000;
const MAX_REPLICAS: u32 = 1_000;
const MAX_SETTINGS: usize = 200;
const MAX_SETTING: usize = 4_096;
const MAX_SETTINGS_BYTES: usize = 64 * 1024;
const MAX_APPROVALS: u32 = 20;
const MAX_SOAK: u32 = 30 * 24 * 60;
const MAX_FREEZES: usize = 50;
const MAX_TIMEOUT: u32 = 24 * 60;

/// Defines an environment of a project, or replaces its whole definition.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefineEnvironment {
    /// The project.
    pub project_id: ProjectId,
    /// Slug, unique in the project: 1 to 40 of a-z, 0-9 and '-', beginning with a letter.
    pub name: String,
    /// Environments that a release must have succeeded in before, at most 20.
    #[serde(default)]
    pub upstream: Vec<String>,
    /// Place among the environments where the graph leaves it open, 0 to 10,000; after those
    /// before it when absent.
    pub order: Option<u32>,
    /// Whether releases are promoted into it as soon as its gates open.
    #[serde(default)]
    pub auto_promote: bool,
    /// Whether drift is undone without a command.
    #[serde(default)]
    pub self_heal: bool,
    /// Kubernetes namespace of its objects; `<project>-<name>` when absent.
    pub namespace: Option<String>,
    /// Domain below which its ingresses stand; none are made when absent.
    pub ingress_domain: Option<String>,
    /// Replicas of a workload without autoscaling, 0 to 1,000; 1 when absent.
    pub replicas: Option<u32>,
    /// Autoscaling of its workloads.
    #[schemars(with = "Option<serde_json::Value>")]
    pub autoscale: Option<Autoscale>,
    /// Settings of every module in it, at most 200 and 64 KiB.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    /// What must hold for a release to be promoted into it.
    #[serde(default)]
    pub gates: Gates,
    /// Whether it is taken out of the definition.
    #[serde(default)]
    pub retired: bool,
}

fn invalid<T>(field: impl Into<String>, rule: impl Into<String>) -> Result<T> {
    Err(PromotionError::invalid(field, rule))
}

fn within(field: &'static str, value: u32, min: u32, max: u32) -> Result<()> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let name = field.rsplit('.').next().unwrap_or(field);
    invalid(field, format!("{name} must be {min} to {max}"))
}

impl DefineEnvironment {
    pub(crate) fn validate(&self) -> Result<()> {
        if let Some(rule) = reserved_project(self.project_id.as_str()) {
            return invalid("projectId", rule);
        }
        if !rules::is_slug(&self.name) {
            let rule = "name must be 1 to 40 characters of a-z, 0-9 and '-', begin with a letter and not end with '-'";
            return invalid("name", rule);
        }
        self.check_upstream()?;
        if let Some(order) = self.order {
            within("order", order, 0, MAX_ORDER)?;
        }
        self.check_target()?;
        self.check_configuration()?;
        self.check_gates()
    }

    fn check_upstream(&self) -> Result<()> {
        if self.upstream.len() > MAX_UPSTREAM {
            let rule = format!("upstream must name at most {MAX_UPSTREAM} environments");
            return invalid("upstream", rule);
        }
        for (index, name) in self.upstream.iter().enumerate() {
            if self.upstream[..index].contains(name) {
                let rule = format!("upstream names {name} twice");
                return invalid(format!("upstream[{index}]"), rule);
            }
        }
        Ok(())
    }

    fn check_target(&self) -> Result<()> {
        if self
            .namespace
            .as_deref()
            .is_some_and(|it| !rules::is_dns_label(it))
        {
            let rule =
                "namespace must be a label of DNS: at most 63 characters of a-z, 0-9 and '-'";
            return invalid("namespace", rule);
        }
        if self
            .ingress_domain
            .as_deref()
            .is_some_and(|it| !rules::is_dns_name(it))
        {
            let rule = "ingressDomain must be a name of DNS in lower case";
            return invalid("ingressDomain", rule);
        }
        within("replicas", self.replicas(), 0, MAX_REPLICAS)?;
        let Some(autoscale) = &self.autoscale else {
            return Ok(());
        };
        within(
            "autoscale.minReplicas",
            autoscale.min_replicas,
            1,
            MAX_REPLICAS,
        )?;
        let least = autoscale.min_replicas;
        within(
            "autoscale.maxReplicas",
            autoscale.max_replicas,
            least,
            MAX_REPLICAS,
        )?;
        let percent = autoscale.target_cpu_percent;
        within("autoscale.targetCpuPercent", percent, 1, 100)
    }

    fn check_configuration(&self) -> Result<()> {
        let settings = &self.configuration;
        let bytes: usize = settings
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if settings.len() > MAX_SETTINGS || bytes > MAX_SETTINGS_BYTES {
            let rule = format!("configuration has at most {MAX_SETTINGS} settings and 64 KiB");
            return invalid("configuration", rule);
        }
        for (name, value) in settings {
            if !rules::is_setting(name) {
                let rule = "the name of a setting has 1 to 128 of A-Z, a-z, 0-9, '_', '.' and '-', and begins with a letter or '_'";
                let shown: String = name.chars().take(128).collect();
                return invalid(format!("configuration.{shown}"), rule);
            }
            if value.chars().count() > MAX_SETTING || value.contains('\0') {
                let rule = format!("the value of a setting has at most {MAX_SETTING} characters");
                return invalid(format!("configuration.{name}"), rule);
            }
        }
        Ok(())
    }

    fn check_gates(&self) -> Result<()> {
        let gates = &self.gates;
        within(
            "gates.requiredApprovals",
            gates.required_approvals,
            0,
            MAX_APPROVALS,
        )?;
        within("gates.soakMinutes", gates.soak_minutes, 0, MAX_SOAK)?;
        let timeout = gates.verification_timeout_minutes;
        within("gates.verificationTimeoutMinutes", timeout, 1, MAX_TIMEOUT)?;
        for (index, check) in gates.required_checks.iter().enumerate() {
            if gates.required_checks[..index].contains(check) {
                let rule = format!("requiredChecks names {} twice", check.as_str());
                return invalid(format!("gates.requiredChecks[{index}]"), rule);
            }
        }
        if gates.freezes.len() > MAX_FREEZES {
            let rule = format!("an environment has at most {MAX_FREEZES} freezes");
            return invalid("gates.freezes", rule);
        }
        for (index, freeze) in gates.freezes.iter().enumerate() {
            let at = |field: &str| format!("gates.freezes[{index}].{field}");
            if gates.freezes[..index]
                .iter()
                .any(|it| it.name == freeze.name)
            {
                return invalid(
                    at("name"),
                    format!("two freezes are named '{}'", freeze.name),
                );
            }
            if let Err(BadFreeze { field, rule }) = freeze.check() {
                return invalid(at(field), rule);
            }
        }
        Ok(())
    }

    fn replicas(&self) -> u32 {
        self.replicas.unwrap_or(1)
    }

    /// The definition, with `order` where the command leaves it open.
    pub(crate) fn spec(self, order: u32) -> EnvironmentSpec {
        EnvironmentSpec {
            replicas: self.replicas(),
            order: self.order.unwrap_or(order),
            upstream: self.upstream,
            auto_promote: self.auto_promote,
            self_heal: self.self_heal,
            namespace: self.namespace,
            ingress_domain: self.ingress_domain,
            autoscale: self.autoscale,
            configuration: self.configuration,
            gates: self.gates,
            retired: self.retired,
        }
    }
}
