//! Names that callers choose: tenant, project and module.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a valid name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} must be 1 to 63 characters of a-z, A-Z, 0-9, '.', '_' or '-', start with a letter or digit, not end with '.' and not hold '..'"
)]
pub struct InvalidName {
    /// Which name was refused: `tenantId`, `projectId` or `moduleId`.
    pub what: &'static str,
}

// The rule keeps a name usable as a folder, a schema-free key and a URL segment.
fn is_valid(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=63).contains(&text.len())
        && text.bytes().all(allowed)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && !text.ends_with('.')
        && !text.contains("..")
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident as $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                if is_valid(text) { Ok(Self(text.into())) } else { Err(InvalidName { what: $what }) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
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
                    "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
                })
            }
        }
    )*};
}

names! {
    /// The tenant: the outermost wall. Every object, event and query belongs to exactly one.
    TenantId as "tenantId";
    /// A project of a tenant: the unit of access inside it.
    ProjectId as "projectId";
    /// The module (deployable unit) that an object belongs to.
    ModuleId as "moduleId";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_a_folder_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a..b",
            "a/b",
            "-a",
            "a b",
            "a.",
            "é",
            &"x".repeat(64),
        ] {
            assert!(bad.parse::<ProjectId>().is_err(), "{bad:?} was accepted");
        }
        for good in ["a", "demo", "Team_1.web", &"x".repeat(63)] {
            assert!(good.parse::<ProjectId>().is_ok(), "{good:?} was refused");
        }
    }
}
