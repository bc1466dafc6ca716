//! Stand-ins for the shop's API: enough of the contract for the pages' scripts.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{SecondsFormat, TimeDelta, Utc};
use marquee_core::ids::PerformanceId;
use marquee_storefront::{Performance, PriceLevel};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::data::World;

pub struct Shelf {
    world: Arc<World>,
    taken: Mutex<HashSet<(PerformanceId, String)>>,
    /// How often an overloaded shop was asked.
    asked: Mutex<u32>,
    holds: Mutex<BTreeMap<String, Value>>,
    orders: Mutex<BTreeMap<String, Value>>,
}

impl Shelf {
    pub fn new(world: Arc<World>) -> Self {
        Self {
            world,
            taken: Mutex::default(),
            asked: Mutex::default(),
            holds: Mutex::default(),
            orders: Mutex::default(),
        }
    }

    /// The performance and its plan.
    pub fn show(&self, id: &str) -> Option<(&Performance, Option<&Value>)> {
        let (_, show) = self.world.find(id.parse().ok()?)?;
        Some((show, self.world.plan_of(show)))
    }

    /// Somebody else takes a seat.
    pub fn take(&self, show: PerformanceId, seat: &str) {
        self.taken.lock().expect("lock").insert((show, seat.to_owned()));
    }

    /// Free at the start by a pattern that looks like people booked in pairs; then what was held here is gone.
    fn is_free(&self, performance: PerformanceId, section: usize, seat: usize, id: &str) -> bool {
        let sold = self.world.sold.get(&performance).copied().unwrap_or(0.0);
        let mix = (section as u64 * 7919 + seat as u64 / 2 * 104_729 + performance.0.as_u128() as u64 % 1000)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let lot = (mix >> 40) as f64 / f64::from(1_u32 << 24);
        lot >= sold && !self.taken.lock().expect("lock").contains(&(performance, id.to_owned()))
    }
}

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/plans/{hash}", web::get().to(plan))
        .route("/api/v1/performances/{id}/availability", web::get().to(availability))
        .route("/api/v1/performances/{id}/availability/live", web::get().to(crate::live::live))
        .route("/api/v1/performances/{id}/holds", web::post().to(hold))
        .route("/api/v1/holds/{id}", web::get().to(get_hold))
        .route("/api/v1/holds/{id}", web::delete().to(release))
        .route("/api/v1/orders", web::post().to(order))
        .route("/api/v1/orders/{id}", web::get().to(get_order))
        .route("/api/v1/orders/{id}/pay", web::post().to(pay))
        .route("/api/v1/orders/{id}/tickets/{ticket}/qr.svg", web::get().to(qr))
        .route("/pay/element.js", web::get().to(element));
}

fn problem(status: StatusCode, code: &str, more: Value) -> HttpResponse {
    let mut body = json!({ "title": code, "status": status.as_u16(), "code": code });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    HttpResponse::build(status).content_type("application/problem+json").body(body.to_string())
}

fn not_found() -> HttpResponse {
    problem(StatusCode::NOT_FOUND, "not_found", json!({}))
}

async fn plan(name: web::Path<String>, shelf: web::Data<Shelf>) -> HttpResponse {
    shelf.world.plan(&name).map_or_else(not_found, |plan| {
        HttpResponse::Ok().insert_header(("cache-control", "public, max-age=3600")).json(plan)
    })
}

async fn availability(id: web::Path<String>, shelf: web::Data<Shelf>) -> HttpResponse {
    let Some((show, plan)) = shelf.show(&id) else { return not_found() };
    HttpResponse::Ok().json(state(&shelf, show, plan))
}

/// What is free of a performance.
pub fn state(shelf: &Shelf, show: &Performance, plan: Option<&Value>) -> Value {
    let mut free: BTreeMap<String, u32> = BTreeMap::new();
    let mut sections = Vec::new();
    if let Some(plan) = plan {
        for (at, section) in plan["sections"].as_array().into_iter().flatten().enumerate() {
            let ids = section["seats"]["id"].as_array().expect("ids");
            let mut bytes = vec![0_u8; ids.len().div_ceil(8)];
            for (index, seat) in ids.iter().enumerate() {
                if shelf.is_free(show.id, at, index, seat.as_str().unwrap_or_default()) {
                    bytes[index / 8] |= 1 << (index % 8);
                    if let Some(level) = level_of_seat(plan, show, at, index) {
                        *free.entry(level.id.to_string()).or_default() += 1;
                    }
                }
            }
            sections.push(json!({ "id": section["id"], "free": base64(&bytes) }));
        }
    } else {
        for (at, level) in show.price_levels.iter().enumerate() {
            let sold = shelf.world.sold.get(&show.id).copied().unwrap_or(0.0);
            let left = if at == 0 && sold > 0.3 { 0 } else { (280.0 * (1.0 - sold)) as u32 };
            free.insert(level.id.to_string(), left);
        }
    }
    let levels: Vec<Value> = show
        .price_levels
        .iter()
        .map(|level| json!({ "id": level.id, "free": free.get(&level.id.to_string()).copied().unwrap_or(0) }))
        .collect();
    let version = shelf.taken.lock().expect("lock").len();
    json!({ "version": version, "as_of": now(0), "price_levels": levels, "sections": sections })
}

fn level_of_seat<'a>(
    plan: &Value,
    show: &'a Performance,
    section: usize,
    seat: usize,
) -> Option<&'a PriceLevel> {
    let category = plan["sections"][section]["seats"]["category"][seat].as_u64()?;
    let name = plan["categories"][usize::try_from(category).ok()?]["name"].as_str()?;
    show.price_levels.iter().find(|level| level.categories.iter().any(|one| one == name))
}

async fn hold(id: web::Path<String>, body: web::Json<Value>, shelf: web::Data<Shelf>) -> HttpResponse {
    let Some((show, plan)) = shelf.show(&id) else { return not_found() };
    // Six together: the shop is overloaded, twice. A chosen seat 13: somebody else was faster.
    if body["places"][0]["quantity"] == json!(6) {
        let mut asked = shelf.asked.lock().expect("lock");
        *asked += 1;
        if !(*asked).is_multiple_of(3) {
            return HttpResponse::ServiceUnavailable()
                .insert_header(("retry-after", "3"))
                .content_type("application/problem+json")
                .body(r#"{"code":"overloaded","status":503,"title":"overloaded"}"#);
        }
    }
    let none = Value::Null;
    let plan = plan.unwrap_or(&none);
    let mut units = Vec::new();
    for wish in body["seats"].as_array().into_iter().flatten() {
        let wanted = wish["seat"].as_str().unwrap_or_default();
        let sections = plan["sections"].as_array().expect("sections");
        let found = sections.iter().enumerate().find_map(|(at, section)| {
            section["seats"]["id"].as_array()?.iter().position(|one| one == wanted).map(|index| (at, index))
        });
        let Some((at, index)) = found else {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_seat", json!({}));
        };
        let unlucky = shelf.world.plan("arena") == Some(plan) && wanted.ends_with("-13");
        if unlucky || !shelf.is_free(show.id, at, index, wanted) {
            shelf.take(show.id, wanted);
            return problem(StatusCode::CONFLICT, "seat_taken", json!({ "seats": [wanted] }));
        }
        let Some(level) = level_of_seat(plan, show, at, index) else { return not_found() };
        units.push(unit(level, wish["ticket_type"].as_str(), Some((plan, at, index))));
    }
    for wish in body["places"].as_array().into_iter().flatten() {
        let level = show.price_levels.iter().find(|level| wish["price_level"] == json!(level.id));
        let Some(level) = level else { return not_found() };
        let mut left = wish["quantity"].as_u64().unwrap_or(0);
        let sections = plan["sections"].as_array().map_or(0, Vec::len);
        for at in (0..sections).filter(|_| show.plan_url.is_some()) {
            for index in 0..plan["sections"][at]["seats"]["id"].as_array().map_or(0, Vec::len) {
                let seat = plan["sections"][at]["seats"]["id"][index].as_str().unwrap_or_default();
                let mine = level_of_seat(plan, show, at, index).is_some_and(|one| one.id == level.id);
                if left > 0 && mine && shelf.is_free(show.id, at, index, seat) {
                    units.push(unit(level, wish["ticket_type"].as_str(), Some((plan, at, index))));
                    left -= 1;
                }
            }
        }
        for _ in (0..left).filter(|_| show.plan_url.is_none()) {
            units.push(unit(level, wish["ticket_type"].as_str(), None));
        }
        if left > 0 && show.plan_url.is_some() {
            return problem(StatusCode::CONFLICT, "no_adjacent", json!({}));
        }
    }
    for unit in &units {
        if let Some(seat) = unit["seat"].as_str() {
            shelf.taken.lock().expect("lock").insert((show.id, seat.to_owned()));
        }
    }
    let total: i64 = units.iter().filter_map(|unit| unit["price"]["total"].as_i64()).sum();
    let hold_id = Uuid::now_v7().to_string();
    let seconds = if body["places"][0]["quantity"] == json!(7) { 70 } else { 600 };
    let hold = json!({
        "hold_id": hold_id, "expires_at": now(seconds), "total": total,
        "currency": units.first().map(|unit| unit["price"]["currency"].clone()), "units": units,
        "performance_id": show.id,
    });
    shelf.holds.lock().expect("lock").insert(hold_id, hold.clone());
    let mut answer = hold;
    answer["token"] = json!("hold-token");
    HttpResponse::Created().json(answer)
}

fn unit(level: &PriceLevel, ticket_type: Option<&str>, seat: Option<(&Value, usize, usize)>) -> Value {
    let types = &level.ticket_types;
    let kind = types.iter().find(|one| Some(one.id.to_string().as_str()) == ticket_type).unwrap_or(&types[0]);
    let label = seat.map_or_else(
        || format!("{}, {}", level.name, kind.name),
        |(plan, at, index)| {
            let section = &plan["sections"][at];
            let part = |name: &str| section["seats"][name][index].as_str().unwrap_or_default().to_owned();
            let name = section["name"].as_str().unwrap_or_default();
            format!("{name}, row {}, seat {}", part("row"), part("number"))
        },
    );
    json!({
        "unit_id": Uuid::now_v7(), "seat": seat.map(|(plan, at, index)| plan["sections"][at]["seats"]["id"][index].clone()),
        "label": label, "price_level": level.id, "ticket_type": kind.id,
        "price": { "total": kind.price.total, "face": kind.price.face, "fees": kind.price.fees,
                   "tax": kind.price.tax, "currency": kind.price.currency },
    })
}

async fn get_hold(id: web::Path<String>, shelf: web::Data<Shelf>) -> HttpResponse {
    shelf
        .holds
        .lock()
        .expect("lock")
        .get(id.as_str())
        .map_or_else(not_found, |hold| HttpResponse::Ok().json(hold))
}

async fn release(id: web::Path<String>, shelf: web::Data<Shelf>) -> HttpResponse {
    shelf.holds.lock().expect("lock").remove(id.as_str());
    HttpResponse::NoContent().finish()
}

async fn order(body: web::Json<Value>, shelf: web::Data<Shelf>) -> HttpResponse {
    let holds = shelf.holds.lock().expect("lock");
    let Some(hold) = body["hold_id"].as_str().and_then(|id| holds.get(id)) else { return not_found() };
    if body["buyer"]["name"] == json!("Nobody") {
        let errors = json!([{ "pointer": "/buyer/name", "code": "invalid", "detail": "nobody" }]);
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", json!({ "errors": errors }));
    }
    let id = Uuid::now_v7().to_string();
    let order = json!({
        "order_id": id, "number": "R-7K2M9Q", "status": "pending", "total": hold["total"], "currency": hold["currency"],
        "lines": hold["units"], "expires_at": hold["expires_at"], "buyer": body["buyer"],
    });
    shelf.orders.lock().expect("lock").insert(id, order.clone());
    let mut answer = order;
    answer["token"] = json!("order-token");
    answer["payment"] = json!({ "provider": "stripe", "publishable_key": "pk_test_preview", "account": "acct_preview",
        "amount": hold["total"], "currency": hold["currency"] });
    HttpResponse::Created().json(answer)
}

async fn pay(id: web::Path<String>, body: web::Json<Value>, shelf: web::Data<Shelf>) -> HttpResponse {
    let mut orders = shelf.orders.lock().expect("lock");
    let Some(order) = orders.get_mut(id.as_str()) else { return not_found() };
    match body["confirmation_token"].as_str().unwrap_or("ctoken_4242") {
        "ctoken_0002" => problem(
            StatusCode::PAYMENT_REQUIRED,
            "payment_declined",
            json!({ "decline_code": "generic_decline" }),
        ),
        "ctoken_3155" => {
            HttpResponse::Ok().json(json!({ "status": "requires_action", "client_secret": "pi_1_secret_2" }))
        }
        _ => {
            order["status"] = json!("paid");
            order["tickets"] = order["lines"].as_array().into_iter().flatten().enumerate().map(|(at, line)| json!({
                "ticket_id": format!("t{at}"), "label": line["label"], "holder": order["buyer"]["name"], "status": "valid",
                "code": format!("MQ1.A7.{at}K3JX9PLW2VTQ8ZC5NB4HRYD6EG0FSM1U"),
            })).collect();
            HttpResponse::Ok().json(json!({ "status": "paid" }))
        }
    }
}

async fn get_order(request: HttpRequest, id: web::Path<String>, shelf: web::Data<Shelf>) -> HttpResponse {
    if request.headers().get("Order-Token").is_none() {
        return not_found();
    }
    shelf
        .orders
        .lock()
        .expect("lock")
        .get(id.as_str())
        .map_or_else(not_found, |order| HttpResponse::Ok().json(order))
}

/// Something that looks like a code from afar.
async fn qr() -> HttpResponse {
    let mut cells = String::new();
    let mut state = 0x1234_5678_u32;
    for y in 0..29 {
        for x in 0..29 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let finder = |cx: i32, cy: i32| (x - cx).abs().max((y - cy).abs());
            let ring = [finder(3, 3), finder(25, 3), finder(3, 25)].into_iter().min().unwrap_or(9);
            let dark = if ring <= 4 { ring != 2 && ring != 4 } else { state >> 31 == 1 };
            if dark {
                cells.push_str(&format!("M{} {}h1v1h-1z", x + 4, y + 4));
            }
        }
    }
    HttpResponse::Ok().content_type("image/svg+xml").body(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 37 37" shape-rendering="crispEdges"><rect width="37" height="37" fill="#fff"/><path d="{cells}" fill="#000"/></svg>"##
    ))
}

/// A card form with the provider's surface.
async fn element() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(include_str!("element.js"))
}

fn now(seconds: i64) -> String {
    (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Standard base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { letter as char } else { '=' });
        }
    }
    out
}
