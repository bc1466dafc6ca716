//! The pages from outside: every page of every theme, in each state, with plain and with hostile content.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, RETRY_AFTER, VARY,
};
use actix_web::{App, test, web};
use chrono::TimeDelta;

use crate::fixtures::{HOSTILE, Programme, event, id, now, performance, storefront};
use crate::pages::Saleable;
use crate::theme::{BASE, Settings, names};

struct Answer {
    status: StatusCode,
    headers: actix_web::http::header::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: impl actix_web::http::header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

async fn get_with(host: &str, path: &str, programme: Programme, headers: &[(&str, &str)]) -> Answer {
    let shop = web::Data::new(storefront(programme));
    let app = test::init_service(App::new().app_data(shop).configure(crate::configure)).await;
    let mut request = test::TestRequest::get().uri(path).insert_header(("host", host));
    for header in headers {
        request = request.insert_header(*header);
    }
    let response = test::call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = String::from_utf8_lossy(&test::read_body(response).await).into_owned();
    Answer { status, headers, body }
}

async fn get(host: &str, path: &str) -> Answer {
    get_with(host, path, Programme::full(), &[]).await
}

fn hosts() -> Vec<String> {
    names().into_iter().chain([BASE.to_owned()]).map(|theme| format!("{theme}.localhost:8080")).collect()
}

fn paths() -> Vec<String> {
    let events = Programme::full().0;
    let shows =
        events.iter().flat_map(|event| &event.performances).map(|show| format!("/performances/{}", show.id));
    let mut paths: Vec<String> = events.iter().map(|event| format!("/events/{}", event.slug)).collect();
    paths.extend(shows);
    paths.extend(["/".into(), format!("/checkout/{}", id(5)), format!("/orders/{}", id(6))]);
    paths
}

#[actix_web::test]
async fn an_event_stands_where_what_is_left_of_it_begins() {
    let after = |days, state| {
        let mut show = performance(10 + u128::from(days as u8), state);
        show.starts_at = now() + TimeDelta::days(days);
        show
    };
    let run = [(-75, Saleable::Ended), (7, Saleable::Cancelled), (12, Saleable::OnSale)];
    let programme = Programme(vec![
        event("run", run.map(|(days, state)| after(days, state)).to_vec()),
        event("sooner", vec![after(9, Saleable::OnSale)]),
    ]);
    let home = get_with("base.localhost:8080", "/", programme, &[]).await.body;
    assert!(home.contains("December 2026") && !home.contains("September 2026"));
    let [sooner, later] = ["/events/sooner", "/events/run"].map(|path| home.rfind(path).unwrap());
    assert!(sooner < later, "{home}");
}

#[actix_web::test]
async fn every_page_of_every_theme_renders() {
    for host in hosts() {
        for path in paths() {
            let answer = get(&host, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{host}{path}: {}", answer.body);
            assert!(answer.body.contains("id=\"main\""), "{host}{path} has no main");
            assert_eq!(answer.body.matches("<h1").count(), 1, "{host}{path} has one h1");
        }
    }
}

#[actix_web::test]
async fn an_empty_programme_says_so() {
    for host in hosts() {
        let answer = get_with(&host, "/", Programme(Vec::new()), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{host}: {}", answer.body);
        assert!(answer.body.contains("Nothing is on sale"), "{host}");
    }
}

/// A page without what stands in its script elements.
fn markup(body: &str) -> String {
    body.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest)).collect()
}

#[actix_web::test]
async fn hostile_text_stays_text() {
    for host in hosts() {
        for path in ["/".to_owned(), "/events/hostile".to_owned(), format!("/performances/{}", id(17))] {
            let body = get(&host, &path).await.body;
            assert!(!body.contains("<script>alert"), "{host}{path}");
            assert!(!markup(&body).contains("' onload='"), "{host}{path}");
            assert!(body.contains("alert("), "{host}{path} shows the title all the same");
        }
        let body = get(&host, "/events/hostile").await.body;
        let data =
            body.split("application/ld+json\">").nth(1).and_then(|rest| rest.split("</script>").next());
        let data: serde_json::Value = serde_json::from_str(data.unwrap()).unwrap();
        assert_eq!(data[0]["name"], HOSTILE);
    }
}

#[actix_web::test]
async fn no_page_names_the_platform() {
    for host in hosts() {
        for path in paths().into_iter().chain(["/nope".into(), "/icon.svg".into(), "/robots.txt".into()]) {
            let answer = get(&host, &path).await;
            let headers = format!("{:?}", answer.headers).to_lowercase();
            assert!(!answer.body.to_lowercase().contains("marquee"), "{host}{path}");
            assert!(!headers.contains("marquee"), "{host}{path}: {headers}");
        }
    }
}

#[actix_web::test]
async fn errors_are_honest_and_kept_by_nobody() {
    let cases = [
        ("/nope", StatusCode::NOT_FOUND),
        ("/events/nope", StatusCode::NOT_FOUND),
        ("/performances/nope", StatusCode::NOT_FOUND),
        ("/performances/0193a7b0-0000-7000-8000-000000000000", StatusCode::NOT_FOUND),
        ("/checkout/1", StatusCode::NOT_FOUND),
        ("/orders/%00", StatusCode::NOT_FOUND),
        ("/events/down", StatusCode::SERVICE_UNAVAILABLE),
    ];
    for host in hosts() {
        for (path, status) in cases {
            let answer = get(&host, path).await;
            assert_eq!(answer.status, status, "{host}{path}");
            assert_eq!(answer.header(CACHE_CONTROL), "no-store", "{host}{path}");
            assert_eq!(answer.header(RETRY_AFTER).is_empty(), status != StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.body.contains("Riverside Theatre"), "{host}{path} is in the site's look");
            assert!(!answer.body.contains("database"), "{host}{path} tells no secrets");
        }
    }
}

#[actix_web::test]
async fn an_unknown_host_gets_nobodys_page() {
    for path in ["/", "/events/seated", "/nope"] {
        let answer = get("unknown.localhost", path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("There is no site at this address"));
        assert!(!answer.body.contains("Riverside"));
    }
    let picture = get("unknown.localhost", "/posters/seated-1904/480.webp").await;
    assert_eq!(picture.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn browse_pages_are_cached_and_private_ones_are_not() {
    let home = get("riverside.localhost", "/").await;
    assert!(home.header(CACHE_CONTROL).contains("s-maxage="));
    assert_eq!(home.header(VARY), "Host");
    assert!(!home.header(CONTENT_SECURITY_POLICY).contains("pay.example"));
    let tag = home.header(ETAG).to_owned();
    let again =
        get_with("riverside.localhost", "/", Programme::full(), &[(IF_NONE_MATCH.as_str(), &tag)]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    for path in [format!("/checkout/{}", id(5)), format!("/orders/{}", id(6))] {
        let answer = get("riverside.localhost", &path).await;
        assert_eq!(answer.header(CACHE_CONTROL), "no-store");
        assert!(answer.body.contains("noindex"));
    }
    let checkout = get("riverside.localhost", &format!("/checkout/{}", id(5))).await;
    assert!(checkout.header(CONTENT_SECURITY_POLICY).contains("script-src 'self' https://pay.example;"));
}

#[actix_web::test]
async fn pictures_are_drawn_where_they_are_offered() {
    let drawn = get("riverside.localhost", "/posters/seated-1904/240.webp").await;
    assert_eq!((drawn.status, drawn.header("content-type")), (StatusCode::OK, "image/webp"));
    let seedless = get("riverside.localhost", "/posters/sold-out/240.webp").await;
    assert_eq!(seedless.status, StatusCode::OK);
    for wrong in [
        "seated-1/240.webp",
        "nope-1904/240.webp",
        "seated-1904/241.webp",
        "seated-1904/240.gif",
        "seated-/240.webp",
    ] {
        let answer = get("riverside.localhost", &format!("/posters/{wrong}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[actix_web::test]
async fn way_on_and_seats_are_where_scripts_look_for_them() {
    let seated = get("riverside.localhost", &format!("/performances/{}", id(10))).await.body;
    assert!(seated.contains("data-action=\"checkout\"") && seated.contains("id=\"map\""));
    assert!(!seated.contains("id=\"sections\""), "a small house shows its seats at once");
    let large = get("arena.localhost", &format!("/performances/{}", id(18))).await.body;
    for part in ["id=\"sections\"", "id=\"party\"", "name=\"adjacent\"", "data-action=\"checkout\"", "€58.00"]
    {
        assert!(large.contains(part), "{part}");
    }
    let standing = get("basement.localhost", &format!("/performances/{}", id(11))).await.body;
    assert!(standing.contains("data-action=\"checkout\"") && standing.contains("class=\"stepper\""));
    let scheduled = get("basement.localhost", &format!("/performances/{}", id(12))).await.body;
    assert!(
        scheduled.contains("data-opens=\"2026-11-24T12:02:00+00:00\"") && !scheduled.contains("data-action")
    );
}

/// Relative luminance (WCAG 2.2).
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[std::prelude::v1::test]
fn every_pair_of_colours_meets_aa() {
    for theme in names().into_iter().chain([BASE.to_owned()]) {
        let settings = Settings::read(&theme).unwrap();
        let color = |role: &str| settings.colors[role].as_str();
        for ground in ["background", "surface"] {
            for ink in ["text", "muted", "accent", "positive", "warning", "danger"] {
                let ratio = contrast(color(ink), color(ground));
                assert!(ratio >= 4.5, "{theme}: {ink} on {ground} is {ratio:.2}");
            }
        }
        let ratio = contrast(color("on_accent"), color("accent"));
        assert!(ratio >= 4.5, "{theme}: on_accent on accent is {ratio:.2}");
        for (at, level) in settings.levels.iter().enumerate() {
            let ratio = contrast(level, color("surface"));
            assert!(ratio >= 3.0, "{theme}: seats of level {} are {ratio:.2}", at + 1);
        }
    }
}

#[std::prelude::v1::test]
fn a_tenants_own_colours_are_taken_and_nothing_else() {
    let settings = Settings::read("riverside").unwrap();
    let own = [("accent", "#112233"), ("text", "red;}body{display:none"), ("unheard", "#445566")];
    let own = own.iter().map(|(role, color)| ((*role).to_owned(), (*color).to_owned())).collect();
    let css = settings.with_colors(&own).css();
    assert!(css.contains("--accent:#112233;"));
    assert!(!css.contains("display:none") && !css.contains("unheard"));
}
