//! Who may approve a release.

use sluice_kernel::ProjectPolicies;
use sluice_schema::{Actor, ActorKind};

use crate::ReleasePlan;

/// Why somebody may not approve a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ineligible {
    /// The planner never may.
    #[error("it was planned on your behalf; somebody else must approve it")]
    Planner,
    /// The project's list of approvers is empty.
    #[error("the project lets nobody approve: its list of approvers is empty")]
    Nobody,
    /// The project names others.
    #[error("you are not among the approvers that the project names")]
    NotNamed,
    /// Programs must be named.
    #[error("a program may approve only when the project names it among its approvers")]
    Program,
    /// Authors may not in this project.
    #[error("you are an author of the released changes; somebody else must approve them")]
    Author,
}

/// An actor's id and a name that Git keeps of somebody: signatures leave out what Git refuses,
/// and callers may write capitals as they like.
fn same_person(actor: &str, name: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_whitespace() && !c.is_control() && !"<>\"\\,;:".contains(*c))
            .flat_map(char::to_lowercase)
            .collect()
    };
    // The address that stands in when Git demands one and there is none.
    let bare = |text: &str| plain(text.strip_suffix("@localhost").unwrap_or(text));
    let (actor, name) = (bare(actor), bare(name));
    !actor.is_empty() && actor == name
}

fn is_among(actor: &str, names: &[String]) -> bool {
    names.iter().any(|name| same_person(actor, name))
}

/// Whether two ids of tokens are one person's: providers of identities may write capitals as
/// they like, and nobody counts twice for it.
pub(crate) fn is_one(id: &str, other: &str) -> bool {
    id == other || id.to_lowercase() == other.to_lowercase()
}

/// Judges whether `actor` may approve `release` under `policies`.
pub(crate) fn judge(
    release: &ReleasePlan,
    policies: &ProjectPolicies,
    actor: &Actor,
) -> Result<(), Ineligible> {
    let id = actor.id.as_str();
    if same_person(id, &release.planned_by) || is_among(id, &release.planner_names) {
        return Err(Ineligible::Planner);
    }
    match &policies.approvers {
        Some(named) if named.is_empty() => return Err(Ineligible::Nobody),
        Some(named) if !named.iter().any(|name| name == id) => return Err(Ineligible::NotNamed),
        Some(_) if actor.kind == ActorKind::System => return Err(Ineligible::Program),
        None if actor.kind != ActorKind::User => return Err(Ineligible::Program),
        _ => {}
    }
    if !policies.authors_may_approve && is_among(id, &release.authors) {
        return Err(Ineligible::Author);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::release;

    fn actor(kind: ActorKind, id: &str) -> Actor {
        Actor {
            kind,
            id: id.to_owned(),
        }
    }

    fn verdict(policies: &ProjectPolicies, kind: ActorKind, id: &str) -> Result<(), Ineligible> {
        let mut release = release(&["api"]);
        release.planned_by = "ada".to_owned();
        release.authors = vec!["Bob".into(), "eve@localhost".into(), "c@example.org".into()];
        judge(&release, policies, &actor(kind, id))
    }

    #[test]
    fn the_planner_never_may() {
        let mut policies = ProjectPolicies::default();
        for approvers in [None, Some(vec!["ada".to_owned()])] {
            policies.approvers = approvers;
            for id in ["ada", "ADA", "ada@localhost"] {
                let verdict = verdict(&policies, ActorKind::User, id);
                assert_eq!(verdict, Err(Ineligible::Planner));
            }
        }
    }

    #[test]
    fn who_may_is_who_the_project_names() {
        let mut policies = ProjectPolicies::default();
        assert_eq!(verdict(&policies, ActorKind::User, "zoe"), Ok(()));
        policies.approvers = Some(vec!["zoe".to_owned(), "bot".to_owned()]);
        assert_eq!(verdict(&policies, ActorKind::User, "zoe"), Ok(()));
        let other = verdict(&policies, ActorKind::User, "max");
        assert_eq!(other, Err(Ineligible::NotNamed));
        assert_eq!(verdict(&policies, ActorKind::Service, "bot"), Ok(()));
        policies.approvers = Some(Vec::new());
        let nobody = verdict(&policies, ActorKind::User, "zoe");
        assert_eq!(nobody, Err(Ineligible::Nobody));
    }

    #[test]
    fn programs_must_be_named_and_the_server_itself_never_may() {
        let mut policies = ProjectPolicies::default();
        let verdict_of = |policies: &_, kind| verdict(policies, kind, "bot");
        let refused = Err(Ineligible::Program);
        assert_eq!(verdict_of(&policies, ActorKind::Service), refused);
        assert_eq!(verdict_of(&policies, ActorKind::System), refused);
        policies.approvers = Some(vec!["bot".to_owned()]);
        assert_eq!(verdict_of(&policies, ActorKind::System), refused);
    }

    #[test]
    fn authors_may_unless_the_project_says_otherwise() {
        let mut policies = ProjectPolicies::default();
        for id in ["bob", "eve", "c@example.org"] {
            policies.authors_may_approve = true;
            assert_eq!(verdict(&policies, ActorKind::User, id), Ok(()));
            policies.authors_may_approve = false;
            let refused = verdict(&policies, ActorKind::User, id);
            assert_eq!(refused, Err(Ineligible::Author), "{id}");
        }
        assert_eq!(verdict(&policies, ActorKind::User, "zoe"), Ok(()));
    }
}
