//! Searching a feed.

use super::Shared;
use crate::error::Result;
use crate::id::{FeedName, PackageId};
use crate::metadata::PackageMetadata;
use crate::port::{PackageEntry, Query, SearchHit, SearchPage};

impl Shared {
    pub(super) fn search(&self, feed: &FeedName, query: &Query) -> Result<SearchPage> {
        let text: String = query
            .text
            .chars()
            .take(1_000)
            .collect::<String>()
            .to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut found = Vec::new();
        for name in self
            .root
            .names(&[feed.tenant.as_str(), feed.project.as_str()])?
        {
            let Some(id) = name
                .parse::<PackageId>()
                .ok()
                .filter(|id| id.lower() == name)
            else {
                continue;
            };
            // A package that cannot be read must not take the others with it.
            let entries = self.entries(feed, &id).unwrap_or_default();
            if let Some(hit) =
                hit(entries, query).filter(|hit| matches(&hit.latest.metadata, &words))
            {
                found.push((rank(id.lower(), text.trim()), id.lower().to_owned(), hit));
            }
        }
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let total = found.len() as u64;
        let take = query.take.min(self.limits.max_take);
        let hits = found
            .into_iter()
            .skip(query.skip)
            .take(take)
            .map(|(_, _, hit)| hit);
        Ok(SearchPage {
            total,
            hits: hits.collect(),
        })
    }
}

/// The versions that the query asks for; `entries` are in ascending order.
fn hit(entries: Vec<PackageEntry>, query: &Query) -> Option<SearchHit> {
    let wanted = |entry: &PackageEntry| {
        let version = &entry.metadata.version;
        entry.listed
            && (query.prerelease || !version.is_prerelease())
            && (query.semver2 || !version.is_semver2())
    };
    let entries: Vec<_> = entries.into_iter().filter(wanted).collect();
    let versions = entries
        .iter()
        .map(|entry| entry.metadata.version.clone())
        .collect();
    let latest = entries.into_iter().next_back()?;
    Some(SearchHit { latest, versions })
}

fn matches(metadata: &PackageMetadata, words: &[&str]) -> bool {
    let title = metadata.title.as_deref().unwrap_or_default();
    let text = format!(
        "{}\n{title}\n{}\n{}",
        metadata.id,
        metadata.description,
        metadata.tags.join("\n")
    );
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// The id itself, then ids that start so, then ids that hold it, then the rest.
fn rank(id: &str, text: &str) -> u8 {
    match id {
        _ if id == text => 0,
        _ if id.starts_with(text) => 1,
        _ if id.contains(text) => 2,
        _ => 3,
    }
}
