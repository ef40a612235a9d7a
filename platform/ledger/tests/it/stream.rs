//! A stream of events of many kinds, as a project makes them.

use rand::{Rng, SeedableRng, rngs::StdRng};
use sluice_schema::{
    BranchId, BuildId, CommitId, Envelope, PullRequestId, RepositoryId, TypedId,
    events::{
        BranchCreated, BranchPolicy, BuildCompleted, CommitCreated, CommitOrigin,
        PullRequestAbandoned, PullRequestMerged, PullRequestOpened, RepositoryProvisioned,
        RepositoryUpdated,
    },
};

use crate::world::{Draft, World};

/// Events about a few repositories, so that later ones patch the rows of earlier ones.
pub(crate) fn mixed(world: &World, seed: u64, count: usize) -> Vec<Envelope> {
    let mut random = StdRng::seed_from_u64(seed);
    let repositories: Vec<_> = (0..3).map(|_| Repository::new()).collect();
    let drafts = (0..count).map(|_| {
        let repository = &repositories[random.random_range(0..repositories.len())];
        let kind = random.random_range(0..8);
        let number = random.random_range(0..5);
        repository.event(world, kind, number).0
    });
    drafts.collect()
}

struct Repository {
    id: RepositoryId,
    pull_requests: Vec<PullRequestId>,
}

fn sha(number: usize) -> String {
    format!("{number:040x}")
}

impl Repository {
    fn new() -> Self {
        Self {
            id: RepositoryId::generate(),
            pull_requests: (0..5).map(|_| PullRequestId::generate()).collect(),
        }
    }

    fn event(&self, world: &World, kind: u32, number: usize) -> Draft {
        match kind {
            0 => world.event(&RepositoryProvisioned {
                repository_id: self.id,
                name: format!("greeter-{number}"),
                provider: "LOCAL".to_owned(),
                remote_url: "http://localhost/greeter".to_owned(),
                default_branch: "main".to_owned(),
                head_sha: sha(0),
                visibility: "PRIVATE".to_owned(),
            }),
            1 => world.event(&RepositoryUpdated {
                repository_id: self.id,
                name: format!("greeter-{number}"),
                description: None,
                visibility: "INTERNAL".to_owned(),
            }),
            2 => world.event(&BranchCreated {
                branch_id: BranchId::generate(),
                repository_id: self.id,
                name: format!("feature/{number}"),
                from_commit_sha: sha(number),
                policy: BranchPolicy {
                    is_protected: false,
                    required_approvals: 0,
                    required_checks: Vec::new(),
                },
            }),
            3 => world.event(&CommitCreated {
                commit_id: CommitId::generate(),
                repository_id: self.id,
                branch: format!("feature/{number}"),
                sha: sha(number + 1),
                tree_hash: sha(99),
                parent_shas: vec![sha(number)],
                artifact_id: None,
                subject_line: "Greet \u{0} politely ✓".to_owned(),
                author: "Ada".to_owned(),
                origin: CommitOrigin::Authored,
                pull_request_id: None,
                changed_paths: 1,
            }),
            4 => self.opened(world, number),
            5 => self.merged(world, number),
            6 => world.event(&PullRequestAbandoned {
                pull_request_id: self.pull_requests[number],
                repository_id: self.id,
                number: 1 + number as u64,
                reason: None,
            }),
            _ => self.built(world, number),
        }
    }

    fn opened(&self, world: &World, number: usize) -> Draft {
        world.event(&PullRequestOpened {
            pull_request_id: self.pull_requests[number],
            repository_id: self.id,
            number: 1 + number as u64,
            title: format!("Greet {number}"),
            source_branch: format!("feature/{number}"),
            target_branch: "main".to_owned(),
            source_sha: sha(number + 1),
            target_sha: sha(0),
        })
    }

    fn merged(&self, world: &World, number: usize) -> Draft {
        world.event(&PullRequestMerged {
            pull_request_id: self.pull_requests[number],
            repository_id: self.id,
            repository_name: "greeter".to_owned(),
            number: 1 + number as u64,
            title: format!("Greet {number}"),
            source_branch: format!("feature/{number}"),
            target_branch: "main".to_owned(),
            source_sha: sha(number + 1),
            merge_commit_sha: sha(number + 50),
            tree_hash: sha(99),
            parent_shas: vec![sha(0), sha(number + 1)],
            created_shas: vec![sha(number + 50)],
            strategy: "MERGE".to_owned(),
            merged_by: "ada".to_owned(),
            delete_source_branch: false,
        })
    }

    fn built(&self, world: &World, number: usize) -> Draft {
        world.event(&BuildCompleted {
            build_id: BuildId::generate(),
            run_id: None,
            pipeline_id: None,
            repository_id: self.id,
            branch: "main".to_owned(),
            commit_sha: sha(number + 50),
            status: "SUCCEEDED".to_owned(),
            reason: None,
            tests: None,
            coverage: None,
            artifacts: Vec::new(),
            module: None,
            logs_uri: None,
        })
    }
}
