//! Documents, parsed once: those of the contract, and those that clients sent last.
//!
//! A client may send the SHA-256 of a document instead of its text: `documentId`, or
//! `extensions.persistedQuery` as Apollo's clients do. The documents of the contract are always
//! known, others as long as they are kept.
//!
//! What is kept is what the parser made of a text. Whether it is valid is judged for each request
//! again: the library judges a document together with the values of its variables. Of what the
//! largest documents of the contract cost before execution, parsing is seven tenths and judging
//! less than three; the copy of the parsed document that the library takes is a fifteenth.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use lru::LruCache;
use rust_embed::RustEmbed;
use serde_json::Value;
use sluice_kernel::ContentDigest;
use sluice_resolvers::Limits;
use sluice_schema::ErrorCode;

use super::{Parameters, Refused, document::Document, scan::Bounds};
use crate::config::{self, GraphqlConfig};

/// Documents that are kept at most, and the bytes of their texts together; what the parser makes
/// of a text is about twenty times as large.
const MAX_KEPT: usize = 1_000;
const MAX_KEPT_BYTES: usize = 2 * 1024 * 1024;

#[derive(RustEmbed)]
#[folder = "schema/operations"]
struct Contract;

/// Where documents are looked up.
pub(super) struct Documents {
    bounds: Bounds,
    limits: Limits,
    known: HashMap<ContentDigest, Known>,
    known_only: bool,
    kept: Mutex<Kept>,
}

/// A document of the contract, parsed when it is asked for.
struct Known {
    text: String,
    parsed: OnceLock<Arc<Document>>,
}

struct Kept {
    documents: LruCache<ContentDigest, Arc<Document>>,
    bytes: usize,
}

impl Documents {
    pub(super) fn new(settings: &GraphqlConfig) -> Self {
        Self {
            bounds: Bounds::of(settings),
            limits: settings.limits(),
            known: known(),
            known_only: settings.documents == config::Documents::Known,
            kept: Mutex::new(Kept {
                documents: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// The document that a client names or sends, parsed and within the limits.
    pub(super) fn find(&self, parameters: &Parameters) -> Result<Arc<Document>, Refused> {
        let named = named(parameters)?;
        let Some(text) = &parameters.query else {
            let named = named.ok_or_else(|| Refused::bad("the request has no query"))?;
            return match self.look_up(&named)? {
                Some(document) => Ok(document),
                // These words are what clients look for, to send the text.
                None => Err(not_found("PersistedQueryNotFound")),
            };
        };
        // Nothing is done with a text, not even a digest of it, before its length is judged.
        self.bounds.check_length(text)?;
        let digest = ContentDigest::of(text.as_bytes());
        if named.is_some_and(|named| named != digest) {
            return Err(Refused::bad("the digest is not that of the query"));
        }
        if let Some(document) = self.look_up(&digest)? {
            return Ok(document);
        }
        if self.known_only {
            let rule = "this server executes the documents of its contract alone";
            return Err(not_found(rule));
        }
        let document = self.parse(text, digest)?;
        self.keep(document.clone());
        Ok(document)
    }

    fn parse(&self, text: &str, digest: ContentDigest) -> Result<Arc<Document>, Refused> {
        Document::parse(text, digest, &self.bounds, &self.limits).map(Arc::new)
    }

    fn look_up(&self, digest: &ContentDigest) -> Result<Option<Arc<Document>>, Refused> {
        if let Some(known) = self.known.get(digest) {
            if let Some(document) = known.parsed.get() {
                return Ok(Some(document.clone()));
            }
            let document = self.parse(&known.text, *digest)?;
            return Ok(Some(known.parsed.get_or_init(|| document).clone()));
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.documents.get(digest).cloned())
    }

    fn keep(&self, document: Arc<Document>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += document.text().len();
        // Two requests may have parsed the same text at once.
        if let Some((_, replaced)) = kept.documents.push(*document.digest(), document) {
            kept.bytes -= replaced.text().len();
        }
        while kept.documents.len() > MAX_KEPT || kept.bytes > MAX_KEPT_BYTES {
            let Some((_, oldest)) = kept.documents.pop_lru() else {
                break;
            };
            kept.bytes -= oldest.text().len();
        }
    }
}

fn known() -> HashMap<ContentDigest, Known> {
    let files = Contract::iter().filter_map(|path| Contract::get(&path));
    let texts = files.filter_map(|file| String::from_utf8(file.data.into_owned()).ok());
    texts
        .map(|text| {
            let parsed = OnceLock::new();
            (ContentDigest::of(text.as_bytes()), Known { text, parsed })
        })
        .collect()
}

fn not_found(message: &str) -> Refused {
    Refused::new(400, ErrorCode::PersistedQueryNotFound, message)
}

// The digest that a client names its document by.
fn named(parameters: &Parameters) -> Result<Option<ContentDigest>, Refused> {
    let wrong =
        || Refused::bad("documents are named by SHA-256: sha256: and 64 hexadecimal digits");
    if let Some(id) = &parameters.document_id {
        return id.parse().map(Some).map_err(|_| wrong());
    }
    let extensions = parameters.extensions.as_ref();
    let Some(persisted) = extensions.and_then(|all| all.get("persistedQuery")) else {
        return Ok(None);
    };
    if persisted.get("version") != Some(&Value::from(1)) {
        return Err(Refused::bad("persistedQuery is taken in version 1"));
    }
    let hash = persisted.get("sha256Hash").and_then(Value::as_str);
    let digest = format!("sha256:{}", hash.unwrap_or_default());
    digest.parse().map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Config, Sources};

    fn documents(change: impl FnOnce(&mut GraphqlConfig)) -> Documents {
        let mut config = Config::load(&Sources::default()).unwrap().graphql;
        change(&mut config);
        Documents::new(&config)
    }

    fn find(documents: &Documents, request: Value) -> Result<Arc<Document>, String> {
        let parameters = Parameters::from_json(request);
        let found = parameters.and_then(|parameters| documents.find(&parameters));
        found.map_err(|refused| refused.body("").to_string())
    }

    #[test]
    fn every_document_of_the_contract_is_known_and_within_the_limits() {
        let documents = documents(|_| {});
        assert!(documents.known.len() > 40);
        for digest in documents.known.keys() {
            let found = find(&documents, json!({ "documentId": digest.to_string() }));
            let again = find(&documents, json!({ "id": digest.to_string() }));
            assert!(Arc::ptr_eq(&found.unwrap(), &again.unwrap()));
        }
    }

    #[test]
    fn a_text_is_parsed_once_and_found_by_its_digest_afterwards() {
        let documents = documents(|_| {});
        let digest = ContentDigest::of(b"{ viewer { tenant } }");
        let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": digest.hex() } });
        let missing = find(&documents, json!({ "extensions": persisted })).unwrap_err();
        assert!(missing.contains("PERSISTED_QUERY_NOT_FOUND"), "{missing}");
        let sent = json!({ "query": "{ viewer { tenant } }", "extensions": persisted });
        let sent = find(&documents, sent).unwrap();
        let found = find(&documents, json!({ "extensions": persisted })).unwrap();
        assert!(Arc::ptr_eq(&sent, &found));
        let other = json!({ "query": "{ viewer { actor } }", "extensions": persisted });
        assert!(find(&documents, other).is_err());
        for bad in [
            json!({ "persistedQuery": { "version": 2, "sha256Hash": digest.hex() } }),
            json!({ "persistedQuery": { "version": 1, "sha256Hash": "12" } }),
            json!({ "persistedQuery": 1 }),
        ] {
            assert!(find(&documents, json!({ "extensions": bad })).is_err());
        }
    }

    #[test]
    fn a_server_of_known_documents_executes_no_others() {
        let documents = documents(|config| config.documents = config::Documents::Known);
        let refused = find(&documents, json!({ "query": "{ viewer { tenant } }" }));
        let refused = refused.unwrap_err();
        assert!(refused.contains("PERSISTED_QUERY_NOT_FOUND"), "{refused}");
        let known = documents.known.values().next().unwrap().text.clone();
        assert!(find(&documents, json!({ "query": known })).is_ok());
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_bytes() {
        let documents = documents(|_| {});
        let long = |n: usize| format!("{{ a(x: \"{}\") }}", format!("{n:06}").repeat(30_000));
        for n in 0..100 {
            find(&documents, json!({ "query": long(n) })).unwrap();
        }
        let bytes = |documents: &Documents| {
            let kept = documents.kept.lock().unwrap();
            let sum: usize = kept.documents.iter().map(|(_, d)| d.text().len()).sum();
            assert_eq!(sum, kept.bytes);
            assert!(sum <= MAX_KEPT_BYTES && kept.documents.len() <= MAX_KEPT);
            sum
        };
        assert!(bytes(&documents) > MAX_KEPT_BYTES / 2);
        for n in 0..2 * MAX_KEPT {
            find(&documents, json!({ "query": format!("{{ a{n} }}") })).unwrap();
        }
        assert!(bytes(&documents) < 100_000);
    }
}
