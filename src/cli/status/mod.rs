//! `sluice status`: the repositories with their latest run and build, and the environments with
//! what runs in them and what waits for them.

mod environments;
mod repositories;

use std::{
    io::{self, Write as _},
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sluice_schema::ProjectId;

use super::client::{Client, ClientError, Connection, ConnectionArgs, InvalidConnection, Patience};
use super::ship::clean;

const PAGE: u32 = 50;
const MAX_PAGES: u32 = 200;

/// Shows the repositories with their latest run and build, and what runs in the environments
///
/// Exit codes: 0; 2 wrong usage; 3 refused by the server; 5 no answer.
#[derive(Debug, Clone, clap::Args)]
pub struct StatusArgs {
    /// Only of this project
    #[arg(long, env = "SLUICE_PROJECT", value_name = "NAME")]
    pub project: Option<ProjectId>,
    /// The server and the caller.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Why there is no status to show.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The address or token cannot be used.
    #[error(transparent)]
    Connection(#[from] InvalidConnection),
    /// No answer that helps.
    #[error(transparent)]
    Client(#[from] ClientError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    nodes: Vec<T>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
struct Variables<'a> {
    filter: Filter<'a>,
    first: u32,
    after: Option<String>,
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
}

/// A list that is read page by page, one request for each.
struct Reader<'a> {
    client: Client,
    patience: Patience,
    filter: Filter<'a>,
}

impl Reader<'_> {
    async fn all<A, T>(
        &mut self,
        document: &str,
        page_of: fn(A) -> Page<T>,
    ) -> Result<Vec<T>, ClientError>
    where
        A: DeserializeOwned,
    {
        let mut all = Vec::new();
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let filter = self.filter;
            let variables = Variables {
                filter,
                first: PAGE,
                after,
            };
            let patience = &mut self.patience;
            let answer = self
                .client
                .persist(document, variables, patience, &mut |_| {})
                .await?;
            let page = page_of(answer);
            all.extend(page.nodes);
            after = page
                .page_info
                .end_cursor
                .filter(|_| page.page_info.has_next_page);
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }
}

/// Runs the command and gives its exit code: 0, 2 for usage, 3 for a refusal, 5 without an answer.
pub async fn run(args: &StatusArgs) -> u8 {
    match lines(args).await {
        Ok(lines) => {
            let mut out = io::stdout().lock();
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
            0
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", clean(&error.to_string()));
            match error {
                StatusError::Connection(_) => 2,
                StatusError::Client(ClientError::Api(_)) => 3,
                StatusError::Client(_) => 5,
            }
        }
    }
}

async fn lines(args: &StatusArgs) -> Result<Vec<String>, StatusError> {
    let project_id = args.project.as_ref().map(ProjectId::as_str);
    let mut reader = Reader {
        client: Client::new(Connection::try_from(&args.connection)?)?,
        // A person waits: a few tries are enough.
        patience: Patience::new(Duration::from_secs(5)),
        filter: Filter { project_id },
    };
    let mut lines = repositories::lines(&mut reader).await?;
    let environments = environments::lines(&mut reader).await?;
    if !lines.is_empty() && !environments.is_empty() {
        lines.push(String::new());
    }
    lines.extend(environments);
    Ok(lines)
}
