use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::*;

fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, content).unwrap();
}

fn module(root: &Path) {
    put(root, MODULE_FILE, "id: m\n");
}

fn git(root: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args(args)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {args:?}: {done:?}");
}

fn paths(source: &Source) -> Vec<&str> {
    source.files.iter().map(|file| file.path.as_str()).collect()
}

fn collected(root: &Path) -> Source {
    collect(root, &Limits::default()).unwrap()
}

fn refused(root: &Path) -> String {
    collect(root, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn nested_ignore_files_are_respected_without_a_repository() {
    let dir = tempfile::tempdir().unwrap();
    module(dir.path());
    put(dir.path(), ".gitignore", "*.log\n");
    put(dir.path(), "a/.gitignore", "/out\n");
    put(dir.path(), "a/out/x", "");
    put(dir.path(), "a/kept.txt", "");
    put(dir.path(), "b.log", "");
    put(dir.path(), ".hidden/x", "");
    let source = collected(dir.path());
    let expected = [
        ".gitignore",
        ".hidden/x",
        "a/.gitignore",
        "a/kept.txt",
        "module.yaml",
    ];
    assert_eq!(paths(&source), expected);
}

#[test]
fn a_work_tree_gives_tracked_and_new_files_but_neither_ignored_nor_deleted_ones() {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "-q"]);
    put(dir.path(), ".gitignore", "*.log\n");
    put(dir.path(), "sub/x.log", "");
    put(dir.path(), "sub/tracked.log", "tracked although ignored");
    put(dir.path(), "sub/new", "");
    put(dir.path(), "sub/gone", "");
    module(&dir.path().join("sub"));
    git(dir.path(), &["add", "-f", "sub/tracked.log", "sub/gone"]);
    fs::remove_file(dir.path().join("sub/gone")).unwrap();
    let source = collected(&dir.path().join("sub"));
    assert_eq!(paths(&source), ["module.yaml", "new", "tracked.log"]);
}

#[test]
fn files_folders_and_links_may_take_each_others_place_in_a_work_tree() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    git(dir.path(), &["init", "-q"]);
    module(dir.path());
    for path in ["file/deep/x", "link/x", "folder"] {
        put(dir.path(), path, "old");
    }
    git(dir.path(), &["add", "."]);
    fs::remove_dir_all(dir.path().join("file")).unwrap();
    put(dir.path(), "file", "new");
    fs::remove_file(dir.path().join("folder")).unwrap();
    put(dir.path(), "folder/x", "new");
    fs::remove_dir_all(dir.path().join("link")).unwrap();
    put(outside.path(), "x", "not of this folder");
    std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
    put(dir.path(), ".gitignore", "/link\n");
    let source = collected(dir.path());
    let expected = [".gitignore", "file", "folder/x", "module.yaml"];
    assert_eq!(paths(&source), expected);
}

#[test]
fn a_folder_that_the_work_tree_around_it_ignores_is_shipped_by_its_own_rules() {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "-q"]);
    put(dir.path(), ".gitignore", "/made\n");
    put(dir.path(), "made/.gitignore", "skip\n");
    put(dir.path(), "made/skip", "");
    put(dir.path(), "made/kept", "");
    module(&dir.path().join("made"));
    let source = collected(&dir.path().join("made"));
    assert_eq!(paths(&source), [".gitignore", "kept", "module.yaml"]);
}

#[test]
fn modes_bytes_and_unicode_names_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    module(dir.path());
    put(dir.path(), "日本/ü b.txt", "grüß");
    put(dir.path(), "bin/tool", [0xff, 0x00, 0xfe]);
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(dir.path().join("bin/tool"), mode).unwrap();
    let source = collected(dir.path());
    let tool = source.file("bin/tool").unwrap();
    assert!(tool.executable);
    assert_eq!(tool.content, [0xff, 0x00, 0xfe]);
    let text = source.file("日本/ü b.txt").unwrap();
    assert!(!text.executable);
    assert_eq!(text.content, "grüß".as_bytes());
}

#[test]
fn links_to_shipped_files_and_folders_become_copies() {
    let dir = tempfile::tempdir().unwrap();
    module(dir.path());
    put(dir.path(), "real/a.txt", "a");
    put(dir.path(), "real-not/b.txt", "b");
    std::os::unix::fs::symlink("real/a.txt", dir.path().join("file-link")).unwrap();
    std::os::unix::fs::symlink("real", dir.path().join("folder-link")).unwrap();
    let source = collected(dir.path());
    assert_eq!(source.copied_links, ["file-link", "folder-link"]);
    assert_eq!(source.file("file-link").unwrap().content, b"a");
    assert_eq!(source.file("folder-link/a.txt").unwrap().content, b"a");
    assert!(source.file("folder-link/b.txt").is_none());
}

#[test]
fn links_that_lead_out_nowhere_around_or_to_ignored_files_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    module(dir.path());
    put(dir.path(), ".gitignore", "secret\n");
    put(dir.path(), "secret", "s");
    put(dir.path(), "sub/x", "");
    let links = [
        ("out", "/etc"),
        ("gone", "nothing"),
        ("sub/up", ".."),
        ("bare", "secret"),
    ];
    for (name, target) in links {
        std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
    }
    let text = refused(dir.path());
    for expected in [
        "4 entries",
        "out: is a symbolic link that leaves the folder",
        "gone: is a symbolic link that leads nowhere",
        "sub/up: is a symbolic link to a folder around it",
        "bare: is a symbolic link to what is not shipped",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
}

#[test]
fn a_nested_repository_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "-q"]);
    module(dir.path());
    put(dir.path(), "vendor/x", "");
    git(&dir.path().join("vendor"), &["init", "-q"]);
    let text = refused(dir.path());
    assert!(text.contains("is a repository of its own"), "{text}");
}

#[test]
fn sizes_and_counts_over_the_limits_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    module(dir.path());
    put(dir.path(), "large", "123456789");
    let limits = |max_files, max_file_bytes, max_total_bytes| Limits {
        max_files,
        max_file_bytes,
        max_total_bytes,
    };
    let error = |limits: Limits| collect(dir.path(), &limits).unwrap_err();
    assert!(matches!(
        error(limits(1, 99, 99)),
        CollectError::TooManyFiles { limit: 1 }
    ));
    assert!(matches!(
        error(limits(9, 8, 99)),
        CollectError::FileTooLarge { size: 9, .. }
    ));
    assert!(matches!(
        error(limits(9, 9, 10)),
        CollectError::TooLarge { limit: 10 }
    ));
}

#[test]
fn a_folder_without_a_module_description_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        collect(dir.path(), &Limits::default()),
        Err(CollectError::NoModule(_))
    ));
    put(dir.path(), ".gitignore", "module.yaml\n");
    module(dir.path());
    assert!(matches!(
        collect(dir.path(), &Limits::default()),
        Err(CollectError::ModuleIgnored(_))
    ));
    assert!(matches!(
        collect(&dir.path().join("missing"), &Limits::default()),
        Err(CollectError::NotAFolder(_))
    ));
}
