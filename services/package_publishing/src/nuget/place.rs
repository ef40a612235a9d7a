//! Where in which feed a request is, and who asks.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, Path, rejection::PathRejection},
    http::request::Parts,
};
use sluice_kernel::Ctx;
use sluice_package_feed::{PackageId as FeedId, PackageVersion};
use sluice_rest::{Caller, Problem};
use sluice_schema::{ProjectId, Scope};

use crate::PackageError;

/// The caller and the names in the path.
pub(super) struct Place {
    pub(super) ctx: Ctx,
    /// The project in the path; `None` in the feed of all projects.
    pub(super) project: Option<ProjectId>,
    names: HashMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(ctx) = Caller::from_request_parts(parts, state).await?;
        let absent = || Problem::from(PackageError::NotFound("feed"));
        let names = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let names = match names {
            Ok(Path(names)) => names,
            // The feed of all projects has no names in its path; any other fault must not lead there.
            Err(PathRejection::MissingPathParams(_)) => HashMap::new(),
            Err(_) => return Err(absent()),
        };
        let project = names.get("project").map(|project| project.parse());
        let project = project.transpose().map_err(|_| absent())?;
        Ok(Self {
            ctx,
            project,
            names,
        })
    }
}

impl Place {
    /// Whether the caller may know of the feed.
    pub(super) fn check(&self) -> Result<(), PackageError> {
        self.ctx.require(Scope::Read)?;
        match &self.project {
            Some(project) => Ok(self.ctx.require_project(project)?),
            None => Ok(()),
        }
    }

    fn name(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    /// The package; one whose name breaks a rule is not there.
    pub(super) fn id(&self) -> Result<FeedId, PackageError> {
        let id = self.name("id").parse();
        id.map_err(|_| PackageError::NotFound("package"))
    }

    /// The version; one that is none is not there.
    pub(super) fn version(&self) -> Result<PackageVersion, PackageError> {
        let version = self.name("version").parse();
        version.map_err(|_| PackageError::NotFound("package"))
    }

    /// The last part of the path.
    pub(super) fn file(&self) -> &str {
        self.name("file")
    }
}
