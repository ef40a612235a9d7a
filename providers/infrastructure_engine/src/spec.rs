//! Kinds of resources, and what is declared of one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::seal::Seal;
use crate::stack::StackId;

/// Properties by name, as they stand in states and plans: without secrets, content by its digest.
pub type Properties = BTreeMap<String, Value>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $token:literal, [$($key:literal),*];)+) => {
        /// What a resource is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum Kind { $($(#[$doc])* $name,)+ }

        impl Kind {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word in `infra.yaml`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The type in URNs and states.
            #[must_use]
            pub fn type_token(self) -> &'static str {
                match self { $(Self::$name => $token,)+ }
            }

            /// The properties that it takes beside those that all kinds take.
            pub(crate) fn keys(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($key),*],)+ }
            }
        }
    };
}

kinds! {
    /// A directory. Deleted only when empty, unless `forceDestroy` is set.
    Directory = "directory", "sluice:local:Directory", ["path", "mode", "forceDestroy"];
    /// A file with the given content.
    File = "file", "sluice:local:File", ["path", "mode", "content", "source", "secret"];
    /// A bare Git repository.
    GitRepository = "gitRepository", "sluice:local:GitRepository", ["path", "defaultBranch", "description"];
    /// An SQLite database file, with an optional schema.
    SqliteDatabase = "sqliteDatabase", "sluice:local:SqliteDatabase", ["path", "mode", "schema", "schemaFile"];
    /// A database on the PostgreSQL server that the engine is configured with.
    PostgresDatabase = "postgresDatabase", "sluice:postgres:Database", ["database", "connectionLimit"];
    /// A key prefix on the Redis server that the engine is configured with.
    RedisNamespace = "redisNamespace", "sluice:redis:Namespace", ["namespace", "description"];
    /// A Kubernetes namespace, as a directory of manifests.
    KubernetesNamespace = "kubernetesNamespace", "sluice:kubernetes:Namespace",
        ["namespace", "path", "labels", "annotations", "quota", "forceDestroy"];
}

impl Kind {
    /// The kind of a type in a state.
    #[must_use]
    pub fn of_type(token: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.type_token() == token)
    }

    /// The property that tells where the resource is; another value means another resource.
    #[must_use]
    pub fn locator(self) -> &'static str {
        match self {
            Self::PostgresDatabase => "database",
            Self::RedisNamespace => "namespace",
            _ => "path",
        }
    }

    /// Whether `property` cannot change in place.
    pub(crate) fn replaces(self, property: &str) -> bool {
        property == self.locator() || self == Self::KubernetesNamespace && property == "namespace"
    }

    /// The property under which the digest of the content stands.
    pub(crate) fn content_key(self) -> Option<&'static str> {
        match self {
            Self::File => Some("contentDigest"),
            Self::SqliteDatabase => Some("schemaDigest"),
            _ => None,
        }
    }

    /// Whether it lies in the stack's folder.
    pub(crate) fn is_path(self) -> bool {
        self.locator() == "path"
    }

    /// Whether other resources may lie inside it.
    pub(crate) fn holds_others(self) -> bool {
        matches!(self, Self::Directory | Self::KubernetesNamespace)
    }
}

/// Content of a file or the schema of a database.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The content.
    pub bytes: Bytes,
    /// Whether it holds a secret; then only a keyed digest of it is ever shown or kept.
    pub secret: bool,
}

// Content may be a secret, so it is never printed.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, secret } = self;
        let size = if *secret { 0 } else { bytes.len() };
        f.debug_struct("Content")
            .field("size", &size)
            .field("secret", secret)
            .finish_non_exhaustive()
    }
}

/// One declared resource, all references resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name in the program.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its properties, content excepted.
    pub properties: Properties,
    /// Its content, for the kinds that have one.
    pub content: Option<Content>,
    /// Names of the resources that must exist before it.
    pub depends_on: BTreeSet<String>,
    /// Whether it is never deleted or replaced.
    pub protect: bool,
}

impl Resource {
    /// Where it is: a path, a database or a namespace.
    #[must_use]
    pub fn location(&self) -> &str {
        location(self.kind, &self.properties)
    }

    /// The properties as they stand in plans and states.
    pub(crate) fn inputs(&self, seal: &Seal, mark: &str) -> Properties {
        let mut inputs = self.properties.clone();
        if let (Some(key), Some(content)) = (self.kind.content_key(), &self.content) {
            inputs.insert(key.to_owned(), seal.digest(content, mark));
        }
        inputs
    }

    /// What others may refer to, by name.
    pub(crate) fn outputs(&self, stack: &StackId) -> BTreeMap<String, String> {
        let mut outputs = outputs(self.kind, &self.properties, stack);
        if let (Kind::File, Some(content)) = (self.kind, &self.content)
            && !content.secret
        {
            outputs.insert("digest".to_owned(), plain_digest(&content.bytes));
        }
        outputs
    }
}

/// Where a resource of these properties is.
pub(crate) fn location(kind: Kind, properties: &Properties) -> &str {
    text(properties, kind.locator())
}

/// A text property; empty when there is none.
pub(crate) fn text<'p>(properties: &'p Properties, key: &str) -> &'p str {
    properties
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `sha256:` and the hex digest of the bytes.
pub(crate) fn plain_digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The outputs that follow from properties alone; paths are relative to the stack's folder.
pub(crate) fn outputs(
    kind: Kind,
    properties: &Properties,
    stack: &StackId,
) -> BTreeMap<String, String> {
    let own = location(kind, properties).to_owned();
    let pairs: Vec<(&str, String)> = match kind {
        Kind::Directory | Kind::File | Kind::SqliteDatabase => vec![("path", own)],
        Kind::GitRepository => {
            let branch = text(properties, "defaultBranch").to_owned();
            vec![("path", own), ("defaultBranch", branch)]
        }
        Kind::PostgresDatabase => vec![("databaseName", database_name(stack, &own))],
        Kind::RedisNamespace => vec![("prefix", redis_prefix(stack, &own))],
        Kind::KubernetesNamespace => {
            let namespace = text(properties, "namespace").to_owned();
            vec![("path", own), ("namespace", namespace)]
        }
    };
    let owned = pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    owned.collect()
}

/// Names of databases are shared by a whole server, so the stack is a part of them.
pub(crate) fn database_name(stack: &StackId, database: &str) -> String {
    format!("sluice_{}_{database}", stack.short_hash())
}

/// The prefix of all keys of a namespace.
pub(crate) fn redis_prefix(stack: &StackId, namespace: &str) -> String {
    let stack = stack.to_string().replace('/', ":");
    format!("sluice:{stack}:{namespace}:")
}
