//! The page where a buyer authenticates. It names nobody.

use actix_web::HttpResponse;
use actix_web::web::{Data, Form, Path, Query};
use serde::Deserialize;

use crate::engine::money;
use crate::engine::tx::Origin;
use crate::payment_intents::authenticate::{self, Outcome};
use crate::payment_intents::{PaymentIntent, Status};
use crate::sim::Sim;

/// Names the intent's secret, which only the buyer's browser and the server know.
#[derive(Deserialize)]
pub struct Secret {
    client_secret: String,
}

/// A pressed button.
#[derive(Deserialize)]
pub struct Pressed {
    client_secret: String,
    outcome: Outcome,
}

fn find(sim: &Sim, id: &str, secret: &str) -> Option<PaymentIntent> {
    sim.with_state(|state| state.intents.get(id).filter(|intent| intent.client_secret == secret).cloned())
}

/// Shows the question.
pub async fn show(sim: Data<Sim>, id: Path<String>, query: Query<Secret>) -> HttpResponse {
    match find(&sim, &id, &query.client_secret) {
        None => page(404, "Not found", "<p>This confirmation does not exist.</p>"),
        Some(intent) if intent.status == Status::RequiresAction => ask(&intent),
        Some(intent) => leave(&intent),
    }
}

/// Takes the answer.
pub async fn answer(sim: Data<Sim>, id: Path<String>, form: Form<Pressed>) -> HttpResponse {
    let Some(intent) = find(&sim, &id, &form.client_secret) else {
        return page(404, "Not found", "<p>This confirmation does not exist.</p>");
    };
    let outcome = form.outcome;
    let origin = Origin { base_url: sim.base_url.clone(), ..Origin::default() };
    // An intent that has moved on in the meantime is left as it is.
    let after = sim.transact(origin, |tx| authenticate::authenticate(tx, &id, outcome)).await;
    leave(&after.unwrap_or(intent))
}

fn ask(intent: &PaymentIntent) -> HttpResponse {
    let amount = money::display(intent.amount, &intent.currency).to_uppercase();
    let secret = escape(&intent.client_secret);
    let body = format!(
        "<p>Your bank asks you to confirm this payment.</p><p class=\"amount\">{amount}</p>\
         <form method=\"post\" action=\"/3d_secure/{}\"><input type=\"hidden\" name=\"client_secret\" value=\"{secret}\">\
         <button name=\"outcome\" value=\"succeed\" id=\"complete\">Complete</button>\
         <button name=\"outcome\" value=\"fail\" id=\"fail\" class=\"second\">Fail</button></form>\
         <p class=\"small\">A test page: both buttons are for trying out what happens next.</p>",
        escape(&intent.id)
    );
    page(200, "Confirm your payment", &body)
}

/// Back to the shop, or, inside a dialog, a word to the page around it.
fn leave(intent: &PaymentIntent) -> HttpResponse {
    let outcome = match intent.status {
        Status::RequiresCapture | Status::Succeeded | Status::RequiresConfirmation => "succeeded",
        Status::Processing => "pending",
        _ => "failed",
    };
    if let Some(url) = &intent.return_url {
        let query = serde_urlencoded::to_string([
            ("payment_intent", intent.id.as_str()),
            ("payment_intent_client_secret", intent.client_secret.as_str()),
            ("redirect_status", outcome),
        ])
        .unwrap_or_default();
        let (url, fragment) =
            url.split_once('#').map_or((url.as_str(), String::new()), |(u, f)| (u, format!("#{f}")));
        let joint = if url.contains('?') { '&' } else { '?' };
        return HttpResponse::SeeOther()
            .insert_header(("Location", format!("{url}{joint}{query}{fragment}")))
            .finish();
    }
    let body = format!(
        "<p>Thank you. You can go back to the shop now.</p><script>(window.opener||window.parent).postMessage(\
         {{type:'payment-action',outcome:'{outcome}'}},'*')</script>"
    );
    page(200, "Done", &body)
}

fn page(status: u16, title: &str, body: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .body(include_str!("action.html").replace("{{title}}", title).replace("{{body}}", body))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
