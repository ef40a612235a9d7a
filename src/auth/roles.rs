//! Roles: names for sets of scopes, for identity providers that know groups only.

use sluice_schema::Scope;

/// The roles that the `roles` claim may name, with what they allow.
pub const ROLES: &[(&str, &[Scope])] = &[
    ("reader", &[Scope::Read]),
    (
        "developer",
        &[
            Scope::Read,
            Scope::RepositoriesWrite,
            Scope::BranchesWrite,
            Scope::CommitsWrite,
            Scope::PullRequestsWrite,
            Scope::PullRequestsReview,
            Scope::PullRequestsMerge,
            Scope::PipelinesGenerate,
            Scope::PipelinesRun,
        ],
    ),
    (
        "ci",
        &[Scope::Read, Scope::PipelinesRun, Scope::BuildsWrite],
    ),
    ("admin", Scope::ALL),
];

/// What a role allows; a role that is not ours allows nothing.
pub fn scopes_of_role(role: &str) -> &'static [Scope] {
    ROLES
        .iter()
        .find(|(name, _)| *name == role)
        .map_or(&[], |(_, scopes)| scopes)
}
