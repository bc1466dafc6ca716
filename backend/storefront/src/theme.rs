//! A theme's files and settings. They are embedded in release and read from disk in debug.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rust_embed::RustEmbed;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::PageError;

/// The folder of themes, without what only their build needs.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../tenant-themes/"]
#[include = "*/theme.json"]
#[include = "*/templates/*"]
#[include = "*/icons/*"]
#[include = "*/locales/*"]
#[include = "*/fonts/*.ttf"]
#[include = "dist/*"]
#[exclude = "node_modules/*"]
pub struct Files;

/// The languages that themes may speak.
pub const LANGUAGES: &[&str] = &["en", "de"];

/// The name of the theme that all others inherit from.
pub const BASE: &str = "base";

/// `theme.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `light` or `dark`.
    pub color_scheme: String,
    /// Colours by role, `#rrggbb`.
    pub colors: BTreeMap<String, String>,
    /// Colours of price levels on a seating plan, dearest first.
    pub levels: Vec<String>,
    /// Style sheet and fonts by their names in the asset manifest.
    pub stylesheet: String,
    /// Fonts that the first screen needs.
    pub preload: Vec<String>,
    /// The family of posters: `theatre`, `club` or `arena`.
    pub poster: String,
}

/// A file's text.
pub fn text(path: &str) -> Option<String> {
    Files::get(path).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// Paths of all files in `folder`, sorted. In debug the folder alone is read, not the whole tree beside it.
pub fn list(folder: &str) -> Vec<String> {
    let mut paths: Vec<String> = if cfg!(debug_assertions) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenant-themes");
        std::fs::read_dir(format!("{root}/{folder}"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .map(|name| format!("{folder}/{name}"))
            .collect()
    } else {
        let prefix = format!("{folder}/");
        Files::iter().filter(|path| path.starts_with(&prefix)).map(|path| path.into_owned()).collect()
    };
    paths.sort();
    paths
}

/// The themes there are, without base.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = Files::iter()
        .filter_map(|path| path.strip_suffix("/theme.json").map(str::to_owned))
        .filter(|name| name != BASE)
        .collect();
    names.sort();
    names
}

impl Settings {
    /// Reads a theme's settings.
    ///
    /// # Errors
    /// [`PageError::Theme`] when the file is missing or wrong.
    pub fn read(theme: &str) -> Result<Self, PageError> {
        let wrong = |reason: String| PageError::Theme { theme: theme.to_owned(), reason };
        let source = text(&format!("{theme}/theme.json")).ok_or_else(|| wrong("no theme.json".to_owned()))?;
        serde_json::from_str(&source).map_err(|error| wrong(format!("theme.json: {error}")))
    }

    /// The colours with a site's own in place of the theme's. What is no role or no colour is left out.
    pub fn with_colors(&self, own: &BTreeMap<String, String>) -> Self {
        let mut settings = self.clone();
        for (role, color) in own {
            if is_hex(color)
                && let Some(mine) = settings.colors.get_mut(role)
            {
                mine.clone_from(color);
            }
        }
        settings
    }

    /// The style sheet that gives the roles their values.
    pub fn css(&self) -> String {
        let mut css = format!(":root{{color-scheme:{};", self.color_scheme);
        for (role, color) in &self.colors {
            let _ = write!(css, "--{}:{color};", role.replace('_', "-"));
        }
        for (index, color) in self.levels.iter().enumerate() {
            let _ = write!(css, "--level-{}:{color};", index + 1);
        }
        css.push('}');
        css
    }
}

/// Is it `#rrggbb`?
fn is_hex(color: &str) -> bool {
    color.len() == 7
        && color.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Twelve hex digits that change when the bytes do.
pub fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
