//! Places an order on a hold: one transaction, with nothing called over the network.

use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::{HoldId, OrderId};
use marquee_core::money::Price;
use marquee_entity::inventory::HoldState;
use marquee_entity::orders::OrderStatus;
use marquee_inventory::{HoldDetail, lock_hold};
use marquee_payments::idempotency::{self, Answer, Call, Standing};
use marquee_payments::record;
use marquee_tenants::Tenant;
use serde::Deserialize;

use crate::answer::{self, PlacedBody, Reply};
use crate::buyer::{Buyer, BuyerRequest};
use crate::service::retrying;
use crate::show::PaymentBody;
use crate::store::{self, NewOrder};
use crate::{Checkout, CheckoutError, number};

const PLACE: Tag = Tag::by_key("order.place");
/// The scope of this call's keys.
pub const SCOPE: &str = "orders";
/// Numbers drawn before giving up; two of a thousand tenants' orders hardly ever meet.
const DRAWS: usize = 5;

/// Asks for an order.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// The hold to buy.
    pub hold_id: HoldId,
    /// Who buys.
    pub buyer: BuyerRequest,
    /// A promotion's code.
    #[serde(default)]
    pub promo_code: Option<String>,
    /// What else is bought.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub add_ons: Option<Vec<serde_json::Value>>,
}

/// How a try to place an order ended.
enum Placing {
    Answered(Reply),
    /// Something changed between looking and locking: look again.
    Again,
}

impl Checkout {
    /// Places an order on a hold, or finds the one that the same key placed.
    ///
    /// # Errors
    /// `NotFound` for a hold that is not the caller's, `HoldExpired`, `OrderState` when its payment has begun,
    /// `LimitPerBuyer`, `Invalid`, `IdempotencyMismatch`.
    pub async fn place(
        &self,
        tenant: &Tenant,
        hold_token: &str,
        request: &OrderRequest,
        call: &Call,
    ) -> Result<Reply, CheckoutError> {
        if !self.owns_hold(tenant.id, request.hold_id, hold_token) {
            return Err(CheckoutError::NotFound);
        }
        let buyer = Buyer::read(&request.buyer, &tenant.locale)?;
        check_extras(request)?;
        loop {
            match retrying(|| self.try_place(tenant, request.hold_id, &buyer, call)).await? {
                Placing::Answered(reply) => return Ok(self.with_order_token(tenant, reply)),
                Placing::Again => {}
            }
        }
    }

    async fn try_place(
        &self,
        tenant: &Tenant,
        hold: HoldId,
        buyer: &Buyer,
        call: &Call,
    ) -> Result<Placing, CheckoutError> {
        let tx = self.parts.db.begin(tenant.id, PLACE).await?;
        // Orders are locked before their hold, here and everywhere.
        let former = store::lock_live_of_hold(&tx, hold).await?;
        let hold = lock_hold(&tx, hold).await?.ok_or(CheckoutError::NotFound)?;
        match idempotency::standing(&tx, call).await? {
            Standing::New => {}
            Standing::Mismatch => return Err(CheckoutError::IdempotencyMismatch),
            Standing::Answered(answer) => {
                return Ok(Placing::Answered(Reply { answer, replayed: true }));
            }
            Standing::InFlight | Standing::Open => return Err(CheckoutError::IdempotencyInFlight),
        }
        let terms = store::terms(&tx, hold.performance_id, hold.id).await?;
        if terms.live != former.as_ref().map(|order| order.id) {
            return Ok(Placing::Again);
        }
        check_hold(&hold, former.as_ref().map(|order| order.status))?;
        if terms.cancelled {
            return Err(CheckoutError::NotOnSale);
        }
        if let Some(former) = &former {
            store::move_to(&tx, former.id, OrderStatus::Cancelled).await?;
            record::give_up(&tx, former.id).await?;
        }
        store::lock_buyer(&tx, hold.performance_id, buyer).await?;
        let has = store::units_of_buyer(&tx, hold.performance_id, buyer).await?;
        if has.saturating_add(hold.units.len() as i64) > i64::from(terms.limit_per_buyer) {
            return Err(CheckoutError::LimitPerBuyer { limit: terms.limit_per_buyer, has });
        }
        let answer = self.write(&tx, tenant, &hold, buyer).await?;
        if !idempotency::record(&tx, call, &answer).await? {
            return Ok(Placing::Again);
        }
        tx.commit().await?;
        Ok(Placing::Answered(Reply { answer, replayed: false }))
    }

    /// Writes the order with all that it freezes.
    async fn write(
        &self,
        tx: &TenantTx,
        tenant: &Tenant,
        hold: &HoldDetail,
        buyer: &Buyer,
    ) -> Result<Answer, CheckoutError> {
        let sum = |part: fn(&Price) -> i64| hold.units.iter().map(|unit| part(&unit.price)).sum::<i64>();
        let provider = &self.parts.provider;
        let mut order = NewOrder {
            id: OrderId::generate(),
            number: "",
            hold: hold.id,
            performance: hold.performance_id,
            buyer,
            currency: &hold.currency,
            parts: [sum(|price| price.face), sum(|price| price.fees), sum(|price| price.tax)],
            total: hold.total,
            provider: provider.name(),
            charge_model: tenant.terms.model,
            account: tenant.terms.account.as_deref(),
            application_fee: tenant.terms.application_fee(hold.total, hold.units.len()),
            expires_at: hold.expires_at,
        };
        let numbers: Vec<String> = (0..DRAWS).map(|_| number::draw(&mut rand::rng())).collect();
        let mut written = None;
        for number in &numbers {
            order.number = number;
            if let Some(lines) = store::insert(tx, &order, &hold.units).await? {
                written = Some((number.clone(), lines));
                break;
            }
        }
        let (number, lines) = written.ok_or(CheckoutError::Db(DbError::Contention))?;
        let body = PlacedBody {
            order_id: order.id,
            token: None,
            number,
            status: OrderStatus::Pending,
            total: hold.total,
            currency: hold.currency.clone(),
            lines,
            expires_at: hold.expires_at,
            payment: PaymentBody::new(provider.as_ref(), order.account, hold.total, &hold.currency),
        };
        Ok(answer::json(201, &body))
    }

    fn with_order_token(&self, tenant: &Tenant, reply: Reply) -> Reply {
        let body: serde_json::Value = serde_json::from_str(&reply.answer.body).unwrap_or_default();
        let order = body.get("order_id").and_then(|id| id.as_str()?.parse::<OrderId>().ok());
        let Some(order) = order else { return reply };
        let token = self.token(tenant.id, order);
        Reply { answer: answer::with_token(reply.answer, &token), replayed: reply.replayed }
    }
}

/// Promotions and extras come with a later version: none is known yet.
fn check_extras(request: &OrderRequest) -> Result<(), CheckoutError> {
    if request.promo_code.as_deref().is_some_and(|code| !code.trim().is_empty()) {
        return Err(CheckoutError::field("/promo_code", "unknown", "There is no such code."));
    }
    if request.add_ons.as_ref().is_some_and(|list| !list.is_empty()) {
        return Err(CheckoutError::field("/add_ons/0", "unknown", "There is no such extra."));
    }
    Ok(())
}

/// May an order be placed on this hold, whose live order has status `former`?
fn check_hold(hold: &HoldDetail, former: Option<OrderStatus>) -> Result<(), CheckoutError> {
    match (hold.state, former) {
        (HoldState::Released | HoldState::Expired, _) => Err(CheckoutError::HoldExpired),
        (HoldState::Active, _) if hold.expired => Err(CheckoutError::HoldExpired),
        (HoldState::Active, None | Some(OrderStatus::Pending)) => Ok(()),
        (_, Some(status)) => Err(CheckoutError::OrderState(status)),
        (HoldState::Confirming, None) => Err(CheckoutError::OrderState(OrderStatus::Processing)),
        (HoldState::Completed, None) => Err(CheckoutError::OrderState(OrderStatus::Paid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(promo_code: Option<&str>, add_ons: &str) -> OrderRequest {
        let text = format!(
            r#"{{"hold_id":"{}","buyer":{{"email":"a@b","name":"A"}},"promo_code":{},"add_ons":{add_ons}}}"#,
            HoldId::generate(),
            serde_json::to_string(&promo_code).unwrap()
        );
        marquee_core::http::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn extras_that_do_not_exist_are_refused() {
        for (code, add_ons) in [(None, "null"), (None, "[]"), (Some(" "), "[]")] {
            assert!(check_extras(&request(code, add_ons)).is_ok(), "{code:?} {add_ons}");
        }
        assert!(check_extras(&request(Some("HALF"), "[]")).is_err());
        assert!(check_extras(&request(None, r#"[{"id":1}]"#)).is_err());
    }

    #[test]
    fn prices_from_outside_are_refused() {
        let id = HoldId::generate();
        for text in [
            format!(r#"{{"hold_id":"{id}","buyer":{{"email":"a@b","name":"A"}},"total":1}}"#),
            format!(r#"{{"hold_id":"{id}","buyer":{{"email":"a@b","name":"A","vip":true}}}}"#),
            r#"{"hold_id":"x","buyer":{"email":"a@b","name":"A"}}"#.to_owned(),
        ] {
            let problem = marquee_core::http::parse::<OrderRequest>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), marquee_core::problem::Code::ValidationFailed, "{text}");
        }
    }
}
