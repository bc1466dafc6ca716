//! Joins the storefront to the catalog, and answers what no route does.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::ACCEPT;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use async_trait::async_trait;
use marquee_catalog::{Catalog, PerformanceState};
use marquee_core::clock::SharedClock;
use marquee_core::config::Config;
use marquee_core::ids::{PerformanceId, TenantId};
use marquee_core::problem::{Code, Problem};
use marquee_payments::Provider;
use marquee_storefront::{
    Contact, Credit, Event, PageError, Pages, PaymentScript, Performance, Poster, PriceLevel, Saleable, Site,
    Storefront, TicketType, Venue,
};
use marquee_tenants::{CurrentTenant, Hosts, Tenant};
use tracing_actix_web::{DefaultRootSpanBuilder, RootSpanBuilder};

use crate::cli::Failure;

/// The storefront over the catalog.
///
/// # Errors
/// When the themes in the program are broken.
pub fn storefront(
    hosts: Hosts,
    catalog: Catalog,
    provider: &dyn Provider,
    clock: SharedClock,
    config: &Config,
) -> Result<Storefront, Failure> {
    let directory = hosts.directory.clone();
    let pages = Arc::new(CatalogPages { hosts, catalog });
    let urls = config.clone();
    let site_of = move |request: &HttpRequest| {
        let host = marquee_tenants::Host::of(request).ok()?;
        let tenant = directory.by_host(&host)?;
        Some(Arc::new(site(&tenant, urls.public_url(&tenant.host, ""))))
    };
    let script = PaymentScript { url: provider.element_url().to_owned(), origins: origins(config) };
    Ok(Storefront::new(pages, Box::new(site_of), script, clock)?)
}

/// Where the payment form's script, frames and calls come from.
fn origins(config: &Config) -> Vec<String> {
    match &config.stripe_api_base {
        Some(base) => vec![base.trim_end_matches('/').to_owned()],
        None => [
            "https://js.stripe.com",
            "https://*.js.stripe.com",
            "https://hooks.stripe.com",
            "https://api.stripe.com",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn site(tenant: &Tenant, origin: String) -> Site {
    let setting = |name: &str| tenant.theme_settings.get(name);
    let text = |name: &str| setting(name).and_then(|value| value.as_str()).map(str::to_owned);
    let colors: BTreeMap<String, String> =
        setting("colors").and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default();
    let legal: Vec<String> =
        setting("legal").and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default();
    Site {
        id: tenant.id,
        name: tenant.name.clone(),
        tagline: text("tagline"),
        origin,
        theme: tenant.theme.clone(),
        colors,
        locale: tenant.locale.clone(),
        timezone: tenant.timezone,
        contact: Contact {
            email: Some(tenant.support_email.clone()),
            phone: text("phone"),
            address: Some(tenant.postal_address.clone()).filter(|address| !address.is_empty()),
        },
        legal,
    }
}

struct CatalogPages {
    hosts: Hosts,
    catalog: Catalog,
}

impl CatalogPages {
    fn tenant(&self, id: TenantId) -> Result<Arc<Tenant>, PageError> {
        self.hosts.directory.by_id(id).ok_or(PageError::NotFound)
    }

    fn event(&self, tenant: TenantId, event: &marquee_catalog::Event) -> Event {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Event {
            id: event.id,
            slug: event.slug.clone(),
            title: event.title.clone(),
            subtitle: some(&event.subtitle),
            summary: event.summary.clone(),
            description: event
                .description
                .split("\n\n")
                .filter(|one| !one.trim().is_empty())
                .map(str::to_owned)
                .collect(),
            category: some(&event.category),
            facts: event.facts.clone(),
            credits: event
                .credits
                .iter()
                .map(|credit| Credit { role: credit.role.clone(), name: credit.name.clone() })
                .collect(),
            poster: Poster { style: event.poster.style.clone(), seed: event.poster.seed },
            performances: event.performances.iter().map(|one| self.performance(tenant, one)).collect(),
        }
    }

    fn performance(&self, tenant: TenantId, one: &marquee_catalog::Performance) -> Performance {
        Performance {
            id: one.id,
            starts_at: one.starts_at,
            doors_at: Some(one.doors_at),
            ends_at: Some(one.ends_at),
            venue: Venue {
                name: one.venue.name.clone(),
                address: Some(one.venue.address.clone()).filter(|address| !address.is_empty()),
                city: one.venue.city.clone(),
            },
            on_sale_from: Some(one.on_sale_from),
            on_sale_until: Some(one.on_sale_until),
            state: match self.catalog.state(tenant, one) {
                PerformanceState::Scheduled => Saleable::Scheduled,
                PerformanceState::OnSale => Saleable::OnSale,
                PerformanceState::SoldOut => Saleable::SoldOut,
                PerformanceState::Ended => Saleable::Ended,
                PerformanceState::Cancelled => Saleable::Cancelled,
            },
            few_left: self.catalog.availability(tenant, one).few_left(),
            limit_per_order: one.limit_per_order.try_into().unwrap_or(1),
            price_levels: one.price_levels.iter().map(price_level).collect(),
            plan_url: one.plan.as_ref().map(marquee_catalog::PlanInfo::url),
            plan_seats: one.plan.as_ref().map_or(0, |plan| plan.seats.try_into().unwrap_or(0)),
        }
    }
}

fn price_level(level: &marquee_catalog::PriceLevel) -> PriceLevel {
    PriceLevel {
        id: level.id,
        name: level.name.clone(),
        categories: level.categories.clone(),
        ticket_types: level
            .ticket_types
            .iter()
            .map(|kind| TicketType { id: kind.id, name: kind.name.clone(), price: kind.price.clone() })
            .collect(),
    }
}

#[async_trait]
impl Pages for CatalogPages {
    async fn events(&self, site: &Site) -> Result<Vec<Event>, PageError> {
        let tenant = self.tenant(site.id)?;
        let programme = self.catalog.programme(&tenant).await.map_err(unavailable)?;
        let events = programme.published().map(|event| self.event(site.id, event));
        Ok(events.filter(|event| event.performances.iter().any(|one| one.state != Saleable::Ended)).collect())
    }

    async fn event(&self, site: &Site, slug: &str) -> Result<Event, PageError> {
        let tenant = self.tenant(site.id)?;
        let programme = self.catalog.programme(&tenant).await.map_err(unavailable)?;
        programme.event(slug).map(|event| self.event(site.id, event)).ok_or(PageError::NotFound)
    }

    async fn event_of(&self, site: &Site, performance: PerformanceId) -> Result<Event, PageError> {
        let tenant = self.tenant(site.id)?;
        let found = self.catalog.event_of(&tenant, performance).await.map_err(unavailable)?;
        found.map(|event| self.event(site.id, &event)).ok_or(PageError::NotFound)
    }
}

fn unavailable(error: impl std::fmt::Display) -> PageError {
    PageError::Unavailable(error.to_string())
}

/// Lets through what came to a host with a site, or to the platform's own; anything else is `unknown_host`, whatever
/// its path and method. People get the neutral page instead, with its stylesheet; probes may use any host.
///
/// # Errors
/// `bad_request` for a header that names no one host, `unknown_host`.
pub async fn at_a_known_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let path = request.path();
    let open = matches!(path, "/healthz" | "/readyz") || path.starts_with("/assets/");
    let refused = match CurrentTenant::of(request.request()) {
        Err(problem) if !open && !is_platform(request.request()) => Some(problem),
        _ => None,
    };
    match refused {
        None => Ok(next.call(request).await?.map_into_boxed_body()),
        Some(problem) => {
            let page = problem.code() == Code::UnknownHost && wants_a_page(request.request());
            let (request, _) = request.into_parts();
            let answer = if page {
                marquee_storefront::not_found(request.clone()).await
            } else {
                problem.error_response()
            };
            Ok(ServiceResponse::new(request, answer).map_into_boxed_body())
        }
    }
}

fn is_program(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/webhooks/")
}

fn wants_a_page(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET && !is_program(request.path()) && accepted.contains("text/html")
}

fn is_platform(request: &HttpRequest) -> bool {
    let hosts = request.app_data::<web::Data<Hosts>>();
    marquee_tenants::Host::of(request).is_ok_and(|host| hosts.is_some_and(|hosts| host == hosts.platform))
}

/// Answers an address without a route: a page for people, a problem for programs.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    if is_program(request.path()) {
        return Problem::new(Code::NotFound).error_response();
    }
    marquee_storefront::not_found(request).await
}

/// A span for each request; its end is logged only for what went wrong on our side.
pub struct QuietSpan;

impl RootSpanBuilder for QuietSpan {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        tracing::debug_span!("request", http.method = %request.method(), http.route = request.match_pattern())
    }

    fn on_request_end<B: MessageBody>(
        span: tracing::Span,
        outcome: &Result<ServiceResponse<B>, actix_web::Error>,
    ) {
        DefaultRootSpanBuilder::on_request_end(span, outcome);
    }
}
