//! Posters drawn by seed: SVG by family and motif, rastered, and kept in memory.

mod arena;
mod canvas;
mod club;
mod raster;
mod theatre;

use actix_web::http::header::{CACHE_CONTROL, ETAG, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::pages::{Event, Site};
use crate::theme::fingerprint;
use crate::view::picture_format;
use crate::{PageError, Storefront};
use marquee_core::http::etag_matches;

pub use raster::Fonts;

/// Widths that pages ask for.
const WIDTHS: [u32; 5] = [240, 480, 800, 1200, 1600];

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// 4:5, the poster itself.
    Portrait,
    /// 16:9, a banner behind a title: no lettering.
    Wide,
    /// 1200 × 630, for links shared elsewhere.
    Share,
}

impl Shape {
    /// Width and height of the drawing.
    pub fn size(self) -> (f64, f64) {
        match self {
            Self::Portrait => (1200.0, 1500.0),
            Self::Wide => (1600.0, 900.0),
            Self::Share => (1200.0, 630.0),
        }
    }
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// `theatre`, `club` or `arena`.
    pub family: String,
    /// `orchard`, `rings` …; chosen by the seed where unknown.
    pub motif: String,
    /// Varies the drawing.
    pub seed: u32,
    /// Lettering, where the family has any.
    pub title: String,
    /// A line beside the title.
    pub subtitle: String,
    /// Its proportions.
    pub shape: Shape,
}

impl Drawing {
    /// The drawing of an event's poster in a theme with this family of posters.
    pub fn of(event: &Event, theme_family: &str, shape: Shape) -> Self {
        let (family, motif) = event.poster.style.split_once(':').unwrap_or((&event.poster.style, ""));
        let known = matches!(family, "theatre" | "club" | "arena");
        Self {
            family: if known { family } else { theme_family }.to_owned(),
            motif: motif.to_owned(),
            seed: event.poster.seed,
            title: event.title.clone(),
            subtitle: event.subtitle.clone().unwrap_or_default(),
            shape,
        }
    }

    /// The drawing as SVG. `measure` gives the width and height of a line set at 100 in the display face.
    pub fn svg(&self, measure: &dyn Fn(&str) -> (f64, f64)) -> String {
        match self.family.as_str() {
            "club" => club::draw(self, measure),
            "arena" => arena::draw(self, measure),
            _ => theatre::draw(self),
        }
    }

    /// Does it want film grain?
    pub fn grain(&self) -> u8 {
        match self.family.as_str() {
            "club" => 17,
            "arena" => 9,
            _ => 0,
        }
    }
}

/// The file asked for: shape, width and format.
fn parse_file(file: &str) -> Option<(Shape, u32, &'static str)> {
    let (name, extension) = file.split_once('.')?;
    let format = match extension {
        "webp" => "webp",
        "png" => "png",
        "jpg" => "jpg",
        _ => return None,
    };
    if name == "share" {
        return Some((Shape::Share, 1200, format));
    }
    let (shape, width) = match name.strip_prefix("wide-") {
        Some(width) => (Shape::Wide, width),
        None => (Shape::Portrait, name),
    };
    let width = width.parse().ok().filter(|width| WIDTHS.contains(width))?;
    Some((shape, width, format))
}

/// `GET /posters/{slug}-{seed}/{file}` or `/posters/{slug}/{file}`, `file` being `{width}.webp`, `wide-{width}.jpg` or `share.jpg`.
pub async fn picture(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    shop: web::Data<Storefront>,
) -> HttpResponse {
    match find(&request, &path, &shop).await {
        Ok((bytes, format)) => {
            let tag = format!("\"{}\"", fingerprint(&bytes));
            let mut response = HttpResponse::Ok();
            response
                .insert_header((CACHE_CONTROL, "public, max-age=86400, stale-while-revalidate=604800"))
                .insert_header((ETAG, tag.clone()))
                .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
            if etag_matches(&request, &tag) {
                return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
            }
            response.content_type(media_type(format)).body(bytes)
        }
        Err(PageError::NotFound) => HttpResponse::NotFound().finish(),
        Err(error) => {
            tracing::warn!(error = %error, "poster could not be drawn");
            HttpResponse::ServiceUnavailable().insert_header(("retry-after", "5")).finish()
        }
    }
}

async fn find(
    request: &HttpRequest,
    (key, file): &(String, String),
    shop: &Storefront,
) -> Result<(web::Bytes, &'static str), PageError> {
    let (shape, width, format) = parse_file(file).ok_or(PageError::NotFound)?;
    let site = (shop.site_of)(request).ok_or(PageError::NotFound)?;
    let event = named(key, &site, shop).await?;
    let theme = shop.engine.theme(&site.theme)?;
    let drawing = Drawing::of(&event, &theme.settings.poster, shape);
    // A photograph-like picture is only offered in the format that keeps it small.
    let format =
        if format == "webp" { picture_format(&event.poster.style, &theme.settings.poster) } else { format };
    let cache_key = format!("{}/{}/{drawing:?}/{width}.{format}", site.id, site.theme);
    let theme_name = site.theme.clone();
    let bytes = shop
        .posters
        .try_get_with(cache_key, async move {
            web::block(move || raster::render(&drawing, &Fonts::of(&theme_name), width, format))
                .await
                .map_err(|error| PageError::Poster(error.to_string()))?
                .map(web::Bytes::from)
        })
        .await
        .map_err(|error| PageError::Poster(error.to_string()))?;
    Ok((bytes, format))
}

/// The event of `{slug}-{seed}`; of `{slug}` alone too, for those who know no seed.
async fn named(key: &str, site: &Site, shop: &Storefront) -> Result<Event, PageError> {
    if let Some((slug, seed)) = key.rsplit_once('-')
        && let Ok(event) = shop.pages.event(site, slug).await
        && seed.parse() == Ok(event.poster.seed)
    {
        return Ok(event);
    }
    shop.pages.event(site, key).await
}

fn media_type(format: &str) -> &'static str {
    match format {
        "webp" => "image/webp",
        "jpg" => "image/jpeg",
        _ => "image/png",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(family: &str, motif: &str, seed: u32, shape: Shape) -> Drawing {
        let (title, subtitle) = ("Low <Ceiling> & \u{1} 李小龍".to_owned(), "All \"night\"".to_owned());
        Drawing { family: family.into(), motif: motif.into(), seed, title, subtitle, shape }
    }

    fn theme_of(family: &str) -> &'static str {
        match family {
            "club" => "basement",
            "arena" => "arena",
            _ => "riverside",
        }
    }

    #[test]
    fn every_motif_in_every_shape_is_drawn_the_same_each_time() {
        let all = [
            ("theatre", ["orchard", "sun", "hats", "wall", "road", "storm"]),
            ("club", ["rings", "stack", "scoop", "ribbon", "signal", "dial"]),
            ("arena", ["beams", "halo", "court", "rink", "pyro", "screens"]),
        ];
        for (family, motifs) in all {
            let fonts = Fonts::of(theme_of(family));
            for motif in motifs {
                for shape in [Shape::Portrait, Shape::Wide, Shape::Share] {
                    let one = raster::render(&drawing(family, motif, 7, shape), &fonts, 120, "png").unwrap();
                    let same = raster::render(&drawing(family, motif, 7, shape), &fonts, 120, "png").unwrap();
                    assert!(one == same, "{family}:{motif} {shape:?} differs from itself");
                    let picture = image::load_from_memory(&one).unwrap().to_rgb8();
                    let first = *picture.get_pixel(0, 0);
                    assert!(
                        picture.pixels().any(|pixel| *pixel != first),
                        "{family}:{motif} {shape:?} is blank"
                    );
                }
            }
        }
    }

    #[test]
    fn seeds_and_motifs_tell_posters_apart() {
        let svg =
            |motif: &str, seed| drawing("theatre", motif, seed, Shape::Portrait).svg(&|_| (100.0, 70.0));
        assert_ne!(svg("orchard", 1), svg("orchard", 2));
        assert_ne!(svg("orchard", 1), svg("storm", 1));
        // An unknown motif is one of those there are.
        assert!(svg("unheard of", 3).contains("<rect"));
    }

    #[test]
    fn only_known_files_are_drawn() {
        assert_eq!(parse_file("480.webp"), Some((Shape::Portrait, 480, "webp")));
        assert_eq!(parse_file("wide-1600.jpg"), Some((Shape::Wide, 1600, "jpg")));
        assert_eq!(parse_file("share.png"), Some((Shape::Share, 1200, "png")));
        for file in ["481.webp", "99999.png", "480.svg", "480", "wide-.jpg", "share.exe", "", "-1.png"] {
            assert_eq!(parse_file(file), None, "{file}");
        }
    }
}
