//! What the target's policy demands and a pull request lacks.

use std::collections::BTreeSet;

use sluice_kernel::Finding;
use sluice_schema::events::BranchPolicy;

use super::{CheckState, MERGEABLE, Mergeability, PullRequest, ReviewDecision};

/// One finding for each thing that is missing; none when the pull request may be merged.
///
/// A reviewer who requested changes blocks until the own next review, whatever the head is;
/// an approval counts only for the head that it was given for.
pub(crate) fn missing(pull_request: &PullRequest, policy: &BranchPolicy) -> Vec<Finding> {
    let finding = |rule: &str, message: String| Finding {
        file: pull_request.target_branch.clone(),
        line: None,
        rule: rule.to_owned(),
        message,
    };
    let mut findings = Vec::new();
    let approvals = approvals(pull_request);
    let required = policy.required_approvals;
    if approvals < required as usize {
        let message = format!(
            "{required} approvals of {} are required, it has {approvals}",
            short(&pull_request.source_sha)
        );
        findings.push(finding("required-approvals", message));
    }
    for review in &pull_request.reviews {
        if review.decision == ReviewDecision::ChangesRequested {
            let message = format!("{} requested changes", review.reviewer);
            findings.push(finding("changes-requested", message));
        }
    }
    let required: BTreeSet<&String> = policy.required_checks.iter().collect();
    for name in required.into_iter().filter(|name| *name != MERGEABLE) {
        if let Some(lack) = lack_of_check(pull_request, name) {
            findings.push(finding("required-check", lack));
        }
    }
    if let Some(lack) = lack_of_mergeability(pull_request) {
        findings.push(finding(MERGEABLE, lack));
    }
    findings
}

/// Whether `findings` hold nothing but that it does not merge.
pub(crate) fn only_mergeability(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.rule == MERGEABLE)
}

fn approvals(pull_request: &PullRequest) -> usize {
    let reviewers: BTreeSet<&str> = pull_request
        .reviews
        .iter()
        .filter(|review| review.decision == ReviewDecision::Approved)
        .filter(|review| review.source_sha == pull_request.source_sha)
        .map(|review| review.reviewer.as_str())
        .filter(|reviewer| *reviewer != pull_request.author)
        .collect();
    reviewers.len()
}

fn lack_of_check(pull_request: &PullRequest, name: &str) -> Option<String> {
    let head = short(&pull_request.source_sha);
    let check = pull_request
        .checks
        .iter()
        .find(|check| check.name == name && check.sha == pull_request.source_sha);
    match check.map(|check| (check.state, check.detail.as_deref())) {
        Some((CheckState::Succeeded, _)) => None,
        Some((CheckState::Failed, Some(detail))) => {
            Some(format!("check '{name}' failed on {head}: {detail}"))
        }
        Some((CheckState::Failed, None)) => Some(format!("check '{name}' failed on {head}")),
        Some((CheckState::Pending, _)) | None => {
            Some(format!("check '{name}' has not succeeded on {head} yet"))
        }
    }
}

fn lack_of_mergeability(pull_request: &PullRequest) -> Option<String> {
    match pull_request.mergeability {
        Mergeability::Clean => None,
        Mergeability::Conflicting => Some(format!(
            "it conflicts with '{}' in {} paths",
            pull_request.target_branch,
            pull_request.conflict_paths.len()
        )),
        Mergeability::UpToDate => Some("the target holds every change of the source".to_owned()),
        Mergeability::Unknown => Some("source or target does not exist".to_owned()),
    }
}

fn short(sha: &str) -> &str {
    sha.get(..10).unwrap_or(sha)
}
