//! From the branch to the artifacts.

use sluice_ledger::{NodeKind, Relation};
use sluice_schema::{events::*, *};

use super::{Change, Module, Story, branch_key, commit_key, description, sha};

impl Story<'_> {
    /// Two commits on a branch, squashed by a pull request, built, published and packed.
    pub(in crate::lineage) fn change(&mut self, module: &Module) -> Change {
        let change = Change {
            module: module.clone(),
            branch: BranchId::generate(),
            branch_name: format!("change-{}", self.next_sha()),
            proposed: [self.next_sha(), self.next_sha()],
            merged: self.next_sha(),
            commit: CommitId::generate(),
            pull_request: PullRequestId::generate(),
            pipeline: PipelineId::generate(),
            run: RunId::generate(),
            build: BuildId::generate(),
            package: PackageId::generate(),
            image: ImageId::generate(),
        };
        self.project.set(module.project);
        self.work(&change);
        self.pull_request(&change);
        self.build(&change);
        self.artifacts(&change);
        self.project.set("web");
        change
    }

    fn work(&mut self, change: &Change) {
        let (repository, name) = (change.module.repository, change.branch_name.clone());
        self.tell(&BranchCreated {
            branch_id: change.branch,
            repository_id: repository,
            name: name.clone(),
            from_commit_sha: change.module.initial.clone(),
            policy: BranchPolicy {
                is_protected: false,
                required_approvals: 0,
                required_checks: Vec::new(),
            },
        });
        let key = branch_key(repository, &name);
        self.aliases.insert(change.branch.to_string(), key);
        let [one, two] = change.proposed.clone();
        self.tell(&HistoryRecorded {
            repository_id: repository,
            branch: name.clone(),
            default_branch: false,
            head_sha: two.clone(),
            landings: None,
            merge_base: Some(change.module.initial.clone()),
            squash_patch_id: None,
            rewritten: false,
            commits: vec![
                history_commit(&one, &change.module.initial),
                history_commit(&two, &one),
            ],
            more: false,
        });
        let one = self.commit(repository, &name, &one);
        let two = self.commit(repository, &name, &two);
        self.edge(one, Relation::ParentOf, two);
    }

    fn pull_request(&mut self, change: &Change) {
        let (repository, id) = (change.module.repository, change.pull_request);
        self.tell(&PullRequestOpened {
            pull_request_id: id,
            repository_id: repository,
            number: 1,
            title: "Change".into(),
            source_branch: change.branch_name.clone(),
            target_branch: "main".into(),
            source_sha: change.proposed[1].clone(),
            target_sha: change.module.initial.clone(),
        });
        self.tell(&PullRequestMerged {
            pull_request_id: id,
            repository_id: repository,
            repository_name: change.module.name.clone(),
            number: 1,
            title: "Change".into(),
            source_branch: change.branch_name.clone(),
            target_branch: "main".into(),
            source_sha: change.proposed[1].clone(),
            merge_commit_sha: change.merged.clone(),
            tree_hash: sha(0),
            parent_shas: vec![change.module.initial.clone()],
            created_shas: vec![change.merged.clone()],
            strategy: "SQUASH".into(),
            merged_by: "ada".into(),
            delete_source_branch: true,
        });
        self.tell(&CommitCreated {
            commit_id: change.commit,
            repository_id: repository,
            branch: "main".into(),
            sha: change.merged.clone(),
            tree_hash: sha(0),
            parent_shas: vec![change.module.initial.clone()],
            artifact_id: None,
            subject_line: "Change (#1)".into(),
            author: "ada".into(),
            origin: CommitOrigin::Merge,
            pull_request_id: Some(id),
            changed_paths: 1,
        });
        self.tell(&BranchDeleted {
            branch_id: change.branch,
            repository_id: repository,
            name: change.branch_name.clone(),
            head_sha: change.proposed[1].clone(),
        });
        self.node(id, NodeKind::PullRequest);
        self.edge(
            branch_key(repository, &change.branch_name),
            Relation::SourceOf,
            id,
        );
        self.edge(id, Relation::Targets, branch_key(repository, "main"));
        self.edge(
            commit_key(repository, &change.proposed[1]),
            Relation::ProposedIn,
            id,
        );
        let merged = self.commit(repository, "main", &change.merged);
        self.edge(id, Relation::MergedAs, &merged);
        self.aliases.insert(change.commit.to_string(), merged);
    }

    fn build(&mut self, change: &Change) {
        let (repository, commit_sha) = (change.module.repository, change.merged.clone());
        let branch = || "main".to_owned();
        self.tell(&PipelineGenerated {
            pipeline_id: change.pipeline,
            repository_id: repository,
            repository_name: change.module.name.clone(),
            branch: branch(),
            commit_sha: commit_sha.clone(),
            content_digest: String::new(),
            definition_sha: String::new(),
            yaml_path: "pipeline.yaml".into(),
            module: description(&change.module.name),
            auto_run: true,
            pull_request_id: Some(change.pull_request),
        });
        self.tell(&PipelineRunStarted {
            run_id: change.run,
            pipeline_id: change.pipeline,
            repository_id: repository,
            branch: branch(),
            commit_sha: commit_sha.clone(),
            attempt: 1,
        });
        self.tell(&PipelineRunCompleted {
            run_id: change.run,
            pipeline_id: change.pipeline,
            repository_id: repository,
            branch: branch(),
            commit_sha: commit_sha.clone(),
            attempt: 1,
            outcome: "SUCCEEDED".into(),
            reason: None,
            started_at: None,
            finished_at: crate::world::start(),
            module: description(&change.module.name),
            logs_prefix: String::new(),
            test_results: Vec::new(),
            coverage: Vec::new(),
            artifacts: Vec::new(),
        });
        self.tell(&BuildCompleted {
            build_id: change.build,
            run_id: Some(change.run),
            pipeline_id: Some(change.pipeline),
            repository_id: repository,
            branch: branch(),
            commit_sha: commit_sha.clone(),
            status: "SUCCEEDED".into(),
            reason: None,
            tests: None,
            coverage: None,
            artifacts: Vec::new(),
            module: Some(description(&change.module.name)),
            logs_uri: None,
        });
        self.node(change.pipeline, NodeKind::PipelineDefinition);
        self.node(change.run, NodeKind::PipelineRun);
        self.node(change.build, NodeKind::BuildResult);
        let commit = commit_key(repository, &commit_sha);
        self.edge(&commit, Relation::DefinedBy, change.pipeline);
        self.edge(change.pipeline, Relation::RunAs, change.run);
        self.edge(&commit, Relation::BuiltBy, change.run);
        self.edge(change.run, Relation::ResultedIn, change.build);
    }

    fn artifacts(&mut self, change: &Change) {
        self.tell(&PackagePublished {
            package_id: change.package,
            feed: "local".into(),
            name: change.module.name.clone(),
            version: "1.0.0".into(),
            build_id: Some(change.build),
            repository_id: Some(change.module.repository),
            commit_sha: Some(change.merged.clone()),
            digest: String::new(),
            sha512: String::new(),
            size: 1,
        });
        self.tell(&ContainerImageBuilt {
            image_id: change.image,
            registry: "local".into(),
            name: change.module.name.clone(),
            build_id: change.build,
            repository_id: change.module.repository,
            commit_sha: change.merged.clone(),
            digest: "sha256:1".into(),
            reference: "greeter@sha256:1".into(),
            tags: vec!["1.0.0".into()],
            size: 1,
            sbom_digest: None,
            provenance_digest: None,
        });
        self.node(change.package, NodeKind::PackagePublication);
        self.node(change.image, NodeKind::ContainerImage);
        self.edge(change.build, Relation::PublishedAs, change.package);
        self.edge(change.build, Relation::PackedAs, change.image);
    }
}

pub(in crate::lineage) fn history_commit(sha: &str, parent: &str) -> HistoryCommit {
    HistoryCommit {
        sha: sha.to_owned(),
        parents: vec![parent.to_owned()],
        subject_line: format!("Work {}", &sha[36..]),
        author: "ada".into(),
        authored_at: crate::world::start(),
        committed_at: crate::world::start(),
        patch_id: None,
        reverts: Vec::new(),
        picked_from: None,
        landing: None,
        mainline: false,
    }
}
