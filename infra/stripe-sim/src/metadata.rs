//! Metadata: up to 50 short texts that belong to the caller.

use std::collections::BTreeMap;

use crate::engine::errors::ApiError;
use crate::engine::form::{Param, Params};

/// Keys and values.
pub type Metadata = BTreeMap<String, String>;

/// Merges the parameter `metadata` into `metadata`: an empty value takes its key away, an empty `metadata` all of them.
///
/// # Errors
/// 400 beyond 50 keys, 40 characters of a key, or 500 of a value.
pub fn merge(metadata: &mut Metadata, params: &Params) -> Result<(), ApiError> {
    match params.get("metadata") {
        None => return Ok(()),
        Some(Param::Text(text)) if text.is_empty() => metadata.clear(),
        Some(Param::Text(_)) => return Err(ApiError::invalid("Invalid object").param("metadata")),
        Some(Param::Tree(tree)) => {
            for (key, value) in tree.iter() {
                set(metadata, key, value)?;
            }
        }
    }
    if metadata.len() > 50 {
        return Err(ApiError::invalid("Metadata can have at most 50 keys.").param("metadata"));
    }
    Ok(())
}

fn set(metadata: &mut Metadata, key: &str, value: &Param) -> Result<(), ApiError> {
    let at = format!("metadata[{key}]");
    let Param::Text(text) = value else {
        return Err(ApiError::invalid("Metadata values must be strings.").param(&at));
    };
    if key.chars().count() > 40 {
        return Err(ApiError::invalid("Metadata keys can have at most 40 characters.").param(&at));
    }
    if text.chars().count() > 500 {
        return Err(ApiError::invalid("Metadata values can have at most 500 characters.").param(&at));
    }
    if text.is_empty() {
        metadata.remove(key);
    } else {
        metadata.insert(key.to_owned(), text.clone());
    }
    Ok(())
}

/// Metadata of a new object.
///
/// # Errors
/// As [`merge`].
pub fn new(params: &Params) -> Result<Metadata, ApiError> {
    let mut metadata = Metadata::new();
    merge(&mut metadata, params)?;
    Ok(metadata)
}
