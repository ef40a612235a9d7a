//! Variables of a job: names ignore case, values may refer to each other by `$(name)`.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::expression::{Object, Value};

const MAX_VARIABLES: usize = 2_000;
const MAX_VALUE: usize = 64 * 1024;
const MAX_EXPANDED: usize = 1024 * 1024;
const MAX_DEPTH: usize = 50;

/// A variable cannot be set or a text cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum VariableError {
    #[error("the variable {0} is read-only")]
    ReadOnly(String),
    #[error("`{0}` is not a name of a variable")]
    Name(String),
    #[error("the variable {0} has more than {MAX_VALUE} bytes")]
    Value(String),
    #[error("a job has at most {MAX_VARIABLES} variables")]
    TooMany,
    #[error("a text with variables in it has more than {MAX_EXPANDED} bytes")]
    Expanded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable {
    name: String,
    value: String,
    secret: bool,
    read_only: bool,
}

/// How a variable is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) secret: bool,
    pub(crate) read_only: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variables(BTreeMap<String, Variable>);

impl Variables {
    /// Sets what a step or the YAML asks for; a variable once secret stays secret.
    pub(crate) fn set(
        &mut self,
        name: &str,
        value: &str,
        flags: Flags,
    ) -> Result<(), VariableError> {
        let bad = |c: char| c.is_control() || matches!(c, '=' | '$' | '(' | ')');
        if name.is_empty() || name.len() > 256 || name.contains(bad) {
            return Err(VariableError::Name(name.chars().take(64).collect()));
        }
        if value.len() > MAX_VALUE {
            return Err(VariableError::Value(name.to_owned()));
        }
        let key = name.to_lowercase();
        let old = self.0.get(&key);
        if old.is_some_and(|old| old.read_only) {
            return Err(VariableError::ReadOnly(name.to_owned()));
        }
        if old.is_none() && self.0.len() >= MAX_VARIABLES {
            return Err(VariableError::TooMany);
        }
        let secret = flags.secret || old.is_some_and(|old| old.secret);
        self.put(name, value, Flags { secret, ..flags });
        Ok(())
    }

    /// Sets without any check, for values of the runner itself.
    pub(crate) fn put(&mut self, name: &str, value: &str, flags: Flags) {
        // No environment variable can hold NUL.
        let value = value.replace('\0', "\u{fffd}");
        let Flags { secret, read_only } = flags;
        let variable = Variable {
            name: name.to_owned(),
            value,
            secret,
            read_only,
        };
        self.0.insert(name.to_lowercase(), variable);
    }

    /// Sets a variable of the runner that pipelines cannot change.
    pub(crate) fn system(&mut self, name: &str, value: &str) {
        self.put(
            name,
            value,
            Flags {
                secret: false,
                read_only: true,
            },
        );
    }

    /// Makes a variable read-only from now on.
    pub(crate) fn lock(&mut self, name: &str) {
        if let Some(variable) = self.0.get_mut(&name.to_lowercase()) {
            variable.read_only = true;
        }
    }

    /// Replaces every `$(name)` of a known variable; unknown ones stay, since `$(date)` is shell.
    pub(crate) fn expand(&self, text: &str) -> Result<String, VariableError> {
        let mut out = String::with_capacity(text.len());
        self.expand_into(text, &mut out, &mut Vec::new())?;
        Ok(out)
    }

    fn expand_into<'a>(
        &'a self,
        text: &'a str,
        out: &mut String,
        open: &mut Vec<&'a str>,
    ) -> Result<(), VariableError> {
        let mut rest = text;
        while let Some(at) = rest.find("$(") {
            let (plain, tail) = rest.split_at(at);
            out.push_str(plain);
            let known = tail.get(2..).and_then(|inside| {
                let (name, after) = inside.split_once(')')?;
                Some((self.0.get_key_value(&name.to_lowercase())?, after))
            });
            match known {
                // A variable that leads back to itself stays as it is written.
                Some(((key, variable), after))
                    if open.len() < MAX_DEPTH && !open.contains(&key.as_str()) =>
                {
                    open.push(key);
                    self.expand_into(&variable.value, out, open)?;
                    open.pop();
                    rest = after;
                }
                _ => {
                    out.push_str("$(");
                    rest = tail.get(2..).unwrap_or_default();
                }
            }
            if out.len() > MAX_EXPANDED {
                return Err(VariableError::Expanded);
            }
        }
        out.push_str(rest);
        if out.len() > MAX_EXPANDED {
            Err(VariableError::Expanded)
        } else {
            Ok(())
        }
    }

    /// All variables that are not secret, as environment variables: `Build.BuildId` becomes
    /// `BUILD_BUILDID`.
    pub(crate) fn environment(&self) -> Result<Vec<(String, String)>, VariableError> {
        let open = self.0.values().filter(|variable| !variable.secret);
        open.map(|variable| {
            Ok((
                environment_name(&variable.name),
                self.expand(&variable.value)?,
            ))
        })
        .collect()
    }

    /// What expressions see as `variables`.
    pub(crate) fn object(&self) -> Value {
        let mut object = Object::default();
        for (key, variable) in &self.0 {
            let value = self
                .expand(&variable.value)
                .unwrap_or_else(|_| variable.value.clone());
            object.insert(key, Value::Text(value));
        }
        object.into()
    }
}

/// The environment form of a variable's name.
pub(crate) fn environment_name(name: &str) -> String {
    name.chars()
        .map(|c| if matches!(c, '.' | ' ' | '-') { '_' } else { c })
        .collect::<String>()
        .to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        let mut variables = Variables::default();
        for (name, value) in pairs {
            variables.set(name, value, Flags::default()).unwrap();
        }
        variables
    }

    #[test]
    fn known_references_are_replaced_and_shell_is_left_alone() {
        let variables = variables(&[("a", "1"), ("B.c", "<$(A)>"), ("loop", "$(loop)!")]);
        assert_eq!(
            variables.expand("$(b.C) $(date) $(a) $(").unwrap(),
            "<1> $(date) 1 $("
        );
        assert_eq!(variables.expand("$(loop)").unwrap(), "$(loop)!");
        assert_eq!(
            variables.expand("$(basename $(a))").unwrap(),
            "$(basename 1)"
        );
    }

    #[test]
    fn expansion_that_explodes_is_refused() {
        let mut pairs: Vec<(String, String)> = vec![("v0".into(), "x".repeat(1000))];
        for n in 1..40 {
            pairs.push((format!("v{n}"), format!("$(v{0})$(v{0})", n - 1)));
        }
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(
            variables(&pairs).expand("$(v39)"),
            Err(VariableError::Expanded)
        );
    }

    #[test]
    fn read_only_secret_and_odd_names_hold() {
        let mut variables = variables(&[("a", "1")]);
        variables.system("Build.BuildId", "7");
        let plain = Flags::default();
        assert!(matches!(
            variables.set("build.buildid", "8", plain),
            Err(VariableError::ReadOnly(_))
        ));
        assert!(matches!(
            variables.set("a=b", "8", plain),
            Err(VariableError::Name(_))
        ));
        variables
            .set(
                "s",
                "x",
                Flags {
                    secret: true,
                    read_only: false,
                },
            )
            .unwrap();
        variables.set("S", "y", plain).unwrap();
        let environment = variables.environment().unwrap();
        assert_eq!(
            environment,
            [
                ("A".into(), "1".into()),
                ("BUILD_BUILDID".into(), "7".into())
            ]
        );
    }
}
