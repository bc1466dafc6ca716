//! Templates by theme: the theme's own first, base's where it has none.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluent_bundle::FluentArgs;
use tera::{Context, Kwargs, State, Tera, Value};

use crate::PageError;
use crate::i18n::Texts;
use crate::theme::{self, BASE, Settings};

/// A theme ready to render.
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: Settings,
    /// Its texts.
    pub texts: Arc<Texts>,
    tera: Tera,
    manifest: Arc<BTreeMap<String, String>>,
}

/// All themes. Made once in release; in debug each use reads the files anew, so that an edit shows on reload.
pub struct Engine {
    themes: BTreeMap<String, Arc<Theme>>,
}

impl Engine {
    /// Loads every theme.
    ///
    /// # Errors
    /// [`PageError::Theme`] for the first file that does not parse.
    pub fn new() -> Result<Self, PageError> {
        let mut themes = BTreeMap::new();
        for name in theme::names().into_iter().chain([BASE.to_owned()]) {
            let loaded = Theme::load(&name)?;
            themes.insert(name, Arc::new(loaded));
        }
        Ok(Self { themes })
    }

    /// The theme of this name, or base where there is none.
    ///
    /// # Errors
    /// In debug, as for [`Engine::new`].
    pub fn theme(&self, name: &str) -> Result<Arc<Theme>, PageError> {
        let name = if self.themes.contains_key(name) { name } else { BASE };
        if cfg!(debug_assertions) {
            return Theme::load(name).map(Arc::new);
        }
        self.themes
            .get(name)
            .cloned()
            .ok_or_else(|| PageError::Theme { theme: name.to_owned(), reason: "not there".to_owned() })
    }
}

impl Theme {
    fn load(name: &str) -> Result<Self, PageError> {
        let settings = Settings::read(name)?;
        let texts = Arc::new(Texts::new(name, &locales(name))?);
        let manifest: BTreeMap<String, String> = theme::text("dist/manifest.json")
            .and_then(|source| serde_json::from_str(&source).ok())
            .unwrap_or_default();
        if manifest.is_empty() {
            tracing::warn!(theme = name, "the themes' assets are not built: pages will have no style");
        }
        let manifest = Arc::new(manifest);
        let tera = templates(name, Arc::clone(&texts), Arc::clone(&manifest))?;
        Ok(Self { name: name.to_owned(), settings, texts, tera, manifest })
    }

    /// Renders a template.
    ///
    /// # Errors
    /// [`PageError::Theme`] when the template asks for what is not there.
    pub fn render(&self, template: &str, context: &Context) -> Result<String, PageError> {
        self.tera.render(template, context).map_err(|error| PageError::Theme {
            theme: self.name.clone(),
            reason: format!("{template}: {}", chain(&error)),
        })
    }

    /// The address of an asset by its name in the manifest.
    pub fn asset(&self, name: &str) -> String {
        asset_url(&self.manifest, name)
    }
}

fn asset_url(manifest: &BTreeMap<String, String>, name: &str) -> String {
    format!("/assets/{}", manifest.get(name).map_or(name, String::as_str))
}

/// `(language, file, source)` of base, then of the theme.
fn locales(theme: &str) -> Vec<(String, String, String)> {
    let mut folders = vec![BASE];
    if theme != BASE {
        folders.push(theme);
    }
    let mut files = Vec::new();
    for folder in folders {
        for language in theme::LANGUAGES {
            for path in theme::list(&format!("{folder}/locales/{language}")) {
                let file = path.rsplit('/').next().unwrap_or_default().to_owned();
                if let Some(source) = theme::text(&path) {
                    files.push(((*language).to_owned(), file, source));
                }
            }
        }
    }
    files
}

fn templates(
    theme: &str,
    texts: Arc<Texts>,
    manifest: Arc<BTreeMap<String, String>>,
) -> Result<Tera, PageError> {
    let wrong = |error: tera::Error| PageError::Theme { theme: theme.to_owned(), reason: chain(&error) };
    let mut tera = Tera::new();
    // Every file, whatever its suffix.
    tera.autoescape_on(vec![""]);
    tera.set_fallback_prefixes([format!("{theme}/"), format!("{BASE}/")]).map_err(wrong)?;
    tera.register_function("t", move |kwargs: Kwargs, state: &State| translate(&texts, &kwargs, state));
    tera.register_function("asset", move |kwargs: Kwargs, _: &State| -> tera::TeraResult<String> {
        Ok(asset_url(&manifest, kwargs.must_get("name")?))
    });
    let icons: BTreeMap<String, String> = theme::list(&format!("{BASE}/icons"))
        .iter()
        .filter_map(|path| {
            Some((path.rsplit('/').next()?.strip_suffix(".svg")?.to_owned(), theme::text(path)?))
        })
        .collect();
    tera.register_function("icon", move |kwargs: Kwargs, _: &State| -> tera::TeraResult<Value> {
        let name: &str = kwargs.must_get("name")?;
        let icon = icons.get(name).ok_or_else(|| tera::Error::message(format!("no icon `{name}`")))?;
        Ok(Value::safe_string(icon.trim()))
    });
    let mut sources = Vec::new();
    for folder in [theme, BASE] {
        for path in theme::list(&format!("{folder}/templates")) {
            let name = path.replacen("/templates/", "/", 1);
            if let Some(source) = theme::text(&path) {
                sources.push((name, source));
            }
        }
    }
    sources.sort();
    sources.dedup();
    tera.add_raw_templates(sources).map_err(wrong)?;
    Ok(tera)
}

/// `t(key="…", name=value)`: the page's language is `lang` in the context.
fn translate(texts: &Texts, kwargs: &Kwargs, state: &State) -> tera::TeraResult<String> {
    let key: &str = kwargs.must_get("key")?;
    let language: String = state.get("lang")?.unwrap_or_default();
    let mut args = FluentArgs::new();
    for (name, value) in kwargs.iter() {
        let name = name.to_string();
        match value.as_i64() {
            Some(number) => args.set(name, number),
            None => args.set(name, value.to_string()),
        }
    }
    texts.get(&language, key, Some(&args)).ok_or_else(|| tera::Error::message(format!("no text `{key}`")))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
