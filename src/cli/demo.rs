//! `sluice serve --demo`: example modules, shipped into production once the server answers.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use sluice_schema::Scope;

use super::{
    client::Connection,
    delivery::DeliveryOptions,
    print,
    ship::{Plain, ShipOptions, ship},
};
use crate::{auth::TokenRequest, config::Mode, server::Running};

const TENANT: &str = "demo";
const PROJECT: &str = "demo";
const ENVIRONMENT: &str = "prod";
/// Never the one who ships: nobody approves what was planned on their behalf.
const APPROVER: &str = "demo-approver";

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    #[error("--demo is for the embedded mode: its token has all rights")]
    Production,
    #[error("--demo {path}: {source}", path = path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("--demo {path}: no folder in it holds a module.yaml", path = path.display())]
    Empty { path: PathBuf },
    #[error("{0}")]
    Refused(Box<dyn std::error::Error + Send + Sync>),
}

/// Whether there is something to ship, before the server starts.
pub(super) fn check(folder: &Path, mode: Mode) -> Result<(), DemoError> {
    if mode == Mode::Production {
        return Err(DemoError::Production);
    }
    modules(folder).map(drop)
}

fn modules(folder: &Path) -> Result<Vec<PathBuf>, DemoError> {
    let path = || folder.to_owned();
    let failed = |source| DemoError::Folder {
        path: path(),
        source,
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut found: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    found.retain(|path| path.join("module.yaml").is_file());
    found.sort();
    if found.is_empty() {
        return Err(DemoError::Empty { path: path() });
    }
    Ok(found)
}

/// Ships every module; what fails is said and does not end the server.
pub(super) async fn ship_all(folder: &Path, running: &Running) {
    if let Err(error) = try_ship_all(folder, running).await {
        let _ = writeln!(io::stderr(), "error: {error}");
    }
}

async fn try_ship_all(folder: &Path, running: &Running) -> Result<(), DemoError> {
    let refused = |error| DemoError::Refused(Box::from(error));
    let tenant = TENANT.parse().map_err(boxed)?;
    let request = TokenRequest::all_rights(tenant, "demo");
    let token = running.token(&request).map_err(boxed)?;
    let url = running.url();
    print(&format!(
        "  Demo      {url}/#token={token}\n\nexport SLUICE_URL={url}\nexport SLUICE_TOKEN={token}\n\n"
    ));
    let own = format!("http://{}", reachable(running.addr()));
    let mut request = TokenRequest::all_rights(request.tenant, APPROVER);
    request.scopes = vec![Scope::Read, Scope::ReleasesApprove];
    let approver = running.token(&request).map_err(boxed)?;
    let delivery = DeliveryOptions {
        environment: ENVIRONMENT.to_owned(),
        approvers: vec![Connection::new(&own, &approver).map_err(boxed)?],
        reason: "approved by the demo".to_owned(),
        wait: false,
    };
    for module in modules(folder)? {
        let connection = Connection::new(&own, &token).map_err(boxed)?;
        let project = PROJECT.parse().map_err(boxed)?;
        let mut options = ShipOptions::new(&module, connection, project);
        options.delivery = Some(delivery.clone());
        let shipped = ship(&options, &mut Plain::new(io::stdout(), false)).await;
        match shipped {
            Ok(report) => print(&format!("{}\n\n", report.lines().join("\n"))),
            Err(error) => print(&refused(format!("{}: {error}\n", module.display())).to_string()),
        };
    }
    Ok(())
}

fn boxed(error: impl std::error::Error + Send + Sync + 'static) -> DemoError {
    DemoError::Refused(Box::new(error))
}

// A server that listens everywhere is reached at the loopback interface.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_with_a_module_yaml_are_found_in_order_and_others_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            check(dir.path(), Mode::Embedded),
            Err(DemoError::Empty { .. })
        ));
        for name in ["b", "a", "docs"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        for name in ["a", "b"] {
            std::fs::write(dir.path().join(name).join("module.yaml"), "id: x").unwrap();
        }
        let found = modules(dir.path()).unwrap();
        assert_eq!(found, [dir.path().join("a"), dir.path().join("b")]);
        assert!(matches!(
            check(dir.path(), Mode::Production),
            Err(DemoError::Production)
        ));
    }

    #[test]
    fn a_server_that_listens_everywhere_is_reached_here() {
        let address = reachable("0.0.0.0:80".parse().unwrap());
        assert_eq!(address.to_string(), "127.0.0.1:80");
        let address = reachable("[::]:80".parse().unwrap());
        assert_eq!(address.to_string(), "[::1]:80");
    }
}
