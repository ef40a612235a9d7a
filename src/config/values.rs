//! Values by key: merged from the sources, then read with their types.

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf, time::Duration};

use super::{ConfigError, table::Setting};

/// Where a value came from, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value that a setting can hold.
pub(super) trait SettingValue: Sized {
    /// How a valid value looks; completes "must be …".
    const FORM: &'static str;
    /// Reads the text.
    fn read(text: &str) -> Option<Self>;
}

/// The merged values, as text.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, (String, Origin)>);

impl Values {
    pub(super) fn set(&mut self, setting: &'static Setting, text: String, origin: Origin) {
        self.0.insert(setting.key, (text, origin));
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The value of a key that may be absent.
    pub(super) fn optional<T: SettingValue>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, _)) = self.0.get(key) else {
            return Ok(None);
        };
        match T::read(text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.refuse(key, &format!("must be {}", T::FORM))),
        }
    }

    /// The value of a key that always has one.
    pub(super) fn get<T: SettingValue>(&self, key: &'static str) -> Result<T, ConfigError> {
        self.optional(key)?
            .ok_or_else(|| self.refuse(key, "has no value"))
    }

    /// The value of a key, within bounds; `bounds` completes "must be …".
    pub(super) fn within<T: SettingValue + PartialOrd>(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<T>,
        bounds: &str,
    ) -> Result<T, ConfigError> {
        let value = self.get(key)?;
        if range.contains(&value) {
            Ok(value)
        } else {
            Err(self.refuse(key, &format!("must be {bounds}")))
        }
    }

    /// The error for a key whose value breaks `rule`; values of secrets are not shown.
    pub(super) fn refuse(&self, key: &'static str, rule: &str) -> ConfigError {
        let (text, origin) = match self.0.get(key) {
            Some((text, origin)) => (text.as_str(), origin.to_string()),
            None => ("", Origin::Default.to_string()),
        };
        let hidden = text.is_empty() || Setting::find(key).is_some_and(|setting| setting.secret);
        let rule = if hidden {
            rule.to_owned()
        } else {
            format!("'{text}' {rule}")
        };
        ConfigError::Invalid { key, origin, rule }
    }
}

impl SettingValue for String {
    const FORM: &'static str = "text that is not empty";
    fn read(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| text.trim().to_owned())
    }
}

impl SettingValue for PathBuf {
    const FORM: &'static str = "a path";
    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }
}

impl SettingValue for SocketAddr {
    const FORM: &'static str = "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl SettingValue for bool {
    const FORM: &'static str = "true or false";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl SettingValue for u32 {
    const FORM: &'static str = "a whole number";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl SettingValue for Duration {
    const FORM: &'static str = "a time such as 500ms, 30s, 10m or 1h";
    fn read(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        match unit {
            "ms" => Some(Self::from_millis(number)),
            "s" => Some(Self::from_secs(number)),
            "m" => Some(Self::from_secs(number.checked_mul(60)?)),
            "h" => Some(Self::from_secs(number.checked_mul(3_600)?)),
            _ => None,
        }
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bytes(pub(super) usize);

impl SettingValue for Bytes {
    const FORM: &'static str = "a size such as 64KiB or 32MiB";
    fn read(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let factor = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        usize::try_from(number.checked_mul(factor)?).ok().map(Self)
    }
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_need_a_known_unit_and_do_not_overflow() {
        assert_eq!(Duration::read("10m"), Some(Duration::from_secs(600)));
        assert_eq!(Duration::read("250ms"), Some(Duration::from_millis(250)));
        for bad in ["", "10", "s", "-1s", "1d", "99999999999999999999h"] {
            assert_eq!(Duration::read(bad), None, "{bad:?}");
        }
        assert_eq!(Bytes::read("32MiB"), Some(Bytes(32 << 20)));
        assert_eq!(Bytes::read("17"), Some(Bytes(17)));
        for bad in ["1MB", "MiB", "1.5MiB", "18446744073709551615GiB"] {
            assert_eq!(Bytes::read(bad), None, "{bad:?}");
        }
    }
}
