//! Roles: names for sets of scopes, for identity providers that know groups only.

use sluice_schema::Scope;

/// The roles that the `roles` claim may name, with what they allow. Who approves releases does
/// not plan or promote them, so that nobody brings a change of their own to its end alone; to
/// pass over a closed gate and to configure a project is named scope by scope, or for the admin.
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
            Scope::PackagesPublish,
            Scope::ImagesBuild,
            Scope::ReleasesPlan,
            Scope::ManifestsRender,
        ],
    ),
    (
        "ci",
        &[Scope::Read, Scope::PipelinesRun, Scope::BuildsWrite],
    ),
    ("approver", &[Scope::Read, Scope::ReleasesApprove]),
    (
        "operator",
        &[
            Scope::Read,
            Scope::ReleasesPlan,
            Scope::ManifestsRender,
            Scope::InfrastructureProvision,
            Scope::EnvironmentsWrite,
            Scope::PromotionsWrite,
            Scope::GitOpsSync,
        ],
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_approves_a_release_neither_plans_nor_promotes_it() {
        for (role, scopes) in ROLES.iter().filter(|(role, _)| *role != "admin") {
            let approves = scopes.contains(&Scope::ReleasesApprove);
            let acts = [Scope::ReleasesPlan, Scope::PromotionsWrite];
            let acts = acts.iter().any(|scope| scopes.contains(scope));
            assert!(!(approves && acts), "{role}");
        }
    }

    #[test]
    fn every_role_reads_and_no_scope_stands_in_it_twice() {
        for (role, scopes) in ROLES {
            let distinct: std::collections::BTreeSet<_> = scopes.iter().collect();
            assert_eq!(distinct.len(), scopes.len(), "{role}");
            assert!(distinct.contains(&Scope::Read), "{role}");
        }
        assert_eq!(scopes_of_role("admin"), Scope::ALL);
        assert!(scopes_of_role("accounting").is_empty());
    }

    #[test]
    fn the_readme_names_every_role_and_every_scope() {
        let readme = include_str!("../../README.md");
        let names = ROLES.iter().map(|(role, _)| *role);
        for name in names.chain(Scope::ALL.iter().map(|scope| scope.as_str())) {
            assert!(readme.contains(&format!("`{name}`")), "{name}");
        }
    }
}
