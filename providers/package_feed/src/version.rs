//! Package versions, as NuGet reads SemVer 2.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::error::PackageFeedError;

const RULE: &str =
    "it must be MAJOR.MINOR.PATCH with an optional fourth number, -PRERELEASE and +BUILD";

/// A version: one to four numbers, a pre-release part, build metadata.
///
/// `1.0`, `1.0.0` and `1.0.0.0` are one version, case does not count, and neither does the build
/// metadata: it is kept for display only. The order is that of SemVer 2, with the fourth number
/// after the third.
#[derive(Clone)]
pub struct PackageVersion {
    numbers: [u32; 4],
    prerelease: Option<String>,
    build: Option<String>,
}

impl PackageVersion {
    /// The normalised text without build metadata: `1.0` is `1.0.0`, a fourth number of zero is
    /// left out.
    #[must_use]
    pub fn normalized(&self) -> String {
        let [major, minor, patch, fourth] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        if fourth != 0 {
            text.push_str(&format!(".{fourth}"));
        }
        if let Some(prerelease) = &self.prerelease {
            text.push('-');
            text.push_str(prerelease);
        }
        text
    }

    /// The normalised text in lower case, as it stands in paths and URLs. Equal versions have
    /// equal keys.
    #[must_use]
    pub fn key(&self) -> String {
        self.normalized().to_ascii_lowercase()
    }

    /// Whether the version has a pre-release part.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.prerelease.is_some()
    }

    /// Whether clients that know only SemVer 1 cannot read it: a dotted pre-release part, or build
    /// metadata.
    #[must_use]
    pub fn is_semver2(&self) -> bool {
        self.build.is_some() || self.prerelease.as_ref().is_some_and(|p| p.contains('.'))
    }
}

/// The normalised text, with build metadata.
impl fmt::Display for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.normalized())?;
        match &self.build {
            Some(build) => write!(f, "+{build}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PackageVersion {
    type Err = PackageFeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 64 {
            let rule = "it is longer than 64 characters";
            return Err(PackageFeedError::invalid("version", text, rule));
        }
        parse(text).ok_or_else(|| PackageFeedError::invalid("version", text, RULE))
    }
}

fn parse(text: &str) -> Option<PackageVersion> {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(labels(build, false)?)),
        None => (text, None),
    };
    let (core, prerelease) = match rest.split_once('-') {
        Some((core, prerelease)) => (core, Some(labels(prerelease, true)?)),
        None => (rest, None),
    };
    let mut numbers = [0; 4];
    let mut parts = core.split('.');
    for (slot, part) in numbers.iter_mut().zip(parts.by_ref()) {
        *slot = number(part)?;
    }
    parts.next().is_none().then_some(PackageVersion {
        numbers,
        prerelease,
        build,
    })
}

/// NuGet keeps the numbers in 32 bits with a sign, and takes leading zeros here (`1.02`).
fn number(part: &str) -> Option<u32> {
    let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let value: u32 = digits.then(|| part.parse().ok())??;
    (value <= i32::MAX as u32).then_some(value)
}

fn labels(text: &str, prerelease: bool) -> Option<String> {
    let label = |l: &str| {
        let numeric = l.bytes().all(|b| b.is_ascii_digit());
        let padded = prerelease && numeric && l.len() > 1 && l.starts_with('0');
        !l.is_empty() && !padded && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.split('.').all(label).then(|| text.to_owned())
}

fn compare_prerelease(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_label(a, b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_label(a: &str, b: &str) -> Ordering {
    let numeric = |l: &str| l.bytes().all(|b| b.is_ascii_digit());
    match (numeric(a), numeric(b)) {
        // Without leading zeros, the longer number is the greater one, whatever its size.
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
    }
}

impl Ord for PackageVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_prerelease(a, b),
        })
    }
}

impl PartialOrd for PackageVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PackageVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PackageVersion {}

impl Hash for PackageVersion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> PackageVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_normalised_as_nuget_does() {
        for (given, normal) in [
            ("1", "1.0.0"),
            ("1.0", "1.0.0"),
            ("1.02.3", "1.2.3"),
            ("1.0.0.0", "1.0.0"),
            ("1.2.3.4", "1.2.3.4"),
            ("1.0-Beta", "1.0.0-Beta"),
            ("1.0.0-rc.1+sha.5", "1.0.0-rc.1"),
            ("1.0.0+a-b", "1.0.0"),
        ] {
            assert_eq!(version(given).normalized(), normal, "{given}");
        }
        assert_eq!(version("1.0+x").to_string(), "1.0.0+x");
        assert_eq!(version("1.0-RC"), version("1.0.0.0-rc+y"));
    }

    #[test]
    fn versions_that_are_none_are_refused() {
        for bad in [
            "",
            "a",
            "1.",
            "1..2",
            "1.2.3.4.5",
            "-1",
            "1.0-",
            "1.0+",
            "1.0-a..b",
            "1.0-01",
            "1.0-ä",
            "1.0 ",
            "1.0/2",
            "2147483648",
            "1.0-a/../b",
            &format!("1.0-{}", "a".repeat(64)),
        ] {
            assert!(bad.parse::<PackageVersion>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_order_is_that_of_semver() {
        let ascending = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-Alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.0.1",
            "1.0.1",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }
}
