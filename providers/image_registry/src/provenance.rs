//! Where an image comes from: an in-toto statement with a SLSA provenance (version 1) predicate.
//!
//! The document is a function of its input: no clock, no random id.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{Attachment, Digest, Result, media_type};

/// Type of the predicate.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";
/// How images are built here: the files of a build, laid over a base, without a daemon.
pub const BUILD_TYPE: &str = "urn:sluice:build-type:container-image:v1";

/// What a provenance states.
#[derive(Debug, Clone)]
pub struct ProvenanceFacts {
    /// The image's name, for example `host/tenant/project/name`.
    pub image: String,
    /// The image's digest.
    pub digest: Digest,
    /// The repository's address, for example `https://host/git/tenant/project/name.git`.
    pub repository: String,
    /// Branch or other ref that was built, for example `refs/heads/main`.
    pub git_ref: Option<String>,
    /// The commit that was built, in hex.
    pub commit: String,
    /// The build.
    pub build_id: String,
    /// The pipeline run, when there was one.
    pub run_id: Option<String>,
    /// Path of the pipeline definition in the repository, when there is one.
    pub pipeline: Option<String>,
    /// Reference of the base image and its digest.
    pub base: Option<(String, Digest)>,
    /// Who built: a URI of the server.
    pub builder: String,
    /// The builder's version.
    pub builder_version: String,
    /// When the build began.
    pub started_at: Option<DateTime<Utc>>,
    /// When the build ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The statement as an attachment.
///
/// # Errors
/// None in practice: the document always serialises.
pub fn attachment(facts: &ProvenanceFacts) -> Result<Attachment> {
    let content = serde_json::to_vec(&statement(facts)).unwrap_or_default();
    let predicate = ("in-toto.io/predicate-type", PREDICATE_TYPE);
    Ok(Attachment {
        artifact_type: media_type::IN_TOTO.to_owned(),
        media_type: media_type::IN_TOTO.to_owned(),
        content: Bytes::from(content),
        annotations: [(predicate.0.to_owned(), predicate.1.to_owned())].into(),
    })
}

fn statement(facts: &ProvenanceFacts) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": facts.image, "digest": { "sha256": facts.digest.hex() } }],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": external(facts),
                "internalParameters": { "buildId": facts.build_id },
                "resolvedDependencies": dependencies(facts),
            },
            "runDetails": {
                "builder": {
                    "id": facts.builder,
                    "version": { "sluice": facts.builder_version },
                },
                "metadata": metadata(facts),
            },
        },
    })
}

fn git_uri(facts: &ProvenanceFacts) -> String {
    let repository = format!("git+{}", facts.repository);
    match &facts.git_ref {
        Some(git_ref) => format!("{repository}@{git_ref}"),
        None => repository,
    }
}

fn external(facts: &ProvenanceFacts) -> Value {
    let mut source = Map::new();
    source.insert("repository".into(), facts.repository.clone().into());
    if let Some(git_ref) = &facts.git_ref {
        source.insert("ref".into(), git_ref.clone().into());
    }
    let mut parameters = Map::new();
    parameters.insert("source".into(), source.into());
    if let Some(pipeline) = &facts.pipeline {
        parameters.insert("pipeline".into(), pipeline.clone().into());
    }
    if let Some((base, _)) = &facts.base {
        parameters.insert("base".into(), base.clone().into());
    }
    parameters.into()
}

fn dependencies(facts: &ProvenanceFacts) -> Value {
    // `sha1` is Git's object name of today's repositories; `gitCommit` holds for any.
    let mut all = vec![json!({
        "uri": git_uri(facts),
        "digest": { "gitCommit": facts.commit },
    })];
    if let Some((base, digest)) = &facts.base {
        all.push(json!({
            "uri": format!("oci://{base}"),
            "digest": { "sha256": digest.hex() },
        }));
    }
    all.into()
}

fn metadata(facts: &ProvenanceFacts) -> Value {
    let invocation = facts.run_id.as_ref().unwrap_or(&facts.build_id);
    let mut metadata = Map::new();
    metadata.insert("invocationId".into(), invocation.clone().into());
    let times = [
        ("startedOn", facts.started_at),
        ("finishedOn", facts.finished_at),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            let text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
            metadata.insert(name.into(), text.into());
        }
    }
    metadata.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> ProvenanceFacts {
        ProvenanceFacts {
            image: "sluice.local/acme/shop/web".into(),
            digest: Digest::of(b"image"),
            repository: "https://host.example/git/acme/shop/web.git".into(),
            git_ref: Some("refs/heads/main".into()),
            commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".into(),
            build_id: "build_1".into(),
            run_id: Some("run_1".into()),
            pipeline: None,
            base: Some(("sluice.local/acme/shop/base".into(), Digest::of(b"base"))),
            builder: "urn:sluice:server".into(),
            builder_version: "0.1.0".into(),
            started_at: Some(DateTime::UNIX_EPOCH),
            finished_at: None,
        }
    }

    #[test]
    fn a_provenance_names_image_commit_and_base_by_digest() {
        let attachment = attachment(&facts()).unwrap();
        let statement: Value = serde_json::from_slice(&attachment.content).unwrap();
        assert_eq!(statement["predicateType"], PREDICATE_TYPE);
        let digest = &statement["subject"][0]["digest"]["sha256"];
        assert_eq!(digest, &Digest::of(b"image").hex());
        let definition = &statement["predicate"]["buildDefinition"];
        let sources = &definition["resolvedDependencies"];
        assert_eq!(sources[0]["digest"]["gitCommit"], facts().commit);
        assert_eq!(sources[1]["digest"]["sha256"], Digest::of(b"base").hex());
        let details = &statement["predicate"]["runDetails"];
        assert_eq!(details["metadata"]["invocationId"], "run_1");
        assert_eq!(details["metadata"]["startedOn"], "1970-01-01T00:00:00Z");
        assert!(details["metadata"].get("finishedOn").is_none());
    }

    #[test]
    fn equal_facts_give_equal_bytes() {
        assert_eq!(attachment(&facts()).unwrap(), attachment(&facts()).unwrap());
    }
}
