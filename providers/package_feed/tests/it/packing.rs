//! Building packages.

use std::process::Command;

use proptest::prelude::*;
use sluice_package_feed::{
    FileContent, Limits, PackageFeedError, PackageFile, PackageSpec, inspect, pack,
};
use sluice_schema::{ErrorCode, Fault};

use crate::fixture::{file, metadata, rich};

#[test]
fn the_same_input_in_any_order_gives_the_same_bytes() {
    let one = pack(&rich(), &Limits::default()).unwrap();
    let mut other = rich();
    other.files.reverse();
    let other = pack(&other, &Limits::default()).unwrap();
    assert_eq!(one, other);
    assert_eq!(one.size, one.bytes.len() as u64);
    let mut changed = rich();
    changed.metadata.description.push('!');
    assert_ne!(
        pack(&changed, &Limits::default()).unwrap().digest,
        one.digest
    );
}

#[test]
fn the_bytes_do_not_change_from_version_to_version_of_this_program() {
    // Published versions are compared by their bytes: a compressor that packs otherwise must not
    // come in unnoticed.
    let spec = PackageSpec {
        metadata: metadata("a", "1.0"),
        files: vec![file("content/a", "a")],
    };
    let packed = pack(&spec, &Limits::default()).unwrap();
    assert_eq!(
        packed.digest,
        "sha256:987a3a3a9e687e0864ace4a74688aec07ce24c822144134edc22be9577ee974a"
    );
}

#[test]
fn what_is_read_from_a_package_is_what_it_was_made_of() {
    let packed = pack(&rich(), &Limits::default()).unwrap();
    let read = inspect(&packed.bytes, &Limits::default()).unwrap();
    assert_eq!(read, packed.metadata);
    assert_eq!(read, rich().metadata);
}

#[test]
fn another_program_reads_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nupkg");
    std::fs::write(&path, pack(&rich(), &Limits::default()).unwrap().bytes).unwrap();
    let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint('\\n'.join(z.namelist()))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = names.lines().collect();
    let (known, properties): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| !name.starts_with("package/"));
    assert_eq!(
        known,
        [
            "Acme.Web.nuspec",
            "[Content_Types].xml",
            "_rels/.rels",
            "content/%C3%BCber%20uns%2Bx.txt",
            "lib/net8.0/Acme.Web.dll",
            "tools/Makefile",
        ]
    );
    let id = properties[0]
        .strip_prefix("package/services/metadata/core-properties/")
        .unwrap();
    assert_eq!(id.len(), 32 + ".psmdcp".len());
}

#[test]
fn files_come_from_disk_and_symbolic_links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    std::fs::write(&real, "content").unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let spec = |path| PackageSpec {
        metadata: metadata("a", "1.0"),
        files: vec![PackageFile {
            path: "content/x".to_owned(),
            content: FileContent::File(path),
        }],
    };
    let from_disk = pack(&spec(real), &Limits::default()).unwrap();
    let in_memory = PackageSpec {
        metadata: metadata("a", "1.0"),
        files: vec![file("content/x", "content")],
    };
    assert_eq!(from_disk, pack(&in_memory, &Limits::default()).unwrap());
    let error = pack(&spec(link), &Limits::default()).unwrap_err();
    assert!(matches!(error, PackageFeedError::Io { .. }));
    let shown = error.to_string();
    assert!(!shown.contains(folder.path().to_str().unwrap()), "{shown}");
}

#[test]
fn a_refused_part_is_named() {
    let refused = |change: fn(&mut PackageSpec)| {
        let mut spec = rich();
        change(&mut spec);
        let error = pack(&spec, &Limits::default()).unwrap_err();
        (error.code(), error.field().unwrap_or_default())
    };
    let invalid = |field: &str| (ErrorCode::InvalidInput, field.to_owned());
    assert_eq!(
        refused(|s| s.metadata.description.clear()),
        invalid("description")
    );
    assert_eq!(
        refused(|s| s.metadata.description = "x".repeat(4_001)),
        invalid("description")
    );
    assert_eq!(refused(|s| s.metadata.authors.clear()), invalid("authors"));
    assert_eq!(
        refused(|s| s.metadata.tags.push("two words".into())),
        invalid("tags")
    );
    assert_eq!(
        refused(|s| s.metadata.title = Some("\u{1}".into())),
        invalid("title")
    );
    assert_eq!(
        refused(|s| s.files.push(file("../x", ""))),
        invalid("files[../x]")
    );
    assert_eq!(
        refused(|s| s.files.push(file("Tools/makefile", ""))),
        invalid("files[Tools/makefile]")
    );
    assert_eq!(
        refused(|s| s.files.push(file("_rels/x", ""))),
        invalid("files[_rels/x]")
    );
}

#[test]
fn limits_hold() {
    let limited = |limits| pack(&rich(), &limits).unwrap_err().code();
    let default = Limits::default();
    assert_eq!(
        limited(Limits {
            max_files: 2,
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
            max_package_bytes: 100,
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
}

proptest! {
    #[test]
    fn any_description_survives_the_way_through_a_package(
        description in "[ -~äß\n\t\r<&>\"']{1,60}",
        title in "[ -~\n]{0,20}",
        branch in "[ -~\n\t]{0,20}",
        content in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut spec = PackageSpec { metadata: metadata("a", "1"), files: vec![] };
        spec.metadata.description = format!("x{description}");
        spec.metadata.title = Some(title);
        spec.metadata.repository = Some(sluice_package_feed::SourceRepository { kind: "git".into(), url: "u".into(), branch: Some(branch), commit: None });
        spec.files.push(PackageFile { path: "content/x".into(), content: FileContent::Bytes(content.into()) });
        let packed = pack(&spec, &Limits::default()).unwrap();
        prop_assert_eq!(inspect(&packed.bytes, &Limits::default()).unwrap(), packed.metadata);
    }
}
