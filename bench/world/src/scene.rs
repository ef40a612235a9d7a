//! What the modules of a project share.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_branch::{Branch, BranchStatus};
use sluice_environment_promotion::{Environment, EnvironmentSpec, Gates, Hold};
use sluice_kernel::{Meta, ProjectPolicies};
use sluice_project::Project;
use sluice_repository::{Provider, Repository, RepositoryStatus, Visibility};
use sluice_schema::{
    Actor, EnvironmentId, ProjectId, RepositoryId,
    events::{
        BranchCreated, BranchPolicy, EnvironmentDefined, ProjectConfigured, RepositoryProvisioned,
    },
};

use crate::maker::{Made, Maker, Story, system, user};

/// Environments of every project, in order.
pub(crate) const ENVIRONMENTS: [&str; 4] = ["dev", "test", "staging", "prod"];
pub(crate) const RENDERED: &str = sluice_deployment_manifest::RENDERED_BRANCH;
pub(crate) const MAIN: &str = "main";

/// What the modules of a project know of it.
pub(crate) struct Scene {
    pub(crate) project: ProjectId,
    pub(crate) environments: Vec<Environment>,
    pub(crate) gitops: RepositoryId,
    pub(crate) gitops_name: String,
}

impl Scene {
    pub(crate) fn environment(&self, place: usize) -> (EnvironmentId, String) {
        let it = &self.environments[place];
        (it.id, it.name.clone())
    }
}

/// Where the branches of a project's GitOps repository have got to, and who holds what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traces {
    /// Last commit on the branch of rendered manifests, with its time, and how many there are.
    pub(crate) rendered: Head,
    /// The same of the branch that environments follow.
    pub(crate) declared: Head,
    /// Holds that are on at the end, each with the index of its environment.
    pub(crate) holds: Vec<(usize, Hold)>,
    /// Changes of holds by environment: how many, and the last one's time.
    pub(crate) held: BTreeMap<usize, (i64, DateTime<Utc>)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) moves: i64,
    pub(crate) last: Option<(DateTime<Utc>, String)>,
}

impl Head {
    pub(crate) fn moved(&mut self, at: DateTime<Utc>, sha: &str) {
        self.moves += 1;
        if self.last.as_ref().is_none_or(|(last, _)| *last <= at) {
            self.last = Some((at, sha.to_owned()));
        }
    }

    fn and(&mut self, other: &Self) {
        let moves = self.moves + other.moves;
        if let Some((at, sha)) = &other.last {
            self.moved(*at, sha);
        }
        self.moves = moves;
    }
}

impl Traces {
    pub(crate) fn and(&mut self, other: &Self) {
        self.rendered.and(&other.rendered);
        self.declared.and(&other.declared);
        self.holds.extend(other.holds.iter().cloned());
        for (place, (count, at)) in &other.held {
            let all = self.held.entry(*place).or_insert((0, *at));
            *all = (all.0 + count, all.1.max(*at));
        }
    }

    pub(crate) fn held(&mut self, place: usize, at: DateTime<Utc>) {
        let all = self.held.entry(place).or_insert((0, at));
        *all = (all.0 + 1, at);
    }
}

pub(crate) fn remote_url(maker: &Maker, name: &str) -> String {
    let (tenant, project) = (&maker.tenant, &maker.project);
    format!("http://127.0.0.1:8080/git/{tenant}/{project}/{name}.git")
}

pub(crate) fn open_policy() -> BranchPolicy {
    BranchPolicy {
        is_protected: false,
        required_approvals: 0,
        required_checks: Vec::new(),
    }
}

pub(crate) fn main_policy() -> BranchPolicy {
    BranchPolicy {
        is_protected: true,
        ..open_policy()
    }
}

/// Makes a repository and announces it.
pub(crate) fn repository(
    maker: &mut Maker,
    story: &mut Story,
    at: DateTime<Utc>,
    by: &Actor,
    name: &str,
    head: &str,
) -> Made<RepositoryId> {
    let mut meta = maker.meta(story, at, by);
    meta.version = 2;
    let repository = Repository {
        id: maker.random.id(at),
        meta,
        name: name.to_owned(),
        description: Some(format!("Source of {name}")),
        provider: Provider::Local,
        remote_url: remote_url(maker, name),
        default_branch: MAIN.to_owned(),
        visibility: Visibility::Private,
        status: RepositoryStatus::Provisioned,
    };
    let event = RepositoryProvisioned {
        repository_id: repository.id,
        name: repository.name.clone(),
        provider: repository.provider.as_str().to_owned(),
        remote_url: repository.remote_url.clone(),
        default_branch: repository.default_branch.clone(),
        head_sha: head.to_owned(),
        visibility: repository.visibility.as_str().to_owned(),
    };
    maker.tell(story, at, by, &event)?;
    let id = repository.id;
    maker.rows.repositories.push(repository);
    Ok(id)
}

/// Makes a branch and announces it; its row is not kept yet, as its head moves on.
pub(crate) fn branch(
    maker: &mut Maker,
    story: &mut Story,
    at: DateTime<Utc>,
    by: &Actor,
    repository: (RepositoryId, &str),
    name: &str,
    head: &str,
) -> Made<Branch> {
    let is_default = name == MAIN;
    let branch = Branch {
        id: maker.random.id(at),
        meta: maker.meta(story, at, by),
        repository_id: repository.0,
        repository_name: repository.1.to_owned(),
        name: name.to_owned(),
        head_sha: head.to_owned(),
        from_commit_sha: head.to_owned(),
        policy: if is_default {
            main_policy()
        } else {
            open_policy()
        },
        is_default,
        status: BranchStatus::Active,
        reason: None,
    };
    let event = BranchCreated {
        branch_id: branch.id,
        repository_id: branch.repository_id,
        name: branch.name.clone(),
        from_commit_sha: branch.from_commit_sha.clone(),
        policy: branch.policy.clone(),
    };
    maker.tell(story, at, by, &event)?;
    Ok(branch)
}

/// A project before its first module.
pub(crate) struct ProjectWorld {
    pub(crate) maker: Maker,
    branches: Vec<Branch>,
}

/// Begins a project: its policies, environments and GitOps repository.
pub(crate) fn begin(mut maker: Maker, at: DateTime<Utc>) -> Made<(ProjectWorld, Scene)> {
    let admin = user("olga");
    let mut story = maker.story();
    configure(&mut maker, &mut story, at, &admin)?;
    let mut environments = Vec::new();
    for (place, name) in ENVIRONMENTS.into_iter().enumerate() {
        let at = at + TimeDelta::seconds(10);
        environments.push(environment(
            &mut maker,
            &mut story,
            at,
            &admin,
            (place, name),
        )?);
    }
    let (service, at) = (system("deployment_manifest"), at + TimeDelta::seconds(20));
    let name = ProjectPolicies::default().gitops_repository;
    let head = maker.random.sha();
    let gitops = repository(&mut maker, &mut story, at, &service, &name, &head)?;
    let mut branches = Vec::new();
    for short in [MAIN, RENDERED] {
        let at = at + TimeDelta::seconds(1);
        let of = (gitops, name.as_str());
        branches.push(branch(
            &mut maker, &mut story, at, &service, of, short, &head,
        )?);
    }
    let scene = Scene {
        project: maker.project.clone(),
        environments,
        gitops,
        gitops_name: name,
    };
    Ok((ProjectWorld { maker, branches }, scene))
}

fn configure(maker: &mut Maker, story: &mut Story, at: DateTime<Utc>, by: &Actor) -> Made<()> {
    let id = maker.project.clone();
    let event = ProjectConfigured {
        project_id: id.clone(),
        changed: Vec::new(),
    };
    maker.tell(story, at, by, &event)?;
    let meta = Some(maker.meta(story, at, by));
    let policies = ProjectPolicies::default();
    maker.rows.projects.push(Project { id, meta, policies });
    Ok(())
}

fn environment(
    maker: &mut Maker,
    story: &mut Story,
    at: DateTime<Utc>,
    by: &Actor,
    (place, name): (usize, &str),
) -> Made<Environment> {
    let before = place.checked_sub(1).and_then(|it| ENVIRONMENTS.get(it));
    let spec = EnvironmentSpec {
        upstream: before.map(ToString::to_string).into_iter().collect(),
        order: u32::try_from(place).unwrap_or_default() * 10 + 10,
        auto_promote: false,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: 1,
        autoscale: None,
        configuration: BTreeMap::new(),
        gates: Gates::default(),
        retired: false,
    };
    let meta = maker.meta(story, at, by);
    let it = Environment::new(maker.random.id(at), meta, name.to_owned(), spec);
    let event = EnvironmentDefined {
        environment_id: it.id,
        environment: it.name.clone(),
        upstream: it.spec.upstream.clone(),
        target_digest: it.target_digest.clone(),
        retired: false,
    };
    maker.tell(story, at, by, &event)?;
    Ok(it)
}

impl ProjectWorld {
    /// Ends a project: what moved until the end is told of in its last state.
    pub(crate) fn finish(&mut self, scene: &Scene, traces: &Traces) {
        for mut branch in self.branches.drain(..) {
            let head = if branch.is_default {
                &traces.declared
            } else {
                &traces.rendered
            };
            settle(&mut branch, head);
            self.maker.rows.branches.push(branch);
        }
        for (place, environment) in scene.environments.iter().enumerate() {
            let mut environment = environment.clone();
            let holds = traces.holds.iter().filter(|(held, _)| *held == place);
            environment.holds = holds.map(|(_, hold)| hold.clone()).collect();
            environment.holds.sort_by_key(|hold| hold.at);
            if let Some((changes, at)) = traces.held.get(&place) {
                changed(&mut environment.meta, *changes, *at);
            }
            self.maker.rows.environments.push(environment);
        }
    }
}

/// A branch in its last state.
pub(crate) fn settle(branch: &mut Branch, head: &Head) {
    if let Some((at, sha)) = &head.last {
        changed(&mut branch.meta, head.moves, *at);
        branch.head_sha.clone_from(sha);
    }
}

fn changed(meta: &mut Meta, changes: i64, at: DateTime<Utc>) {
    meta.version += changes;
    meta.updated_at = meta.updated_at.max(at);
}
