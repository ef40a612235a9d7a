//! `sluice ship --to prod`: from a folder to what runs in production, and back.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, Server, eventually, on_both_databases};
use tokio::process::Command;

use crate::{
    delivery_support::{Chain, DEFAULTS, codes, define, outcome_of},
    prod_support::{edit, object_file, ship_to, start_with, target_folder},
    ship::{copied, outcome},
    support::{PROGRAM, ok, text},
};

on_both_databases!(
    the_node_example_ships_to_prod_then_a_second_version_then_rolls_back_and_stays,
    the_python_library_ships_to_prod_as_the_package_that_was_published,
    a_release_that_waits_for_people_says_what_to_type_and_goes_on_from_there,
);

/// Ships a folder as `web`; what was said.
async fn shipped(server: &Server, folder: &Path, to: &str) -> String {
    let child = ship_to(server, folder, "web", to).spawn().unwrap();
    let (code, said) = outcome(child).await;
    assert_eq!(code, 0, "{said}\n{}", server.log());
    said
}

/// `sluice` with these arguments on `web`, as the owner of the token.
async fn sluice(chain: &Chain, token: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env("SLUICE_URL", chain.server.base())
        .env("SLUICE_TOKEN", token)
        .env("SLUICE_PROJECT", "web")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    outcome(command.spawn().unwrap()).await
}

/// The newest build of `web`.
async fn newest_build(client: &Client) -> Value {
    let query = "{ buildResults(first: 1, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id commitSha } } }";
    client.data(query, json!({})).await["buildResults"]["nodes"][0].clone()
}

/// The digest of the image of the newest build.
async fn newest_digest(client: &Client) -> String {
    let build = text(&newest_build(client).await["id"]);
    text(&outcome_of(client, &build).await["image"]["digest"])
}

fn in_prod(chain: &Chain) -> String {
    let folder = target_folder(&chain.server, "prod", "greeter-node");
    fs::read_to_string(object_file(&folder, "Deployment")).unwrap()
}

/// Makes another version of the node example.
fn next_version(folder: &Path, from: &str, to: &str) {
    for file in ["module.yaml", "package.json"] {
        edit(&folder.join(file), from, to);
    }
    let note = format!("\n// Version {to}.\n");
    let file = folder.join("src/main.mjs");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text + &note).unwrap();
}

const IN_PROD: &str = "{ promotions(filter: { projectId: \"web\", environment: \"prod\" }, first: 1, \
    orderBy: { field: CREATED_AT, direction: DESC }) { nodes { status kind automatic releaseVersion \
    blockers { code } } } }";

async fn newest_in_prod(client: &Client) -> Value {
    client.data(IN_PROD, json!({})).await["promotions"]["nodes"][0].clone()
}

async fn the_node_example_ships_to_prod_then_a_second_version_then_rolls_back_and_stays(
    backend: Backend,
) {
    let chain = start_with(backend, &[]).await;
    let folder = copied("greeter-node");
    let said = shipped(&chain.server, folder.path(), "prod").await;
    for kind in [
        "repository",
        "commit",
        "run",
        "build",
        "package",
        "image",
        "release",
        "approval",
        "infra",
        "manifest",
        "promotion",
        "sync",
    ] {
        let line = format!("  {kind} ");
        assert!(
            said.lines().any(|it| it.starts_with(&line)),
            "{kind} in {said}"
        );
    }
    let first = newest_digest(&chain.ada).await;
    assert!(in_prod(&chain).contains(&first), "{}", in_prod(&chain));
    is_provisioned_and_valid(&chain).await;

    next_version(folder.path(), "1.4.0", "1.5.0");
    shipped(&chain.server, folder.path(), "prod").await;
    let second = newest_digest(&chain.ada).await;
    assert_ne!(first, second);
    assert!(in_prod(&chain).contains(&second) && !in_prod(&chain).contains(&first));

    // From now on releases come into prod by themselves, unless somebody holds them.
    let automatic = json!({ "upstream": ["staging"], "order": 40, "autoPromote": true });
    define(&chain.ada, "prod", automatic).await;
    let (code, said) = sluice(
        &chain,
        chain.ada.token(),
        &["rollback", "--environment", "prod"],
    )
    .await;
    assert_eq!(code, 0, "{said}");
    assert!(in_prod(&chain).contains(&first) && !in_prod(&chain).contains(&second));

    next_version(folder.path(), "1.5.0", "1.6.0");
    shipped(&chain.server, folder.path(), "staging").await;
    let third = newest_digest(&chain.ada).await;
    let waiting = eventually("the third version waits before prod", || async {
        let newest = newest_in_prod(&chain.ada).await;
        let held = codes(&newest["blockers"]) == ["HOLD"];
        (newest["releaseVersion"] == "1.6.0" && held).then_some(newest)
    })
    .await;
    assert_eq!(
        (&waiting["status"], &waiting["automatic"]),
        (&json!("GATED"), &json!(true))
    );
    assert!(in_prod(&chain).contains(&first), "the rollback stays");

    let resume = ["rollback", "--resume", "--environment", "prod"];
    let (code, said) = sluice(&chain, chain.ada.token(), &resume).await;
    assert_eq!(code, 0, "{said}");
    eventually("the third version runs in prod", || async {
        let newest = newest_in_prod(&chain.ada).await;
        (newest["status"] == "SUCCEEDED").then_some(())
    })
    .await;
    assert!(in_prod(&chain).contains(&third));
    chain.server.finish().await;
}

/// Whether what the example declares around itself is there, and what it renders in prod is valid.
async fn is_provisioned_and_valid(chain: &Chain) {
    let folder = chain.server.data_dir().join("infrastructure");
    let policies = find(&folder, "policy.conf");
    assert_eq!(
        policies.len(),
        DEFAULTS.len(),
        "one for each environment: {policies:?}"
    );
    let prod = policies.iter().map(|it| fs::read_to_string(it).unwrap());
    let prod = prod
        .filter(|it| it.contains("environment=prod"))
        .collect::<Vec<_>>();
    assert_eq!(prod, ["environment=prod\nlanguage=en\nkeep-days=90\n"]);
    assert_eq!(find(&folder, "greetings.sqlite").len(), DEFAULTS.len());

    let query = "{ deploymentManifests(filter: { projectId: \"web\", environment: \"prod\" }, first: 9) \
                 { nodes { overlay text objects { kind namespace } } } }";
    let data = chain.ada.data(query, json!({})).await;
    let manifest = &data["deploymentManifests"]["nodes"][0];
    assert_eq!(manifest["overlay"], true);
    let kinds: Vec<_> = manifest["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["kind"]))
        .collect();
    for kind in ["ConfigMap", "Service", "Deployment"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind} in {kinds:?}");
    }
    for object in manifest["objects"].as_array().unwrap() {
        assert_eq!(object["namespace"], "web-prod", "{object}");
    }
    let rendered = text(&manifest["text"]);
    for line in [
        "  replicas: 3",
        "            cpu: 250m",
        "  LOG_LEVEL: warn",
    ] {
        assert!(
            rendered.lines().any(|it| it == line),
            "{line:?} in {rendered}"
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), rendered).unwrap();
    let tools = std::env::var_os("SLUICE_KUBERNETES_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/kubernetes"),
        PathBuf::from,
    );
    let mut validate = Command::new(tools.join("bin/kubernetes-validate"));
    validate
        .args(["--strict", "--kubernetes-version", "1.37.0"])
        .arg(file.path());
    let output = validate
        .output()
        .await
        .expect("run tools/install-kubernetes-tools.sh");
    ok(&output);
}

/// All files of a name below a folder.
fn find(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(find(&entry.path(), name)),
            false if entry.file_name() == name => found.push(entry.path()),
            false => {}
        }
    }
    found
}

async fn the_python_library_ships_to_prod_as_the_package_that_was_published(backend: Backend) {
    let chain = start_with(backend, &[]).await;
    let folder = copied("ledger-python");
    shipped(&chain.server, folder.path(), "prod").await;
    let build = text(&newest_build(&chain.ada).await["id"]);
    let package = outcome_of(&chain.ada, &build).await["package"].clone();
    assert_eq!(package["status"], "PUBLISHED");
    let prod = chain.target("prod", "ledger-python");
    for line in ["package.name: ledger-python", "package.version: 0.3.0"] {
        assert!(prod.contains(line), "{line} in {prod}");
    }
    assert!(prod.contains(&text(&package["digest"])), "{prod}");
    // Once more finds what is there.
    shipped(&chain.server, folder.path(), "prod").await;
    let query = "{ releases(first: 9) { totalCount } promotions(first: 9) { totalCount } }";
    let data = chain.ada.data(query, json!({})).await;
    assert_eq!(data["releases"]["totalCount"], 1);
    assert_eq!(data["promotions"]["totalCount"], DEFAULTS.len());
    chain.server.finish().await;
}

async fn a_release_that_waits_for_people_says_what_to_type_and_goes_on_from_there(
    backend: Backend,
) {
    let chain = start_with(backend, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let module = crate::delivery_support::deliverable("shop", "1.0.0");
    fs::write(folder.path().join("module.yaml"), module).unwrap();
    let ship = ["ship", folder.path().to_str().unwrap(), "--to", "test"];
    let ada = chain.ada.token();
    let (code, said) = sluice(&chain, ada, &ship).await;
    assert_eq!(code, 6, "{said}");
    let next = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("next: sluice approve "))
        .unwrap();
    let release = next.split(' ').next().unwrap();
    let (code, said) = sluice(&chain, ada, &["approve", release, "--reason", "mine"]).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("APPROVER_NOT_ELIGIBLE"), "{said}");
    let approve = ["approve", release, "--reason", "looked at it"];
    let (code, said) = sluice(&chain, chain.bob.token(), &approve).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = sluice(&chain, ada, &ship).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = sluice(&chain, ada, &["promote", "shop", "--to", "prod"]).await;
    assert_eq!(code, 6, "staging comes before: {said}");
    assert!(
        said.contains("OUT_OF_ORDER") && said.contains("staging"),
        "{said}"
    );
    for environment in ["staging", "prod"] {
        let (code, said) =
            sluice(&chain, ada, &["promote", "shop@1.0.0", "--to", environment]).await;
        assert_eq!(code, 0, "{said}");
    }
    let (code, said) = sluice(&chain, ada, &["status"]).await;
    assert_eq!(code, 0, "{said}");
    for environment in DEFAULTS {
        let line = said.lines().find(|line| line.contains(environment));
        assert!(
            line.is_some_and(|line| line.contains("1.0.0")),
            "{environment} in {said}"
        );
    }
    chain.server.finish().await;
}
