//! Packages that come from outside and mean harm, or are merely broken.

use proptest::prelude::*;
use sluice_package_feed::{Limits, PackageFeedError, PackageRule, inspect, pack};
use sluice_schema::{ErrorCode, Fault};

use crate::fixture::{NUSPEC, Raw, archive, rich};

fn rule(entries: &[Raw]) -> PackageRule {
    rule_of(&archive(entries))
}

fn rule_of(package: &[u8]) -> PackageRule {
    match inspect(package, &Limits::default()) {
        Err(PackageFeedError::InvalidPackage { rule, .. }) => rule,
        other => panic!("not refused as a package: {other:?}"),
    }
}

fn nuspec() -> Raw {
    Raw::new("a.nuspec", NUSPEC)
}

#[test]
fn an_honest_archive_of_another_tool_is_taken() {
    let entries = [
        nuspec(),
        Raw::new("content/", ""),
        Raw::new("content/a b.txt", "x"),
    ];
    let metadata = inspect(&archive(&entries), &Limits::default()).unwrap();
    assert_eq!(metadata.version.to_string(), "1.0.0");
}

#[test]
fn names_that_leave_the_package_are_refused_also_when_escaped() {
    for name in [
        "../evil",
        "a/../../evil",
        "/etc/passwd",
        "..\\evil",
        "C:/evil",
        "%2e%2e/evil",
        "%2e%2e%2fevil",
        "%2fetc/passwd",
        "a//b",
        "a\0b",
        "a/./b",
        "x%00y",
        "a:stream",
        "%ff",
    ] {
        let rule = rule(&[nuspec(), Raw::new(name, "x")]);
        assert!(
            matches!(rule, PackageRule::UnsafeName(_)),
            "{name:?}: {rule}"
        );
    }
}

#[test]
fn links_and_devices_are_refused() {
    for mode in [0o120_777, 0o020_666, 0o010_666] {
        let link = Raw {
            mode,
            ..Raw::new("content/link", "/etc/passwd")
        };
        assert_eq!(rule(&[nuspec(), link]), PackageRule::NotRegular);
    }
}

#[test]
fn names_that_a_file_system_takes_for_one_are_refused() {
    let twice = |a: &str, b: &str| rule(&[nuspec(), Raw::new(a, "1"), Raw::new(b, "2")]);
    assert_eq!(twice("content/a", "content/a"), PackageRule::Duplicate);
    assert_eq!(twice("content/a", "Content/A"), PackageRule::Duplicate);
    assert_eq!(
        twice("content/a b", "content/a%20b"),
        PackageRule::Duplicate
    );
    assert_eq!(twice("content/a", "content/a/b"), PackageRule::Duplicate);
}

#[test]
fn there_is_one_description_at_the_root() {
    assert_eq!(
        rule(&[Raw::new("x/a.nuspec", NUSPEC)]),
        PackageRule::NoNuspec
    );
    assert_eq!(
        rule(&[nuspec(), Raw::new("B.NuSpec", NUSPEC)]),
        PackageRule::SeveralNuspecs
    );
    assert_eq!(rule(&[]), PackageRule::NoNuspec);
    let broken = rule(&[Raw::new("a.nuspec", "<package>")]);
    assert!(matches!(broken, PackageRule::Nuspec(_)));
}

#[test]
fn content_that_is_not_what_its_header_says_is_refused() {
    let plain = Raw::new("content/a", "12345");
    let crc = Raw {
        crc: 1,
        ..plain.clone()
    };
    assert_eq!(rule(&[nuspec(), crc]), PackageRule::Corrupt);
    let size = Raw {
        size: 4,
        ..plain.clone()
    };
    assert_eq!(rule(&[nuspec(), size]), PackageRule::Corrupt);
    let not_deflated = Raw { method: 8, ..plain };
    assert_eq!(rule(&[nuspec(), not_deflated]), PackageRule::Corrupt);
}

#[test]
fn archives_with_two_readings_are_refused() {
    let plain = [nuspec(), Raw::new("content/a", "12345")];
    let refused = |package: &[u8]| {
        let rule = rule_of(package);
        assert!(matches!(rule, PackageRule::NotZip(_)), "{rule}");
    };
    let other_name = Raw {
        local_name: "content/b".into(),
        ..plain[1].clone()
    };
    refused(&archive(&[nuspec(), other_name]));
    for flags in [0x0801, 0x0840] {
        refused(&archive(&[
            nuspec(),
            Raw {
                flags,
                ..plain[1].clone()
            },
        ]));
    }
    refused(&archive(&[
        nuspec(),
        Raw {
            method: 12,
            ..plain[1].clone()
        },
    ]));
    refused(&archive(&[
        nuspec(),
        Raw {
            flags: 0,
            ..Raw::new("content/ä", "")
        },
    ]));
    let good = archive(&plain);
    refused(&[b"#!/bin/sh\n", good.as_slice()].concat());
    refused(&[good.as_slice(), b"behind"].concat());
    refused(&[good.as_slice(), good.as_slice()].concat());
    refused(&good[..good.len() - 1]);
    refused(b"");
    refused(b"not a zip at all, but longer than an end record");
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let entry = Raw {
        size: u32::MAX - 1,
        method: 8,
        ..Raw::new("content/a", "x")
    };
    let error = inspect(&archive(&[nuspec(), entry]), &Limits::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::LimitExceeded);
    // One that lies about its size ends where its claim ends.
    let zeros = vec![0_u8; 10_000_000];
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    let lying = Raw {
        method: 8,
        content: encoder.finish().unwrap(),
        size: 10,
        ..Raw::new("content/a", "")
    };
    assert_eq!(rule(&[nuspec(), lying]), PackageRule::Corrupt);
}

#[test]
fn limits_hold() {
    let package = pack(&rich(), &Limits::default()).unwrap().bytes;
    let limited = |limits| inspect(&package, &limits).unwrap_err().code();
    let default = Limits::default();
    assert_eq!(
        limited(Limits {
            max_package_bytes: 100,
            ..default
        }),
        ErrorCode::LimitExceeded
    );
    assert_eq!(
        limited(Limits {
            max_unpacked_bytes: 100,
            ..default
        }),
        ErrorCode::LimitExceeded
    );
    assert_eq!(
        limited(Limits {
            max_nuspec_bytes: 100,
            ..default
        }),
        ErrorCode::LimitExceeded
    );
    assert_eq!(
        limited(Limits {
            max_dependencies: 1,
            ..default
        }),
        ErrorCode::LimitExceeded
    );
    let many: Vec<Raw> = (0..20)
        .map(|n| Raw::new(&format!("content/{n}"), ""))
        .collect();
    let few = Limits {
        max_files: 3,
        ..default
    };
    assert_eq!(
        inspect(&archive(&many), &few).unwrap_err().code(),
        ErrorCode::LimitExceeded
    );
}

proptest! {
    #[test]
    fn a_damaged_package_is_refused_or_unchanged_in_what_it_says(at in 0_usize..2_000, with in any::<u8>()) {
        let good = pack(&rich(), &Limits::default()).unwrap();
        let mut bytes = good.bytes.to_vec();
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok(read) = inspect(&bytes, &Limits::default()) {
            prop_assert_eq!(read, good.metadata);
        }
    }
}
