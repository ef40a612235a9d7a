//! Approving on somebody's behalf.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Args as _, FromArgMatches as _};
use serde::{Deserialize, Serialize};
use sluice_schema::{Scope, TenantId};

use super::{Release, api};
use crate::{
    auth::{KeyError, TokenRequest, sign_for},
    cli::{
        client::{Connection, InvalidConnection},
        ship::{
            ShipError,
            session::{Refusal, Session},
        },
    },
    config::{Config, ConfigError, ConfigFlags, Mode},
};

/// Why a command cannot act as somebody else.
#[derive(Debug, thiserror::Error)]
pub enum ApproverError {
    /// The settings of the data folder cannot be read.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The data folder's flag is not one.
    #[error("--data-dir cannot be used: {0}")]
    DataDir(String),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key made just now would fit no server.
    #[error(
        "{} is the data folder of no embedded server on this machine: it has no key \
         (give --data-dir, or the token of an approver)", path.display()
    )]
    NoKey {
        /// The data folder.
        path: std::path::PathBuf,
    },
    /// The caller's token does not say its tenant.
    #[error("the tenant cannot be read from the token")]
    Tenant,
    /// The token cannot be used.
    #[error(transparent)]
    Connection(#[from] InvalidConnection),
}

/// A connection to the same server for `actor` of the caller's tenant, by the key of the embedded
/// server's data folder. It may read, and approve releases.
///
/// # Errors
/// [`ApproverError`] names the setting, or what the key lacks.
pub fn local_approver(
    caller: &Connection,
    actor: &str,
    data_dir: Option<&Path>,
) -> Result<Connection, ApproverError> {
    let config = settings(data_dir)?;
    if config.mode == Mode::Production {
        return Err(KeyError::NotOurs.into());
    }
    if !config.data_dir.join("auth/hs256.key").is_file() {
        let path = config.data_dir;
        return Err(ApproverError::NoKey { path });
    }
    let mut request = TokenRequest::all_rights(tenant(caller.token())?, actor);
    request.scopes = vec![Scope::Read, Scope::ReleasesApprove];
    let token = sign_for(&config.auth, &config.data_dir, &request)?;
    Ok(Connection::new(caller.base(), &token)?)
}

// As `sluice token` reads them.
fn settings(data_dir: Option<&Path>) -> Result<Config, ApproverError> {
    let command = ConfigFlags::augment_args(clap::Command::new("settings").no_binary_name(true));
    let given = data_dir.map(|path| ["--data-dir".into(), path.as_os_str().to_owned()]);
    let matches = command.try_get_matches_from(given.into_iter().flatten());
    let flags = matches.and_then(|matches| ConfigFlags::from_arg_matches(&matches));
    let flags = flags.map_err(|error| ApproverError::DataDir(error.to_string()))?;
    Ok(flags.load_unchecked()?)
}

// The server verifies; here it only says for whom to sign.
fn tenant(token: &str) -> Result<TenantId, ApproverError> {
    #[derive(Deserialize)]
    struct Claims {
        tenant: TenantId,
    }
    let claims = token.split('.').nth(1).ok_or(ApproverError::Tenant)?;
    let claims = URL_SAFE_NO_PAD
        .decode(claims)
        .map_err(|_| ApproverError::Tenant)?;
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| ApproverError::Tenant)?;
    Ok(claims.tenant)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    release_id: &'a str,
    reason: &'a str,
    content_digest: &'a str,
}

/// Approves `release` as the caller saw it, and gives what it is then; `None` when it covers
/// something else by now.
pub(in crate::cli) async fn approve(
    session: &mut Session<'_>,
    release: &Release,
    reason: &str,
) -> Result<Option<Release>, ShipError> {
    let input = Input {
        release_id: &release.id,
        reason,
        content_digest: &release.content_digest,
    };
    let decided: Result<Release, Refusal> = session.command(api::APPROVE_RELEASE, input).await;
    match decided {
        Ok(decided) => {
            if let Some(last) = decided.approvals.iter().rfind(|it| it.counts()) {
                session.tell("approval", format!("{} ({})", last.approver, last.id));
            }
            Ok(Some(decided))
        }
        Err(refusal) if refusal.has("CONFLICT") || refusal.has("VERSION_CONFLICT") => Ok(None),
        Err(refusal) => Err(refusal.into_error("approving the release")),
    }
}

/// Lets everybody of `approvers` approve.
pub(in crate::cli) async fn approve_all(
    session: &mut Session<'_>,
    approvers: &[Connection],
    release: &Release,
    reason: &str,
) -> Result<(), ShipError> {
    for approver in approvers {
        let mut theirs = session.on_behalf_of(approver)?;
        if approve(&mut theirs, release, reason).await?.is_none() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(tenant: &str) -> Connection {
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"tenant":"{tenant}","sub":"ada"}}"#));
        Connection::new("http://127.0.0.1:1", &format!("e30.{claims}.x")).unwrap()
    }

    #[test]
    fn the_tenant_is_the_callers() {
        assert_eq!(tenant(caller("acme").token()).unwrap().as_str(), "acme");
        for bad in ["", "word", "a.b.c", "e30.e30.x"] {
            assert!(matches!(tenant(bad), Err(ApproverError::Tenant)), "{bad}");
        }
    }

    #[test]
    fn a_folder_without_a_key_is_refused_and_none_is_made_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let refused = local_approver(&caller("acme"), "rita", Some(dir.path()));
        assert!(
            matches!(refused, Err(ApproverError::NoKey { .. })),
            "{refused:?}"
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_local_approver_has_a_token_of_the_data_folder() {
        let dir = tempfile::tempdir().unwrap();
        crate::auth::LocalKey::open(dir.path()).unwrap();
        let approver = local_approver(&caller("acme"), "rita", Some(dir.path())).unwrap();
        assert_eq!(tenant(approver.token()).unwrap().as_str(), "acme");
        assert_eq!(approver.base(), "http://127.0.0.1:1");
    }
}
