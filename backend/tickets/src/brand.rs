//! How a tenant's paper and mail look: the theme's colours and faces, with the tenant's own colours in place of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use marquee_tenants::Tenant;
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};

use crate::TicketError;
use crate::pdf::Faces;

/// The theme that others inherit from.
const BASE: &str = "base";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../tenant-themes/"]
#[include = "*/theme.json"]
#[include = "*/print.json"]
#[include = "*/fonts/*.ttf"]
#[exclude = "node_modules/*"]
struct Files;

/// The roles of a theme's colours that paper and mail use, `#rrggbb` each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Colors {
    pub(crate) background: String,
    pub(crate) surface: String,
    pub(crate) text: String,
    pub(crate) muted: String,
    pub(crate) line: String,
    pub(crate) accent: String,
    pub(crate) on_accent: String,
}

/// What `theme.json` says beyond colours is the storefront's.
#[derive(Debug, Deserialize)]
struct ThemeFile {
    color_scheme: String,
    colors: Colors,
}

/// `print.json`: what mail and PDF need beyond the theme's colours.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Style {
    /// Titles in capitals.
    pub(crate) uppercase_titles: bool,
    /// How much larger the display face is set than a face of usual width.
    pub(crate) display_scale: f32,
    /// Faces of the mail.
    pub(crate) mail: MailFaces,
}

/// Stacks of families for mail, whose programs seldom load fonts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailFaces {
    /// For titles.
    pub(crate) display: String,
    /// Weight of titles.
    pub(crate) display_weight: u16,
    /// For all else.
    pub(crate) text: String,
    /// Of the button's corners, in pixels.
    pub(crate) radius: u32,
}

/// A theme, read.
#[derive(Debug)]
struct Theme {
    scheme: String,
    colors: Colors,
    style: Arc<Style>,
    faces: Arc<Faces>,
}

/// Every theme's colours and faces.
#[derive(Debug)]
pub struct Brands(HashMap<String, Theme>);

/// The look of one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Brand {
    /// The tenant's name.
    pub(crate) name: String,
    /// `light` or `dark`.
    pub(crate) scheme: String,
    pub(crate) colors: Colors,
    pub(crate) style: Arc<Style>,
    pub(crate) faces: Arc<Faces>,
}

impl Brands {
    /// Reads all themes.
    ///
    /// # Errors
    /// Names the theme whose files cannot be used.
    pub fn load() -> Result<Self, TicketError> {
        let names: Vec<String> =
            Files::iter().filter_map(|path| path.strip_suffix("/theme.json").map(str::to_owned)).collect();
        names
            .into_iter()
            .map(|name| {
                let theme =
                    Theme::read(&name).map_err(|why| TicketError::Theme { theme: name.clone(), why })?;
                Ok((name, theme))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The look of a tenant; an unknown theme gives that of the base theme.
    pub(crate) fn of(&self, tenant: &Tenant) -> Result<Brand, TicketError> {
        let theme = self.0.get(&tenant.theme).or_else(|| self.0.get(BASE));
        let theme = theme.ok_or_else(|| TicketError::Theme {
            theme: tenant.theme.clone(),
            why: "neither it nor the base theme is there".to_owned(),
        })?;
        let own = tenant.theme_settings.get("colors").cloned().unwrap_or_default();
        Ok(Brand {
            name: tenant.name.clone(),
            scheme: theme.scheme.clone(),
            colors: theme.colors.with(&serde_json::from_value(own).unwrap_or_default()),
            style: Arc::clone(&theme.style),
            faces: Arc::clone(&theme.faces),
        })
    }
}

impl Theme {
    fn read(name: &str) -> Result<Self, String> {
        let text = |file: &str| {
            bytes(name, file).or_else(|| bytes(BASE, file)).ok_or_else(|| format!("there is no {file}"))
        };
        let theme: ThemeFile =
            serde_json::from_slice(&text("theme.json")?).map_err(|error| format!("theme.json: {error}"))?;
        let style: Style =
            serde_json::from_slice(&text("print.json")?).map_err(|error| format!("print.json: {error}"))?;
        let face = |file: &str| bytes(name, &format!("fonts/{file}.ttf"));
        let fallbacks = ["fallback", "fallback-hebrew"].map(|file| bytes(BASE, &format!("fonts/{file}.ttf")));
        Ok(Self {
            scheme: theme.color_scheme,
            colors: theme.colors.with(&BTreeMap::new()),
            style: Arc::new(style),
            faces: Arc::new(Faces::new(
                face("display"),
                face("text"),
                face("text-bold"),
                fallbacks.into_iter().flatten(),
            )?),
        })
    }
}

fn bytes(theme: &str, file: &str) -> Option<Vec<u8>> {
    Files::get(&format!("{theme}/{file}")).map(|file| file.data.into_owned())
}

impl Colors {
    /// These with `own` in place; what is no role or no colour is left out, so that it cannot reach a style attribute.
    fn with(&self, own: &BTreeMap<String, serde_json::Value>) -> Self {
        let pick = |role: &str, color: &String| {
            let own = own.get(role).and_then(|color| color.as_str()).filter(|color| rgb(color).is_some());
            own.map_or_else(|| color.clone(), str::to_owned)
        };
        Self {
            background: pick("background", &self.background),
            surface: pick("surface", &self.surface),
            text: pick("text", &self.text),
            muted: pick("muted", &self.muted),
            line: pick("line", &self.line),
            accent: pick("accent", &self.accent),
            on_accent: pick("on_accent", &self.on_accent),
        }
    }
}

/// The parts of `#rrggbb`.
pub(crate) fn rgb(color: &str) -> Option<[u8; 3]> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_can_be_used() {
        let brands = Brands::load().unwrap();
        for theme in ["base", "riverside", "basement"] {
            let theme = &brands.0[theme];
            for color in [&theme.colors.accent, &theme.colors.on_accent, &theme.colors.text] {
                assert!(rgb(color).is_some(), "{color}");
            }
        }
    }

    #[test]
    fn only_colours_replace_colours() {
        let colors = Brands::load().unwrap().0[BASE].colors.clone();
        let own = [
            ("accent".to_owned(), "#123456".into()),
            ("text".to_owned(), "red;background:url(//evil)".into()),
            ("muted".to_owned(), 3.into()),
        ];
        let mixed = colors.with(&own.into());
        assert_eq!(mixed, Colors { accent: "#123456".to_owned(), ..colors });
        for color in ["#12345", "#1234567", "123456", "#+12345", "#12345é"] {
            assert_eq!(rgb(color), None, "{color}");
        }
    }
}
