//! Semantic versions of releases: reading, ordering, proposing.

use semver::{BuildMetadata, Prerelease, Version};

use crate::Bump;

const MAX_LENGTH: usize = 64;

/// Reads the version of a release.
///
/// Build metadata is refused: versions that differ in it alone are the same to feeds and people.
pub(crate) fn parse(text: &str) -> Result<Version, &'static str> {
    if text.len() > MAX_LENGTH {
        return Err("must have at most 64 characters");
    }
    let version = Version::parse(text)
        .map_err(|_| "must be a semantic version such as 1.4.0 or 2.0.0-beta.1")?;
    if version.build.is_empty() {
        Ok(version)
    } else {
        Err("must have no build metadata (what follows '+')")
    }
}

/// The version that a module states, as a release can have it; 0.1.0 when it states none.
pub(crate) fn of_module(text: &str) -> Version {
    let mut version = Version::parse(text).unwrap_or(Version::new(0, 1, 0));
    version.build = BuildMetadata::EMPTY;
    if version.to_string().len() > MAX_LENGTH {
        return Version::new(version.major, version.minor, version.patch);
    }
    version
}

/// A text whose order is the order of versions, in every collation: lower-case letters and
/// digits alone.
pub(crate) fn sort_key(version: &Version) -> String {
    let Version {
        major,
        minor,
        patch,
        pre,
        ..
    } = version;
    let mut key = format!("{major:020}{minor:020}{patch:020}");
    if pre.is_empty() {
        key.push('z');
        return key;
    }
    key.push('a');
    for identifier in pre.split('.') {
        // Numbers come before words, and what ends before what goes on.
        match identifier.parse::<u64>() {
            Ok(number) => key.push_str(&format!("1{number:020}")),
            Err(_) => {
                key.push('2');
                for byte in identifier.bytes() {
                    key.push_str(&format!("{byte:02x}"));
                }
                key.push_str("00");
            }
        }
    }
    key
}

/// The version after `last` for changes of this weight; a pre-release goes on as one.
pub(crate) fn next(last: &Version, bump: Bump) -> Version {
    if !last.pre.is_empty() {
        return next_prerelease(last);
    }
    let Version {
        major,
        minor,
        patch,
        ..
    } = *last;
    match bump {
        Bump::Major => Version::new(major.saturating_add(1), 0, 0),
        Bump::Minor => Version::new(major, minor.saturating_add(1), 0),
        Bump::Patch => Version::new(major, minor, patch.saturating_add(1)),
    }
}

fn next_prerelease(last: &Version) -> Version {
    let mut parts: Vec<String> = last.pre.split('.').map(ToOwned::to_owned).collect();
    match parts.last().and_then(|part| part.parse::<u64>().ok()) {
        Some(number) => {
            parts.pop();
            parts.push(number.saturating_add(1).to_string());
        }
        None => parts.push("1".to_owned()),
    }
    let mut next = last.clone();
    // Counting up keeps the rule of identifiers; were it not so, the release itself is next.
    next.pre = Prerelease::new(&parts.join(".")).unwrap_or(Prerelease::EMPTY);
    next
}

/// The version to propose: the greatest of what the modules state and what follows the last
/// release.
pub(crate) fn propose<'a>(
    modules: impl IntoIterator<Item = &'a str>,
    last: Option<&Version>,
    bump: Bump,
) -> Version {
    let stated = modules.into_iter().map(of_module);
    let follows = last.map(|last| next(last, bump));
    let proposed = stated.chain(follows).max();
    proposed.unwrap_or(Version::new(0, 1, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_no_semantic_version_is_refused() {
        for bad in ["", "1", "1.2", "v1.2.3", "1.02.3", "1.2.3+build", "1.2.3-"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&format!("1.2.3-{}", "a".repeat(60))).is_err());
        assert_eq!(parse("1.2.3-beta.1").unwrap(), v("1.2.3-beta.1"));
    }

    #[test]
    fn the_order_of_keys_is_the_order_of_versions() {
        let ordered = [
            "0.9.0",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-Beta",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-alpha-x",
            "1.0.0-rc.2",
            "1.0.0-rc.10",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "10.0.0",
        ];
        assert!(ordered.map(v).is_sorted());
        assert!(ordered.map(|text| sort_key(&v(text))).is_sorted());
    }

    #[test]
    fn the_weight_of_changes_decides_what_comes_next() {
        for (last, bump, expected) in [
            ("1.2.3", Bump::Major, "2.0.0"),
            ("1.2.3", Bump::Minor, "1.3.0"),
            ("1.2.3", Bump::Patch, "1.2.4"),
            ("2.0.0-beta.9", Bump::Major, "2.0.0-beta.10"),
            ("2.0.0-beta", Bump::Patch, "2.0.0-beta.1"),
        ] {
            assert_eq!(next(&v(last), bump), v(expected), "{last}");
        }
    }

    #[test]
    fn the_proposal_is_the_greatest_of_stated_and_following() {
        let last = v("1.4.0");
        assert_eq!(propose(["1.0.0"], None, Bump::Major), v("1.0.0"));
        assert_eq!(propose(["1.0.0"], Some(&last), Bump::Minor), v("1.5.0"));
        assert_eq!(propose(["2.0.0"], Some(&last), Bump::Minor), v("2.0.0"));
        assert_eq!(propose(["1.0.0", "3.1.0+x"], None, Bump::Patch), v("3.1.0"));
        assert_eq!(propose(["nonsense"], None, Bump::Patch), v("0.1.0"));
    }
}
