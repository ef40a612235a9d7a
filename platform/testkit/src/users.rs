//! Users of several tenants, projects and scopes.

use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use sluice_kernel::{Ctx, Principal, ProjectAccess};
use sluice_schema::{Actor, ActorKind, Scope};

/// Who calls: a tenant, projects, scopes.
#[derive(Debug, Clone)]
pub struct User {
    /// The tenant.
    pub tenant: String,
    /// The subject.
    pub name: String,
    /// The projects; `None` for all.
    pub projects: Option<Vec<String>>,
    /// What they may do.
    pub scopes: Vec<Scope>,
}

impl User {
    /// `name` of `tenant` with every right in every project.
    pub fn of(tenant: &str, name: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            projects: None,
            scopes: Scope::ALL.to_vec(),
        }
    }

    /// The same user with access to these projects only.
    #[must_use]
    pub fn in_projects(mut self, projects: &[&str]) -> Self {
        self.projects = Some(projects.iter().map(ToString::to_string).collect());
        self
    }

    /// The same user with these scopes only.
    #[must_use]
    pub fn with_scopes(mut self, scopes: &[Scope]) -> Self {
        self.scopes = scopes.to_vec();
        self
    }

    /// A context for calls below the edge.
    pub fn ctx(&self) -> Ctx {
        let projects = match &self.projects {
            None => ProjectAccess::All,
            Some(names) => {
                ProjectAccess::Only(names.iter().map(|p| p.parse().expect("a name")).collect())
            }
        };
        let principal = Principal {
            tenant: self.tenant.parse().expect("a name"),
            projects,
            actor: Actor {
                kind: ActorKind::User,
                id: self.name.clone(),
            },
            scopes: self.scopes.iter().copied().collect(),
        };
        Ctx::for_request(principal, None)
    }
}

/// The key of an embedded server.
pub struct TokenKey(Vec<u8>);

impl TokenKey {
    /// Reads the key that the server keeps with its data.
    pub fn read(path: &Path) -> Self {
        Self(std::fs::read(path).expect("the server's key"))
    }

    /// A token for `user`, good for an hour.
    pub fn token(&self, user: &User) -> String {
        let now = chrono::Utc::now().timestamp();
        let projects = user
            .projects
            .as_ref()
            .map_or(json!("*"), |names| json!(names));
        let claims = json!({
            "iss": "sluice", "aud": "sluice", "sub": user.name, "tenant": user.tenant,
            "projects": projects, "iat": now, "exp": now + 3_600,
            "scopes": user.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        });
        encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(&self.0),
        )
        .expect("a token")
    }
}
