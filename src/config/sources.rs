//! The sources of settings, weakest first: defaults, file, variables, flags.

use std::{collections::BTreeMap, path::Path};

use super::{
    ConfigError,
    table::{SETTINGS, Setting},
    values::{Origin, Values},
};

/// Where settings come from.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    /// A TOML file and whether it must exist.
    pub file: Option<(std::path::PathBuf, bool)>,
    /// Environment variables by name.
    pub variables: BTreeMap<String, String>,
    /// Flags by key of the setting.
    pub flags: BTreeMap<&'static str, String>,
}

impl Sources {
    /// The process's environment, and the file that `SLUICE_CONFIG` names or else `sluice.toml`
    /// in the current folder, if there is one.
    pub fn of_process() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("SLUICE_"))
            .collect();
        let file = match variables.get("SLUICE_CONFIG") {
            Some(path) if !path.is_empty() => (path.into(), true),
            _ => ("sluice.toml".into(), false),
        };
        Self {
            file: Some(file),
            variables,
            flags: BTreeMap::new(),
        }
    }

    pub(super) fn merge(&self) -> Result<Values, ConfigError> {
        let mut values = Values::default();
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                values.set(setting, default.to_owned(), Origin::Default);
            }
        }
        if let Some((path, required)) = &self.file {
            read_file(&mut values, path, *required)?;
        }
        for setting in SETTINGS {
            let variable = setting.variable();
            // An empty variable is how shells and compose files say "not set".
            if let Some(text) = self
                .variables
                .get(&variable)
                .filter(|text| !text.is_empty())
            {
                values.set(setting, text.clone(), Origin::Variable(variable));
            }
            if let Some(text) = self.flags.get(setting.key) {
                values.set(setting, text.clone(), Origin::Flag(setting.flag()));
            }
        }
        Ok(values)
    }
}

fn read_file(values: &mut Values, path: &Path, required: bool) -> Result<(), ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => return Ok(()),
        Err(source) => {
            let path = path.to_owned();
            return Err(ConfigError::File { path, source });
        }
    };
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| ConfigError::Toml {
            path: path.to_owned(),
            // The library's longer text quotes the line, which may hold a password.
            message: match error.span() {
                Some(span) => format!("line {}: {}", line_of(&text, span.start), error.message()),
                None => error.message().to_owned(),
            },
        })?;
    read_table(values, path, "", &table)
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.matches('\n').count() + 1
}

fn read_table(
    values: &mut Values,
    path: &Path,
    prefix: &str,
    table: &toml::Table,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        let is_section = SETTINGS
            .iter()
            .any(|setting| setting.key.starts_with(&format!("{key}.")));
        match (Setting::find(&key), value) {
            (None, toml::Value::Table(section)) if prefix.is_empty() && is_section => {
                read_table(values, path, &format!("{key}."), section)?;
            }
            (None, _) => {
                let path = path.to_owned();
                return Err(ConfigError::UnknownKey { path, key });
            }
            (Some(setting), value) => {
                let origin = Origin::File(path.to_owned());
                let text = match value {
                    toml::Value::String(text) => text.clone(),
                    toml::Value::Integer(number) => number.to_string(),
                    toml::Value::Boolean(flag) => flag.to_string(),
                    _ => {
                        return Err(ConfigError::Invalid {
                            key: setting.key,
                            origin: origin.to_string(),
                            rule: "must be a text, a whole number, true or false".to_owned(),
                        });
                    }
                };
                values.set(setting, text, origin);
            }
        }
    }
    Ok(())
}
