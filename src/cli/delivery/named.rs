//! Objects as people name them on a command line.

use std::{collections::BTreeSet, str::FromStr};

use serde::Serialize;
use sluice_schema::ProjectId;

use super::{
    Environment, Release,
    api::{self, ById, Environments, OneRelease, Releases, VisibleProjects},
};
use crate::cli::ship::{ShipError, session::Session};

const PAGE: u32 = 100;
/// Repositories that are looked through for their project, in pages.
const MAX_PAGES: u32 = 20;
/// Environments that a project may have.
const MAX_ENVIRONMENTS: u32 = 100;

/// A release as people name it: by id, by name, or by name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Named {
    /// `release_…`.
    Id(String),
    /// `module`, or the modules joined by `+`, and `@version` if it matters.
    Name {
        name: String,
        version: Option<String>,
    },
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "must be an id (release_…), a module, or module@version";
        if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(rule.to_owned());
        }
        if text.starts_with("release_") {
            return Ok(Self::Id(text.to_owned()));
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        if name.is_empty() || version.is_some_and(str::is_empty) {
            return Err(rule.to_owned());
        }
        let version = version.map(str::to_owned);
        Ok(Self::Name {
            name: name.to_owned(),
            version,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReleaseFilter<'a> {
    project_id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderBy {
    field: &'static str,
    direction: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByName<'a> {
    filter: ReleaseFilter<'a>,
    order_by: OrderBy,
}

/// The project that is meant: the given one, or else the only one that the caller sees something
/// of.
pub(in crate::cli) async fn project(
    session: &mut Session<'_>,
    given: Option<&ProjectId>,
) -> Result<String, ShipError> {
    #[derive(Serialize)]
    struct Pages {
        first: u32,
        after: Option<String>,
    }
    if let Some(project) = given {
        return Ok(project.to_string());
    }
    let refused = |rule: String| ShipError::Option {
        option: "--project",
        rule,
    };
    let mut seen = BTreeSet::new();
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let pages = Pages { first: PAGE, after };
        let page: VisibleProjects = session.ask(api::VISIBLE_PROJECTS, pages).await?;
        let page = page.repositories;
        seen.extend(page.nodes.into_iter().map(|it| it.project_id));
        after = page
            .page_info
            .end_cursor
            .filter(|_| page.page_info.has_next_page);
        if seen.len() > 1 || after.is_none() {
            break;
        }
    }
    let mut names = seen.into_iter();
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only),
        (Some(one), Some(other)) => Err(refused(format!(
            "(or SLUICE_PROJECT) is needed: the token sees several projects, such as {one} and \
             {other}"
        ))),
        _ => Err(refused(
            "(or SLUICE_PROJECT) is needed: the token sees no project with a repository".to_owned(),
        )),
    }
}

/// The release with this id.
pub(in crate::cli) async fn release(
    session: &mut Session<'_>,
    id: &str,
) -> Result<Release, ShipError> {
    let found: OneRelease = session.ask(api::RELEASE_BY_ID, ById { id }).await?;
    let missing = || ShipError::Missing {
        what: format!("no release {id}"),
    };
    found.release.ok_or_else(missing)
}

/// The release that is meant: by id, by version, or else the newest of the name in this status.
pub(in crate::cli) async fn released(
    session: &mut Session<'_>,
    named: &Named,
    given: Option<&ProjectId>,
    status: &'static str,
) -> Result<Release, ShipError> {
    let (name, version) = match named {
        Named::Id(id) => return release(session, id).await,
        Named::Name { name, version } => (name, version.as_deref()),
    };
    let project = project(session, given).await?;
    let filter = ReleaseFilter {
        project_id: &project,
        name,
        version,
        status: version.is_none().then_some(status),
    };
    let order_by = OrderBy {
        field: "VERSION",
        direction: "DESC",
    };
    let found: Releases = session
        .ask(api::RELEASES_BY_NAME, ByName { filter, order_by })
        .await?;
    let missing = || {
        let what = match version {
            Some(version) => format!("no release {name} {version} in project {project}"),
            None => {
                let status = super::words(status);
                format!("no release of {name} in project {project} is {status}")
            }
        };
        ShipError::Missing { what }
    };
    found.releases.first().ok_or_else(missing)
}

/// The environments of a project, in the order of promotion.
pub(in crate::cli) async fn environments(
    session: &mut Session<'_>,
    project: &str,
) -> Result<Vec<Environment>, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Filter<'a> {
        project_id: &'a str,
    }
    #[derive(Serialize)]
    struct Of<'a> {
        filter: Filter<'a>,
        first: u32,
    }
    let of = Of {
        filter: Filter {
            project_id: project,
        },
        first: MAX_ENVIRONMENTS,
    };
    let found: Environments = session.ask(api::PROJECT_ENVIRONMENTS, of).await?;
    Ok(found.environments.nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_named_by_id_by_name_or_by_name_and_version() {
        let name = |name: &str, version: Option<&str>| Named::Name {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        };
        for (text, expected) in [
            ("release_01", Named::Id("release_01".to_owned())),
            ("greeter", name("greeter", None)),
            (
                "greeter@1.4.0-rc.1+b",
                name("greeter", Some("1.4.0-rc.1+b")),
            ),
            ("api+web@2.0.0", name("api+web", Some("2.0.0"))),
        ] {
            assert_eq!(text.parse::<Named>().unwrap(), expected);
        }
        for bad in ["", "@1.0.0", "greeter@", "a b", "a\u{1b}[2J"] {
            assert!(bad.parse::<Named>().is_err(), "{bad:?}");
        }
    }
}
