//! What builds leave behind, looked at by the programs that others use: NuGet's client, skopeo
//! and a registry.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, eventually, on_both_databases};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    delivery_support::{Chain, approved, built, deliverable, outcome_of},
    prod_support::{object_file, start_with, target_folder},
    support::{done, land, ok, put, text},
};

on_both_databases!(two_builds_of_the_same_commit_have_the_same_image_digest);

/// The artifact of a build, once it has this status.
async fn artifact(client: &Client, build: &str, kind: &str, status: &str) -> Value {
    eventually(&format!("the {kind} is {status}"), || async {
        let artifact = outcome_of(client, build).await[kind].clone();
        (artifact["status"] == status).then_some(artifact)
    })
    .await
}

async fn two_builds_of_the_same_commit_have_the_same_image_digest(backend: Backend) {
    let chain = Chain::start(backend).await;
    let client = &chain.ada;
    let first = built(client, "shop", &[]).await;
    // A later definition of the pipeline, which builds the first commit once more.
    let tested =
        deliverable("shop", "1.0.0").replace("commands:\n", "commands:\n  test: echo tested\n");
    let later = land(
        client,
        &first.repository,
        "feature/tests",
        vec![put("module.yaml", &tested)],
    )
    .await;
    let query =
        "query($f: PipelineFilter!) { pipelines(filter: $f, first: 9) { nodes { id commitSha } } }";
    let filter = json!({ "f": { "repositoryId": first.repository } });
    let pipeline = eventually("the later definition is there", || async {
        let data = client.data(query, filter.clone()).await;
        let pipelines = data["pipelines"]["nodes"].as_array()?.iter();
        pipelines
            .filter(|it| it["commitSha"] == later)
            .map(|it| text(&it["id"]))
            .next()
    })
    .await;
    let input = json!({ "pipelineId": pipeline, "commitSha": first.sha });
    done(client, "runPipeline", "pipelineRun { id }", input).await;
    let query = "query($f: BuildResultFilter!) { buildResults(filter: $f, first: 9) { nodes { id status } } }";
    let filter = json!({ "f": { "repositoryId": first.repository, "commitSha": first.sha } });
    let builds = eventually("the commit has two builds", || async {
        let data = client.data(query, filter.clone()).await;
        let builds = data["buildResults"]["nodes"].as_array()?.clone();
        (builds.len() == 2).then_some(builds)
    })
    .await;
    let mut images = Vec::new();
    for build in &builds {
        images.push(artifact(client, &text(&build["id"]), "image", "BUILT").await);
    }
    assert_ne!(images[0]["id"], images[1]["id"]);
    assert_eq!(images[0]["digest"], images[1]["digest"]);
    chain.server.finish().await;
}

fn tool(variable: &str, place: &str, script: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::var_os(variable).map_or_else(|| root.join(place), PathBuf::from);
    assert!(
        program.is_file(),
        "{} is missing: run {script}",
        program.display()
    );
    program
}

/// Runs NuGet's client in a home of its own, as it remembers what servers said.
async fn nuget(home: &Path, arguments: &[&str]) -> std::process::Output {
    let program = tool(
        "SLUICE_NUGET",
        "target/tools/nuget/nuget.exe",
        "tools/install-nuget.sh",
    );
    let mut command = Command::new("mono");
    command
        .arg(program)
        .args(arguments)
        .args([
            "-NonInteractive",
            "-ConfigFile",
            "nuget.config",
            "-Source",
            "sluice",
        ])
        .current_dir(home)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("TMPDIR", home)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(240), command.output());
    output.await.expect("the client ends").expect("mono runs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_nuget_client_installs_the_published_package() {
    let chain = Chain::start(Backend::Sqlite).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let package = artifact(&chain.ada, &build.id, "package", "PUBLISHED").await;
    let home = tempfile::tempdir().unwrap();
    let config = format!(
        "<configuration><packageSources><clear /><add key=\"sluice\" value=\"{}/nuget/web/v3/index.json\" \
         protocolVersion=\"3\" /></packageSources><packageSourceCredentials><sluice>\
         <add key=\"Username\" value=\"any\" /><add key=\"ClearTextPassword\" value=\"{}\" />\
         </sluice></packageSourceCredentials></configuration>",
        chain.server.base(),
        chain.ada.token(),
    );
    fs::write(home.path().join("nuget.config"), config).unwrap();
    let install = [
        "install",
        "shop",
        "-OutputDirectory",
        "packages",
        "-DirectDownload",
        "-NoCache",
    ];
    ok(&nuget(home.path(), &install).await);
    let version = text(&package["packageVersion"]);
    let content = home
        .path()
        .join(format!("packages/shop.{version}/content/shop.txt"));
    assert_eq!(fs::read_to_string(content).unwrap(), "1.0.0\n");
    chain.server.finish().await;
}

/// Debian's docker-registry on the loopback interface, with a folder of its own.
struct Registry {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Registry {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n",
            folder.path().join("storage").display()
        );
        fs::write(&settings, text).unwrap();
        let mut command = std::process::Command::new("docker-registry");
        command
            .arg("serve")
            .arg(settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command
            .spawn()
            .expect("docker-registry is installed (Debian: docker-registry)");
        let registry = Self {
            child,
            address,
            _folder: folder,
        };
        eventually("the registry listens", || async {
            TcpStream::connect(&registry.address).ok()
        })
        .await;
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn skopeo(arguments: &[&str]) -> Value {
    let output = Command::new("skopeo").args(arguments).output().await;
    let output = output.expect("skopeo is installed (Debian: skopeo)");
    serde_json::from_str(&ok(&output)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skopeo_finds_the_image_on_disk_and_in_the_registry_by_the_digest_of_the_api() {
    let registry = Registry::start().await;
    let settings = [
        ("SLUICE_REGISTRY_HOST", registry.address.as_str()),
        ("SLUICE_REGISTRY_PLAIN_HTTP", "true"),
    ];
    let chain = start_with(Backend::Sqlite, &settings).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let image = artifact(&chain.ada, &build.id, "image", "BUILT").await;
    let repository = format!("{}/acme/web/shop", registry.address);
    assert_eq!(
        text(&image["reference"]),
        format!("{repository}@{}", text(&image["digest"]))
    );
    let there = format!("docker://{repository}:1.0.0");
    let pushed = skopeo(&["inspect", "--tls-verify=false", &there]).await;
    assert_eq!(pushed["Digest"], image["digest"], "{pushed}");
    let layout = chain.server.data_dir().join("images/acme/web/shop");
    let on_disk = skopeo(&["inspect", &format!("oci:{}:latest", layout.display())]).await;
    assert_eq!(on_disk["Digest"], image["digest"], "{on_disk}");
    // What runs names the registry.
    let release = approved(&chain, &build).await;
    crate::delivery_support::promoted(&chain.ada, &release, "dev", "SUCCEEDED").await;
    let file = object_file(&target_folder(&chain.server, "dev", "shop"), "Deployment");
    let running = fs::read_to_string(file).unwrap();
    assert!(
        running.contains(&format!("image: {}", text(&image["reference"]))),
        "{running}"
    );
    chain.server.finish().await;
}
