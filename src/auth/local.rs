//! The embedded mode's own key.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use rand::{TryRngCore, rngs::OsRng};
use serde::Serialize;
use sluice_schema::{ProjectId, Scope, TenantId};
use uuid::Uuid;

use super::KeyError;

const KEY_BYTES: usize = 32;

/// What a token shall say.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The tenant.
    pub tenant: TenantId,
    /// The subject: who acts.
    pub actor: String,
    /// Whether the bearer is a program.
    pub is_service: bool,
    /// The rights.
    pub scopes: Vec<Scope>,
    /// The projects; `None`: all.
    pub projects: Option<Vec<ProjectId>>,
    /// How long it holds, from now.
    pub ttl: Duration,
}

impl TokenRequest {
    /// All rights in all projects of the tenant, for a day.
    pub fn all_rights(tenant: TenantId, actor: &str) -> Self {
        Self {
            tenant,
            actor: actor.to_owned(),
            is_service: false,
            scopes: Scope::ALL.to_vec(),
            projects: None,
            ttl: Duration::from_secs(24 * 3_600),
        }
    }
}

#[derive(Serialize)]
struct Signed<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    tenant: &'a TenantId,
    projects: Vec<&'a str>,
    scopes: &'a [Scope],
    actor_kind: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

/// The key of a data folder, `auth/hs256.key`: 32 random bytes that only the owner reads.
pub struct LocalKey {
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl LocalKey {
    /// The key of `data_dir`; made when there is none. Safe against itself.
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be made or read, has another length, or others may read it.
    pub fn open(data_dir: &Path) -> Result<Self, KeyError> {
        let dir = data_dir.join("auth");
        let path = dir.join("hs256.key");
        let failed = |source| KeyError::File {
            path: path.clone(),
            source,
        };
        if !path.exists() {
            create(&dir, &path).map_err(failed)?;
        }
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            let rule = "others than its owner may read it; run chmod 600 on it";
            return Err(KeyError::Unfit { path, rule });
        }
        let bytes = fs::read(&path).map_err(failed)?;
        if bytes.len() != KEY_BYTES {
            let rule = "it must hold 32 bytes";
            return Err(KeyError::Unfit { path, rule });
        }
        Ok(Self {
            signing: EncodingKey::from_secret(&bytes),
            verifying: DecodingKey::from_secret(&bytes),
        })
    }

    pub(super) fn verifier(&self) -> &DecodingKey {
        &self.verifying
    }

    /// Signs a token.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn sign(
        &self,
        issuer: &str,
        audience: &str,
        request: &TokenRequest,
    ) -> Result<String, KeyError> {
        let now = Utc::now().timestamp();
        let ttl = i64::try_from(request.ttl.as_secs()).unwrap_or(i64::MAX / 2);
        let projects = match &request.projects {
            None => vec!["*"],
            Some(named) => named.iter().map(ProjectId::as_str).collect(),
        };
        let claims = Signed {
            iss: issuer,
            aud: audience,
            sub: &request.actor,
            tenant: &request.tenant,
            projects,
            scopes: &request.scopes,
            actor_kind: if request.is_service {
                "service"
            } else {
                "user"
            },
            iat: now,
            nbf: now,
            exp: now.saturating_add(ttl),
            jti: Uuid::new_v4().to_string(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map_err(KeyError::Signing)
    }
}

// Written aside and linked, so that the key appears whole, and the first of two processes wins.
fn create(dir: &Path, path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let mut key = [0_u8; KEY_BYTES];
    OsRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
    let aside = Aside(dir.join(format!(".{}", Uuid::new_v4())));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside.0)?;
    file.write_all(&key)?;
    file.sync_all()?;
    match fs::hard_link(&aside.0, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
