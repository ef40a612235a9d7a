//! Ranges of versions, as dependencies name them.

use std::fmt;
use std::str::FromStr;

use crate::error::PackageFeedError;
use crate::version::PackageVersion;

const RULE: &str = "it must be a version, or an interval such as [1.0], [1.0,2.0) or (,2.0]";

/// Which versions of a dependency will do: from, to, and whether the bounds count.
///
/// A bare version `1.0` is the least that will do. Floating versions (`1.*`) are refused: they
/// have no place in a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    min: Option<PackageVersion>,
    max: Option<PackageVersion>,
    with_min: bool,
    with_max: bool,
}

impl FromStr for VersionRange {
    type Err = PackageFeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim()).ok_or_else(|| PackageFeedError::invalid("range", text, RULE))
    }
}

fn parse(text: &str) -> Option<VersionRange> {
    let Some(inner) = text.strip_prefix(['[', '(']) else {
        return Some(VersionRange {
            min: Some(text.parse().ok()?),
            max: None,
            with_min: true,
            with_max: false,
        });
    };
    let with_min = text.starts_with('[');
    let with_max = text.ends_with(']');
    let inner = inner.strip_suffix([']', ')'])?;
    let (min, max) = match inner.split_once(',') {
        Some((min, max)) => (bound(min)?, bound(max)?),
        // One version alone is exact, so both bounds must count.
        None if with_min && with_max => {
            let exact: Option<PackageVersion> = Some(inner.trim().parse().ok()?);
            (exact.clone(), exact)
        }
        None => return None,
    };
    let ordered = match (&min, &max) {
        (Some(min), Some(max)) => min < max || (min == max && with_min && with_max),
        (None, None) => false,
        _ => true,
    };
    ordered.then_some(VersionRange {
        with_min: with_min && min.is_some(),
        with_max: with_max && max.is_some(),
        min,
        max,
    })
}

fn bound(text: &str) -> Option<Option<PackageVersion>> {
    match text.trim() {
        "" => Some(None),
        version => version.parse().ok().map(Some),
    }
}

/// The normalised form: `[1.0.0, )`, `[1.0.0, 1.0.0]`, `(, 2.0.0]`.
impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |v: &Option<PackageVersion>| {
            v.as_ref()
                .map(PackageVersion::normalized)
                .unwrap_or_default()
        };
        let open = if self.with_min { '[' } else { '(' };
        let close = if self.with_max { ']' } else { ')' };
        write!(f, "{open}{}, {}{close}", text(&self.min), text(&self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_normalised() {
        for (given, normal) in [
            ("1.0", "[1.0.0, )"),
            ("[1.0]", "[1.0.0, 1.0.0]"),
            ("[1.0, 2)", "[1.0.0, 2.0.0)"),
            ("(,2.0]", "(, 2.0.0]"),
            ("(1.0, )", "(1.0.0, )"),
        ] {
            let range: VersionRange = given.parse().unwrap();
            assert_eq!(range.to_string(), normal);
            assert_eq!(normal.parse::<VersionRange>().unwrap(), range);
        }
    }

    #[test]
    fn ranges_that_hold_no_version_are_refused() {
        for bad in [
            "", "1.*", "(1.0)", "[2,1]", "(1,1)", "[1", "1]", "(,)", "[1,2,3]", "[]",
        ] {
            assert!(bad.parse::<VersionRange>().is_err(), "{bad:?}");
        }
    }
}
