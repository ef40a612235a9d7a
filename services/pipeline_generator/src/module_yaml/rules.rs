//! What single values must look like. Each answers with the rule that is broken, in words.

/// A broken rule: its stable name and what would be right.
pub(super) type Broken = (&'static str, &'static str);

pub(super) fn slug(text: &str) -> Result<(), Broken> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let rule = "must be a lower-case letter, then up to 62 lower-case letters, digits and dashes";
    if first && rest && text.len() <= 63 {
        Ok(())
    } else {
        Err(("bad-slug", rule))
    }
}

/// Text for one line of output.
pub(super) fn line(text: &str, max: usize) -> Result<(), Broken> {
    if text.chars().count() > max {
        return Err(("too-long", "is too long"));
    }
    if text.chars().any(is_control) {
        return Err((
            "control-character",
            "must not hold line breaks or control characters",
        ));
    }
    Ok(())
}

/// A script: line breaks and tabs are fine.
pub(super) fn script(text: &str) -> Result<(), Broken> {
    if text.len() > 16 * 1024 {
        return Err(("too-long", "must have at most 16 KiB"));
    }
    if text
        .chars()
        .any(|c| is_control(c) && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(("control-character", "must not hold control characters"));
    }
    template(text)
}

/// Azure expands `${{ }}` before the run, with more rights than a script should have.
pub(super) fn template(text: &str) -> Result<(), Broken> {
    if text.contains("${{") {
        let rule = "must not hold a template expression ${{ }}; use a variable";
        return Err(("template-expression", rule));
    }
    Ok(())
}

/// A file, folder or glob inside the module.
pub(super) fn path(text: &str) -> Result<(), Broken> {
    let bad = |rule| Err(("bad-path", rule));
    if text.len() > 512 {
        return bad("must have at most 512 bytes");
    }
    if text
        .chars()
        .any(|c| is_control(c) || matches!(c, '\\' | '$' | '"' | '`'))
    {
        return bad("must not hold backslashes, quotes, $ or control characters; separate with /");
    }
    let absolute = text.starts_with(['/', '~']) || text.as_bytes().get(1) == Some(&b':');
    if absolute {
        return bad("must be relative to the module's root");
    }
    if text.split('/').any(|segment| segment == "..") {
        return bad("must not leave the module's root with ..");
    }
    if text.starts_with(['!', '#', '-', '+']) || text.starts_with(' ') || text.ends_with(' ') {
        return bad("must not start with ! # - + or a blank, nor end with a blank");
    }
    if text.split('/').any(|segment| segment == ".git") {
        return bad("must not reach into .git");
    }
    Ok(())
}

pub(super) fn package_name(text: &str) -> Result<(), Broken> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/@".contains(&b);
    let first = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'@');
    let rule = "must be up to 128 letters, digits and . _ - / @, starting with a letter or digit";
    let whole = text.len() <= 128 && text.bytes().all(allowed);
    if first && whole {
        Ok(())
    } else {
        Err(("bad-name", rule))
    }
}

pub(super) fn image_name(text: &str) -> Result<(), Broken> {
    let part = |part: &str| {
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        edge(part.bytes().next()) && edge(part.bytes().last()) && part.bytes().all(inner)
    };
    let rule = "must be lower-case letters, digits and . _ - in parts separated by /";
    let whole = text.len() <= 128 && text.split('/').all(part);
    if whole {
        Ok(())
    } else {
        Err(("bad-name", rule))
    }
}

/// An image of the same registry: `name:tag` or `name@sha256:<hex>`.
pub(super) fn image_reference(text: &str) -> Result<(), Broken> {
    let broken = Err((
        "bad-image-reference",
        "must be name:tag or name@sha256:<64 hex digits>",
    ));
    if let Some((name, digest)) = text.split_once("@sha256:") {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        image_name(name)?;
        return match digest.len() == 64 && digest.bytes().all(hex) {
            true => Ok(()),
            false => broken,
        };
    }
    let Some((name, tag)) = text.split_once(':') else {
        return broken;
    };
    image_name(name)?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let begins = tag
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    match begins && tag.len() <= 128 && tag.bytes().all(allowed) {
        true => Ok(()),
        false => broken,
    }
}

/// A variable of the environment of a process.
pub(super) fn setting_name(text: &str) -> Result<(), Broken> {
    let mut bytes = text.bytes();
    let first = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let rest = bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    let rule = "must be up to 128 letters, digits, _ and ., starting with a letter or _";
    if first && rest && text.len() <= 128 {
        Ok(())
    } else {
        Err(("bad-variable-name", rule))
    }
}

/// A variable of the pipeline, which must not hide one of the system's.
pub(super) fn variable_name(text: &str) -> Result<(), Broken> {
    setting_name(text)?;
    let lower = text.to_ascii_lowercase().replace('.', "_");
    let reserved = [
        "agent_",
        "build_",
        "system_",
        "pipeline_",
        "endpoint",
        "input",
        "securefile",
    ];
    let whole = ["path", "home", "tf_build", "ci"];
    let taken =
        reserved.iter().any(|prefix| lower.starts_with(prefix)) || whole.contains(&lower.as_str());
    if taken {
        return Err(("reserved-variable", "is a name that the system sets itself"));
    }
    Ok(())
}

pub(super) fn health(text: &str) -> Result<(), Broken> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/._~-%:@!&'()*+,;=?".contains(&b);
    let rule = "must be a path starting with / of at most 256 URL characters";
    let fits = text.starts_with('/') && !text.starts_with("//") && text.len() <= 256;
    if fits && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(("bad-health", rule))
    }
}

/// Whether a setting looks like a secret in plain text. References to secrets are fine.
pub(super) fn looks_secret(name: &str, value: &str) -> bool {
    let trimmed = value.trim();
    let reference = trimmed.starts_with("$(")
        || ["secret:", "secret/", "vault:", "keyvault:"]
            .iter()
            .any(|p| trimmed.starts_with(p))
        || trimmed.contains("://") && !trimmed.contains('@');
    if trimmed.is_empty() || reference {
        return false;
    }
    let lower = name.to_ascii_lowercase().replace(['_', '.'], "");
    let told = [
        "password",
        "passwd",
        "secret",
        "apikey",
        "accesskey",
        "privatekey",
        "token",
    ]
    .iter()
    .any(|word| lower.ends_with(word));
    let shaped = [
        "-----BEGIN ",
        "AKIA",
        "ghp_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "sk_live_",
    ]
    .iter()
    .any(|start| trimmed.contains(start));
    // user:password@host in a connection string
    let credentials = trimmed
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .is_some_and(|(user, _)| user.contains(':') && !user.contains('/'));
    let switch = matches!(trimmed.to_ascii_lowercase().as_str(), "true" | "false")
        || trimmed.parse::<f64>().is_ok() && !lower.ends_with("password");
    (told && !switch) || shaped || credentials
}

/// Line breaks and what else has no place in a line; includes those that only YAML 1.1 breaks at.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}
