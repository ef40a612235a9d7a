use std::path::Path;

use serde_json::{Value, json};
use sluice_testkit::{Client, PostgresServer, RedisServer, eventually};

use super::*;
use crate::config::Sources;

async fn serve(dir: &Path) -> Running {
    start(Config::embedded_in(dir).unwrap()).await.unwrap()
}

fn client(running: &Running) -> Client {
    let request = TokenRequest::all_rights("acme".parse().unwrap(), "ada");
    Client::new(running.url(), &running.token(&request).unwrap())
}

async fn refusal(config: Config) -> StartError {
    match start(config).await {
        Ok(_) => panic!("the server started"),
        Err(error) => error,
    }
}

const PROVISION: &str = "mutation($input: ProvisionRepositoryInput!) { \
    provisionRepository(input: $input) { replayed repository { id remoteUrl } \
    userErrors { code message } } }";

async fn provision(client: &Client) -> Value {
    let input = json!({"projectId": "demo", "name": "greeter"});
    let data = client.data(PROVISION, json!({ "input": input })).await;
    data["provisionRepository"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_serves_stops_in_order_and_finds_everything_again() {
    let dir = tempfile::tempdir().unwrap();
    let running = serve(dir.path()).await;
    let ready: Value = reqwest::get(format!("{}/readyz", running.url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(ready["ready"], true, "{ready}");
    let first = provision(&client(&running)).await;
    assert_eq!(first["replayed"], false, "{first}");
    let remote = first["repository"]["remoteUrl"].as_str().unwrap();
    assert_eq!(
        remote,
        format!("{}/git/acme/demo/greeter.git", running.url())
    );
    let same = refusal(Config::embedded_in(dir.path()).unwrap()).await;
    assert!(matches!(same, StartError::DataDir(_)), "{same}");
    assert!(running.tasks() > 0);
    let handled = eventually("every event is handled", || async {
        let (outbox, bus) = running.backlog().await.unwrap();
        (outbox == 0 && bus.waiting == 0).then_some(bus.dead)
    });
    assert_eq!(handled.await, 0);
    running.shutdown().await.unwrap();
    let again = serve(dir.path()).await;
    let second = provision(&client(&again)).await;
    assert_eq!(second["replayed"], true, "{second}");
    assert_eq!(second["repository"]["id"], first["repository"]["id"]);
    again.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_one_server_mean_nothing_to_another() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (serve(one.path()).await, serve(two.path()).await);
    let stranger = Client::new(two.url(), client(&one).token());
    let answer = stranger.send("{ serverInfo { version } }", json!({})).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_said_to_be_taken() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::embedded_in(dir.path()).unwrap();
    config.listen = taken.local_addr().unwrap();
    let error = refusal(config).await;
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
}

fn production(dir: &Path, url: &str) -> Config {
    let redis = RedisServer::shared().url();
    let variables = [
        ("SLUICE_REDIS_URL", redis.as_str()),
        ("SLUICE_MODE", "production"),
        ("SLUICE_LISTEN", "127.0.0.1:0"),
        ("SLUICE_DATABASE_URL", url),
        ("SLUICE_DATA_DIR", dir.to_str().unwrap()),
        ("SLUICE_AUTH_JWKS_URL", "http://127.0.0.1:9/jwks"),
        ("SLUICE_AUTH_ISSUER", "issuer"),
        ("SLUICE_AUTH_AUDIENCE", "audience"),
    ];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let sources = Sources {
        variables: variables.into_iter().map(own).collect(),
        ..Sources::default()
    };
    Config::load(&sources).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn production_demands_migrations_and_a_role_that_the_walls_hold_for() {
    let dir = tempfile::tempdir().unwrap();
    let url = PostgresServer::shared().database().await;
    let config = production(dir.path(), &url);
    let behind = refusal(config.clone()).await;
    assert!(matches!(behind, StartError::Behind { .. }), "{behind}");
    let superuser = production(dir.path(), &url.replacen("sluice@", "postgres@", 1));
    let role = refusal(superuser).await;
    assert!(matches!(role, StartError::Role { .. }), "{role}");
    let count = compose::migrate(&config, dir.path()).await.unwrap();
    assert_eq!(count, sluice_migrations::STORES.len());
    let running = start(config).await.unwrap();
    let answer = Client::new(running.url(), "x.y.z")
        .send("{__typename}", json!({}))
        .await;
    assert_eq!(answer.status, 401);
    let request = TokenRequest::all_rights("acme".parse().unwrap(), "eve");
    assert!(matches!(running.token(&request), Err(KeyError::NotOurs)));
    running.shutdown().await.unwrap();
}

#[test]
fn every_endpoint_of_the_services_is_described() {
    let document = App::openapi();
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/repositories",
        "/repositories/{repositoryId}/branches",
        "/repositories/{repositoryId}/commits",
        "/pull-requests",
        "/pull-requests/{pullRequestId}",
        "/pipelines/generate",
        "/pipelines/{pipelineId}/run",
    ] {
        assert!(paths.contains_key(path), "{path}: {:?}", paths.keys());
    }
}
