//! Chains of events as the services tell them, with what they must amount to.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use sluice_ledger::{NodeKind, Relation};
use sluice_schema::{events::*, *};

mod delivery;
mod source;

use crate::world::{Draft, World};
pub(in crate::lineage) use source::history_commit;

pub(in crate::lineage) const ENVIRONMENTS: [&str; 4] = ["dev", "test", "staging", "prod"];

/// A sha of 40 digits.
pub(in crate::lineage) fn sha(number: u32) -> String {
    format!("{number:040x}")
}

/// `from RELATION to`, by keys.
pub(in crate::lineage) type Edge = (String, &'static str, String);

/// Events in their order, and the nodes and edges that they amount to.
pub(in crate::lineage) struct Story<'w> {
    world: &'w World,
    project: Cell<&'static str>,
    shas: Cell<u32>,
    pub(in crate::lineage) drafts: Vec<Draft>,
    pub(in crate::lineage) nodes: BTreeSet<(String, &'static str)>,
    pub(in crate::lineage) edges: BTreeSet<Edge>,
    /// Keys of commits and branches by the ids that services gave them.
    pub(in crate::lineage) aliases: BTreeMap<String, String>,
    pub(in crate::lineage) environments: Vec<EnvironmentId>,
    pub(in crate::lineage) gitops: RepositoryId,
}

/// A module with its repository.
#[derive(Clone)]
pub(in crate::lineage) struct Module {
    pub(in crate::lineage) name: String,
    pub(in crate::lineage) project: &'static str,
    pub(in crate::lineage) repository: RepositoryId,
    pub(in crate::lineage) initial: String,
    pub(in crate::lineage) syncs: [SyncId; 4],
}

/// A change of a module from the branch to the build, with its artifacts.
#[derive(Clone)]
pub(in crate::lineage) struct Change {
    pub(in crate::lineage) module: Module,
    pub(in crate::lineage) branch: BranchId,
    pub(in crate::lineage) branch_name: String,
    pub(in crate::lineage) proposed: [String; 2],
    pub(in crate::lineage) merged: String,
    pub(in crate::lineage) commit: CommitId,
    pub(in crate::lineage) pull_request: PullRequestId,
    pub(in crate::lineage) pipeline: PipelineId,
    pub(in crate::lineage) run: RunId,
    pub(in crate::lineage) build: BuildId,
    pub(in crate::lineage) package: PackageId,
    pub(in crate::lineage) image: ImageId,
}

/// A release and what came of it.
pub(in crate::lineage) struct Release {
    pub(in crate::lineage) id: ReleaseId,
    pub(in crate::lineage) version: String,
    pub(in crate::lineage) changes: Vec<Change>,
    pub(in crate::lineage) approval: ApprovalId,
    pub(in crate::lineage) promotions: Vec<PromotionId>,
    pub(in crate::lineage) manifests: Vec<ManifestId>,
    pub(in crate::lineage) plans: Vec<InfrastructureId>,
    pub(in crate::lineage) declared: Vec<String>,
}

pub(in crate::lineage) fn commit_key(repository: RepositoryId, sha: &str) -> String {
    format!("{repository}@{sha}")
}

pub(in crate::lineage) fn branch_key(repository: RepositoryId, name: &str) -> String {
    format!("{repository}#{name}")
}

fn description(name: &str) -> ModuleDescription {
    ModuleDescription {
        id: name.to_owned(),
        name: name.to_owned(),
        version: "1.0.0".into(),
        ..ModuleDescription::default()
    }
}

impl<'w> Story<'w> {
    /// A project with four environments and its GitOps repository.
    pub(in crate::lineage) fn begin(world: &'w World) -> Self {
        let mut story = Self {
            world,
            project: Cell::new("web"),
            shas: Cell::new(0),
            drafts: Vec::new(),
            nodes: BTreeSet::new(),
            edges: BTreeSet::new(),
            aliases: BTreeMap::new(),
            environments: ENVIRONMENTS.map(|_| EnvironmentId::generate()).to_vec(),
            gitops: RepositoryId::generate(),
        };
        story.repository(story.gitops, "gitops", &sha(0xa000));
        for (place, name) in ENVIRONMENTS.iter().enumerate() {
            let id = story.environments[place];
            let before = place.checked_sub(1);
            story.tell(&EnvironmentDefined {
                environment_id: id,
                environment: (*name).into(),
                upstream: before
                    .map(|place| ENVIRONMENTS[place].into())
                    .into_iter()
                    .collect(),
                target_digest: "sha256:0".into(),
                retired: false,
            });
            story.node(id, NodeKind::Environment);
            if let Some(before) = before {
                story.edge(story.environments[before], Relation::Precedes, id);
            }
        }
        story
    }

    pub(in crate::lineage) fn tell<P: EventPayload>(&mut self, payload: &P) {
        let draft = self.world.event(payload).project(self.project.get());
        self.drafts.push(draft);
    }

    fn next_sha(&self) -> String {
        self.shas.set(self.shas.get() + 1);
        sha(self.shas.get())
    }

    fn node(&mut self, key: impl ToString, kind: NodeKind) {
        self.nodes.insert((key.to_string(), kind.as_str()));
    }

    fn edge(&mut self, from: impl ToString, relation: Relation, to: impl ToString) {
        self.edges
            .insert((from.to_string(), relation.as_str(), to.to_string()));
    }

    fn branch(&mut self, repository: RepositoryId, name: &str) -> String {
        let key = branch_key(repository, name);
        self.node(&key, NodeKind::Branch);
        self.edge(repository, Relation::HasBranch, &key);
        key
    }

    fn commit(&mut self, repository: RepositoryId, branch: &str, sha: &str) -> String {
        let branch = self.branch(repository, branch);
        let key = commit_key(repository, sha);
        self.node(&key, NodeKind::Commit);
        self.edge(branch, Relation::Holds, &key);
        key
    }

    fn repository(&mut self, id: RepositoryId, name: &str, head_sha: &str) {
        self.tell(&RepositoryProvisioned {
            repository_id: id,
            name: name.into(),
            provider: "LOCAL".into(),
            remote_url: String::new(),
            default_branch: "main".into(),
            head_sha: head_sha.into(),
            visibility: "PRIVATE".into(),
        });
        self.node(id, NodeKind::Repository);
        self.commit(id, "main", head_sha);
    }

    /// A module of `project` with a repository of its own.
    pub(in crate::lineage) fn module(&mut self, project: &'static str, name: &str) -> Module {
        let module = Module {
            name: name.to_owned(),
            project,
            repository: RepositoryId::generate(),
            initial: self.next_sha(),
            syncs: ENVIRONMENTS.map(|_| SyncId::generate()),
        };
        self.project.set(project);
        self.repository(module.repository, name, &module.initial);
        self.project.set("web");
        module
    }

    /// Appends all events, some at a time.
    pub(in crate::lineage) async fn append(&mut self) {
        for drafts in std::mem::take(&mut self.drafts).chunks(37) {
            self.world.append_all(drafts.to_vec()).await;
        }
    }
}
