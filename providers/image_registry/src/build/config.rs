//! The configuration of an image: the spec over its base.

use chrono::{DateTime, SubsecRound};

use super::Base;
use crate::oci::{ConfigFile, Empty, History, RootFs, RunConfig};
use crate::spec::ImageSpec;
use crate::{Digest, ImageError, Result};

/// The configuration of the image that the spec describes, whose last layer has `diff_id`.
///
/// # Errors
/// [`ImageError::BaseUnusable`] when the base is for another platform or contradicts itself.
pub(crate) fn configuration(
    spec: &ImageSpec,
    base: Option<&Base>,
    diff_id: Digest,
) -> Result<ConfigFile> {
    let mut config = base.map_or_else(|| from_nothing(spec), |base| base.config.clone());
    if let Some(base) = base {
        check_base(spec, base)?;
    }
    let created = spec.created.trunc_subsecs(0);
    config.created = Some(created);
    config.rootfs.diff_ids.push(diff_id);
    if let Some(base) = base
        && config.history.iter().filter(|h| !h.empty_layer).count() != base.layers.len()
    {
        // History must name every layer or none; one that does not would mislead readers.
        config.history = vec![History::default(); base.layers.len()];
    }
    config.history.push(History {
        created: Some(created),
        created_by: Some("sluice".to_owned()),
        comment: Some(format!("files under {}", spec.target)),
        empty_layer: false,
    });
    lay_over(&mut config.config, spec, base.is_some());
    Ok(config)
}

fn from_nothing(spec: &ImageSpec) -> ConfigFile {
    ConfigFile {
        created: Some(DateTime::UNIX_EPOCH),
        platform: spec.platform.clone(),
        config: RunConfig::default(),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: Vec::new(),
        },
        history: Vec::new(),
    }
}

fn check_base(spec: &ImageSpec, base: &Base) -> Result<()> {
    let refuse = |rule| Err(ImageError::BaseUnusable { rule });
    let platform = &base.config.platform;
    if (&platform.os, &platform.architecture) != (&spec.platform.os, &spec.platform.architecture) {
        return refuse("it is for another operating system or processor");
    }
    if base.config.rootfs.diff_ids.len() != base.layers.len() {
        return refuse("its configuration and its manifest name different numbers of layers");
    }
    Ok(())
}

fn lay_over(config: &mut RunConfig, spec: &ImageSpec, has_base: bool) {
    if !spec.entrypoint.is_empty() {
        config.entrypoint.clone_from(&spec.entrypoint);
        // Arguments of the base were meant for the base's program.
        config.cmd.clear();
    }
    if !spec.cmd.is_empty() {
        config.cmd.clone_from(&spec.cmd);
    }
    if let Some(folder) = &spec.working_dir {
        config.working_dir.clone_from(folder);
    } else if !has_base || config.working_dir.is_empty() {
        config.working_dir.clone_from(&spec.target);
    }
    if let Some(user) = &spec.user {
        config.user.clone_from(user);
    }
    config.env.retain(|entry| {
        let name = entry
            .split_once('=')
            .map_or(entry.as_str(), |(name, _)| name);
        !spec.env.contains_key(name)
    });
    let variables = spec
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    config.env.extend(variables);
    let labels = spec.labels.iter().map(|(k, v)| (k.clone(), v.clone()));
    config.labels.extend(labels);
    for port in &spec.exposed_ports {
        let port = if port.contains('/') {
            port.clone()
        } else {
            format!("{port}/tcp")
        };
        config.exposed_ports.insert(port, Empty {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Platform;
    use crate::oci::{Descriptor, media_type};

    fn base() -> Base {
        let mut config = from_nothing(&ImageSpec::new(Vec::new(), DateTime::UNIX_EPOCH));
        config.config.env = vec!["PATH=/bin".into(), "KEPT=1".into()];
        config.config.entrypoint = vec!["sh".into()];
        config.config.cmd = vec!["-c".into()];
        config.config.user = "nobody".into();
        config.rootfs.diff_ids = vec![Digest::of(b"below")];
        Base {
            config,
            layers: vec![Descriptor::of(media_type::LAYER_GZIP, b"below")],
            digest: Digest::of(b"base"),
            name: "base".into(),
        }
    }

    #[test]
    fn the_spec_lies_over_its_base() {
        let mut spec = ImageSpec::new(Vec::new(), DateTime::UNIX_EPOCH);
        spec.env.insert("PATH".into(), "/app".into());
        spec.entrypoint = vec!["/app/run".into()];
        spec.exposed_ports.insert("80".into());
        let config = configuration(&spec, Some(&base()), Digest::of(b"top")).unwrap();
        assert_eq!(config.config.env, ["KEPT=1", "PATH=/app"]);
        assert_eq!(config.config.entrypoint, ["/app/run"]);
        assert!(config.config.cmd.is_empty());
        assert_eq!(config.config.user, "nobody");
        assert!(config.config.exposed_ports.contains_key("80/tcp"));
        assert_eq!(
            config.rootfs.diff_ids,
            [Digest::of(b"below"), Digest::of(b"top")]
        );
        assert_eq!(config.history.len(), 2);
    }

    #[test]
    fn a_base_for_another_processor_is_refused() {
        let mut spec = ImageSpec::new(Vec::new(), DateTime::UNIX_EPOCH);
        spec.platform = Platform {
            architecture: "arm64".into(),
            ..Platform::default()
        };
        let refused = configuration(&spec, Some(&base()), Digest::of(b"top"));
        assert!(matches!(refused, Err(ImageError::BaseUnusable { .. })));
    }

    #[test]
    fn a_base_that_contradicts_itself_is_refused() {
        let mut base = base();
        base.layers.clear();
        let spec = ImageSpec::new(Vec::new(), DateTime::UNIX_EPOCH);
        let refused = configuration(&spec, Some(&base), Digest::of(b"top"));
        assert!(matches!(refused, Err(ImageError::BaseUnusable { .. })));
    }
}
