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
}
