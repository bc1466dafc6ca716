//! Texts by locale: a theme's own files first, then base; the visitor's language first, then English.

use std::collections::BTreeMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::PageError;

/// The language every theme speaks.
pub const DEFAULT_LANGUAGE: &str = "en";

/// The texts of one theme in all its languages.
pub struct Texts {
    /// By language; within one, the theme's messages stand over base's.
    bundles: BTreeMap<String, FluentBundle<FluentResource>>,
    /// By language, the source of the messages that scripts use.
    scripts: BTreeMap<String, String>,
}

impl Texts {
    /// Reads `(language, file name, source)` in order; later messages stand over earlier ones of the same name.
    ///
    /// # Errors
    /// [`PageError::Theme`] with the file and the parser's words.
    pub fn new(theme: &str, files: &[(String, String, String)]) -> Result<Self, PageError> {
        let wrong = |reason: String| PageError::Theme { theme: theme.to_owned(), reason };
        let mut texts = Self { bundles: BTreeMap::new(), scripts: BTreeMap::new() };
        for (language, file, source) in files {
            let id: LanguageIdentifier =
                language.parse().map_err(|_| wrong(format!("`{language}` is not a language")))?;
            let resource = FluentResource::try_new(source.clone())
                .map_err(|(_, errors)| wrong(format!("{language}/{file}: {errors:?}")))?;
            let bundle = texts.bundles.entry(language.clone()).or_insert_with(|| {
                let mut bundle = FluentBundle::new_concurrent(vec![id]);
                bundle.set_use_isolating(false);
                bundle
            });
            bundle.add_resource_overriding(resource);
            if file == "scripts.ftl" {
                let script = texts.scripts.entry(language.clone()).or_default();
                script.push_str(source);
                script.push('\n');
            }
        }
        Ok(texts)
    }

    /// The best language there is for a locale: `de-AT` → `de`, otherwise English.
    pub fn language(&self, locale: &str) -> &str {
        let wanted = locale.split('-').next().unwrap_or(DEFAULT_LANGUAGE);
        self.bundles.get_key_value(wanted).map_or(DEFAULT_LANGUAGE, |(language, _)| language)
    }

    /// The message `key`, or none where neither the language nor English has it.
    pub fn get(&self, language: &str, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        [language, DEFAULT_LANGUAGE].into_iter().find_map(|language| {
            let bundle = self.bundles.get(language)?;
            let pattern = bundle.get_message(key)?.value()?;
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, args, &mut errors);
            Some(text.into_owned())
        })
    }

    /// The source of the scripts' messages in a language.
    pub fn script_source(&self, language: &str) -> &str {
        self.scripts.get(language).or_else(|| self.scripts.get(DEFAULT_LANGUAGE)).map_or("", String::as_str)
    }
}
