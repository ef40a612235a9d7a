//! Documents, parsed once: those of the contract, and those that clients sent last.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{
    Name,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    },
};
use lru::LruCache;
use sluice_kernel::ContentDigest;

use super::{Parameters, Refused, scan};
use crate::config::GraphqlConfig;

/// Documents that are kept at most, and the bytes of their texts together.
const MAX_KEPT: usize = 1_000;
const MAX_KEPT_BYTES: usize = 2 * 1024 * 1024;

/// A document that was parsed.
#[derive(Debug)]
pub(crate) struct Document {
    text: Arc<str>,
    digest: ContentDigest,
    parsed: ExecutableDocument,
}

impl Document {
    fn parse(text: &str, digest: ContentDigest) -> Result<Self, Refused> {
        let parsed = parse_query(text).map_err(|error| Refused::of_document(vec![error.into()]))?;
        Ok(Self {
            text: text.into(),
            digest,
            parsed,
        })
    }

    /// As the client wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text.
    pub(crate) fn digest(&self) -> &ContentDigest {
        &self.digest
    }

    /// What the parser made of it.
    pub(crate) fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// The operation of that name, or the only one.
    ///
    /// # Errors
    /// What is wrong with the name, or that there must be one.
    pub(crate) fn operation(&self, name: Option<&str>) -> Result<&OperationDefinition, String> {
        let unknown = |name| format!("Unknown operation named \"{name}\"");
        match (&self.parsed.operations, name) {
            (DocumentOperations::Single(operation), None) => Ok(&operation.node),
            (DocumentOperations::Single(_), Some(name)) => Err(unknown(name)),
            (DocumentOperations::Multiple(all), Some(name)) => all
                .get(&Name::new(name))
                .map(|operation| &operation.node)
                .ok_or_else(|| unknown(name)),
            (DocumentOperations::Multiple(all), None) => match all.values().next() {
                Some(only) if all.len() == 1 => Ok(&only.node),
                _ => Err("Operation name required in request.".to_owned()),
            },
        }
    }
}

/// Where documents are looked up.
pub(super) struct Documents {
    bounds: scan::Bounds,
    kept: Mutex<Kept>,
}

struct Kept {
    documents: LruCache<ContentDigest, Arc<Document>>,
    bytes: usize,
}

impl Documents {
    pub(super) fn new(settings: &GraphqlConfig) -> Self {
        Self {
            bounds: scan::Bounds::of(settings),
            kept: Mutex::new(Kept {
                documents: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// The document that a client names or sends, parsed.
    pub(super) fn find(&self, parameters: &Parameters) -> Result<Arc<Document>, Refused> {
        let Some(text) = &parameters.query else {
            return Err(Refused::bad("the request has no query"));
        };
        // Nothing is done with a text, not even a digest of it, before its length is judged.
        self.bounds.check_length(text)?;
        let digest = ContentDigest::of(text.as_bytes());
        if let Some(document) = self.kept(&digest) {
            return Ok(document);
        }
        self.bounds.check(text)?;
        let document = Arc::new(Document::parse(text, digest)?);
        self.keep(document.clone());
        Ok(document)
    }

    fn kept(&self, digest: &ContentDigest) -> Option<Arc<Document>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.documents.get(digest).cloned()
    }

    fn keep(&self, document: Arc<Document>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += document.text.len();
        let digest = document.digest.clone();
        if let Some((_, replaced)) = kept.documents.push(digest, document) {
            kept.bytes -= replaced.text.len();
        }
        while kept.documents.len() > MAX_KEPT || kept.bytes > MAX_KEPT_BYTES {
            let Some((_, oldest)) = kept.documents.pop_lru() else {
                break;
            };
            kept.bytes -= oldest.text.len();
        }
    }
}
