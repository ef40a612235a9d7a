//! What facts must be like, so that what is made from them is valid.

use crate::check::names;
use crate::error::{RenderError, Result, cut};
use crate::facts::{EnvValue, IngressFacts, ModuleFacts};

const MAX_SETTINGS: usize = 500;
const MAX_SETTING_BYTES: usize = 64 * 1024;

pub(super) fn check(facts: &ModuleFacts) -> Result<()> {
    if !names::is_label(&facts.name) {
        return Err(RenderError::fact(
            "name",
            "must be a DNS label of at most 63 characters",
        ));
    }
    if facts.version.is_empty() || facts.version.len() > 200 {
        return Err(RenderError::fact(
            "version",
            "must have 1 to 200 characters",
        ));
    }
    if let Some(namespace) = &facts.namespace
        && !names::is_label(namespace)
    {
        return Err(RenderError::fact(
            "namespace",
            "must be a DNS label of at most 63 characters",
        ));
    }
    image(facts)?;
    ports(facts)?;
    scale(facts)?;
    quantities(facts)?;
    settings(facts)?;
    labels(facts)?;
    match &facts.ingress {
        Some(given) => ingress(facts, given),
        None => Ok(()),
    }
}

/// A text as a label's value: what a label cannot hold becomes `_`.
pub(super) fn label_text(text: &str) -> String {
    let kept = text.chars().take(63).map(|c| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    });
    let text: String = kept.collect();
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_owned()
}

fn image(facts: &ModuleFacts) -> Result<()> {
    if let Some(package) = &facts.package {
        let short = |text: &str| (1..=253).contains(&text.len());
        if !short(&package.name) || !short(&package.version) {
            return Err(RenderError::fact(
                "package",
                "must have a name and a version",
            ));
        }
        digest("package.digest", &package.digest)?;
    }
    let Some(image) = &facts.image else {
        return Ok(());
    };
    digest("image.digest", &image.digest)?;
    let known = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    if image.repository.is_empty()
        || image.repository.len() > 400
        || !image.repository.chars().all(known)
        || !image
            .repository
            .starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        let rule =
            "must be a registry's repository of at most 400 characters, without tag and digest";
        return Err(RenderError::fact("image.repository", rule));
    }
    Ok(())
}

fn digest(field: &str, digest: &str) -> Result<()> {
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if hex.len() == 64 && hex.bytes().all(lower) {
        return Ok(());
    }
    Err(RenderError::fact(
        field,
        "must be sha256: and 64 hex digits",
    ))
}

fn ports(facts: &ModuleFacts) -> Result<()> {
    if facts.ports.len() > 20 || facts.ports.contains(&0) {
        return Err(RenderError::fact(
            "ports",
            "must be at most 20 ports from 1 to 65535",
        ));
    }
    let mut sorted = facts.ports.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != facts.ports.len() {
        return Err(RenderError::fact("ports", "must not name a port twice"));
    }
    match &facts.health {
        Some(_) if facts.ports.is_empty() => Err(RenderError::fact(
            "health",
            "needs a port that it is asked on",
        )),
        Some(path) if !is_path(path) => Err(RenderError::fact("health", PATH_RULE)),
        _ => Ok(()),
    }
}

const PATH_RULE: &str = "must start with `/` and have at most 500 printable ASCII characters";

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= 500 && path.bytes().all(|b| b.is_ascii_graphic())
}

fn scale(facts: &ModuleFacts) -> Result<()> {
    if facts.replicas > 1_000 {
        return Err(RenderError::fact("replicas", "must be at most 1000"));
    }
    if facts.run_as_user == 0 || facts.run_as_user > 2_147_483_647 {
        return Err(RenderError::fact(
            "runAsUser",
            "must be a user id from 1, which is not root",
        ));
    }
    let Some(auto) = &facts.autoscale else {
        return Ok(());
    };
    if auto.min == 0 || auto.max > 1_000 {
        return Err(RenderError::fact(
            "autoscale",
            "must be from 1 to 1000 replicas",
        ));
    }
    if auto.min > auto.max {
        return Err(RenderError::fact(
            "autoscale.min",
            "must not be over autoscale.max",
        ));
    }
    if !(1..=100).contains(&auto.cpu_percent) {
        return Err(RenderError::fact(
            "autoscale.cpu",
            "must be from 1 to 100 per cent",
        ));
    }
    Ok(())
}

fn quantities(facts: &ModuleFacts) -> Result<()> {
    let resources = &facts.resources;
    let given = [
        ("resources.cpu", &resources.cpu),
        ("resources.memory", &resources.memory),
        ("resources.memoryLimit", &resources.memory_limit),
    ];
    for (field, quantity) in given {
        if !names::is_quantity(quantity) {
            return Err(RenderError::fact(
                field,
                "must be a quantity such as 50m or 64Mi",
            ));
        }
    }
    Ok(())
}

fn settings(facts: &ModuleFacts) -> Result<()> {
    if facts.config.len() + facts.env.len() > MAX_SETTINGS {
        return Err(RenderError::fact(
            "config",
            format!("must have at most {MAX_SETTINGS} settings"),
        ));
    }
    for (key, value) in &facts.config {
        variable_name("config", key)?;
        text("config", key, value)?;
    }
    for (key, value) in &facts.env {
        variable_name("env", key)?;
        match value {
            EnvValue::Text(value) => text("env", key, value)?,
            EnvValue::Secret { name, key: inner } => {
                if !names::is_subdomain(name) || !names::is_data_key(inner) {
                    let rule = "must name a Secret and a key in it";
                    return Err(RenderError::fact(format!("env.{}", cut(key)), rule));
                }
            }
        }
    }
    Ok(())
}

fn variable_name(of: &str, key: &str) -> Result<()> {
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if starts && key.len() <= 253 && key.chars().all(known) {
        return Ok(());
    }
    let rule = "must be a variable's name: letters, digits and `_`, not a digit first";
    Err(RenderError::fact(format!("{of}.{}", cut(key)), rule))
}

fn text(of: &str, key: &str, value: &str) -> Result<()> {
    if value.len() <= MAX_SETTING_BYTES && !value.contains('\0') {
        return Ok(());
    }
    let rule = format!("must have at most {MAX_SETTING_BYTES} bytes, and no NUL");
    Err(RenderError::fact(format!("{of}.{key}"), rule))
}

fn labels(facts: &ModuleFacts) -> Result<()> {
    for (key, value) in &facts.labels {
        if !names::is_qualified(key) || !names::is_label_value(value) {
            let rule = "must be a label of at most 63 letters, digits, `-`, `_` and `.`";
            return Err(RenderError::fact(format!("labels.{}", cut(key)), rule));
        }
    }
    for (key, value) in &facts.annotations {
        if !names::is_qualified(key) || value.len() > MAX_SETTING_BYTES {
            let rule = "must be an annotation: a qualified name, and a text that is not too long";
            return Err(RenderError::fact(format!("annotations.{}", cut(key)), rule));
        }
    }
    Ok(())
}

fn ingress(facts: &ModuleFacts, ingress: &IngressFacts) -> Result<()> {
    if facts.ports.is_empty() {
        return Err(RenderError::fact(
            "ingress",
            "needs a port that requests go to",
        ));
    }
    let bare = ingress.host.strip_prefix("*.").unwrap_or(&ingress.host);
    if !names::is_subdomain(bare) {
        return Err(RenderError::fact(
            "ingress.host",
            "must be a host name in lower case",
        ));
    }
    if !is_path(&ingress.path) {
        return Err(RenderError::fact("ingress.path", PATH_RULE));
    }
    for (field, name) in [
        ("class", &ingress.class),
        ("tlsSecret", &ingress.tls_secret),
    ] {
        if name.as_ref().is_some_and(|name| !names::is_subdomain(name)) {
            return Err(RenderError::fact(
                format!("ingress.{field}"),
                "must be an object's name",
            ));
        }
    }
    Ok(())
}
