//! The rules of an image's description.

use std::collections::BTreeMap;

use super::{FileContent, ImageFile, ImageSpec};
use crate::{ImageError, Limits, Result};

/// Checks a spec as a whole, before any file is read.
///
/// # Errors
/// [`ImageError::InvalidSpec`] names the field and the rule; [`ImageError::TooLarge`].
pub(crate) fn validate(spec: &ImageSpec, limits: &Limits) -> Result<()> {
    absolute(&spec.target, "target", limits)?;
    if let Some(folder) = &spec.working_dir {
        absolute(folder, "workingDir", limits)?;
    }
    check_files(spec, limits)?;
    list(&spec.entrypoint, "entrypoint", limits)?;
    list(&spec.cmd, "cmd", limits)?;
    map(&spec.env, "env", limits, is_variable)?;
    map(&spec.labels, "labels", limits, is_key)?;
    map(&spec.annotations, "annotations", limits, is_key)?;
    count(spec.exposed_ports.len(), "exposedPorts", limits)?;
    for port in &spec.exposed_ports {
        if !is_port(port) {
            return Err(ImageError::spec(
                format!("exposedPorts[{port}]"),
                "it must be a number from 1 to 65535, alone or with /tcp or /udp",
            ));
        }
    }
    if let Some(user) = &spec.user
        && !is_user(user)
    {
        return Err(ImageError::spec(
            "user",
            "it must be a name or number of a-z, A-Z, 0-9, '.', '_' or '-', or two with ':' between",
        ));
    }
    check_platform(spec)
}

fn check_platform(spec: &ImageSpec) -> Result<()> {
    let word = |text: &str| {
        (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let platform = &spec.platform;
    let variant = platform.variant.as_deref().is_none_or(word);
    if word(&platform.os) && word(&platform.architecture) && variant {
        Ok(())
    } else {
        Err(ImageError::spec(
            "platform",
            "its parts must be 1 to 32 letters and digits, such as linux and amd64",
        ))
    }
}

fn check_files(spec: &ImageSpec, limits: &Limits) -> Result<()> {
    if spec.files.is_empty() {
        return Err(ImageError::spec("files", "there must be at least one file"));
    }
    if spec.files.len() > limits.max_files {
        return Err(ImageError::too_large(
            format!("{} files", spec.files.len()),
            limits.max_files as u64,
        ));
    }
    let mut seen: BTreeMap<&str, &ImageFile> = BTreeMap::new();
    for file in &spec.files {
        relative(&file.path, || format!("files[{}].path", file.path))?;
        if spec.target.len() + file.path.len() + 1 > limits.max_path_bytes {
            return Err(ImageError::spec(
                format!("files[{}].path", file.path),
                "it is too long",
            ));
        }
        if let FileContent::Link(target) = &file.content {
            link(&file.path, target)?;
        }
        if seen.insert(&file.path, file).is_some() {
            return Err(ImageError::spec(
                format!("files[{}].path", file.path),
                "it is named more than once",
            ));
        }
    }
    for path in seen.keys() {
        let parent = path.match_indices('/').map(|(at, _)| &path[..at]);
        if parent.into_iter().any(|parent| seen.contains_key(parent)) {
            return Err(ImageError::spec(
                format!("files[{path}].path"),
                "one of its folders is a file",
            ));
        }
    }
    Ok(())
}

fn relative(path: &str, field: impl Fn() -> String) -> Result<()> {
    let refuse = |rule| Err(ImageError::spec(field(), rule));
    if path.is_empty() {
        return refuse("it is empty");
    }
    if path.starts_with('/') {
        return refuse("it is absolute");
    }
    if path.chars().any(|c| c.is_control() || c == '\\') {
        return refuse("it holds a control character or a backslash");
    }
    for component in path.split('/') {
        match component {
            "" => return refuse("it has an empty component"),
            "." | ".." => return refuse("it has a `.` or `..` component"),
            // In a layer such a name deletes a file of the layers below.
            _ if component.starts_with(".wh.") => {
                return refuse("a component starts with `.wh.`, which layers use for deletions");
            }
            _ if component.len() > 255 => return refuse("a component is longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(())
}

fn link(path: &str, target: &str) -> Result<()> {
    let refuse = |rule| Err(ImageError::spec(format!("files[{path}].content"), rule));
    if target.is_empty() || target.len() > 1_024 || target.chars().any(char::is_control) {
        return refuse("the link's target must be 1 to 1024 bytes without control characters");
    }
    if target.starts_with('/') {
        return refuse("the link's target is absolute");
    }
    let mut depth = path.matches('/').count();
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." if depth == 0 => return refuse("the link leaves the target folder"),
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    Ok(())
}

fn absolute(folder: &str, field: &'static str, limits: &Limits) -> Result<()> {
    let Some(rest) = folder.strip_prefix('/') else {
        return Err(ImageError::spec(field, "it must start with a slash"));
    };
    if folder.len() > limits.max_path_bytes {
        return Err(ImageError::spec(field, "it is too long"));
    }
    if rest.is_empty() {
        return Ok(());
    }
    relative(rest, || field.to_owned())
}

fn count(number: usize, field: &'static str, limits: &Limits) -> Result<()> {
    if number > limits.max_entries {
        return Err(ImageError::too_large(
            format!("{number} entries of {field}"),
            limits.max_entries as u64,
        ));
    }
    Ok(())
}

fn list(entries: &[String], field: &'static str, limits: &Limits) -> Result<()> {
    count(entries.len(), field, limits)?;
    for (index, entry) in entries.iter().enumerate() {
        if entry.len() > limits.max_entry_bytes || entry.contains('\0') {
            return Err(ImageError::spec(
                format!("{field}[{index}]"),
                "it is too long or holds a NUL",
            ));
        }
    }
    Ok(())
}

fn map(
    entries: &BTreeMap<String, String>,
    field: &'static str,
    limits: &Limits,
    valid: fn(&str) -> bool,
) -> Result<()> {
    count(entries.len(), field, limits)?;
    for (key, value) in entries {
        if !valid(key) {
            return Err(ImageError::spec(
                format!("{field}[{key}]"),
                "the name must be 1 to 255 visible ASCII characters; a variable's has no `=`",
            ));
        }
        if value.len() > limits.max_entry_bytes || value.contains('\0') {
            return Err(ImageError::spec(
                format!("{field}[{key}]"),
                "the value is too long or holds a NUL",
            ));
        }
    }
    Ok(())
}

fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

fn is_variable(key: &str) -> bool {
    is_key(key) && !key.contains('=')
}

fn is_user(user: &str) -> bool {
    let name = |part: &str| {
        (1..=64).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    match user.split_once(':') {
        Some((user, group)) => name(user) && name(group),
        None => name(user),
    }
}

fn is_port(port: &str) -> bool {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    matches!(protocol, "tcp" | "udp")
        && !number.starts_with(['0', '+'])
        && number.parse::<u16>().is_ok_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use chrono::DateTime;

    fn file(path: &str) -> ImageFile {
        ImageFile {
            path: path.to_owned(),
            content: FileContent::Bytes(Bytes::new()),
            executable: false,
        }
    }

    fn field_of(spec: &ImageSpec) -> String {
        match validate(spec, &Limits::default()) {
            Err(ImageError::InvalidSpec { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn paths_that_leave_the_target_folder_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "a/.wh.b",
        ] {
            let spec = ImageSpec::new(vec![file(bad)], DateTime::UNIX_EPOCH);
            assert_eq!(field_of(&spec), format!("files[{bad}].path"));
        }
    }

    #[test]
    fn a_path_is_named_once_and_is_no_folder_of_another() {
        let twice = ImageSpec::new(vec![file("a"), file("a")], DateTime::UNIX_EPOCH);
        assert_eq!(field_of(&twice), "files[a].path");
        let below = ImageSpec::new(vec![file("a/b/c"), file("a/b")], DateTime::UNIX_EPOCH);
        assert_eq!(field_of(&below), "files[a/b/c].path");
    }

    #[test]
    fn links_stay_inside() {
        let linked = |path: &str, target: &str| {
            let mut file = file(path);
            file.content = FileContent::Link(target.to_owned());
            ImageSpec::new(vec![file], DateTime::UNIX_EPOCH)
        };
        for (path, target) in [
            ("a", "../b"),
            ("a/b", "../../c"),
            ("a", "/etc/passwd"),
            ("a", ""),
        ] {
            assert_eq!(
                field_of(&linked(path, target)),
                format!("files[{path}].content")
            );
        }
        assert!(validate(&linked("a/b", "../c/./d"), &Limits::default()).is_ok());
    }

    #[test]
    fn settings_that_break_a_rule_are_named() {
        let spec = |change: fn(&mut ImageSpec)| {
            let mut spec = ImageSpec::new(vec![file("a")], DateTime::UNIX_EPOCH);
            change(&mut spec);
            field_of(&spec)
        };
        assert_eq!(spec(|s| s.target = "app".into()), "target");
        assert_eq!(spec(|s| s.target = "/app/..".into()), "target");
        assert_eq!(spec(|s| s.working_dir = Some("x".into())), "workingDir");
        assert_eq!(spec(|s| s.user = Some("a b".into())), "user");
        assert_eq!(spec(|s| s.cmd = vec!["a\0".into()]), "cmd[0]");
        assert_eq!(spec(|s| s.platform.os = "../x".into()), "platform");
        assert_eq!(
            spec(|s| {
                s.env.insert("A=B".into(), String::new());
            }),
            "env[A=B]"
        );
        for port in ["0", "65536", "80/sctp", "+80", "tcp"] {
            let mut spec = ImageSpec::new(vec![file("a")], DateTime::UNIX_EPOCH);
            spec.exposed_ports.insert(port.to_owned());
            assert_eq!(field_of(&spec), format!("exposedPorts[{port}]"));
        }
    }
}
