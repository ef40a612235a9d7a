//! A real NuGet client: pushes to the feed, and installs what it and builds published.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::StatusCode;
use sluice_package_publishing::nuget_router;
use sluice_testkit::Backend;
use tokio::process::Command;

use crate::fixture::{ada, nupkg, publish, world_at};

const TOKEN: &str = "a-token";

fn client() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = std::env::var_os("SLUICE_NUGET")
        .map_or_else(|| root.join("target/tools/nuget/nuget.exe"), PathBuf::from);
    assert!(
        program.is_file(),
        "{} is missing: run tools/install-nuget.sh, or name the program in SLUICE_NUGET",
        program.display()
    );
    program
}

/// What the server's edge does: lets in who knows the token, and asks who does not.
async fn guard(mut request: Request, next: Next) -> Response {
    if !knows_token(request.headers()) {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"Sluice\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    request.extensions_mut().insert(ada());
    next.run(request).await
}

fn knows_token(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let basic = BASE64_STANDARD.encode(format!("any:{TOKEN}"));
    text("authorization") == Some(&format!("Basic {basic}"))
}

async fn nuget(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("mono");
    command
        .arg(client())
        .args(arguments)
        .args(["-NonInteractive", "-Verbosity", "detailed"])
        .current_dir(home)
        // Clients remember what a server said; a home of its own keeps them from each other.
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("TMPDIR", home)
        .kill_on_drop(true);
    let output = tokio::time::timeout(std::time::Duration::from_secs(240), command.output());
    output.await.expect("the client ends").expect("mono runs")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A home for the client, configured for the feed at `url`.
fn home(folder: &Path, url: &str) -> PathBuf {
    let home = folder.join("home");
    std::fs::create_dir_all(&home).unwrap();
    let config = format!(
        "<configuration><packageSources><clear /><add key=\"sluice\" value=\"{url}/nuget/web/v3/index.json\" /></packageSources>\
         <packageSourceCredentials><sluice><add key=\"Username\" value=\"any\" />\
         <add key=\"ClearTextPassword\" value=\"{TOKEN}\" /></sluice></packageSourceCredentials></configuration>"
    );
    std::fs::write(home.join("nuget.config"), config).unwrap();
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nuget_client_pushes_and_installs() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let world = world_at(Backend::Sqlite, &url).await;
    let router = nuget_router(world.service.clone()).layer(from_fn(guard));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let home = home(world.databases.folder(), &url);
    let package = nupkg("Hand.Made", "1.0.0", "made by hand");
    std::fs::write(home.join("hand.nupkg"), &package).unwrap();

    let from = ["-ConfigFile", "nuget.config", "-Source", "sluice"];
    let push = nuget(
        &home,
        &[&["push", "hand.nupkg", TOKEN], from.as_slice()].concat(),
    )
    .await;
    assert!(push.status.success(), "{}", said(&push));
    assert_eq!(world.event_types().await, ["PackagePublished"]);
    std::fs::write(
        home.join("hand.nupkg"),
        nupkg("Hand.Made", "1.0.0", "something else"),
    )
    .unwrap();
    let refused = nuget(
        &home,
        &[&["push", "hand.nupkg", TOKEN], from.as_slice()].concat(),
    )
    .await;
    assert!(
        !refused.status.success() && said(&refused).contains("409"),
        "{}",
        said(&refused)
    );

    let build = world.build("2.1.0", "what the build left").await;
    world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap();
    for (id, version, file, content) in [
        ("Hand.Made", "1.0.0", "a.txt", "made by hand"),
        ("Acme.Greeter", "2.1.0", "app.tgz", "what the build left"),
    ] {
        let target = [
            "install",
            id,
            "-Version",
            version,
            "-OutputDirectory",
            "packages",
            "-DirectDownload",
            "-NoCache",
        ];
        let install = nuget(&home, &[target.as_slice(), from.as_slice()].concat()).await;
        assert!(install.status.success(), "{}", said(&install));
        let file = home.join(format!("packages/{id}.{version}/content/{file}"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), content);
    }
    let search = nuget(&home, &["search", "greeter", "-Source", "sluice"]).await;
    assert!(said(&search).contains("Acme.Greeter"), "{}", said(&search));
    // A folder feed is read without any server.
    let folder = world.databases.folder().join("feeds/acme/web");
    let folder = folder.to_str().unwrap();
    let target = [
        "install",
        "Acme.Greeter",
        "-Version",
        "2.1.0",
        "-OutputDirectory",
        "local",
        "-Source",
        folder,
        "-NoCache",
    ];
    let install = nuget(&home, &target).await;
    assert!(install.status.success(), "{}", said(&install));
    server.abort();
}
