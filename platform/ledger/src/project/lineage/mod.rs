//! The lineage graph: nodes and typed edges, from the source towards what runs.

mod delivery;
mod source;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use sluice_schema::{EventPayload, events::*};

use super::Recorded;
use crate::{
    NodeKind, Relation,
    patch::{Patch, Table, tables},
};

pub(crate) const TABLES: &[&Table] = &[&NODE, &EDGE, &ALIAS];

tables! {
    /// Nodes. `node_key` is the object's id, but for commits `<repository id>@<sha>` and for branches
    /// `<repository id>#<name>`, which events name without their ids; `object_id` is then absent
    /// until the object is recorded. `project_id` is absent while only events of other projects
    /// named the object. `current_key` is, of a synchronisation, the promotion that it was last for.
    NODE = "lineage_node" {
        key node_key: Text; first kind: Text; latest object_id: Text; first project_id: Text;
        first module_id: Text; latest title: Text; latest state: Text; latest current_key: Text;
        first sequence: Int; first at: Int; first actor: Text;
    }
    /// Edges. `from_key` is closer to the source; sequence, event, time and actor are those of the
    /// first event that said it. Keys that begin with `~` are junctions: see [`junction`].
    EDGE = "lineage_edge" {
        key from_key: Text; key relation: Text; key to_key: Text; first sequence: Int;
        first event_id: Text; first event_type: Text; first at: Int; first actor: Text;
    }
    /// Ids of commits and branches, and the keys of their nodes.
    ALIAS = "lineage_alias" { key object_id: Text; first node_key: Text; }
}

/// What keys of junctions begin with; no id does.
pub(crate) const JUNCTION: char = '~';

/// Longest title in characters.
const TITLE_LEN: usize = 200;

/// A key that two events can both compute when neither names the other's object: an edge by way
/// of it stands in two halves of the same relation, which readers join.
fn junction(parts: impl Display, name: impl Display) -> String {
    format!("{JUNCTION}{parts}/{name}")
}

/// The key of a commit.
pub(crate) fn commit_key(repository: impl Display, sha: &str) -> String {
    format!("{repository}@{sha}")
}

/// The key of a branch.
pub(crate) fn branch_key(repository: impl Display, name: &str) -> String {
    format!("{repository}#{name}")
}

/// A sha as people write it.
pub(crate) fn short(sha: &str) -> &str {
    sha.get(..10).unwrap_or(sha)
}

/// What an event tells.
struct Telling<'a> {
    recorded: &'a Recorded<'a>,
    patches: Vec<Patch>,
}

/// What is told of a node besides that it exists.
#[derive(Default)]
struct Facts<'a> {
    object_id: Option<String>,
    title: Option<String>,
    state: Option<&'a str>,
    current: Option<String>,
}

impl Facts<'_> {
    fn titled(title: impl Into<String>) -> Self {
        Self {
            title: Some(title.into()),
            ..Self::default()
        }
    }

    fn new<'a>(title: impl Into<String>, state: &'a str) -> Facts<'a> {
        Facts {
            title: Some(title.into()),
            state: Some(state),
            ..Facts::default()
        }
    }
}

impl Telling<'_> {
    /// The subject of the event: a node of its project and module.
    fn subject(&mut self, kind: NodeKind, id: impl Display, facts: Facts<'_>) -> String {
        let module = self.recorded.event.module_id.as_ref();
        let module = module.map(|id| id.as_str().to_owned());
        self.told(kind, id.to_string(), module, facts)
    }

    /// An object of the event's project.
    fn own(&mut self, kind: NodeKind, key: impl Display) -> String {
        self.told(kind, key.to_string(), None, Facts::default())
    }

    /// The same, with what the event tells of it.
    fn own_with(&mut self, kind: NodeKind, key: impl Display, facts: Facts<'_>) -> String {
        self.told(kind, key.to_string(), None, facts)
    }

    fn told(
        &mut self,
        kind: NodeKind,
        key: String,
        module: Option<String>,
        facts: Facts<'_>,
    ) -> String {
        let event = self.recorded.event;
        let patch = Patch::of(&NODE)
            .set("node_key", &key)
            .set("kind", kind.as_str())
            .set("project_id", event.project_id.as_str())
            .set("sequence", self.recorded.sequence)
            .set("at", self.recorded.at())
            .set("actor", &event.actor.id)
            .set_some("module_id", module)
            .set_some("object_id", object_of(kind, &key, facts.object_id))
            .set_some("title", facts.title.map(shortened))
            .set_some("state", facts.state)
            .set_some("current_key", facts.current);
        self.patches.push(patch);
        key
    }

    /// An object that may be of another project: no more than its kind is told of it.
    fn foreign(&mut self, kind: NodeKind, key: impl Display) -> String {
        let key = key.to_string();
        let patch = Patch::of(&NODE)
            .set("node_key", &key)
            .set("kind", kind.as_str());
        let object = object_of(kind, &key, None);
        self.patches.push(patch.set_some("object_id", object));
        key
    }

    fn edge(&mut self, from: &str, relation: Relation, to: &str) {
        let event = self.recorded.event;
        let patch = Patch::of(&EDGE)
            .set("from_key", from)
            .set("relation", relation.as_str())
            .set("to_key", to)
            .set("sequence", self.recorded.sequence)
            .set("event_id", event.event_id.to_string())
            .set("event_type", &event.event_type)
            .set("at", self.recorded.at())
            .set("actor", &event.actor.id);
        self.patches.push(patch);
    }

    /// `object_id` is another name of the node `key`.
    fn alias(&mut self, object_id: impl Display, key: &str) {
        let patch = Patch::of(&ALIAS).set("object_id", object_id.to_string());
        self.patches.push(patch.set("node_key", key));
    }
}

/// The object's id: the key itself, but for commits and branches.
fn object_of(kind: NodeKind, key: &str, told: Option<String>) -> Option<String> {
    match kind {
        NodeKind::Commit | NodeKind::Branch => told,
        _ => Some(key.to_owned()),
    }
}

fn shortened(title: String) -> String {
    match title.char_indices().nth(TITLE_LEN) {
        None => title,
        Some((end, _)) => format!("{}…", &title[..end]),
    }
}

macro_rules! by_type {
    ($telling:ident: $($payload:ident => $tell:path,)+) => {
        match $telling.recorded.event.event_type.as_str() {
            $($payload::TYPE => {
                if let Some(event) = $telling.recorded.payload::<$payload>() {
                    $tell(&mut $telling, &event);
                }
            })+
            _ => {}
        }
    };
}

/// The patches that an event amounts to.
pub(super) fn patches(recorded: &Recorded<'_>) -> Vec<Patch> {
    let patches = Vec::new();
    let mut telling = Telling { recorded, patches };
    by_type! { telling:
        RepositoryProvisioned => source::repository_provisioned,
        RepositoryUpdated => source::repository_updated,
        RepositoryArchived => source::repository_archived,
        BranchCreated => source::branch_created,
        BranchPolicyChanged => source::branch_policy_changed,
        BranchDeleted => source::branch_deleted,
        CommitCreated => source::commit_created,
        HistoryRecorded => source::history_recorded,
        PullRequestOpened => source::pull_request_opened,
        PullRequestReviewed => source::pull_request_reviewed,
        PullRequestMerged => source::pull_request_merged,
        PullRequestAbandoned => source::pull_request_abandoned,
        PipelineGenerated => source::pipeline_generated,
        PipelineRunStarted => source::run_started,
        PipelineRunCompleted => source::run_completed,
        BuildCompleted => source::build_completed,
        PackagePublished => delivery::package_published,
        PackagePublicationFailed => delivery::package_failed,
        ContainerImageBuilt => delivery::image_built,
        ContainerImageFailed => delivery::image_failed,
        ReleasePlanned => delivery::release_planned,
        ReleaseReady => delivery::release_ready,
        ReleaseApproved => delivery::release_approved,
        ReleaseApprovalVoided => delivery::approval_voided,
        ReleaseRejected => delivery::release_rejected,
        ReleaseCancelled => delivery::release_cancelled,
        InfrastructurePlanned => delivery::infrastructure_planned,
        InfrastructureProvisioned => delivery::infrastructure_provisioned,
        InfrastructureFailed => delivery::infrastructure_failed,
        DeploymentManifestRendered => delivery::manifest_rendered,
        EnvironmentDefined => delivery::environment_defined,
        PromotionRequested => delivery::promotion_requested,
        DeploymentPromoted => delivery::deployment_promoted,
        PromotionSucceeded => delivery::promotion_succeeded,
        PromotionFailed => delivery::promotion_failed,
        EnvironmentRolledBack => delivery::rolled_back,
        GitOpsSynced => delivery::synced,
        DriftDetected => delivery::drifted,
        GitOpsSyncFailed => delivery::sync_failed,
    }
    telling.patches
}
