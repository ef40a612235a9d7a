//! The identity provider's published keys, cached.

use std::{
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use futures::StreamExt;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use tokio::sync::{Mutex, MutexGuard};

use super::{AuthError, KeyError};

const MAX_DOCUMENT_BYTES: usize = 1 << 20;
const MAX_KEYS: usize = 100;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
// While the provider does not answer, keys that were good go on for this long.
const STALE_FOR: Duration = Duration::from_secs(3_600);

/// Where the keys are and how often they may be fetched.
#[derive(Debug, Clone)]
pub struct JwksSettings {
    /// The document.
    pub url: String,
    /// How old keys may be before they are fetched again.
    pub max_age: Duration,
    /// The least time between two fetches.
    pub min_interval: Duration,
}

struct PublishedKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

struct KeySet {
    keys: Vec<PublishedKey>,
    fetched: Instant,
}

/// The keys behind a JWKS URL: fetched once however many ask, again when they are old or a token
/// names an unknown one, and never more often than the settings say.
pub struct JwksCache {
    settings: JwksSettings,
    client: reqwest::Client,
    current: RwLock<Option<Arc<KeySet>>>,
    /// Held during a fetch: when the last one began.
    fetching: Mutex<Option<Instant>>,
}

impl JwksCache {
    /// A cache that has fetched nothing yet.
    ///
    /// # Errors
    /// [`KeyError::Client`].
    pub fn new(settings: JwksSettings) -> Result<Self, KeyError> {
        let client = reqwest::Client::builder()
            .timeout(FETCH_TIMEOUT)
            .connect_timeout(FETCH_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(KeyError::Client)?;
        Ok(Self {
            settings,
            client,
            current: RwLock::new(None),
            fetching: Mutex::new(None),
        })
    }

    /// The key of that id for that algorithm; without an id, the only one for it.
    ///
    /// # Errors
    /// [`AuthError::UnknownKey`], [`AuthError::KeysUnavailable`].
    pub async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, AuthError> {
        let known = self.current();
        if let Some(set) = &known
            && let Some(key) = set.find(id, algorithm)
        {
            let age = set.fetched.elapsed();
            if age < self.settings.max_age {
                return Ok(key);
            }
            // Old but good: one caller fetches, the others do not wait for it.
            if age < self.settings.max_age + STALE_FOR {
                if let Ok(last) = self.fetching.try_lock() {
                    self.refresh(last).await;
                }
                let fresh = self.current();
                return match fresh.and_then(|set| set.find(id, algorithm)) {
                    Some(key) => Ok(key),
                    None => Err(AuthError::UnknownKey),
                };
            }
        }
        let seen = known.map(|set| set.fetched);
        let last = self.fetching.lock().await;
        // Somebody may have fetched while this caller waited.
        let waited_for_it = self.current().map(|set| set.fetched) != seen;
        if !waited_for_it {
            self.refresh(last).await;
        }
        self.settled(id, algorithm)
    }

    fn settled(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, AuthError> {
        let set = self.current().ok_or(AuthError::KeysUnavailable)?;
        if set.fetched.elapsed() >= self.settings.max_age + STALE_FOR {
            return Err(AuthError::KeysUnavailable);
        }
        set.find(id, algorithm).ok_or(AuthError::UnknownKey)
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        let current = self.current.read();
        current
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    async fn refresh(&self, mut last: MutexGuard<'_, Option<Instant>>) {
        if last.is_some_and(|last| last.elapsed() < self.settings.min_interval) {
            return;
        }
        *last = Some(Instant::now());
        match self.fetch().await {
            Ok(set) => {
                let current = self.current.write();
                *current.unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(set));
            }
            Err(problem) => {
                tracing::warn!(problem, "the identity provider's keys could not be fetched");
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let begun = Instant::now();
        let request = self.client.get(&self.settings.url);
        let response = request.send().await.map_err(|e| e.to_string())?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status()));
        }
        let mut document = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            document.extend_from_slice(&chunk.map_err(|e| e.to_string())?);
            if document.len() > MAX_DOCUMENT_BYTES {
                return Err(format!("more than {MAX_DOCUMENT_BYTES} bytes"));
            }
        }
        let set: LenientSet = serde_json::from_slice(&document).map_err(|e| e.to_string())?;
        let keys: Vec<_> = set
            .keys()
            .filter_map(|jwk| usable(&jwk))
            .take(MAX_KEYS)
            .collect();
        if keys.is_empty() {
            return Err("no key for RS256 or ES256".to_owned());
        }
        tracing::debug!(count = keys.len(), "fetched the identity provider's keys");
        Ok(KeySet {
            keys,
            fetched: begun,
        })
    }
}

/// A key set whose unknown kinds of keys do no harm.
#[derive(serde::Deserialize)]
struct LenientSet {
    keys: Vec<serde_json::Value>,
}

impl LenientSet {
    fn keys(self) -> impl Iterator<Item = Jwk> {
        let values = self.keys.into_iter();
        values.filter_map(|value| serde_json::from_value(value).ok())
    }
}

impl KeySet {
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.algorithm == algorithm)
            .filter(|key| id.is_none() || key.id.as_deref() == id);
        let first = fitting.next()?;
        // Without an id, only one key may fit: guessing among several is not verifying.
        let ambiguous = id.is_none() && fitting.next().is_some();
        (!ambiguous).then(|| first.key.clone())
    }
}

// The algorithm follows from the kind of the key, never from the token. Shared secrets and weak
// keys in a public document are not keys.
fn usable(jwk: &Jwk) -> Option<PublishedKey> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa_bits(&rsa.n) >= 2_048 => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        _ => return None,
    };
    let for_signatures = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let declared = jwk
        .common
        .key_algorithm
        .map(|declared| declared.to_string());
    let fits = declared.is_none_or(|declared| declared == format!("{algorithm:?}"));
    if !(for_signatures && fits) {
        return None;
    }
    Some(PublishedKey {
        id: jwk.common.key_id.clone(),
        algorithm,
        key: DecodingKey::from_jwk(jwk).ok()?,
    })
}

fn rsa_bits(modulus: &str) -> usize {
    // Base64url without padding: six bits a character.
    modulus.len() * 6
}
