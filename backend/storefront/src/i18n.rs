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
            // Dates too: pages and their scripts say them alike.
            if file == "scripts.ftl" || file == "dates.ftl" {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::theme;

    /// Names of messages in a theme's folder of one language.
    fn keys(theme: &str, language: &str) -> BTreeSet<String> {
        theme::list(&format!("{theme}/locales/{language}"))
            .iter()
            .filter_map(|path| theme::text(path))
            .flat_map(|source| {
                let keys = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
                keys.filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn all_languages_of_a_theme_say_the_same_things() {
        for theme in theme::names().into_iter().chain([theme::BASE.to_owned()]) {
            let english = keys(&theme, DEFAULT_LANGUAGE);
            assert!(!english.is_empty(), "{theme}");
            for language in theme::LANGUAGES {
                let here = keys(&theme, language);
                let missing: Vec<_> = english.symmetric_difference(&here).collect();
                assert!(here.is_empty() || missing.is_empty(), "{theme}, {language}: {missing:?}");
            }
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let source = "seats = { $n ->\n [one] one seat\n *[other] { $n } seats\n }\n".to_owned();
        let texts = Texts::new("t", &[("en".into(), "a.ftl".into(), source)]).unwrap();
        let say = |n: i64| {
            let mut args = FluentArgs::new();
            args.set("n", n);
            texts.get("fr", "seats", Some(&args)).unwrap()
        };
        assert_eq!((say(1), say(4)), ("one seat".to_owned(), "4 seats".to_owned()));
    }

    #[test]
    fn a_broken_file_is_named() {
        let error = Texts::new("t", &[("en".into(), "a.ftl".into(), "= nothing\n".into())]).err().unwrap();
        assert!(error.to_string().contains("en/a.ftl"), "{error}");
    }
}
