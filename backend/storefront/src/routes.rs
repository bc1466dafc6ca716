//! Addresses of the pages: parse, ask, render.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use marquee_core::http::at;
use marquee_core::ids::{HoldId, OrderId, PerformanceId};
use serde_json::{Value, json};
use tera::Context;

use crate::engine::Theme;
use crate::format::Calendar;
use crate::headers::{self, Caching};
use crate::pages::Site;
use crate::view::{self, Views};
use crate::{PageError, PaymentScript, Storefront, assets, data, poster};

/// Seconds after which to ask again for a page that could not be had.
const RETRY_SECONDS: &str = "5";

/// Adds the pages. Needs `web::Data<Storefront>` in the application.
///
/// Anything without a route of its own gets [`not_found`].
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(at("/").read(home))
        .service(at("/events/{slug}").read(event))
        .service(at("/performances/{id}").read(performance))
        .service(at("/checkout/{hold}").read(checkout))
        .service(at("/orders/{id}").read(order))
        .service(at("/posters/{key}/{file}").read(poster::picture))
        .service(at("/assets/{name}").read(assets::asset))
        .service(at("/icon.svg").read(assets::icon))
        .service(at("/robots.txt").read(robots))
        .default_service(web::to(not_found));
}

/// What a page says of itself.
struct Page<'a> {
    template: &'a str,
    title: Option<String>,
    description: Option<String>,
    /// Path of the picture for links shared elsewhere.
    image: Option<String>,
    /// What its scripts are given, beside texts and locale.
    data: Value,
    caching: Caching,
    payment: Option<&'a PaymentScript>,
}

impl<'a> Page<'a> {
    fn new(template: &'a str, caching: Caching) -> Self {
        Self {
            template,
            title: None,
            description: None,
            image: None,
            data: json!({}),
            caching,
            payment: None,
        }
    }
}

/// A request at a site, with what is needed to render. At a host without a site there is none: the neutral page
/// answers in its place.
struct Visit {
    request: HttpRequest,
    shop: web::Data<Storefront>,
    site: Arc<Site>,
    theme: Arc<Theme>,
    language: String,
}

impl Visit {
    #[allow(clippy::result_large_err, reason = "the answer is boxed by the extractor")]
    fn begin(request: &HttpRequest) -> Result<Self, HttpResponse> {
        let shop = request
            .app_data::<web::Data<Storefront>>()
            .ok_or_else(|| broken("the application has no storefront"))?;
        let site = (shop.site_of)(request).ok_or_else(|| neutral(request, shop))?;
        let theme = shop.engine.theme(&site.theme).map_err(|error| broken(&error))?;
        let language = theme.texts.language(&site.locale).to_owned();
        Ok(Self { request: request.clone(), shop: shop.clone(), site, theme, language })
    }

    fn views(&self) -> Views<'_> {
        Views {
            site: &self.site,
            calendar: Calendar {
                zone: self.site.timezone,
                texts: &self.theme.texts,
                language: &self.language,
            },
            now: self.shop.clock.now(),
            poster_family: &self.theme.settings.poster,
        }
    }

    /// Renders a page, or an honest error page in its place.
    fn answer(&self, result: Result<(Page<'_>, Context), PageError>) -> HttpResponse {
        let rendered = result.and_then(|(page, context)| {
            let html = self.render(&page, context)?;
            Ok(headers::page(&self.request, StatusCode::OK, html, page.caching, page.payment))
        });
        rendered.unwrap_or_else(|error| self.error(&error))
    }

    fn render(&self, page: &Page<'_>, mut context: Context) -> Result<String, PageError> {
        let css = assets::settings_of(&self.theme.settings, &self.site).css();
        let mut data = json!({
            "locale": self.site.locale,
            "language": self.language,
            "timezone": self.site.timezone.name(),
            "texts": self.theme.texts.script_source(&self.language),
        });
        if let (Value::Object(all), Value::Object(own)) = (&mut data, page.data.clone()) {
            all.extend(own);
        }
        context.insert("site", &view::site(&self.site));
        context.insert("lang", &self.language);
        context.insert("locale", &self.site.locale);
        context.insert(
            "page",
            &json!({
                "title": page.title,
                "description": page.description,
                "image": page.image,
                "path": self.request.path(),
                "private": page.caching == Caching::Never,
                "data": data::embed(&data),
            }),
        );
        context.insert(
            "theme",
            &json!({
                "name": self.theme.name,
                "colors_url": assets::colors_url(&css),
                "background": self.theme.settings.colors.get("background"),
                "stylesheet": self.theme.asset(&self.theme.settings.stylesheet),
                "preload": self.theme.settings.preload.iter().map(|name| self.theme.asset(name)).collect::<Vec<_>>(),
            }),
        );
        self.theme.render(page.template, &context)
    }

    /// The error page in the site's look.
    fn error(&self, error: &PageError) -> HttpResponse {
        let (status, kind) = match error {
            PageError::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            PageError::Unavailable(reason) => {
                tracing::warn!(tenant.id = %self.site.id, reason, "page unavailable");
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            other => {
                tracing::error!(tenant.id = %self.site.id, error = %other, "page could not be made");
                (StatusCode::INTERNAL_SERVER_ERROR, "unavailable")
            }
        };
        let mut context = Context::new();
        context.insert("kind", kind);
        let mut page = Page::new("error.html", Caching::Never);
        page.title = self.theme.texts.get(&self.language, &format!("error-{kind}-title"), None);
        let mut response = match self.render(&page, context) {
            Ok(html) => headers::page(&self.request, status, html, Caching::Never, None),
            Err(error) => broken(&error),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
        }
        response
    }
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            Self::begin(request)
                .map_err(|response| InternalError::from_response("no visit", response).into()),
        )
    }
}

/// `GET /`
async fn home(visit: Visit) -> HttpResponse {
    let result = visit.shop.pages.events(&visit.site).await.map(|events| {
        let months = visit.views().months(&events);
        let all = || months.iter().flat_map(|month| &month.events);
        let featured = all().find(|event| event.state == "on_sale").or_else(|| all().next());
        let mut context = Context::new();
        context.insert("featured", &featured);
        context.insert("months", &months);
        let mut page = Page::new("home.html", Caching::Browse);
        page.description.clone_from(&visit.site.tagline);
        page.image = featured.map(|event| event.poster.share.clone());
        (page, context)
    });
    visit.answer(result)
}

/// `GET /events/{slug}`
async fn event(visit: Visit, slug: web::Path<String>) -> HttpResponse {
    let result = visit.shop.pages.event(&visit.site, &slug).await.map(|event| {
        let views = visit.views();
        let view = views.event(&event);
        let mut context = Context::new();
        context.insert("structured", &data::embed(&views.structured(&event)));
        let mut page = Page::new("event.html", Caching::Browse);
        page.title = Some(view.title.clone());
        page.description = Some(view.summary.clone());
        page.image = Some(view.poster.share.clone());
        context.insert("event", &view);
        (page, context)
    });
    visit.answer(result)
}

/// `GET /performances/{id}`
async fn performance(visit: Visit, id: web::Path<String>) -> HttpResponse {
    let found = match id.parse::<PerformanceId>() {
        Ok(id) => visit.shop.pages.event_of(&visit.site, id).await.map(|event| (id, event)),
        Err(_) => Err(PageError::NotFound),
    };
    let result = found.and_then(|(id, event)| {
        let views = visit.views();
        let performance = event.performances.iter().find(|one| one.id == id).ok_or(PageError::NotFound)?;
        let mut context = Context::new();
        let mut page = Page::new("performance.html", Caching::Browse);
        page.data = views.performance_data(&event, performance);
        context.insert("performance", &views.performance(performance));
        let view = views.event(&event);
        page.title = Some(view.title.clone());
        page.description = Some(view.summary.clone());
        page.image = Some(view.poster.share.clone());
        context.insert("event", &view);
        Ok((page, context))
    });
    visit.answer(result)
}

/// `GET /checkout/{hold}`: the same for every hold; its script shows what the visitor's token opens.
async fn checkout(visit: Visit, hold: web::Path<String>) -> HttpResponse {
    let result = hold.parse::<HoldId>().map_err(|_| PageError::NotFound).map(|hold| {
        let mut page = Page::new("checkout.html", Caching::Never);
        page.data = json!({ "hold": hold, "payment_script": visit.shop.payment.url });
        page.payment = Some(&visit.shop.payment);
        (page, Context::new())
    });
    visit.answer(result)
}

/// `GET /orders/{id}`: likewise.
async fn order(visit: Visit, id: web::Path<String>) -> HttpResponse {
    let result = id.parse::<OrderId>().map_err(|_| PageError::NotFound).map(|id| {
        let mut page = Page::new("order.html", Caching::Never);
        page.data = json!({ "order": id });
        (page, Context::new())
    });
    visit.answer(result)
}

/// `GET /robots.txt`
async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .content_type("text/plain; charset=utf-8")
        .body("User-agent: *\nDisallow: /api/\nDisallow: /checkout/\nDisallow: /orders/\n")
}

/// The page for an address that leads nowhere, in the site's look; without a brand where no site has the host.
pub async fn not_found(request: HttpRequest) -> HttpResponse {
    match Visit::begin(&request) {
        Ok(visit) => visit.error(&PageError::NotFound),
        Err(response) => response,
    }
}

/// The page at a host that no site has: it names nobody.
fn neutral(request: &HttpRequest, shop: &Storefront) -> HttpResponse {
    let rendered = shop.engine.theme(crate::theme::BASE).and_then(|theme| {
        let mut context = Context::new();
        context.insert("lang", crate::i18n::DEFAULT_LANGUAGE);
        context.insert("stylesheet", &theme.asset("base/neutral.css"));
        theme.render("neutral.html", &context)
    });
    match rendered {
        Ok(html) => headers::page(request, StatusCode::NOT_FOUND, html, Caching::Never, None),
        Err(error) => broken(&error),
    }
}

/// When not even the error page can be made.
fn broken(error: impl std::fmt::Display) -> HttpResponse {
    tracing::error!(error = %error, "error page could not be made");
    HttpResponse::InternalServerError()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body("This page cannot be shown at the moment. Please try again in a minute.")
}
