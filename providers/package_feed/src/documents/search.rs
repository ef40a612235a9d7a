//! Answers to searches.

use serde_json::{Value, json};

use super::{FeedUrls, SemVerLevel};
use crate::port::{SearchHit, SearchPage};

/// The answer to a search. The protocol demands counts of downloads; feeds do not count them, so
/// they are 0.
#[must_use]
pub fn search_results(urls: &FeedUrls, level: SemVerLevel, page: &SearchPage) -> Value {
    let data: Vec<Value> = page
        .hits
        .iter()
        .map(|hit| result(urls, level, hit))
        .collect();
    json!({"totalHits": page.total, "data": data})
}

fn result(urls: &FeedUrls, level: SemVerLevel, hit: &SearchHit) -> Value {
    let metadata = &hit.latest.metadata;
    let registration = urls.registration(level, &metadata.id);
    let versions: Vec<Value> = hit
        .versions
        .iter()
        .map(|version| {
            json!({
                "@id": urls.leaf(level, &metadata.id, version),
                "version": version.to_string(),
                "downloads": 0,
            })
        })
        .collect();
    json!({
        "@id": registration,
        "@type": "Package",
        "registration": registration,
        "id": metadata.id.as_str(),
        "version": metadata.version.to_string(),
        "title": metadata.title.as_deref().unwrap_or(metadata.id.as_str()),
        "description": metadata.description,
        "authors": metadata.authors,
        "tags": metadata.tags,
        "projectUrl": metadata.project_url.as_deref().unwrap_or_default(),
        "totalDownloads": 0,
        "verified": false,
        "versions": versions,
    })
}
