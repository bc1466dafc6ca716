//! Scripts, styles and fonts under names that change with their content, so that they may be kept for a year.

use actix_web::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::Storefront;
use crate::pages::Site;
use crate::theme::{Files, Settings, fingerprint};

const FOREVER: &str = "public, max-age=31536000, immutable";

/// The address of the style sheet with a site's colours.
pub fn colors_url(css: &str) -> String {
    format!("/assets/colors-{}.css", fingerprint(css.as_bytes()))
}

/// A site's settings: its theme's with its own colours.
pub fn settings_of(theme: &Settings, site: &Site) -> Settings {
    theme.with_colors(&site.colors)
}

/// `GET /assets/{name}`
pub async fn asset(
    request: HttpRequest,
    name: web::Path<String>,
    shop: web::Data<Storefront>,
) -> HttpResponse {
    if name.starts_with("colors-") {
        return colors(&request, &name, &shop);
    }
    let Some(file) = Files::get(&format!("dist/{name}")).filter(|_| *name != "manifest.json") else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, FOREVER))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(media_type(&name))
        .body(file.data.into_owned())
}

/// The site's colours. A name of an older version gets the present one, not to be kept.
fn colors(request: &HttpRequest, name: &str, shop: &Storefront) -> HttpResponse {
    let Some(site) = (shop.site_of)(request) else { return HttpResponse::NotFound().finish() };
    let Ok(theme) = shop.engine.theme(&site.theme) else { return HttpResponse::NotFound().finish() };
    let css = settings_of(&theme.settings, &site).css();
    let caching = if colors_url(&css).ends_with(name) { FOREVER } else { "no-store" };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("text/css; charset=utf-8")
        .body(css)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// `GET /icon.svg`: the first letter of the site's name in its colours.
pub async fn icon(request: HttpRequest, shop: web::Data<Storefront>) -> HttpResponse {
    let Some(site) = (shop.site_of)(&request) else { return HttpResponse::NotFound().finish() };
    let Ok(theme) = shop.engine.theme(&site.theme) else { return HttpResponse::NotFound().finish() };
    let settings = settings_of(&theme.settings, &site);
    let color = |role: &str| settings.colors.get(role).cloned().unwrap_or_else(|| "#808080".to_owned());
    let letter = site.name.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('•');
    let letter: String = letter.to_uppercase().collect();
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><rect width=\"64\" height=\"64\" rx=\"8\" \
         fill=\"{}\"/><text x=\"32\" y=\"46\" font-family=\"Georgia,serif\" font-size=\"42\" font-weight=\"700\" \
         text-anchor=\"middle\" fill=\"{}\">{letter}</text></svg>",
        color("accent"),
        color("on_accent"),
    );
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("image/svg+xml")
        .body(svg)
}
