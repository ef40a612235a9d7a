use std::{
    path::PathBuf,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, extract::State, routing::get};
use chrono::Utc;
use jsonwebtoken::{EncodingKey, Header, encode, jwk::Jwk};
use p256::pkcs8::EncodePrivateKey;
use rsa::{RsaPrivateKey, pkcs1::EncodeRsaPrivateKey, rand_core::OsRng};
use serde_json::{Value, json};
use sluice_kernel::ProjectAccess;
use sluice_schema::{ActorKind, Scope};

use super::*;

static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let key = RsaPrivateKey::new(&mut OsRng, 2_048).unwrap();
    EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes())
});

fn ec_key() -> EncodingKey {
    let key = p256::SecretKey::random(&mut OsRng);
    EncodingKey::from_ec_der(key.to_pkcs8_der().unwrap().as_bytes())
}

fn config() -> AuthConfig {
    let mut config = Config::embedded_in(&PathBuf::new()).unwrap().auth;
    config.issuer = "the-issuer".to_owned();
    config.audience = "the-audience".to_owned();
    config.leeway = Duration::from_secs(5);
    config
}

fn claims() -> Value {
    let now = Utc::now().timestamp();
    json!({
        "iss": "the-issuer", "aud": "the-audience", "sub": "ada", "tenant": "acme",
        "projects": ["web"], "scopes": "devops.read devops.commits.write openid",
        "iat": now, "nbf": now, "exp": now + 60,
    })
}

fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn signed(algorithm: Algorithm, id: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = id.map(str::to_owned);
    encode(&header, claims, key).unwrap()
}

struct Local {
    dir: tempfile::TempDir,
    authenticator: Authenticator,
}

fn local() -> Local {
    let dir = tempfile::tempdir().unwrap();
    let authenticator = Authenticator::own(&config(), LocalKey::open(dir.path()).unwrap());
    Local { dir, authenticator }
}

impl Local {
    async fn judge(&self, claims: &Value) -> Result<Principal, AuthError> {
        let secret = std::fs::read(self.dir.path().join("auth/hs256.key")).unwrap();
        let token = signed(
            Algorithm::HS256,
            None,
            &EncodingKey::from_secret(&secret),
            claims,
        );
        self.authenticator.authenticate(&token).await
    }
}

#[tokio::test]
async fn a_token_of_the_own_key_stands_for_what_it_says() {
    let local = local();
    let principal = local.judge(&claims()).await.unwrap();
    assert_eq!(principal.tenant.as_str(), "acme");
    assert_eq!(principal.actor.id, "ada");
    assert_eq!(principal.actor.kind, ActorKind::User);
    assert_eq!(principal.scopes, [Scope::Read, Scope::CommitsWrite].into());
    let web = ["web".parse().unwrap()].into();
    assert_eq!(principal.projects, ProjectAccess::Only(web));
}

#[tokio::test]
async fn a_minted_token_carries_the_rights_that_were_asked_for() {
    let local = local();
    let request = TokenRequest {
        scopes: vec![Scope::Read],
        is_service: true,
        ..TokenRequest::all_rights("acme".parse().unwrap(), "robot")
    };
    let token = local.authenticator.sign(&request).unwrap();
    let principal = local.authenticator.authenticate(&token).await.unwrap();
    assert_eq!(principal.projects, ProjectAccess::All);
    assert_eq!(principal.scopes, [Scope::Read].into());
    assert_eq!(principal.actor.kind, ActorKind::Service);
}

#[tokio::test]
async fn every_broken_rule_has_its_own_refusal() {
    let local = local();
    let now = Utc::now().timestamp();
    let claim = |name: &str, rule| AuthError::Claim {
        claim: name.to_owned(),
        rule,
    };
    for (change, expected) in [
        (json!({"exp": now - 30}), AuthError::Expired),
        (json!({"nbf": now + 30}), AuthError::NotYet),
        (json!({"iss": "other"}), AuthError::Issuer),
        (json!({"aud": "other"}), AuthError::Audience),
        (json!({"exp": null}), claim("exp", "is missing")),
        (json!({"iss": null}), claim("iss", "is missing")),
        (json!({"aud": null}), claim("aud", "is missing")),
        (json!({"sub": null}), claim("sub", "is missing")),
        (json!({"tenant": null}), claim("tenant", "is missing")),
        (json!({"projects": null}), claim("projects", "is missing")),
        (
            json!({"tenant": "*"}),
            claim("tenant", "is not a valid tenant name"),
        ),
        (
            json!({"projects": ["../x"]}),
            claim("projects", "names a project that cannot exist"),
        ),
        (
            json!({"actor_kind": "system"}),
            claim("actor_kind", "must be user or service"),
        ),
        (
            json!({"sub": "a\nb"}),
            claim("sub", "must have 1 to 255 bytes and no control characters"),
        ),
        (json!({"tenant": 7}), AuthError::Malformed),
    ] {
        let refused = local.judge(&with(change.clone())).await;
        assert_eq!(refused, Err(expected), "{change}");
    }
    // Within the leeway a token holds a little longer.
    assert!(local.judge(&with(json!({"exp": now - 2}))).await.is_ok());
}

#[tokio::test]
async fn roles_stand_for_scopes_and_foreign_ones_for_none() {
    let local = local();
    let claims = with(json!({"scopes": null, "roles": ["ci", "accounting"]}));
    let principal = local.judge(&claims).await.unwrap();
    let expected = [Scope::Read, Scope::PipelinesRun, Scope::BuildsWrite];
    assert_eq!(principal.scopes, expected.into());
}

#[tokio::test]
async fn what_is_not_a_token_is_malformed_and_a_changed_one_has_no_valid_signature() {
    let local = local();
    for text in ["", "a", "a.b", "a.b.c", "....", "eyJhbGciOiJub25lIn0.e30."] {
        let refused = local.authenticator.authenticate(text).await;
        assert_eq!(refused, Err(AuthError::Malformed), "{text:?}");
    }
    let long = "x".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(
        local.authenticator.authenticate(&long).await,
        Err(AuthError::TooLong)
    );
    let other = EncodingKey::from_secret(&[7; 32]);
    let token = signed(Algorithm::HS256, None, &other, &claims());
    assert_eq!(
        local.authenticator.authenticate(&token).await,
        Err(AuthError::Signature)
    );
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);
    let token = encode(&header, &claims(), &other).unwrap();
    assert_eq!(
        local.authenticator.authenticate(&token).await,
        Err(AuthError::Malformed)
    );
}

#[tokio::test]
async fn the_own_key_verifies_hs256_alone() {
    let local = local();
    let secret = std::fs::read(local.dir.path().join("auth/hs256.key")).unwrap();
    let key = EncodingKey::from_secret(&secret);
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = signed(algorithm, None, &key, &claims());
        assert_eq!(
            local.authenticator.authenticate(&token).await,
            Err(AuthError::Algorithm)
        );
    }
    let token = signed(Algorithm::RS256, None, &RSA, &claims());
    assert_eq!(
        local.authenticator.authenticate(&token).await,
        Err(AuthError::Algorithm)
    );
}

#[test]
fn the_key_is_made_once_and_refused_when_others_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth/hs256.key");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| LocalKey::open(dir.path()).unwrap());
        }
    });
    let key = std::fs::read(&path).unwrap();
    assert_eq!(key.len(), 32);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    LocalKey::open(dir.path()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), key);
    assert_eq!(
        std::fs::read_dir(dir.path().join("auth")).unwrap().count(),
        1
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        LocalKey::open(dir.path()),
        Err(KeyError::Unfit { .. })
    ));
}

#[derive(Default)]
struct Published {
    document: Mutex<Option<Value>>,
    fetches: AtomicUsize,
}

/// An identity provider on the loopback interface.
struct Provider {
    published: std::sync::Arc<Published>,
    url: String,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn jwk(id: &str, key: &EncodingKey, algorithm: Algorithm) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).unwrap()
}

impl Provider {
    async fn start(keys: Value) -> Self {
        let published = std::sync::Arc::new(Published::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let answer = |State(published): State<std::sync::Arc<Published>>| async move {
            published.fetches.fetch_add(1, Ordering::SeqCst);
            let document = published.document.lock().unwrap().clone();
            match document {
                Some(document) => Ok(document.to_string()),
                None => Err(http::StatusCode::SERVICE_UNAVAILABLE),
            }
        };
        let router = Router::new()
            .route("/jwks", get(answer))
            .with_state(published.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let provider = Self {
            published,
            url,
            server,
        };
        provider.publish(Some(keys));
        provider
    }

    fn publish(&self, keys: Option<Value>) {
        *self.published.document.lock().unwrap() = keys.map(|keys| json!({ "keys": keys }));
    }

    fn fetches(&self) -> usize {
        self.published.fetches.load(Ordering::SeqCst)
    }

    fn authenticator(&self, max_age: Duration, min_interval: Duration) -> Authenticator {
        // Several tests of the process may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let cache = JwksCache::new(JwksSettings {
            url: self.url.clone(),
            max_age,
            min_interval,
        });
        Authenticator::published(&config(), cache.unwrap())
    }
}

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn tokens_of_the_provider_are_taken_by_rs256_and_es256() {
    let ec = ec_key();
    let keys = json!([
        jwk("r", &RSA, Algorithm::RS256),
        jwk("e", &ec, Algorithm::ES256)
    ]);
    let provider = Provider::start(keys).await;
    let authenticator = provider.authenticator(LONG, LONG);
    for (algorithm, id, key) in [(Algorithm::RS256, "r", &*RSA), (Algorithm::ES256, "e", &ec)] {
        let token = signed(algorithm, Some(id), key, &claims());
        assert_eq!(
            authenticator.authenticate(&token).await.unwrap().actor.id,
            "ada"
        );
        // One key for the algorithm: the id may be left out.
        let token = signed(algorithm, None, key, &claims());
        assert!(authenticator.authenticate(&token).await.is_ok());
    }
    assert_eq!(provider.fetches(), 1);
    assert!(matches!(
        authenticator.sign(&TokenRequest::all_rights("acme".parse().unwrap(), "eve")),
        Err(KeyError::NotOurs)
    ));
}

#[tokio::test]
async fn a_public_key_is_never_taken_for_a_shared_secret() {
    let shared = json!({"kty": "oct", "kid": "s", "alg": "HS256", "k": "c2VjcmV0"});
    let public = jwk("r", &RSA, Algorithm::RS256);
    let provider = Provider::start(json!([public, shared])).await;
    let authenticator = provider.authenticator(LONG, LONG);
    for secret in [public["n"].as_str().unwrap().as_bytes(), b"secret"] {
        for id in [Some("r"), Some("s"), None] {
            let forged = signed(
                Algorithm::HS256,
                id,
                &EncodingKey::from_secret(secret),
                &claims(),
            );
            let refused = authenticator.authenticate(&forged).await;
            assert_eq!(refused, Err(AuthError::Algorithm));
        }
    }
    // The id of an RSA key does not help a token of another algorithm.
    let forged = signed(Algorithm::ES256, Some("r"), &ec_key(), &claims());
    assert_eq!(
        authenticator.authenticate(&forged).await,
        Err(AuthError::UnknownKey)
    );
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_and_the_old_one_is_gone() {
    let (old, new) = (ec_key(), ec_key());
    let provider = Provider::start(json!([jwk("old", &old, Algorithm::ES256)])).await;
    let authenticator = provider.authenticator(LONG, Duration::ZERO);
    let by_old = signed(Algorithm::ES256, Some("old"), &old, &claims());
    let by_new = signed(Algorithm::ES256, Some("new"), &new, &claims());
    assert!(authenticator.authenticate(&by_old).await.is_ok());
    assert_eq!(
        authenticator.authenticate(&by_new).await,
        Err(AuthError::UnknownKey)
    );
    provider.publish(Some(json!([jwk("new", &new, Algorithm::ES256)])));
    assert!(authenticator.authenticate(&by_new).await.is_ok());
    assert_eq!(
        authenticator.authenticate(&by_old).await,
        Err(AuthError::UnknownKey)
    );
}

#[tokio::test]
async fn unknown_keys_cause_no_storm_of_fetches() {
    let provider = Provider::start(json!([jwk("r", &RSA, Algorithm::RS256)])).await;
    let authenticator = provider.authenticator(LONG, LONG);
    let good = signed(Algorithm::RS256, Some("r"), &RSA, &claims());
    let all = futures::future::join_all((0..50).map(|_| authenticator.authenticate(&good))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(provider.fetches(), 1);
    for id in 0..50 {
        let token = signed(Algorithm::RS256, Some(&format!("x{id}")), &RSA, &claims());
        let refused = authenticator.authenticate(&token).await;
        assert_eq!(refused, Err(AuthError::UnknownKey));
    }
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test]
async fn while_the_provider_is_silent_good_keys_go_on_and_unknown_ones_wait() {
    let provider = Provider::start(json!([jwk("r", &RSA, Algorithm::RS256)])).await;
    let authenticator = provider.authenticator(Duration::ZERO, Duration::ZERO);
    let good = signed(Algorithm::RS256, Some("r"), &RSA, &claims());
    provider.publish(None);
    assert_eq!(
        authenticator.authenticate(&good).await,
        Err(AuthError::KeysUnavailable)
    );
    provider.publish(Some(json!([jwk("r", &RSA, Algorithm::RS256)])));
    assert!(authenticator.authenticate(&good).await.is_ok());
    provider.publish(None);
    assert!(authenticator.authenticate(&good).await.is_ok());
    assert!(provider.fetches() >= 3);
}

#[tokio::test]
async fn a_document_without_end_is_not_read_to_its_end() {
    let filler = "x".repeat(2 << 20);
    let provider = Provider::start(json!([{ "kty": filler }])).await;
    let authenticator = provider.authenticator(LONG, LONG);
    let token = signed(Algorithm::RS256, Some("r"), &RSA, &claims());
    let refused = authenticator.authenticate(&token).await;
    assert_eq!(refused, Err(AuthError::KeysUnavailable));
}
