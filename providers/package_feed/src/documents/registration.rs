//! What a feed knows of a package's versions.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::{FeedUrls, SemVerLevel};
use crate::metadata::Dependency;
use crate::port::PackageEntry;

/// Versions on one page, as the public gallery has it.
const PAGE: usize = 64;

/// The registration of a package: pages of its versions, all within this one document. `entries`
/// are in ascending order. `None` when the level shows none of them, which is answered with 404.
#[must_use]
pub fn registration_index(
    urls: &FeedUrls,
    level: SemVerLevel,
    entries: &[PackageEntry],
) -> Option<Value> {
    let shown: Vec<&PackageEntry> = entries
        .iter()
        .filter(|entry| level.shows(&entry.metadata.version))
        .collect();
    let address = urls.registration(level, &shown.first()?.metadata.id);
    let pages: Vec<Value> = shown
        .chunks(PAGE)
        .map(|page| registration_page(urls, level, &address, page))
        .collect();
    Some(json!({
        "@id": address,
        "@type": ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"],
        "count": pages.len(),
        "items": pages,
    }))
}

fn registration_page(
    urls: &FeedUrls,
    level: SemVerLevel,
    index: &str,
    page: &[&PackageEntry],
) -> Value {
    let bound = |entry: Option<&&PackageEntry>| {
        entry
            .map(|e| e.metadata.version.normalized())
            .unwrap_or_default()
    };
    let (lower, upper) = (bound(page.first()), bound(page.last()));
    let items: Vec<Value> = page.iter().map(|entry| leaf(urls, level, entry)).collect();
    json!({
        "@id": format!("{index}#page/{lower}/{upper}"),
        "@type": "catalog:CatalogPage",
        "parent": index,
        "count": items.len(),
        "lower": lower,
        "upper": upper,
        "items": items,
    })
}

fn leaf(urls: &FeedUrls, level: SemVerLevel, entry: &PackageEntry) -> Value {
    let metadata = &entry.metadata;
    let content = urls.content(&metadata.id, &metadata.version);
    json!({
        "@id": urls.leaf(level, &metadata.id, &metadata.version),
        "@type": "Package",
        "catalogEntry": catalog_entry(urls, level, entry),
        "packageContent": content,
        "registration": urls.registration(level, &metadata.id),
    })
}

/// The registration of one version.
#[must_use]
pub fn registration_leaf(urls: &FeedUrls, level: SemVerLevel, entry: &PackageEntry) -> Value {
    let metadata = &entry.metadata;
    json!({
        "@id": urls.leaf(level, &metadata.id, &metadata.version),
        "@type": ["Package", "catalog:Permalink"],
        "catalogEntry": catalog_entry(urls, level, entry),
        "listed": entry.listed,
        "packageContent": urls.content(&metadata.id, &metadata.version),
        "published": time(entry),
        "registration": urls.registration(level, &metadata.id),
    })
}

fn catalog_entry(urls: &FeedUrls, level: SemVerLevel, entry: &PackageEntry) -> Value {
    let metadata = &entry.metadata;
    json!({
        "@id": urls.leaf(level, &metadata.id, &metadata.version),
        "@type": "PackageDetails",
        "id": metadata.id.as_str(),
        "version": metadata.version.to_string(),
        "title": metadata.title.as_deref().unwrap_or_default(),
        "description": metadata.description,
        "authors": metadata.authors.join(", "),
        "tags": metadata.tags,
        "licenseExpression": metadata.license.as_deref().unwrap_or_default(),
        "projectUrl": metadata.project_url.as_deref().unwrap_or_default(),
        "listed": entry.listed,
        "published": time(entry),
        "packageHash": entry.sha512,
        "packageHashAlgorithm": "SHA512",
        "packageSize": entry.size,
        "packageContent": urls.content(&metadata.id, &metadata.version),
        "dependencyGroups": dependency_groups(urls, level, &metadata.dependencies),
    })
}

fn dependency_groups(
    urls: &FeedUrls,
    level: SemVerLevel,
    dependencies: &[Dependency],
) -> Vec<Value> {
    let groups = dependencies.chunk_by(|a, b| a.target_framework == b.target_framework);
    groups
        .map(|group| {
            let members: Vec<Value> = group
                .iter()
                .map(|dependency| {
                    let range = dependency
                        .range
                        .as_ref()
                        .map_or_else(|| "(, )".to_owned(), ToString::to_string);
                    json!({
                        "@type": "PackageDependency",
                        "id": dependency.id.as_str(),
                        "range": range,
                        "registration": urls.registration(level, &dependency.id),
                    })
                })
                .collect();
            let mut group_json = Map::new();
            group_json.insert("@type".into(), "PackageDependencyGroup".into());
            group_json.insert("dependencies".into(), members.into());
            if let Some(framework) = group.first().and_then(|d| d.target_framework.as_deref()) {
                group_json.insert("targetFramework".into(), framework.into());
            }
            Value::Object(group_json)
        })
        .collect()
}

fn time(entry: &PackageEntry) -> String {
    entry.published.to_rfc3339_opts(SecondsFormat::Millis, true)
}
