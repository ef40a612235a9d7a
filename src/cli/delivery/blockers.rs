//! What blockers mean for somebody who waits.

use super::{Blocker, time};

/// The server itself removes these, soon or never.
const SOON: [&str; 4] = [
    "ARTIFACT_NOT_READY",
    "MANIFEST_MISSING",
    "INFRASTRUCTURE_NOT_READY",
    "PROMOTION_IN_PROGRESS",
];
/// People remove these by approving.
const BY_APPROVAL: [&str; 2] = ["NOT_APPROVED", "APPROVALS_MISSING"];

/// What to do about blockers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// The server is about to remove them all.
    Soon,
    /// Time or approvals remove them all.
    Passing,
    /// Somebody must do something else.
    Stuck,
}

impl Blocker {
    /// Whether approvals remove it.
    pub(super) fn wants_approval(&self) -> bool {
        BY_APPROVAL.contains(&self.code.as_str())
    }

    /// Code, message and end, for people.
    pub(in crate::cli) fn line(&self) -> String {
        let until = self.until.map(|until| format!(", until {}", time(until)));
        format!(
            "{}: {}{}",
            self.code,
            self.message,
            until.unwrap_or_default()
        )
    }
}

/// What to do about all of them together.
pub(super) fn outlook(blockers: &[Blocker]) -> Outlook {
    let is_soon = |it: &Blocker| SOON.contains(&it.code.as_str());
    if blockers.iter().all(is_soon) {
        return Outlook::Soon;
    }
    let passes = |it: &Blocker| is_soon(it) || it.until.is_some() || it.wants_approval();
    match blockers.iter().all(passes) {
        true => Outlook::Passing,
        false => Outlook::Stuck,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocker(code: &str, until: Option<&str>) -> Blocker {
        Blocker {
            code: code.to_owned(),
            message: "because".to_owned(),
            until: until.map(|at| at.parse().unwrap()),
            overridable: false,
        }
    }

    #[test]
    fn only_what_ends_by_itself_or_by_approval_is_waited_for() {
        const AT: Option<&str> = Some("2030-01-02T03:04:05Z");
        type Given<'a> = &'a [(&'a str, Option<&'a str>)];
        let cases: [(Given<'_>, Outlook); 8] = [
            (&[], Outlook::Soon),
            (
                &[("MANIFEST_MISSING", None), ("PROMOTION_IN_PROGRESS", None)],
                Outlook::Soon,
            ),
            (
                &[("MANIFEST_MISSING", None), ("SOAK_TIME", AT)],
                Outlook::Passing,
            ),
            (
                &[("FREEZE", AT), ("APPROVALS_MISSING", None)],
                Outlook::Passing,
            ),
            (&[("HOLD", AT)], Outlook::Passing),
            (&[("HOLD", None)], Outlook::Stuck),
            (&[("SOAK_TIME", AT), ("OUT_OF_ORDER", None)], Outlook::Stuck),
            (&[("A_CODE_OF_TOMORROW", None)], Outlook::Stuck),
        ];
        for (blockers, expected) in cases {
            let found: Vec<_> = blockers
                .iter()
                .map(|(code, at)| blocker(code, *at))
                .collect();
            assert_eq!(outlook(&found), expected, "{blockers:?}");
        }
    }

    #[test]
    fn a_line_says_code_message_and_end() {
        let soak = blocker("SOAK_TIME", Some("2030-01-02T03:04:05.678Z"));
        assert_eq!(
            soak.line(),
            "SOAK_TIME: because, until 2030-01-02T03:04:05Z"
        );
        assert_eq!(blocker("HOLD", None).line(), "HOLD: because");
    }
}
