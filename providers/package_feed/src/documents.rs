//! The JSON documents of the V3 protocol, built from a base address, so that an HTTP edge only
//! routes. All pure.
//!
//! Below the base address, the edge serves these paths, in lower case for id and version:
//!
//! ```text
//! index.json                                 service_index
//! package/                                   PUT pushes; DELETE and POST package/{id}/{version}
//! flat/{id}/index.json                       versions
//! flat/{id}/{version}/{id}.{version}.nupkg   the package
//! flat/{id}/{version}/{id}.nuspec            its description
//! registration/{id}/index.json               registration_index, SemVer 1 only
//! registration/{id}/{version}.json           registration_leaf
//! registration-semver2/…                     the same with every version
//! query?q=&skip=&take=&prerelease=&semVerLevel=   search_results
//! ```

mod registration;
mod search;

use serde_json::{Value, json};

use crate::id::PackageId;
use crate::version::PackageVersion;

pub use registration::{registration_index, registration_leaf};
pub use search::search_results;

/// Which versions a document shows: clients that know only SemVer 1 stumble over the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SemVerLevel {
    /// Only versions without dotted pre-release parts and build metadata.
    One,
    /// All versions.
    Two,
}

impl SemVerLevel {
    /// Whether a version is shown.
    #[must_use]
    pub fn shows(self, version: &PackageVersion) -> bool {
        self == Self::Two || !version.is_semver2()
    }
}

/// The addresses of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedUrls {
    base: String,
}

impl FeedUrls {
    /// Addresses below `base`, for example `https://example.org/nuget/v3`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// The address that clients are configured with.
    #[must_use]
    pub fn index(&self) -> String {
        format!("{}/index.json", self.base)
    }

    /// The address that packages are put to.
    #[must_use]
    pub fn publish(&self) -> String {
        format!("{}/package", self.base)
    }

    /// The address below which packages are, with a slash at the end as clients expect.
    #[must_use]
    pub fn flat(&self) -> String {
        format!("{}/flat/", self.base)
    }

    /// The address of the search.
    #[must_use]
    pub fn search(&self) -> String {
        format!("{}/query", self.base)
    }

    /// The address below which registrations are, with a slash at the end.
    #[must_use]
    pub fn registrations(&self, level: SemVerLevel) -> String {
        match level {
            SemVerLevel::One => format!("{}/registration/", self.base),
            SemVerLevel::Two => format!("{}/registration-semver2/", self.base),
        }
    }

    /// The address of a package's registration.
    #[must_use]
    pub fn registration(&self, level: SemVerLevel, id: &PackageId) -> String {
        format!("{}{}/index.json", self.registrations(level), id.lower())
    }

    /// The address of one version's registration.
    #[must_use]
    pub fn leaf(&self, level: SemVerLevel, id: &PackageId, version: &PackageVersion) -> String {
        format!(
            "{}{}/{}.json",
            self.registrations(level),
            id.lower(),
            version.key()
        )
    }

    /// The address of a package's content.
    #[must_use]
    pub fn content(&self, id: &PackageId, version: &PackageVersion) -> String {
        let (id, version) = (id.lower(), version.key());
        format!("{}{id}/{version}/{id}.{version}.nupkg", self.flat())
    }
}

/// The document that tells clients where everything is.
#[must_use]
pub fn service_index(urls: &FeedUrls) -> Value {
    let plain = urls.registrations(SemVerLevel::One);
    let all = urls.registrations(SemVerLevel::Two);
    let resources = [
        (urls.flat(), "PackageBaseAddress/3.0.0"),
        (urls.publish(), "PackagePublish/2.0.0"),
        (plain.clone(), "RegistrationsBaseUrl"),
        (plain, "RegistrationsBaseUrl/3.4.0"),
        (all, "RegistrationsBaseUrl/3.6.0"),
        (urls.search(), "SearchQueryService"),
        // The names that NuGet's own client looks for; the one without a version is not among them.
        (urls.search(), "SearchQueryService/3.0.0-beta"),
        (urls.search(), "SearchQueryService/3.0.0-rc"),
        (urls.search(), "SearchQueryService/3.5.0"),
    ];
    let resources = resources.map(|(id, kind)| json!({"@id": id, "@type": kind}));
    json!({"version": "3.0.0", "resources": resources})
}

/// The versions of a package, in ascending order. A package without versions is answered with
/// 404, not with this.
#[must_use]
pub fn versions(versions: &[PackageVersion]) -> Value {
    let versions: Vec<_> = versions.iter().map(PackageVersion::key).collect();
    json!({"versions": versions})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_index_names_what_clients_look_for() {
        let index = service_index(&FeedUrls::new("http://localhost/nuget/v3/"));
        let find = |kind: &str| {
            let resources = index["resources"].as_array().unwrap();
            let resource = resources.iter().find(|r| r["@type"] == kind).unwrap();
            resource["@id"].as_str().unwrap().to_owned()
        };
        assert_eq!(index["version"], "3.0.0");
        assert_eq!(
            find("PackageBaseAddress/3.0.0"),
            "http://localhost/nuget/v3/flat/"
        );
        assert_eq!(
            find("PackagePublish/2.0.0"),
            "http://localhost/nuget/v3/package"
        );
        assert_ne!(
            find("RegistrationsBaseUrl/3.4.0"),
            find("RegistrationsBaseUrl/3.6.0")
        );
        assert_eq!(
            find("SearchQueryService/3.5.0"),
            "http://localhost/nuget/v3/query"
        );
    }
}
