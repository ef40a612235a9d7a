//! The tables of the service.

pub(crate) mod environment;
pub(crate) mod environment_set;
pub(crate) mod promotion;
pub(crate) mod slot;

use serde::{Serialize, de::DeserializeOwned};
use sluice_store::StoreError;

fn to_text<T: Serialize>(kind: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged(kind, error))
}

fn from_text<T: DeserializeOwned>(kind: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(kind, error))
}

fn parse<T: std::str::FromStr>(kind: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error| StoreError::damaged(kind, error))
}

fn parse_some<T: std::str::FromStr>(
    kind: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.map(|text| parse(kind, text)).transpose()
}
