//! Typed, prefixed, time-sortable identifiers.
//!
//! An id is a UUID version 7 (RFC 9562: milliseconds since the epoch first) written as 26
//! characters of Crockford base 32 behind a prefix that names its kind: `repo_06fz…`. Text order
//! is creation order, and an id of one kind never parses as another.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY_LEN: usize = 26;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_<26 characters of Crockford base 32>")]
pub struct InvalidId {
    /// The prefix that the expected kind of id carries.
    pub prefix: &'static str,
}

/// What every typed id can do; generic code (nodes, loaders, stores) uses it.
pub trait TypedId:
    Copy + Eq + Ord + std::hash::Hash + fmt::Display + FromStr<Err = InvalidId>
{
    /// The part before the underscore.
    const PREFIX: &'static str;
    /// A new id, later in order than all ids that this process made before.
    fn generate() -> Self;
    /// The id of an object that was made `millis` milliseconds after the epoch, of these random
    /// bits: for data that must come out the same again.
    fn from_parts(millis: u64, random: [u8; 10]) -> Self;
}

fn of_parts(millis: u64, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

fn encode(mut value: u128) -> [u8; BODY_LEN] {
    let mut out = [b'0'; BODY_LEN];
    for slot in out.iter_mut().rev() {
        *slot = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    out
}

fn decode(body: &str) -> Option<u128> {
    if body.len() != BODY_LEN {
        return None;
    }
    let mut value: u128 = 0;
    for (index, byte) in body.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|c| *c == byte)? as u128;
        // 26 × 5 = 130 bits: the first digit carries only three.
        if index == 0 && digit > 7 {
            return None;
        }
        value = (value << 5) | digit;
    }
    Some(value)
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn generate() -> Self {
                Self(Uuid::now_v7().as_u128())
            }
            fn from_parts(millis: u64, random: [u8; 10]) -> Self {
                Self(of_parts(millis, &random).as_u128())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                let body = encode(self.0);
                f.write_str(std::str::from_utf8(&body).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                })
            }
        }
    )*};
}

typed_ids! {
    /// Identifies a repository.
    RepositoryId = "repo";
    /// Identifies a branch.
    BranchId = "branch";
    /// Identifies a recorded commit (not the Git object id).
    CommitId = "commit";
    /// Identifies a pull request.
    PullRequestId = "pr";
    /// Identifies a pipeline definition.
    PipelineId = "pipeline";
    /// Identifies a pipeline run.
    RunId = "run";
    /// Identifies a build result.
    BuildId = "build";
    /// Identifies a publication of a package.
    PackageId = "package";
    /// Identifies a container image.
    ImageId = "image";
    /// Identifies a release plan.
    ReleaseId = "release";
    /// Identifies a person's decision on a release.
    ApprovalId = "approval";
    /// Identifies an infrastructure plan.
    InfrastructureId = "infra";
    /// Identifies a rendered deployment manifest.
    ManifestId = "manifest";
    /// Identifies an environment of a project.
    EnvironmentId = "env";
    /// Identifies a promotion of a release into an environment.
    PromotionId = "promotion";
    /// Identifies the synchronisation of a module's target in an environment.
    SyncId = "sync";
}

/// Identifies an event: `evt-<uuid>`; consumers deduplicate on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

impl EventId {
    /// A new, time-ordered event id.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id of an event of `millis` milliseconds after the epoch, of these random bits.
    pub fn from_parts(millis: u64, random: [u8; 10]) -> Self {
        Self(of_parts(millis, &random))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt-{}", self.0)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix("evt-")
            .and_then(|body| Uuid::try_parse(body).ok())
            .map(Self)
            .ok_or(InvalidId { prefix: "evt" })
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for EventId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventId".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^evt-[0-9a-f-]{36}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_parses_back_and_only_as_its_own_kind() {
        let id = RepositoryId::generate();
        assert_eq!(id.to_string().parse::<RepositoryId>(), Ok(id));
        assert!(id.to_string().parse::<BranchId>().is_err());
        assert!("repo_".parse::<RepositoryId>().is_err());
        assert!(
            "repo_zzzzzzzzzzzzzzzzzzzzzzzzzz"
                .parse::<RepositoryId>()
                .is_err()
        );
    }

    #[test]
    fn an_id_of_parts_is_the_same_again_and_in_the_order_of_time() {
        let of = |millis| RunId::from_parts(millis, [7; 10]);
        assert_eq!(of(1_000), of(1_000));
        assert!(of(1_000).to_string() < of(1_001).to_string());
        assert_eq!(of(1_000).to_string().parse(), Ok(of(1_000)));
    }

    #[test]
    fn text_order_is_creation_order() {
        let ids: Vec<String> = (0..1_000).map(|_| RunId::generate().to_string()).collect();
        assert!(ids.is_sorted());
    }
}
