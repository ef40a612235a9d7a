//! The `package-feed` port: everything the delivery chain asks of a NuGet feed.
//!
//! [`pack`] builds a package that is the same, byte for byte, for the same input. [`inspect`]
//! reads one that came from outside and trusts nothing in it. [`PackageFeed`] is the port;
//! [`LocalPackageFeed`] is the provider that works offline, on folders laid out as NuGet's own
//! tools lay them out, so that a client can also read a feed as a folder. [`documents`] builds the
//! JSON of the V3 protocol for whoever serves a feed over HTTP.
//!
//! A published version never changes: the same bytes again are a replay, other bytes a conflict.

pub mod documents;

mod error;
mod fault;
mod id;
mod inspect;
mod limits;
mod local;
mod metadata;
mod nuspec;
mod pack;
mod path;
mod port;
mod range;
mod version;
mod zip;

pub use error::{PackageFeedError, PackageRule, Result};
pub use id::{FeedName, PackageId};
pub use inspect::inspect;
pub use limits::Limits;
pub use local::LocalPackageFeed;
pub use metadata::{Dependency, PackageMetadata, SourceRepository};
pub use pack::{FileContent, PackageFile, PackageSpec, Packed, digest, pack, sha512};
pub use path::check_path;
pub use port::{
    Content, ContentStream, PackageEntry, PackageFeed, Pushed, Query, SearchHit, SearchPage,
};
pub use range::VersionRange;
pub use version::PackageVersion;
