use sluice_git_host::{BranchName, RepoPath, Signature};
use sluice_schema::Scope;

use super::*;

impl Server {
    async fn provision(&self) {
        let path = RepoPath::new("acme", "demo", "greeter").unwrap();
        let signature = Signature {
            name: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
            time: chrono::Utc::now(),
        };
        let main: BranchName = "main".parse().unwrap();
        self.edge
            .git
            .provision(&path, &main, &signature)
            .await
            .unwrap();
    }

    fn token_of(&self, change: impl FnOnce(&mut TokenRequest)) -> String {
        let mut request = TokenRequest::all_rights("acme".parse().unwrap(), "ada");
        change(&mut request);
        self.edge.authenticator.sign(&request).unwrap()
    }

    async fn refs(&self, token: &str, path: &str, service: &str) -> Answer {
        let uri = format!("/git/{path}/info/refs?service={service}");
        let request = Request::builder()
            .uri(uri)
            .header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn repositories_of_others_hidden_and_absent_ones_are_not_told_apart() {
    let server = server();
    server.provision().await;
    let good = "acme/demo/greeter.git";
    let answer = server.refs(&server.token, good, "git-upload-pack").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.header("content-type"),
        "application/x-git-upload-pack-advertisement"
    );
    let foreign = server.token_of(|request| request.tenant = "evil".parse().unwrap());
    let hidden = server.token_of(|request| request.projects = Some(vec!["web".parse().unwrap()]));
    let own = server.token.clone();
    let mut bodies = std::collections::BTreeSet::new();
    for (token, path) in [
        (&foreign, good),
        (&hidden, good),
        (&own, "acme/demo/nosuch.git"),
        (&own, "acme/demo/greeter"),
        (&own, "acme/de%2Fmo/greeter.git"),
        (&own, "acme/demo/..git"),
        (&own, "other/demo/greeter.git"),
    ] {
        for service in ["git-upload-pack", "git-receive-pack"] {
            let answer = server.refs(token, path, service).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {service}");
            bodies.insert(answer.body);
        }
    }
    assert_eq!(bodies.len(), 1);
    let blind = server.token_of(|request| request.scopes = vec![Scope::CommitsWrite]);
    assert_eq!(
        server.refs(&blind, good, "git-upload-pack").await.status,
        403
    );
}

#[tokio::test]
async fn plain_git_clones_with_the_token_as_password_and_cannot_push() {
    let server = server();
    server.provision().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(server.edge.clone());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let url = format!(
        "http://x:{}@{address}/git/acme/demo/greeter.git",
        server.token
    );
    let git = async |args: &[&str]| {
        let output = tokio::process::Command::new("git")
            .args(args)
            .current_dir(server.dir.path())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output();
        let output = output.await.unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let cloned = git(&["clone", "-q", &url, "clone"]).await;
    assert!(cloned.0, "{}", cloned.1);
    let (pushed, told) = git(&["-C", "clone", "push", "origin", "HEAD:refs/heads/x"]).await;
    assert!(!pushed && told.contains("403"), "{told}");
    let bare = format!("http://{address}/git/acme/demo/greeter.git");
    assert!(!git(&["clone", "-q", &bare, "other"]).await.0);
    serving.abort();
}
