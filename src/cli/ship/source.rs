//! Repositories, their branches and what they hold.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{
    ShipError, Shipment,
    api::{self, Present, RepositoryByName, Tree, TreeAnswer, TreeFile},
    model::Repository,
    session::{Refusal, Session},
};

const PROVISIONING: &str = "provisioning the repository";
const AGAIN: Duration = Duration::from_millis(200);
const TREE_PAGE: u32 = 1_000;
const MAX_TREE_PAGES: u32 = 200;

/// The repository, provisioned if it does not exist.
pub(super) async fn repository(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
) -> Result<Repository, ShipError> {
    let deadline = session.deadline("the repository's provisioning");
    let repository = loop {
        // Whatever its settings are, it is the one that is meant.
        let found = find(session, shipment).await?;
        let is_there = found.is_some();
        if let Some(repository) = found.filter(|found| found.status != "PROVISIONING") {
            break repository;
        }
        match provision(session, shipment).await {
            Ok(repository) => break repository,
            // Another module provisions it at this moment: theirs is the one.
            Err(refusal) if refusal.has("CONFLICT") => {
                let theirs = is_there || find(session, shipment).await?.is_some();
                if !theirs {
                    return Err(refusal.into_error(PROVISIONING));
                }
                deadline.pause(AGAIN).await?;
            }
            Err(refusal) => return Err(refusal.into_error(PROVISIONING)),
        }
    };
    session.tell(
        "repo",
        format!("{} {}", repository.name, repository.remote_url),
    );
    Ok(repository)
}

async fn find(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
) -> Result<Option<Repository>, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Name<'a> {
        project_id: &'a str,
        name: &'a str,
    }
    let (project_id, name) = (
        shipment.options.project.as_str(),
        shipment.repository_name(),
    );
    let found: RepositoryByName = session
        .ask(api::REPOSITORY_BY_NAME, Name { project_id, name })
        .await?;
    Ok(found.repository)
}

async fn provision(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
) -> Result<Repository, Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Input<'a> {
        project_id: &'a str,
        module_id: &'a str,
        name: &'a str,
    }
    let input = Input {
        project_id: shipment.options.project.as_str(),
        module_id: shipment.module.as_str(),
        name: shipment.repository_name(),
    };
    session.command(api::PROVISION_REPOSITORY, input).await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TreeOf<'a> {
    repository_id: &'a str,
    rev: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// The commit and tree that a branch points to; `None` when there is no such branch.
pub(super) async fn head(
    session: &mut Session<'_>,
    repository: &Repository,
    branch: &str,
) -> Result<Option<Tree>, ShipError> {
    let of = TreeOf {
        repository_id: &repository.id,
        rev: branch,
        first: None,
        after: None,
    };
    let answer: TreeAnswer = session.ask(api::REPOSITORY_HEAD, of).await?;
    Ok(answer.tree)
}

/// All files of a commit.
pub(super) async fn files(
    session: &mut Session<'_>,
    repository: &Repository,
    sha: &str,
) -> Result<BTreeMap<String, TreeFile>, ShipError> {
    let mut files = BTreeMap::new();
    let mut after = None;
    for _ in 0..MAX_TREE_PAGES {
        let of = TreeOf {
            repository_id: &repository.id,
            rev: sha,
            first: Some(TREE_PAGE),
            after,
        };
        let answer: TreeAnswer = session.ask(api::REPOSITORY_TREE, of).await?;
        let page = answer.tree.and_then(|tree| tree.files);
        let gone = || ShipError::Inconsistent(format!("commit {sha} has no files"));
        let page = page.ok_or_else(gone)?;
        files.extend(page.nodes.into_iter().map(|file| (file.path.clone(), file)));
        after = page
            .page_info
            .end_cursor
            .filter(|_| page.page_info.has_next_page);
        if after.is_none() {
            return Ok(files);
        }
    }
    Err(ShipError::Inconsistent(format!(
        "commit {sha} has more files than can be listed"
    )))
}

/// The feature branch, made from the default branch if it does not exist.
pub(super) async fn branch(
    session: &mut Session<'_>,
    repository: &Repository,
    name: &str,
) -> Result<(), ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Input<'a> {
        repository_id: &'a str,
        name: &'a str,
    }
    let input = Input {
        repository_id: &repository.id,
        name,
    };
    let made: Present = session
        .command(api::CREATE_BRANCH, input)
        .await
        .map_err(|refusal| refusal.into_error("creating the feature branch"))?;
    session.tell("branch", format!("{name} ({})", made.id));
    Ok(())
}
