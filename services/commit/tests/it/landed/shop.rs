//! A repository at work: real Git, what is told of it, a ledger of that, and what runs.

use std::path::Path;
use std::process::Command;

use sluice_commit::HistoryReactions;
use sluice_git_host::{GitHost, MergeOutcome, MergeSpec, MergeStrategy, Oid, RefChange};
use sluice_kernel::{Ctx, Reaction};
use sluice_ledger::{CommitKey, EnvironmentReach, Ledger, ReachState};
use sluice_schema::{
    BuildId, EnvironmentId, EventPayload, ManifestId, PromotionId, PullRequestId, ReleaseId,
    RepositoryId, TypedId,
    events::{
        DeploymentPromoted, EnvironmentDefined, ModuleDescription, PromotedItem,
        PromotionRequested, PromotionSucceeded, PullRequestMerged, PullRequestOpened,
        ReleaseApproved, ReleaseItem, ReleasePlanned, RepositoryProvisioned,
    },
};
use sluice_testkit::{Backend, Databases, drain, event, signature};
use tempfile::TempDir;

use crate::fixture::World;

pub(crate) struct Shop {
    pub(crate) world: World,
    _databases: Databases,
    pub(crate) ledger: Ledger,
    folder: TempDir,
    pub(crate) prod: EnvironmentId,
}

/// Standard output of a `git` command that must succeed.
fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir).env_clear();
    command
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("HOME", "/nonexistent")
        .env("GIT_EDITOR", "true");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Eve");
        command.env(format!("GIT_{role}_EMAIL"), "eve@example.com");
    }
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The lines of a file, some of them changed.
pub(crate) fn text(changed: &[usize]) -> String {
    let line = |n: usize| match changed.contains(&n) {
        true => format!("CHANGED {n}\n"),
        false => format!("line {n}\n"),
    };
    (0..40).map(line).collect()
}

impl Shop {
    /// A repository whose default branch has a file of forty lines; an environment `prod`.
    pub(crate) async fn open(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let world = World::new(backend).await;
        let folder = tempfile::tempdir().unwrap();
        let bare = world.git.real().git_dir(&world.path).display().to_string();
        git(folder.path(), &["clone", "--quiet", &bare, "."]);
        let shop = Self {
            ledger: Ledger::new(databases.open("ledger").await),
            world,
            _databases: databases,
            folder,
            prod: EnvironmentId::generate(),
        };
        let repository = RepositoryProvisioned {
            repository_id: shop.repository(),
            name: "shop".into(),
            provider: "LOCAL".into(),
            remote_url: bare,
            default_branch: "main".into(),
            head_sha: shop.world.root.to_string(),
            visibility: "PRIVATE".into(),
        };
        shop.append(&repository).await;
        let environment = EnvironmentDefined {
            environment_id: shop.prod,
            environment: "prod".into(),
            upstream: Vec::new(),
            target_digest: "sha256:0".into(),
            retired: false,
        };
        shop.append(&environment).await;
        shop.commit("main", "shared", &text(&[])).await;
        shop
    }

    pub(crate) fn repository(&self) -> RepositoryId {
        self.world.repository.id
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(self.folder.path(), args)
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Checks a branch out, which begins at `main` when there is none.
    pub(crate) fn on(&self, branch: &str) {
        let known = self.git(&["branch", "--list", branch]);
        match known.is_empty() {
            true => self.git(&["checkout", "--quiet", "-b", branch, "main"]),
            false => self.git(&["checkout", "--quiet", branch]),
        };
    }

    /// Pushes the branch that is checked out, whatever it was, and tells of it.
    pub(crate) async fn push(&self) -> String {
        let branch = self.git(&["rev-parse", "--abbrev-ref", "HEAD"]);
        // The host takes no push that rewrites a branch, but it may be rewritten all the same.
        let bare = self.world.git.real().git_dir(&self.world.path);
        let from = self.folder.path().display().to_string();
        git(
            &bare,
            &["fetch", "--quiet", &from, &format!("+{branch}:{branch}")],
        );
        self.tell(&branch).await;
        self.head()
    }

    /// Writes a file on a branch, pushes and tells of it.
    pub(crate) async fn commit(&self, branch: &str, path: &str, content: &str) -> String {
        self.on(branch);
        std::fs::write(self.folder.path().join(path), content).unwrap();
        self.git(&["add", "."]);
        self.git(&[
            "commit",
            "--quiet",
            "-m",
            &format!("Write {path} on {branch}"),
        ]);
        self.push().await
    }

    pub(crate) async fn append<P: EventPayload>(&self, payload: &P) {
        let project = &self.world.repository.project_id;
        let event = event(&self.world.ctx, project, None, payload);
        self.ledger.append(&[event]).await.unwrap();
    }

    /// The commit service reacts, and what it tells comes to the ledger.
    pub(crate) async fn react<P: EventPayload>(&self, payload: &P) {
        let project = &self.world.repository.project_id;
        let event = event(&self.world.ctx, project, None, payload);
        let ctx = Ctx::for_event("commit.history", &event);
        let reactions = HistoryReactions(self.world.service.clone());
        reactions.handle(&ctx, &event).await.unwrap();
        let told = drain(&self.world.store).await;
        self.ledger.append(&told).await.unwrap();
    }

    async fn tell(&self, branch: &str) {
        let source = self.head();
        self.react(&self.opened(PullRequestId::generate(), branch, &source))
            .await;
    }

    pub(crate) fn opened(
        &self,
        id: PullRequestId,
        branch: &str,
        source: &str,
    ) -> PullRequestOpened {
        PullRequestOpened {
            pull_request_id: id,
            repository_id: self.repository(),
            number: 1,
            title: "Change".into(),
            source_branch: branch.into(),
            target_branch: "main".into(),
            source_sha: source.into(),
            target_sha: self.world.root.to_string(),
        }
    }

    /// A pull request of a branch, merged by the Git host; the commit that it wrote.
    pub(crate) async fn merge_request(&self, branch: &str, strategy: MergeStrategy) -> String {
        self.on(branch);
        let (id, source) = (PullRequestId::generate(), self.head());
        let opened = self.opened(id, branch, &source);
        self.append(&opened).await;
        let host = self.world.git.real();
        let main = "main".parse().unwrap();
        let target: Oid = host.head(&self.world.path, &main).await.unwrap().unwrap();
        let spec = MergeSpec {
            target,
            source: source.parse().unwrap(),
            strategy,
            signature: signature("Ada"),
            message: "Merge the change".into(),
            trailers: Vec::new(),
        };
        let merged = host.merge(&self.world.path, &spec).await.unwrap();
        let MergeOutcome::Merged {
            commit, created, ..
        } = merged
        else {
            panic!("{merged:?}")
        };
        let change = RefChange {
            expected: Some(target),
            new: Some(commit),
        };
        host.update_ref(&self.world.path, &main, change)
            .await
            .unwrap();
        let merged = PullRequestMerged {
            pull_request_id: id,
            repository_id: self.repository(),
            repository_name: "shop".into(),
            number: 1,
            title: "Change".into(),
            source_branch: branch.into(),
            target_branch: "main".into(),
            source_sha: source,
            merge_commit_sha: commit.to_string(),
            tree_hash: "0".repeat(40),
            parent_shas: Vec::new(),
            created_shas: created.iter().map(ToString::to_string).collect(),
            strategy: match strategy {
                MergeStrategy::Merge => "MERGE".into(),
                MergeStrategy::Squash => "SQUASH".into(),
                MergeStrategy::Rebase => "REBASE".into(),
            },
            merged_by: "ada".into(),
            delete_source_branch: false,
        };
        self.append(&merged).await;
        self.react(&merged).await;
        self.on("main");
        self.git(&["pull", "--quiet", "--ff-only", "origin", "main"]);
        commit.to_string()
    }

    /// A release of the module that was built from a commit, approved.
    pub(crate) async fn release(&self, sha: &str) -> ReleaseId {
        let release_id = ReleaseId::generate();
        let item = ReleaseItem {
            module: ModuleDescription {
                id: "shop".into(),
                ..ModuleDescription::default()
            },
            build_id: BuildId::generate(),
            repository_id: self.repository(),
            repository_name: "shop".into(),
            commit_sha: sha.into(),
            artifacts: Vec::new(),
        };
        let planned = ReleasePlanned {
            release_id,
            name: "shop".into(),
            version: "1.0.0".into(),
            content_digest: "sha256:1".into(),
            items: vec![item.clone()],
            planned_by: "ada".into(),
            automatic: true,
        };
        self.append(&planned).await;
        let approved = ReleaseApproved {
            release_id,
            name: "shop".into(),
            version: "1.0.0".into(),
            content_digest: "sha256:1".into(),
            items: vec![item],
            approvals: Vec::new(),
        };
        self.append(&approved).await;
        release_id
    }

    /// Asks for a promotion of a release into `prod`.
    pub(crate) async fn request(&self, release_id: ReleaseId) -> PromotionId {
        let promotion_id = PromotionId::generate();
        let requested = PromotionRequested {
            promotion_id,
            release_id,
            version: "1.0.0".into(),
            environment_id: self.prod,
            environment: "prod".into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            automatic: false,
            status: "REQUESTED".into(),
            blockers: Vec::new(),
        };
        self.append(&requested).await;
        promotion_id
    }

    /// What was built from a commit runs in `prod`.
    pub(crate) async fn run(&self, sha: &str) -> PromotionId {
        let release_id = self.release(sha).await;
        let promotion_id = self.request(release_id).await;
        let declared = DeploymentPromoted {
            promotion_id,
            release_id,
            version: "1.0.0".into(),
            environment_id: self.prod,
            environment: "prod".into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            items: vec![PromotedItem {
                module: "shop".into(),
                manifest_id: ManifestId::generate(),
                manifest_digest: "sha256:2".into(),
                path: "shop/prod".into(),
            }],
            gitops_repository_id: RepositoryId::generate(),
            gitops_repository: "gitops".into(),
            branch: "main".into(),
            commit_sha: "3".repeat(40),
            previous: None,
            rollback_of: None,
        };
        self.append(&declared).await;
        let succeeded = PromotionSucceeded {
            promotion_id,
            release_id,
            version: "1.0.0".into(),
            environment_id: self.prod,
            environment: "prod".into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            commit_sha: "3".repeat(40),
            modules: vec!["shop".into()],
        };
        self.append(&succeeded).await;
        promotion_id
    }

    pub(crate) async fn reach(&self, sha: &str) -> EnvironmentReach {
        let key = CommitKey::Sha(self.repository().to_string(), sha.to_owned());
        let mut found = self.ledger.reach(&self.world.ctx, &key).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// State, the commit that carries the change with how it came to be, and what took it back,
    /// in words.
    pub(crate) async fn told(&self, sha: &str) -> String {
        let reach = self.reach(sha).await;
        let mut words = vec![reach.state.as_str().to_owned()];
        if reach.state == ReachState::InFlight {
            words.extend(reach.stage.map(|stage| stage.as_str().to_owned()));
        }
        if let Some(landing) = &reach.landing {
            words.push(landing.sha.clone());
            words.extend(landing.how.map(|how| how.as_str().to_owned()));
        }
        words.extend(reach.reverted_by);
        words.join(" ")
    }
}
