//! Changes to an `index.json`, pure.
//!
//! An entry with the annotation `org.opencontainers.image.ref.name` is a tag; an image without a
//! tag has one entry without it; so has every attached document, with its subject as annotation.

use crate::oci::{Descriptor, Index, REF_NAME};
use crate::{Digest, ImageError, Result, TagRequest, TagRule};

/// Annotation of an attached document's entry: the digest of what it is about.
const SUBJECT: &str = "sluice.subject";

/// The entry of a tag.
pub(super) fn tagged<'a>(index: &'a Index, tag: &str) -> Option<&'a Descriptor> {
    index.manifests.iter().find(|entry| {
        entry
            .annotations
            .get(REF_NAME)
            .is_some_and(|name| name == tag)
    })
}

/// Points all `tags` at `image`, or none. Returns whether anything changed.
pub(super) fn point(index: &mut Index, image: &Descriptor, tags: &[TagRequest]) -> Result<bool> {
    for request in tags {
        if let Some(entry) = tagged(index, request.tag.as_str())
            && request.rule == TagRule::Fixed
            && entry.digest != image.digest
        {
            return Err(ImageError::TagTaken {
                tag: request.tag.to_string(),
                digest: entry.digest,
            });
        }
    }
    let mut changed = false;
    for request in tags {
        changed |= set(index, image, request.tag.as_str());
    }
    if !lists(index, image.digest) {
        index.manifests.push(image.clone());
        changed = true;
    }
    Ok(changed)
}

fn lists(index: &Index, digest: Digest) -> bool {
    index.manifests.iter().any(|entry| entry.digest == digest)
}

fn set(index: &mut Index, image: &Descriptor, tag: &str) -> bool {
    if let Some(before) = tagged(index, tag).cloned() {
        if before.digest == image.digest {
            return false;
        }
        let is_tag = |entry: &Descriptor| entry.annotations.get(REF_NAME).is_some_and(|n| n == tag);
        index.manifests.retain(|entry| !is_tag(entry));
        if !lists(index, before.digest) {
            let mut untagged = before;
            untagged.annotations.remove(REF_NAME);
            index.manifests.push(untagged);
        }
    }
    index
        .manifests
        .retain(|entry| entry.digest != image.digest || entry.annotations.contains_key(REF_NAME));
    let mut entry = image.clone();
    entry
        .annotations
        .insert(REF_NAME.to_owned(), tag.to_owned());
    index.manifests.push(entry);
    true
}

/// Lists a document about `subject`. Returns whether it was not listed before.
pub(super) fn refer(index: &mut Index, subject: Digest, document: &Descriptor) -> bool {
    if lists(index, document.digest) {
        return false;
    }
    let mut entry = document.clone();
    entry
        .annotations
        .insert(SUBJECT.to_owned(), subject.to_string());
    index.manifests.push(entry);
    true
}

/// The subject that an entry names, and the entry as it was attached.
pub(super) fn subject_of(entry: &Descriptor) -> (Option<Digest>, Descriptor) {
    let mut plain = entry.clone();
    let subject = plain.annotations.remove(SUBJECT);
    (subject.and_then(|subject| subject.parse().ok()), plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::media_type;

    fn image(content: &str) -> Descriptor {
        Descriptor::of(media_type::MANIFEST, content.as_bytes())
    }

    fn names(index: &Index) -> Vec<(Option<&str>, Digest)> {
        let name = |entry: &Descriptor| entry.annotations.get(REF_NAME).cloned();
        index
            .manifests
            .iter()
            .map(|entry| (name(entry).map(|n| &*n.leak()), entry.digest))
            .collect()
    }

    #[test]
    fn a_fixed_tag_keeps_its_image_and_the_other_tags_stay_too() {
        let mut index = Index::of(Vec::new());
        let fixed = TagRequest::fixed("1.0.0".parse().unwrap());
        let moving = TagRequest::moving("latest".parse().unwrap());
        let both = [moving, fixed];
        assert!(point(&mut index, &image("a"), &both).unwrap());
        assert!(!point(&mut index, &image("a"), &both).unwrap());
        let before = index.clone();
        let refused = point(&mut index, &image("b"), &both);
        assert!(matches!(refused, Err(ImageError::TagTaken { .. })));
        assert_eq!(index, before);
    }

    #[test]
    fn an_image_that_loses_its_last_tag_stays_listed() {
        let mut index = Index::of(Vec::new());
        let latest = [TagRequest::moving("latest".parse().unwrap())];
        point(&mut index, &image("a"), &latest).unwrap();
        point(&mut index, &image("b"), &latest).unwrap();
        let (a, b) = (image("a").digest, image("b").digest);
        assert_eq!(names(&index), [(None, a), (Some("latest"), b)]);
        point(&mut index, &image("a"), &latest).unwrap();
        assert_eq!(names(&index), [(None, b), (Some("latest"), a)]);
    }

    #[test]
    fn a_document_is_listed_once_and_comes_back_as_it_was() {
        let mut index = Index::of(Vec::new());
        let subject = image("a").digest;
        assert!(refer(&mut index, subject, &image("sbom")));
        assert!(!refer(&mut index, subject, &image("sbom")));
        assert_eq!(
            subject_of(&index.manifests[0]),
            (Some(subject), image("sbom"))
        );
    }
}
