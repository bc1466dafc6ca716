//! The pages a fan sees: a tenant's site, rendered from its theme.
//!
//! Promises:
//! - a page names its tenant alone: no other tenant and no platform appears in markup, headers or asset paths;
//! - what a tenant or a buyer supplies is escaped in every template, whatever the file's name;
//! - browse pages may be cached by everyone and carry an ETag; checkout and order pages are cached by nobody and
//!   hold no secret: their scripts fetch what the visitor's token opens;
//! - the same event with the same seed has the same poster, byte for byte.
//!
//! The crate knows no database. It asks a [`Pages`] for what there is to show and a [`SiteOf`] for whose site a
//! request is at, both given in [`Storefront`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod assets;
mod data;
mod engine;
mod error;
#[cfg(test)]
mod fixtures;
mod format;
mod headers;
mod i18n;
mod pages;
mod poster;
mod routes;
#[cfg(test)]
mod tests;
mod theme;
mod view;

use std::sync::Arc;

use marquee_core::clock::SharedClock;
use moka::future::Cache;

pub use error::PageError;
pub use pages::{
    Contact, Credit, Event, Pages, Performance, Poster, PriceLevel, Saleable, Site, TicketType, Venue,
};
pub use routes::{configure, not_found};

use engine::Engine;

/// Finds the site whose host a request came to.
pub type SiteOf = dyn Fn(&actix_web::HttpRequest) -> Option<Arc<Site>> + Send + Sync;

/// Where the payment provider's browser script comes from.
#[derive(Debug, Clone)]
pub struct PaymentScript {
    /// The script's address, as in `<script src>`.
    pub url: String,
    /// Origins the script, its frames and its calls use: `https://js.stripe.com`, `https://api.stripe.com` …
    pub origins: Vec<String>,
}

/// Everything the pages need; one per process, as `web::Data`.
pub struct Storefront {
    pages: Arc<dyn Pages>,
    site_of: Box<SiteOf>,
    payment: PaymentScript,
    clock: SharedClock,
    engine: Engine,
    posters: Cache<String, actix_web::web::Bytes>,
}

impl Storefront {
    /// A storefront over `pages`, at the sites that `site_of` finds.
    ///
    /// # Errors
    /// [`PageError::Theme`] when the embedded themes do not parse: a broken build.
    pub fn new(
        pages: Arc<dyn Pages>,
        site_of: Box<SiteOf>,
        payment: PaymentScript,
        clock: SharedClock,
    ) -> Result<Self, PageError> {
        let posters = Cache::builder()
            .weigher(|_, picture: &actix_web::web::Bytes| u32::try_from(picture.len()).unwrap_or(u32::MAX))
            .max_capacity(64 * 1024 * 1024)
            .build();
        Ok(Self { pages, site_of, payment, clock, engine: Engine::new()?, posters })
    }
}
