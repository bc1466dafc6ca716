//! Controls of money: what buyers and banks do.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, ServiceConfig, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{api_error, origin, refused};
use crate::balance::{self, Entry, Movement};
use crate::charges;
use crate::disputes::open::{self, Wish};
use crate::disputes::outcome::{self, Outcome as DisputeOutcome};
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;
use crate::payment_intents::authenticate::{self, Outcome};
use crate::payment_intents::settle;
use crate::refunds::create::{self as refund, Wish as RefundWish};
use crate::refunds::settle as refund_settle;
use crate::sim::Sim;

/// Mounts them.
pub fn mount(config: &mut ServiceConfig) {
    config
        .route("/payment_intents/{id}/authenticate", post().to(authenticate))
        .route("/payment_intents/{id}/settle", post().to(settle_payment))
        .route("/charges/{id}/dispute", post().to(dispute))
        .route("/disputes/{id}/resolve", post().to(resolve))
        .route("/charges/{id}/refund", post().to(refund_by_hand))
        .route("/refunds", post().to(begin_refunds))
        .route("/refunds/{id}/settle", post().to(settle_refund))
        .route("/accounts/{id}/payout", post().to(payout));
}

/// Runs a control on the state.
async fn act(sim: &Sim, work: impl FnOnce(&mut Tx) -> Result<Value, ApiError>) -> HttpResponse {
    match sim.transact(origin(sim), work).await {
        Ok(object) => HttpResponse::Ok().json(object),
        Err(error) => api_error(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    outcome: Outcome,
}

async fn authenticate(sim: Data<Sim>, id: Path<String>, body: Json<Ended>) -> HttpResponse {
    act(&sim, |tx| authenticate::authenticate(tx, &id, body.outcome).map(|intent| intent.render(tx.state)))
        .await
}

async fn settle_payment(sim: Data<Sim>, id: Path<String>, body: Json<Ended>) -> HttpResponse {
    act(&sim, |tx| settle::settle(tx, &id, body.outcome).map(|intent| intent.render(tx.state))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disputed {
    reason: Option<String>,
    amount: Option<i64>,
    #[serde(default)]
    inquiry: bool,
}

async fn dispute(sim: Data<Sim>, id: Path<String>, body: Json<Disputed>) -> HttpResponse {
    let Disputed { reason, amount, inquiry } = body.into_inner();
    let wish = Wish { reason, amount, inquiry };
    act(&sim, |tx| open::by_control(tx, &id, wish).map(|dispute| dispute.render(tx.state))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolved {
    outcome: DisputeOutcome,
}

async fn resolve(sim: Data<Sim>, id: Path<String>, body: Json<Resolved>) -> HttpResponse {
    act(&sim, |tx| outcome::resolve(tx, &id, body.outcome).map(|dispute| dispute.render(tx.state))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    amount: Option<i64>,
    reason: Option<String>,
    #[serde(default)]
    refund_application_fee: bool,
}

async fn refund_by_hand(sim: Data<Sim>, id: Path<String>, body: Json<ByHand>) -> HttpResponse {
    let ByHand { amount, reason, refund_application_fee } = body.into_inner();
    if amount.is_some_and(|amount| amount < 1) {
        return refused("`amount` must be positive");
    }
    let wish = RefundWish { amount, reason, with_fee: refund_application_fee, ..RefundWish::default() };
    act(&sim, |tx| {
        let charge = charges::of_any(tx, &id)?;
        refund::give_back(tx, charge, &wish).map(|refund| refund.render())
    })
    .await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Begin {
    Succeeded,
    Pending,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beginning {
    begin: Begin,
}

async fn begin_refunds(sim: Data<Sim>, body: Json<Beginning>) -> HttpResponse {
    let pending = body.begin == Begin::Pending;
    sim.pending_refunds.store(pending, std::sync::atomic::Ordering::SeqCst);
    HttpResponse::Ok().json(json!({ "begin": if pending { "pending" } else { "succeeded" } }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundEnded {
    outcome: Outcome,
    reason: Option<String>,
}

async fn settle_refund(sim: Data<Sim>, id: Path<String>, body: Json<RefundEnded>) -> HttpResponse {
    let RefundEnded { outcome, reason } = body.into_inner();
    let succeed = outcome == Outcome::Succeed;
    act(&sim, |tx| refund_settle::settle(tx, &id, succeed, reason.as_deref()).map(|refund| refund.render()))
        .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payout {
    amount: Option<i64>,
    currency: Option<String>,
}

/// The account's money leaves for its bank, so that what comes later finds none.
async fn payout(sim: Data<Sim>, id: Path<String>, body: Json<Payout>) -> HttpResponse {
    let Payout { amount, currency } = body.into_inner();
    act(&sim, |tx| {
        let account = tx.state.accounts.get(&id).ok_or_else(|| ApiError::missing("account", &id, "id"))?;
        let currency = currency.unwrap_or_else(|| account.currency.clone());
        let (_, all) = balance::of(tx, Some(&id), &currency);
        let amount = amount.unwrap_or(all);
        if amount < 1 || amount > all {
            return Err(ApiError::invalid(format!("Of account {id} at most {all} can be paid out.")));
        }
        let (source, now) = (tx.id("po"), tx.now);
        let entry = Entry::plain(Movement::Payout, -amount, &currency, &source);
        let movement = balance::book_for(tx, Some(id.to_string()), entry, Some(now));
        Ok(json!({ "account": *id, "amount": amount, "currency": currency, "balance_transaction": movement }))
    })
    .await
}
