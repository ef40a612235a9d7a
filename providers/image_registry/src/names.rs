//! Names of repositories, tags and digests, after the OCI distribution specification.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use sluice_schema::{ModuleId, ProjectId, TenantId};

use crate::{ImageError, Result};

/// The SHA-256 digest of content: `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    pub(crate) fn from_hasher(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// The 64 hex digits without the algorithm.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || {
            ImageError::name(
                "digest",
                text,
                "it must be `sha256:` and 64 lower-case hex digits",
            )
        };
        let digits = text.strip_prefix("sha256:").ok_or_else(refused)?;
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(refused());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| refused())?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! text_names {
    ($($(#[$doc:meta])* $name:ident as $what:literal, $valid:path, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = ImageError;

            fn from_str(text: &str) -> Result<Self> {
                if $valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(ImageError::name($what, text, $rule))
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

text_names! {
    /// The part of a repository's name below tenant and project: components of the distribution
    /// specification with `/` between.
    ImageName as "image name", is_image_name,
        "it must be 1 to 128 characters in parts separated by '/', each of runs of a-z and 0-9 joined by '.', '_', '__' or '-'";
    /// A tag.
    Tag as "tag", is_tag,
        "it must be 1 to 128 characters of a-z, A-Z, 0-9, '.', '_' or '-', start with a letter, digit or '_', and not be `sha256-<digest>`, which names referrers";
}

// The grammar of the distribution specification: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
fn is_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=100).contains(&text.len())
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text
            .split(alphanumeric)
            .filter(|separator| !separator.is_empty())
            .all(|separator| {
                matches!(separator, "." | "_" | "__") || separator.chars().all(|c| c == '-')
            })
}

fn is_image_name(text: &str) -> bool {
    text.len() <= 128 && text.split('/').all(is_component)
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&text.len())
        && word(text.as_bytes()[0])
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
        && !is_referrers_tag(text)
}

fn is_referrers_tag(text: &str) -> bool {
    text.strip_prefix("sha256-")
        .is_some_and(|rest| rest.len() == 64 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Tag {
    /// The tag of a semantic version; `+`, which tags cannot hold, becomes `_`.
    ///
    /// # Errors
    /// [`ImageError::InvalidName`] when the version holds what a tag cannot.
    pub fn of_version(version: &str) -> Result<Self> {
        version.replace('+', "_").parse()
    }
}

impl ImageName {
    /// The image name of a module: the module's own name where the grammar allows it, otherwise
    /// its nearest spelling with a digest, so that two modules never share a name.
    #[must_use]
    pub fn of_module(module: &ModuleId) -> Self {
        Self(component_of(module.as_str()))
    }
}

const MARK: &str = "--x";

/// The name as one component of a repository's name. Names that are none (upper case, leading
/// `_`) get their digest as suffix; so do names that look as if they had one.
fn component_of(name: &str) -> String {
    if is_component(name) && !name.contains(MARK) {
        return name.to_owned();
    }
    let mut near = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            near.push(c.to_ascii_lowercase());
        } else if !near.is_empty() && !near.ends_with('-') {
            near.push('-');
        }
    }
    let near = near.trim_end_matches('-');
    let digest = Digest::of(name.as_bytes()).hex();
    format!("{near}{MARK}{}", &digest[..16])
}

/// Where images of one name live: tenant, project and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRepository {
    /// The tenant.
    pub tenant: TenantId,
    /// The project.
    pub project: ProjectId,
    /// The name within the project.
    pub name: ImageName,
}

impl ImageRepository {
    /// The name as one folder's name: `+` stands for `/`, as it is in no name.
    pub(crate) fn folder(&self) -> String {
        self.name.as_str().replace('/', "+")
    }

    /// `tenant/project/name` in the grammar of repository names.
    #[must_use]
    pub fn path(&self) -> String {
        let tenant = component_of(self.tenant.as_str());
        let project = component_of(self.project.as_str());
        format!("{tenant}/{project}/{}", self.name)
    }
}

impl fmt::Display for ImageRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Names one image of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// By tag.
    Tag(Tag),
    /// By digest of its manifest.
    Digest(Digest),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl FromStr for Reference {
    type Err = ImageError;

    /// A digest when it holds a colon, a tag otherwise.
    fn from_str(text: &str) -> Result<Self> {
        if text.contains(':') {
            text.parse().map(Self::Digest)
        } else {
            text.parse().map(Self::Tag)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_grammar_are_refused() {
        for bad in [
            "", "A", "a/", "/a", "a//b", "a/../b", "a..b", "-a", "a_", "a___b", "a.-b", "é", "..",
        ] {
            assert!(bad.parse::<ImageName>().is_err(), "{bad:?} was accepted");
        }
        for good in ["a", "team/web", "web-api", "a__b", "a---b", "a.b_c"] {
            assert!(good.parse::<ImageName>().is_ok(), "{good:?} was refused");
        }
        let referrers = format!("sha256-{}", "a".repeat(64));
        for bad in [
            "",
            ".a",
            "-a",
            "a b",
            "a:b",
            "a/b",
            &referrers,
            &"x".repeat(129),
        ] {
            assert!(bad.parse::<Tag>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!(Tag::of_version("1.0.0+b.1").unwrap().as_str(), "1.0.0_b.1");
    }

    #[test]
    fn modules_that_differ_in_case_have_different_images() {
        let name = |text: &str| ImageName::of_module(&text.parse().unwrap());
        assert_eq!(name("web-api").as_str(), "web-api");
        let names = [
            name("Web-Api"),
            name("web-api"),
            name("web_-api"),
            name("WEB-API"),
        ];
        for (index, left) in names.iter().enumerate() {
            assert!(left.as_str().parse::<ImageName>().is_ok(), "{left}");
            assert!(!names[..index].contains(left), "{left} twice");
        }
        // A module cannot choose the name that stands for another.
        let disguised = name(names[0].as_str());
        assert_ne!(disguised, names[0]);
    }

    #[test]
    fn digests_parse_back_and_only_in_their_one_spelling() {
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
        let upper = format!("sha256:{}", digest.hex().to_uppercase());
        assert!(upper.parse::<Digest>().is_err());
        assert!("sha512:00".parse::<Digest>().is_err());
    }
}
