//! Names that Sluice keeps for itself.

/// The rule that a caller's branch name breaks when it takes Sluice's own; `None` when it does
/// not. Sluice writes to branches below `sluice/` (generated pipelines), and Git cannot have a
/// branch `sluice` beside them. Case is ignored, as some file systems do.
pub fn reserved_branch(name: &str) -> Option<&'static str> {
    let first = name.split('/').next().unwrap_or(name);
    first
        .eq_ignore_ascii_case("sluice")
        .then_some("'sluice' and what begins with 'sluice/' are kept for the server")
}

/// The name under which the ledger keeps what cannot be attributed to a project that its actor
/// sees; who reads all projects, or has a token that names this one, sees it.
pub const UNATTRIBUTED: &str = "sluice.unattributed";

/// The rule that a caller's project name breaks when it takes Sluice's own; `None` when it does
/// not.
pub fn reserved_project(name: &str) -> Option<&'static str> {
    let first = name.split('.').next().unwrap_or(name);
    (first.len() < name.len() && first.eq_ignore_ascii_case("sluice"))
        .then_some("names that begin with 'sluice.' are kept for the server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_names_are_reserved() {
        for name in ["sluice", "sluice/pipelines", "Sluice/x"] {
            assert!(reserved_branch(name).is_some(), "{name}");
        }
        for name in ["main", "feature/sluice", "sluice-gate"] {
            assert!(reserved_branch(name).is_none(), "{name}");
        }
    }

    #[test]
    fn no_project_takes_the_name_of_what_belongs_to_none() {
        for name in [UNATTRIBUTED, "Sluice.x"] {
            assert!(reserved_project(name).is_some(), "{name}");
            assert!(name.parse::<sluice_schema::ProjectId>().is_ok(), "{name}");
        }
        for name in ["sluice", "sluice-web", "web.sluice"] {
            assert!(reserved_project(name).is_none(), "{name}");
        }
    }
}
