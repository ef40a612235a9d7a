//! Where a walk goes from a node, by how it got there.
//!
//! A walk is at pairs of a node and a [`Manner`]; one list of rules says for each manner and
//! relation, along it or against it, in which manner the walk is at the other end. The database
//! walks by these rules, and depths and paths are found by the same ones.

use std::{fmt::Write, sync::LazyLock};

use crate::{LineageDirection, NodeKind, Relation};

/// In which manner a walk is at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Manner {
    /// On its way to the sources.
    Up,
    /// The same, and down again at releases.
    Around,
    /// On its way to what runs.
    Down,
    /// At the pull request that a commit on its way up came by.
    Merged,
    /// At the release of a promotion on its way up.
    Promoted,
    /// At a branch that is no more than listed, with its repository.
    Branch,
    /// At a commit of the GitOps repository, listed with its branch.
    Declared,
    /// No further.
    Listed,
    /// At the start, or an environment before it.
    Before,
    /// At the start, or an environment after it.
    After,
}

use Manner::{After, Around, Before, Branch, Declared, Down, Listed, Merged, Promoted, Up};
use Relation as R;

/// Along an edge or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// From the source towards what runs.
    Along,
    /// Towards the source.
    Against,
}
use Way::{Against, Along};

/// At a node in manner `at`, an edge may be gone; the other end is reached in manner `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) at: Manner,
    pub(super) relation: Relation,
    pub(super) way: Way,
    pub(super) to: Manner,
}

/// The steps up; `None` where they lead on in the same manner.
const UP: &[(Relation, Way, Option<Manner>)] = &[
    (R::HasBranch, Against, Some(Listed)),
    (R::Holds, Against, Some(Branch)),
    (R::ParentOf, Against, None),
    (R::SourceOf, Against, Some(Branch)),
    (R::ProposedIn, Against, None),
    (R::Targets, Along, Some(Branch)),
    (R::MergedAs, Against, None),
    (R::MergedAs, Against, Some(Merged)),
    (R::DefinedBy, Against, None),
    (R::RunAs, Against, Some(Listed)),
    (R::BuiltBy, Against, None),
    (R::ResultedIn, Against, None),
    (R::PublishedAs, Against, None),
    (R::PackedAs, Against, None),
    (R::ReleasedIn, Against, None),
    (R::DecidedBy, Against, None),
    (R::PlannedAs, Against, None),
    (R::RenderedAs, Against, None),
    (R::PromotedAs, Against, None),
    (R::PromotedAs, Against, Some(Promoted)),
    (R::DeclaredBy, Against, None),
    (R::Provisions, Against, None),
    (R::DeclaredIn, Against, None),
    (R::ReceivedBy, Along, Some(Listed)),
    (R::SyncedAs, Against, None),
    (R::RunsIn, Along, Some(Listed)),
    (R::RunsIn, Against, None),
    (R::RolledBackBy, Against, Some(Listed)),
    (R::RestoredBy, Against, None),
];

/// What a walk all around does beside going up.
const AROUND: &[(Relation, Way, Manner)] = &[
    (R::DecidedBy, Against, Down),
    (R::PlannedAs, Against, Down),
    (R::RenderedAs, Against, Down),
    (R::PromotedAs, Against, Down),
    (R::DefinedBy, Along, Listed),
    (R::PublishedAs, Along, Listed),
    (R::PackedAs, Along, Listed),
    (R::DeclaredIn, Along, Declared),
];

const DOWN: &[(Relation, Manner)] = &[
    (R::HasBranch, Down),
    (R::Holds, Down),
    (R::ParentOf, Down),
    (R::SourceOf, Down),
    (R::ProposedIn, Down),
    (R::Targets, Listed),
    (R::MergedAs, Down),
    (R::DefinedBy, Listed),
    (R::RunAs, Down),
    (R::BuiltBy, Down),
    (R::ResultedIn, Down),
    (R::PublishedAs, Down),
    (R::PackedAs, Down),
    (R::ReleasedIn, Down),
    (R::DecidedBy, Down),
    (R::PlannedAs, Down),
    (R::RenderedAs, Down),
    (R::PromotedAs, Down),
    (R::DeclaredBy, Down),
    (R::Provisions, Down),
    (R::DeclaredIn, Declared),
    (R::ReceivedBy, Listed),
    (R::SyncedAs, Down),
    (R::RunsIn, Listed),
    (R::RolledBackBy, Listed),
    (R::RestoredBy, Down),
];

const OTHERS: &[(Manner, Relation, Way, Manner)] = &[
    (Merged, R::MergedAs, Along, Listed),
    (Promoted, R::DecidedBy, Along, Listed),
    (Branch, R::HasBranch, Against, Listed),
    (Declared, R::Holds, Against, Branch),
    (Before, R::Precedes, Against, Before),
    (Before, R::FollowedBy, Against, Listed),
    (Before, R::Targets, Against, Up),
    (After, R::Precedes, Along, After),
    (After, R::FollowedBy, Along, Listed),
];

/// Every step.
pub(super) static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let step = |at, relation, way, to| Step {
        at,
        relation,
        way,
        to,
    };
    let mut steps = Vec::new();
    for at in [Up, Around] {
        let up = UP
            .iter()
            .map(|(r, way, to)| step(at, *r, *way, to.unwrap_or(at)));
        steps.extend(up);
    }
    steps.extend(
        AROUND
            .iter()
            .map(|(r, way, to)| step(Around, *r, *way, *to)),
    );
    steps.extend(DOWN.iter().map(|(r, to)| step(Down, *r, Along, *to)));
    steps.extend(
        OTHERS
            .iter()
            .map(|(at, r, way, to)| step(*at, *r, *way, *to)),
    );
    steps
});

impl Manner {
    /// In which manners a walk begins.
    pub(super) const fn begin(direction: LineageDirection) -> &'static [Self] {
        match direction {
            LineageDirection::Upstream => &[Up, Before],
            LineageDirection::Downstream => &[Down, After],
            LineageDirection::Both => &[Around, Down, Before, After],
        }
    }
}

/// What stands at the end of an edge as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum End {
    /// A node.
    Node(NodeKind),
    /// Where two halves of an edge meet.
    Junction,
}

/// The ends that a relation has, as edges are stored.
pub(super) fn ends(relation: Relation) -> Vec<(End, End)> {
    use End::Node;
    use NodeKind as K;
    let (from, to) = match relation {
        R::HasBranch => (K::Repository, K::Branch),
        R::Holds => (K::Branch, K::Commit),
        R::ParentOf => (K::Commit, K::Commit),
        R::SourceOf => (K::Branch, K::PullRequest),
        R::ProposedIn => (K::Commit, K::PullRequest),
        R::Targets => (K::PullRequest, K::Branch),
        R::MergedAs => (K::PullRequest, K::Commit),
        R::DefinedBy => (K::Commit, K::PipelineDefinition),
        R::RunAs => (K::PipelineDefinition, K::PipelineRun),
        R::BuiltBy => (K::Commit, K::PipelineRun),
        R::ResultedIn => {
            let from = [K::PipelineRun, K::Commit];
            return from.map(|kind| (Node(kind), Node(K::BuildResult))).to_vec();
        }
        R::PublishedAs => (K::BuildResult, K::PackagePublication),
        R::PackedAs => (K::BuildResult, K::ContainerImage),
        R::ReleasedIn => {
            let from = [K::BuildResult, K::PackagePublication, K::ContainerImage];
            return from.map(|kind| (Node(kind), Node(K::ReleasePlan))).to_vec();
        }
        R::DecidedBy => (K::ReleasePlan, K::ReleaseApproval),
        R::PlannedAs => (K::ReleasePlan, K::InfrastructurePlan),
        R::RenderedAs => (K::ReleasePlan, K::DeploymentManifest),
        R::PromotedAs => (K::ReleasePlan, K::EnvironmentPromotion),
        R::DeclaredBy => (K::DeploymentManifest, K::EnvironmentPromotion),
        R::Provisions => return by_junction(K::InfrastructurePlan, K::EnvironmentPromotion),
        R::DeclaredIn => (K::EnvironmentPromotion, K::Commit),
        R::ReceivedBy => (K::EnvironmentPromotion, K::Environment),
        R::SyncedAs => (K::EnvironmentPromotion, K::GitOpsSyncState),
        R::RunsIn => (K::GitOpsSyncState, K::Environment),
        R::Precedes => return by_junction(K::Environment, K::Environment),
        R::FollowedBy | R::RolledBackBy | R::RestoredBy => {
            (K::EnvironmentPromotion, K::EnvironmentPromotion)
        }
    };
    vec![(Node(from), Node(to))]
}

fn by_junction(from: NodeKind, to: NodeKind) -> Vec<(End, End)> {
    vec![
        (End::Node(from), End::Junction),
        (End::Junction, End::Node(to)),
    ]
}

/// A manner at a kind of node as one number: so the database looks up only edges that there are.
pub(super) fn phase(manner: Manner, end: End) -> i64 {
    let end = match end {
        End::Junction => 31,
        End::Node(kind) => kind as i64,
    };
    manner as i64 * 32 + end
}

/// The steps as rows of SQL: phase, relation, 1 along and 0 against, phase after it.
pub(super) fn values() -> String {
    // An environment that is listed has its junction with it, so that the order of those that are
    // listed is told; it leads to none that is not.
    let listed = phase(Listed, End::Node(NodeKind::Environment));
    let met = phase(Listed, End::Junction);
    let mut rows = format!("({listed}, '{}', 1, {met})", R::Precedes.as_str());
    for step in STEPS.iter() {
        for (from, to) in ends(step.relation) {
            let (along, here, there) = match step.way {
                Along => (1, from, to),
                Against => (0, to, from),
            };
            let (at, to) = (phase(step.at, here), phase(step.to, there));
            let relation = step.relation.as_str();
            // Writing to a text does not fail.
            let _ = write!(rows, ", ({at}, '{relation}', {along}, {to})");
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_step_stands_twice_and_every_step_leads_somewhere() {
        let rows: Vec<_> = STEPS.iter().map(|s| format!("{s:?}")).collect();
        let distinct: HashSet<_> = rows.iter().collect();
        assert_eq!(rows.len(), distinct.len());
    }

    #[test]
    fn shared_nodes_are_gone_through_only_from_the_start_or_downstream() {
        use NodeKind as K;
        let shared = [
            K::Repository,
            K::Branch,
            K::Environment,
            K::PipelineDefinition,
        ];
        for step in STEPS
            .iter()
            .filter(|step| step.at != Down || step.to != Down)
        {
            for (from, to) in ends(step.relation) {
                let there = if step.way == Along { to } else { from };
                let is_shared = matches!(there, End::Node(kind) if shared.contains(&kind));
                let ends_here = matches!(step.to, Listed | Branch | Before | After);
                assert!(!is_shared || ends_here, "{step:?}");
            }
        }
    }
}
