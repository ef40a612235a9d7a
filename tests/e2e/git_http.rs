//! Git's own client against the read-only smart HTTP of the server.

use std::path::{Path, PathBuf};

use serde_json::json;
use sluice_testkit::{Backend, Server, User, on_both_databases};

use crate::support::{ada, branch_with, done, git, land, ok, put, repository, server};

on_both_databases!(
    what_was_written_clones_and_passes_fsck,
    git_is_read_only_and_walled_like_everything_else,
);

fn remote(server: &Server, path: &str, token: &str) -> String {
    format!(
        "{}/git/{path}.git",
        server.base().replace("://", &format!("://token:{token}@"))
    )
}

/// Clones a repository as ada and checks it; returns the work tree.
pub(crate) async fn clone(server: &Server, path: &str, folder: &Path) -> PathBuf {
    let url = remote(server, path, &server.token(&ada()));
    ok(&git(folder, &["clone", "--quiet", &url, "clone"]).await);
    let clone = folder.join("clone");
    ok(&git(&clone, &["fsck", "--strict", "--full"]).await);
    clone
}

async fn what_was_written_clones_and_passes_fsck(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let binary = json!({ "path": "bin/blob", "kind": "PUT", "contentBase64": "AP8AEIA=", "executable": true });
    let changes = vec![put("src/päth/ünïcode 文.txt", "text\n"), binary];
    let sha = land(&client, &id, "feature/x", changes).await;
    let folder = tempfile::tempdir().unwrap();
    let clone = clone(&server, "acme/web/greeter", folder.path()).await;
    assert_eq!(ok(&git(&clone, &["rev-parse", "HEAD"]).await).trim(), sha);
    assert_eq!(
        std::fs::read(clone.join("bin/blob")).unwrap(),
        [0, 255, 0, 16, 128]
    );
    assert_eq!(
        std::fs::read_to_string(clone.join("src/päth/ünïcode 文.txt")).unwrap(),
        "text\n"
    );
    let mode = ok(&git(&clone, &["ls-files", "-s", "bin/blob"]).await);
    assert!(mode.starts_with("100755"), "{mode}");
    let trailers = ok(&git(
        &clone,
        &["log", "-1", "--format=%(trailers:key=Trace-Id)", "HEAD^2"],
    )
    .await);
    assert!(
        trailers.contains("Trace-Id:"),
        "lineage stands in the commit: {trailers}"
    );
    let bare = server.data_dir().join("git/acme/web/greeter.git");
    ok(&git(&bare, &["fsck", "--strict", "--full"]).await);
    server.finish().await;
}

async fn git_is_read_only_and_walled_like_everything_else(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    branch_with(&client, &id, "feature/x", vec![put("a.txt", "a")]).await;
    let folder = tempfile::tempdir().unwrap();
    let clone = clone(&server, "acme/web/greeter", folder.path()).await;
    let push = git(&clone, &["push", "origin", "HEAD:refs/heads/other"]).await;
    assert!(!push.status.success(), "a push is refused");
    let stranger = server.token(&User::of("globex", "bob"));
    let outsider = server.token(&ada().in_projects(&["api"]));
    for token in [stranger.as_str(), outsider.as_str(), "nonsense"] {
        let url = remote(&server, "acme/web/greeter", token);
        let fetched = git(folder.path(), &["ls-remote", &url]).await;
        assert!(!fetched.status.success());
    }
    let input = json!({ "repositoryId": id });
    done(&client, "archiveRepository", "repository { status }", input).await;
    let url = remote(&server, "acme/web/greeter", &server.token(&ada()));
    ok(&git(folder.path(), &["ls-remote", &url]).await);
    server.finish().await;
}
