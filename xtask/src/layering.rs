//! Who may depend on whom: src → resolvers → services → platform, providers → schema.

use std::collections::HashMap;

use crate::manifest::{Dependency, Manifest};
use crate::violation::Violation;

const RULE: &str = "layering";

/// Where in the house a crate lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Root,
    Resolvers,
    Service,
    Platform,
    Provider,
    Migrations,
    Schema,
    /// Tools, benchmarks: outside the house.
    Outside,
}

fn layer_of(folder: &str) -> Layer {
    match folder.split_once('/') {
        Some(("services", _)) => Layer::Service,
        Some(("platform", _)) => Layer::Platform,
        Some(("providers", _)) => Layer::Provider,
        Some(_) => Layer::Outside,
        None => match folder {
            "" => Layer::Root,
            "resolvers" => Layer::Resolvers,
            "migrations" => Layer::Migrations,
            "schema" => Layer::Schema,
            _ => Layer::Outside,
        },
    }
}

/// Why `from` must not depend on `to`, both crates of the house.
fn forbidden_edge(from: Layer, to: Layer) -> Option<&'static str> {
    use Layer::{Migrations, Outside, Platform, Provider, Resolvers, Root, Schema, Service};
    match (from, to) {
        (_, Root) => Some("nothing depends on the composition root"),
        (Root | Outside, _) | (_, Outside) => None,
        (Schema, _) => Some("schema is the bottom: it depends on no other crate of the house"),
        (Provider, Platform | Service | Resolvers | Migrations) => {
            Some("providers depend on schema alone")
        }
        (Platform, Service | Resolvers) => Some("platform stands below services and resolvers"),
        (Service, Service) => Some("services meet through events and never import each other"),
        (Service, Resolvers) => Some("services stand below resolvers"),
        (Migrations, Service | Resolvers) => Some("migrations stand below services"),
        _ => None,
    }
}

/// Who alone may name a family of outside crates.
struct Restriction {
    family: &'static str,
    allowed: fn(Layer, &str) -> bool,
    reason: &'static str,
}

const RESTRICTIONS: [Restriction; 5] = [
    Restriction {
        family: "sea-orm",
        allowed: |layer, folder| {
            matches!(
                layer,
                Layer::Root | Layer::Service | Layer::Migrations | Layer::Outside
            ) || matches!(
                folder,
                "platform/store" | "platform/bus" | "platform/ledger" | "platform/project"
            )
        },
        reason: "only the stores (platform/store, platform/bus, platform/ledger, platform/project, migrations, services) name sea-orm",
    },
    Restriction {
        family: "sqlx",
        allowed: |layer, _| layer != Layer::Resolvers,
        reason: "resolvers call services and never a database",
    },
    Restriction {
        family: "redis",
        allowed: |layer, _| layer != Layer::Resolvers,
        reason: "resolvers never name redis",
    },
    Restriction {
        family: "axum",
        allowed: |layer, folder| {
            matches!(layer, Layer::Root | Layer::Service | Layer::Outside)
                || matches!(folder, "platform/rest" | "platform/project")
        },
        reason: "only src and the REST endpoints of services and projects name axum",
    },
    Restriction {
        family: "async-graphql",
        allowed: |layer, _| {
            !matches!(
                layer,
                Layer::Service | Layer::Platform | Layer::Provider | Layer::Migrations
            )
        },
        reason: "GraphQL lives in resolvers and src",
    },
];

/// Checks every dependency of every crate: its layer, and that its version stands in the root.
pub(crate) fn check(manifests: &[Manifest]) -> Vec<Violation> {
    let house: HashMap<&str, &str> = manifests
        .iter()
        .filter_map(|manifest| Some((manifest.package.as_ref()?.0.as_str(), manifest.folder())))
        .collect();
    let renames: HashMap<&str, &str> = manifests
        .iter()
        .flat_map(|manifest| &manifest.renames)
        .map(|(key, package)| (key.as_str(), package.as_str()))
        .collect();
    let mut violations = Vec::new();
    for manifest in manifests {
        for dependency in &manifest.dependencies {
            let package = package_of(dependency, &renames);
            violations.extend(inheritance(manifest, dependency));
            let reason = match house.get(package) {
                Some(folder) => inner_edge(manifest.folder(), folder),
                None => outer_edge(manifest.folder(), package),
            };
            violations.extend(reason.map(|reason| {
                let message = format!("{package} is not for this crate: {reason}");
                Violation::new(&manifest.path, dependency.line, RULE, message)
            }));
        }
    }
    violations
}

fn package_of<'a>(dependency: &'a Dependency, renames: &HashMap<&str, &'a str>) -> &'a str {
    if let Some(package) = &dependency.package {
        return package;
    }
    let renamed = dependency
        .from_workspace
        .then(|| renames.get(dependency.key.as_str()).copied())
        .flatten();
    renamed.unwrap_or(&dependency.key)
}

fn inner_edge(from: &str, to: &str) -> Option<&'static str> {
    // A crate may name itself among its dev-dependencies, to switch its own features on.
    if from == to {
        return None;
    }
    forbidden_edge(layer_of(from), layer_of(to))
}

fn outer_edge(from: &str, package: &str) -> Option<&'static str> {
    RESTRICTIONS
        .iter()
        .find(|restriction| in_family(package, restriction.family))
        .filter(|restriction| !(restriction.allowed)(layer_of(from), from))
        .map(|restriction| restriction.reason)
}

/// `axum` and `axum-extra` are of the family `axum`; `axumish` is not.
fn in_family(package: &str, family: &str) -> bool {
    package
        .strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn inheritance(manifest: &Manifest, dependency: &Dependency) -> Option<Violation> {
    let message = if !dependency.from_workspace {
        "versions stand in the root Cargo.toml: say `workspace = true`"
    } else if dependency.adds_features {
        "features stand in the root Cargo.toml, so that every build of a crate is the same"
    } else {
        return None;
    };
    let message = format!("{}: {message}", dependency.key);
    Some(Violation::new(
        &manifest.path,
        dependency.line,
        "versions-in-root",
        message,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: [(&str, &str); 10] = [
        ("", "sluice"),
        ("schema", "sluice-schema"),
        ("resolvers", "sluice-resolvers"),
        ("migrations", "sluice-migrations"),
        ("services/branch", "sluice-branch"),
        ("services/commit", "sluice-commit"),
        ("platform/kernel", "sluice-kernel"),
        ("platform/store", "sluice-store"),
        ("platform/project", "sluice-project"),
        ("providers/git_host", "sluice-git-host"),
    ];

    /// The workspace above, in which the crate of `folder` has one more dependency.
    fn messages(folder: &str, dependency: &str) -> Vec<String> {
        let manifests: Vec<Manifest> = CRATES
            .iter()
            .map(|(place, name)| {
                let path = format!("{place}/Cargo.toml");
                let lines = if *place == folder { dependency } else { "" };
                let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{lines}\n");
                Manifest::parse(path.trim_start_matches('/'), &text).unwrap()
            })
            .collect();
        check(&manifests).iter().map(ToString::to_string).collect()
    }

    fn refused(folder: &str, package: &str) -> bool {
        let found = messages(folder, &format!("{package}.workspace = true"));
        assert!(found.len() <= 1, "{found:?}");
        found.iter().any(|message| message.contains(": layering: "))
    }

    #[test]
    fn imports_run_downward_only() {
        for (from, to) in [
            ("", "sluice-resolvers"),
            ("resolvers", "sluice-branch"),
            ("services/branch", "sluice-store"),
            ("services/branch", "sluice-git-host"),
            ("services/branch", "sluice-schema"),
            ("platform/kernel", "sluice-schema"),
            ("platform/store", "sluice-kernel"),
            ("platform/project", "sluice-store"),
            ("platform/project", "sluice-migrations"),
            ("providers/git_host", "sluice-schema"),
        ] {
            assert!(!refused(from, to), "{from} may use {to}");
        }
        for (from, to) in [
            ("resolvers", "sluice"),
            ("services/branch", "sluice-commit"),
            ("services/branch", "sluice-resolvers"),
            ("platform/kernel", "sluice-branch"),
            ("platform/kernel", "sluice-resolvers"),
            ("platform/project", "sluice-branch"),
            ("providers/git_host", "sluice-kernel"),
            ("providers/git_host", "sluice-branch"),
            ("schema", "sluice-kernel"),
            ("schema", "sluice-branch"),
            ("migrations", "sluice-branch"),
        ] {
            assert!(refused(from, to), "{from} must not use {to}");
        }
    }

    #[test]
    fn frameworks_stay_in_their_layers() {
        for (folder, package) in [
            ("", "axum"),
            ("services/branch", "axum"),
            ("services/branch", "sea-orm"),
            ("platform/store", "sea-orm"),
            ("platform/project", "sea-orm"),
            ("platform/project", "axum"),
            ("migrations", "sea-orm-migration"),
            ("resolvers", "async-graphql"),
            ("", "async-graphql"),
        ] {
            assert!(!refused(folder, package), "{folder} may use {package}");
        }
        for (folder, package) in [
            ("resolvers", "sea-orm"),
            ("resolvers", "sqlx"),
            ("resolvers", "redis"),
            ("resolvers", "axum"),
            ("services/branch", "async-graphql"),
            ("platform/kernel", "async-graphql"),
            ("platform/kernel", "sea-orm"),
            ("platform/store", "axum-extra"),
            ("providers/git_host", "sea-orm"),
        ] {
            assert!(refused(folder, package), "{folder} must not use {package}");
        }
    }

    #[test]
    fn a_renamed_package_is_seen_through() {
        let found = messages(
            "resolvers",
            "orm = { version = \"2\", package = \"sea-orm\" }",
        );
        assert!(
            found
                .iter()
                .any(|message| message.contains("sea-orm is not for this crate"))
        );
    }

    #[test]
    fn a_rename_in_the_root_is_seen_through() {
        let root = "[workspace.dependencies]\norm = { version = \"2\", package = \"sea-orm\" }\n";
        let member = "[package]\nname = \"r\"\n[dependencies]\norm.workspace = true\n";
        let manifests = [
            Manifest::parse("Cargo.toml", root).unwrap(),
            Manifest::parse("resolvers/Cargo.toml", member).unwrap(),
        ];
        let found = check(&manifests);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].path.as_str(), found[0].line),
            ("resolvers/Cargo.toml", 4)
        );
    }

    #[test]
    fn a_version_or_a_feature_in_a_member_is_refused() {
        let own = messages("platform/kernel", "serde = \"1\"");
        assert!(own[0].contains("platform/kernel/Cargo.toml:4: versions-in-root: serde"));
        let more = messages(
            "platform/kernel",
            "serde = { workspace = true, features = [\"rc\"] }",
        );
        assert!(more[0].contains("features stand in the root"));
    }

    #[test]
    fn a_name_that_only_begins_alike_is_another_crate() {
        assert!(!refused("resolvers", "axumish"));
    }
}
