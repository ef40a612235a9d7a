//! The Environment aggregate.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::{
    ContentDigest, Meta,
    directory::{Autoscale, EnvironmentView},
    text_enum,
};
use sluice_schema::{
    EnvironmentId, PromotionId,
    events::{EnvironmentDefined, EnvironmentHeld, EnvironmentResumed},
};

use super::{Freeze, graph::Node};

text_enum! {
    /// What an environment may demand to have succeeded.
    RequiredCheck {
        /// The builds of the release.
        Build = "build",
        /// The tests that the builds ran.
        Tests = "tests",
        /// The coverage that the builds measured.
        Coverage = "coverage",
        /// The targets of the environments before: synchronised and healthy.
        Sync = "sync",
    }
}

/// What must hold for a release to be promoted into an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gates {
    /// Distinct people whose approval counts, 0 to 20, besides what the project demands.
    pub required_approvals: u32,
    /// Checks that must have succeeded for every module.
    pub required_checks: Vec<RequiredCheck>,
    /// Minutes that the release must have run in every environment before, 0 to 43,200.
    pub soak_minutes: u32,
    /// Times in which nothing is promoted, at most 50.
    pub freezes: Vec<Freeze>,
    /// Whether a newer promotion of a module ends older ones that wait.
    pub supersede_waiting: bool,
    /// Minutes in which a promotion must be synchronised and healthy, 1 to 1,440.
    pub verification_timeout_minutes: u32,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            required_approvals: 0,
            required_checks: Vec::new(),
            soak_minutes: 0,
            freezes: Vec::new(),
            supersede_waiting: true,
            verification_timeout_minutes: 10,
        }
    }
}

/// What a person defines of an environment, besides its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentSpec {
    /// Environments that a release must have succeeded in before.
    pub upstream: Vec<String>,
    /// Place among the environments of the project, where the graph leaves it open.
    pub order: u32,
    /// Whether releases are promoted into it as soon as its gates open.
    pub auto_promote: bool,
    /// Whether drift is undone without a command.
    pub self_heal: bool,
    /// Kubernetes namespace of its objects; `<project>-<name>` when absent.
    pub namespace: Option<String>,
    /// Domain below which its ingresses stand; none are made when absent.
    pub ingress_domain: Option<String>,
    /// Replicas of a workload without autoscaling.
    pub replicas: u32,
    /// Autoscaling of its workloads.
    pub autoscale: Option<Autoscale>,
    /// Settings of every module in it.
    pub configuration: BTreeMap<String, String>,
    /// What must hold for a release to be promoted into it.
    pub gates: Gates,
    /// Whether it was taken out of the definition.
    pub retired: bool,
}

/// Promotions into an environment, or of one module into it, are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The module; all when absent.
    pub module: Option<String>,
    /// Why.
    pub reason: String,
    /// Who holds.
    pub held_by: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// When it ends by itself.
    pub until: Option<DateTime<Utc>>,
    /// The rollback that placed it.
    pub promotion_id: Option<PromotionId>,
}

impl Hold {
    fn is_on(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Who holds, since when, and by which rollback.
pub(crate) struct HeldBy {
    pub(crate) actor: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) rollback: Option<PromotionId>,
}

/// An environment of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// Slug, unique in the project.
    pub name: String,
    /// What a person defined.
    pub spec: EnvironmentSpec,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    pub target_digest: String,
    /// What is held, oldest first; those that ended by themselves may still be among them.
    pub holds: Vec<Hold>,
}

/// Names of the environments that a project has while nobody defined others, in order.
pub(crate) const DEFAULTS: [&str; 4] = ["dev", "test", "staging", "prod"];

/// The definition of the default environment of that place.
pub(crate) fn default_spec(place: usize) -> EnvironmentSpec {
    let before = place.checked_sub(1).and_then(|place| DEFAULTS.get(place));
    EnvironmentSpec {
        upstream: before.map(ToString::to_string).into_iter().collect(),
        order: u32::try_from(place).unwrap_or_default() * 10 + 10,
        // The first environment follows approved releases; every other one waits for a person.
        auto_promote: place == 0,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: 1,
        autoscale: None,
        configuration: BTreeMap::new(),
        gates: Gates::default(),
        retired: false,
    }
}

/// What the graph of a project knows of the environment.
pub(crate) fn node(environment: &Environment) -> Node<'_> {
    Node {
        name: &environment.name,
        upstream: &environment.spec.upstream,
        rank: environment.spec.order,
        retired: environment.spec.retired,
    }
}

fn target_digest(name: &str, spec: &EnvironmentSpec) -> String {
    // Keys in a fixed order, and the configuration in the order of its keys: one text for one target.
    let target = serde_json::json!([
        name,
        spec.namespace,
        spec.ingress_domain,
        spec.replicas,
        spec.autoscale,
        spec.configuration,
    ]);
    ContentDigest::of(target.to_string()).to_string()
}

impl Environment {
    /// An environment that nobody holds, with the digest of its definition.
    pub fn new(id: EnvironmentId, meta: Meta, name: String, spec: EnvironmentSpec) -> Self {
        let target_digest = target_digest(&name, &spec);
        Self {
            id,
            meta,
            name,
            spec,
            target_digest,
            holds: Vec::new(),
        }
    }

    /// What announces the definition as it stands.
    pub(crate) fn defined(&self) -> EnvironmentDefined {
        EnvironmentDefined {
            environment_id: self.id,
            environment: self.name.clone(),
            upstream: self.spec.upstream.clone(),
            target_digest: self.target_digest.clone(),
            retired: self.spec.retired,
        }
    }

    /// Replaces the definition; `None` when it is the same already.
    pub(crate) fn redefine(&mut self, spec: EnvironmentSpec) -> Option<EnvironmentDefined> {
        if self.spec == spec {
            return None;
        }
        self.target_digest = target_digest(&self.name, &spec);
        self.spec = spec;
        Some(self.defined())
    }

    /// The holds that are on at `now`.
    pub fn active_holds(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| hold.is_on(now))
    }

    /// The hold of exactly this module, or of the whole environment, that is on at `now`.
    pub(crate) fn hold_of(&self, module: Option<&str>, now: DateTime<Utc>) -> Option<&Hold> {
        let mut on = self.active_holds(now);
        on.find(|hold| hold.module.as_deref() == module)
    }

    /// Places a hold where there is none; `None` when one is on already.
    pub(crate) fn hold(
        &mut self,
        module: Option<&str>,
        reason: &str,
        until: Option<DateTime<Utc>>,
        by: HeldBy,
    ) -> Option<EnvironmentHeld> {
        if self.hold_of(module, by.at).is_some() {
            return None;
        }
        self.holds.retain(|hold| hold.is_on(by.at));
        self.holds.push(Hold {
            module: module.map(ToOwned::to_owned),
            reason: reason.to_owned(),
            held_by: by.actor.clone(),
            at: by.at,
            until,
            promotion_id: by.rollback,
        });
        Some(EnvironmentHeld {
            environment_id: self.id,
            environment: self.name.clone(),
            module: module.map(ToOwned::to_owned),
            reason: reason.to_owned(),
            held_by: by.actor,
            promotion_id: by.rollback,
        })
    }

    /// Ends the holds of the module, or all of them when none is named.
    pub(crate) fn resume(&mut self, module: Option<&str>, by: &str) -> Vec<EnvironmentResumed> {
        self.end_holds(by, |hold| {
            module.is_none() || hold.module.as_deref() == module
        })
    }

    /// Ends the holds whose time is over.
    pub(crate) fn end_expired(&mut self, by: &str, now: DateTime<Utc>) -> Vec<EnvironmentResumed> {
        self.end_holds(by, |hold| !hold.is_on(now))
    }

    fn end_holds(&mut self, by: &str, ends: impl Fn(&Hold) -> bool) -> Vec<EnvironmentResumed> {
        let (ended, kept) = std::mem::take(&mut self.holds).into_iter().partition(ends);
        self.holds = kept;
        let ended: Vec<Hold> = ended;
        let resumed = ended.into_iter().map(|hold| EnvironmentResumed {
            environment_id: self.id,
            environment: self.name.clone(),
            module: hold.module,
            resumed_by: by.to_owned(),
        });
        resumed.collect()
    }

    /// When the next hold ends by itself.
    pub(crate) fn next_hold_end(&self) -> Option<DateTime<Utc>> {
        self.holds.iter().filter_map(|hold| hold.until).min()
    }

    /// What other services need to know of it.
    pub(crate) fn view(&self) -> EnvironmentView {
        let spec = &self.spec;
        EnvironmentView {
            id: self.id,
            project_id: self.meta.project_id.clone(),
            name: self.name.clone(),
            upstream: spec.upstream.clone(),
            auto_promote: spec.auto_promote,
            self_heal: spec.self_heal,
            namespace: spec.namespace.clone(),
            ingress_domain: spec.ingress_domain.clone(),
            replicas: spec.replicas,
            autoscale: spec.autoscale.clone(),
            configuration: spec.configuration.clone(),
            target_digest: self.target_digest.clone(),
            retired: spec.retired,
        }
    }
}
