//! What a token says about its bearer.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use sluice_kernel::{Principal, ProjectAccess};
use sluice_schema::{Actor, ActorKind, ProjectId, Scope};

use super::{AuthError, scopes_of_role};

const MAX_SUBJECT_BYTES: usize = 255;
const MAX_PROJECTS: usize = 1_000;

/// A claim that is a list, or one text with blanks between the items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    Text(String),
    List(Vec<String>),
}

impl Words {
    fn iter(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Text(text) => Box::new(text.split_ascii_whitespace()),
            Self::List(list) => Box::new(list.iter().map(String::as_str)),
        }
    }
}

/// The claims that Sluice reads; issuer, audience and times are checked before.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Claims {
    sub: Option<String>,
    tenant: Option<String>,
    projects: Option<Words>,
    roles: Option<Words>,
    scopes: Option<Words>,
    // RFC 8693 and RFC 9068 call it so.
    scope: Option<Words>,
    // Microsoft's identity platform calls it so.
    scp: Option<Words>,
    actor_kind: Option<String>,
    // Seconds since 1970; the library has checked it.
    exp: Option<f64>,
}

impl Claims {
    /// The principal that they describe. Scopes and roles of other systems are passed over.
    ///
    /// # Errors
    /// [`AuthError::Claim`] names the claim that is missing or breaks a rule.
    pub fn principal(&self) -> Result<Principal, AuthError> {
        let tenant = self.tenant.as_deref();
        let tenant = tenant.ok_or_else(|| AuthError::claim("tenant", "is missing"))?;
        let tenant = tenant
            .parse()
            .map_err(|_| AuthError::claim("tenant", "is not a valid tenant name"))?;
        Ok(Principal {
            tenant,
            projects: self.projects()?,
            actor: self.actor()?,
            scopes: self.scopes(),
        })
    }

    /// When the token ends; `None` when that is further away than times can tell.
    pub fn expires(&self) -> Option<SystemTime> {
        let seconds = Duration::try_from_secs_f64(self.exp?).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    }

    fn actor(&self) -> Result<Actor, AuthError> {
        let id = self.sub.as_deref().unwrap_or_default();
        let fits = (1..=MAX_SUBJECT_BYTES).contains(&id.len()) && !id.chars().any(char::is_control);
        if !fits {
            let rule = "must have 1 to 255 bytes and no control characters";
            return Err(AuthError::claim("sub", rule));
        }
        // Only Sluice itself acts as the system.
        let kind = match self.actor_kind.as_deref() {
            None | Some("user") => ActorKind::User,
            Some("service") => ActorKind::Service,
            Some(_) => return Err(AuthError::claim("actor_kind", "must be user or service")),
        };
        Ok(Actor {
            kind,
            id: id.to_owned(),
        })
    }

    fn projects(&self) -> Result<ProjectAccess, AuthError> {
        let projects = self.projects.as_ref();
        let projects = projects.ok_or_else(|| AuthError::claim("projects", "is missing"))?;
        if projects.iter().any(|name| name == "*") {
            return Ok(ProjectAccess::All);
        }
        let named = projects
            .iter()
            .map(str::parse)
            .collect::<Result<BTreeSet<ProjectId>, _>>()
            .map_err(|_| AuthError::claim("projects", "names a project that cannot exist"))?;
        if named.len() > MAX_PROJECTS {
            return Err(AuthError::claim(
                "projects",
                "names more than 1000 projects",
            ));
        }
        Ok(ProjectAccess::Only(named))
    }

    fn scopes(&self) -> BTreeSet<Scope> {
        let given = [&self.scopes, &self.scope, &self.scp].into_iter().flatten();
        let direct = given
            .flat_map(Words::iter)
            .filter_map(|text| text.parse().ok());
        let roles = self.roles.iter().flat_map(Words::iter);
        let by_role = roles.flat_map(|role| scopes_of_role(role).iter().copied());
        direct.chain(by_role).collect()
    }
}
