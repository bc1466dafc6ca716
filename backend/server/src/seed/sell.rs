//! Sells part of the demo's tickets by the calls a fan makes: hold, order, pay with a test card.

use futures::StreamExt;
use marquee_checkout::{BuyerRequest, OrderRequest, PayRequest};
use marquee_core::db::DbError;
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::{OrderId, PerformanceId};
use marquee_core::params;
use marquee_inventory::{HoldError, HoldRequest, PlaceRequest};
use marquee_payments::idempotency::Call;
use marquee_tenants::Tenant;
use sea_orm::FromQueryResult;
use serde::Deserialize;

use super::{Built, SEED};
use crate::cli::{Failure, print_line};
use crate::serve::Services;

/// Orders under way at a time.
const AT_ONCE: usize = 6;
const NAMES: [&str; 12] = [
    "Aoife Brennan",
    "Ciarán Daly",
    "Mei-Ling Chan",
    "Tomás Rua",
    "Ngozi Eze",
    "Hannah Weiss",
    "Yusuf Demir",
    "Ingrid Solberg",
    "Paulo Ferreira",
    "Róisín Kavanagh",
    "Samir Haddad",
    "Ewa Nowak",
];

#[derive(Debug, FromQueryResult)]
struct LevelRow {
    id: marquee_core::ids::PriceLevelId,
    units: i64,
    sold: i64,
}

#[derive(Debug, Deserialize)]
struct Placed {
    order_id: OrderId,
}

/// One order to be made.
#[derive(Debug, Clone)]
struct Purchase {
    performance: PerformanceId,
    price_level: String,
    quantity: i64,
    number: usize,
}

/// Sells of each performance what is still missing of its share. The best seats go first, whole parties side by side
/// where that can be had.
pub(super) async fn all(services: &Services, tenant: &Tenant, built: &[Built]) -> Result<(), Failure> {
    let mut purchases = Vec::new();
    for one in built.iter().filter(|one| one.sold > 0.0) {
        purchases.extend(missing(services, tenant, one).await?);
    }
    if purchases.is_empty() {
        return Ok(());
    }
    print_line(format!("{}: selling tickets in {} orders", tenant.name, purchases.len()));
    let mut sales = futures::stream::iter(purchases)
        .map(|purchase| async move { buy(services, tenant, &purchase).await })
        .buffer_unordered(AT_ONCE);
    while let Some(sale) = sales.next().await {
        sale?;
    }
    forget_mail(services, tenant).await.map_err(Failure::from)
}

async fn missing(services: &Services, tenant: &Tenant, one: &Built) -> Result<Vec<Purchase>, Failure> {
    let tx = services.foundation.db.begin(tenant.id, SEED).await?;
    let levels: Vec<LevelRow> = tx
        .all(
            "select u.price_level_id as id, count(*) as units, count(*) filter (where u.state = 'sold') as sold
             from units u where u.tenant_id = $1 and u.performance_id = $2 group by u.price_level_id order by 1",
            params![one.id],
        )
        .await?;
    tx.commit().await?;
    let mut purchases = Vec::new();
    for level in levels {
        let mut left = (level.units as f64 * one.sold).round() as i64 - level.sold;
        while left > 0 {
            let party = if one.sold >= 1.0 { 10 } else { 6 + (purchases.len() as i64 * 5) % 5 };
            let quantity = left.min(party);
            let number = purchases.len();
            purchases.push(Purchase {
                performance: one.id,
                price_level: level.id.to_string(),
                quantity,
                number,
            });
            left -= quantity;
        }
    }
    Ok(purchases)
}

async fn buy(services: &Services, tenant: &Tenant, purchase: &Purchase) -> Result<(), Failure> {
    let made = match hold(services, tenant, purchase, purchase.quantity > 1).await {
        Err(HoldError::NoAdjacent | HoldError::SoldOut) => hold(services, tenant, purchase, false).await?,
        made => made?,
    };
    let buyer_name = NAMES.get(purchase.number % NAMES.len()).copied().unwrap_or("A. Fan");
    let request = OrderRequest {
        hold_id: made.hold.id,
        buyer: BuyerRequest {
            email: format!("fan{}@example.com", purchase.number),
            name: buyer_name.to_owned(),
            locale: None,
        },
        promo_code: None,
        add_ons: None,
    };
    let call = call(marquee_checkout::ORDERS_SCOPE.to_owned())?;
    let placed = services.checkout.place(tenant, &made.token, &request, &call).await?;
    let Placed { order_id } = serde_json::from_str(&placed.answer.body)?;
    let account = tenant.terms.account.as_deref();
    let token = services.foundation.stripe()?.test_confirmation_token(account, "pm_card_visa").await?;
    let request = PayRequest { confirmation_token: Some(token) };
    let call = self::call(format!("pay:{order_id}"))?;
    let paid = services.checkout.pay(tenant.id, order_id, &request, &call, None).await?;
    if paid.answer.status == 200 {
        Ok(())
    } else {
        Err(format!("the demo's order was not paid: {}", paid.answer.body).into())
    }
}

async fn hold(
    services: &Services,
    tenant: &Tenant,
    purchase: &Purchase,
    adjacent: bool,
) -> Result<marquee_inventory::Made, HoldError> {
    let request = HoldRequest {
        seats: Vec::new(),
        places: vec![PlaceRequest {
            price_level: purchase.price_level.clone(),
            quantity: purchase.quantity,
            ticket_type: None,
            adjacent,
        }],
    };
    let key = new_key().ok_or(HoldError::IdempotencyMismatch)?;
    services.inventory.hold(tenant, purchase.performance, &request, &key, [0; 32]).await
}

fn call(scope: String) -> Result<Call, Failure> {
    let key = new_key().ok_or("no key")?;
    Ok(Call { scope, key, fingerprint: [0; 32] })
}

fn new_key() -> Option<IdempotencyKey> {
    IdempotencyKey::new(&uuid::Uuid::now_v7().to_string())
}

/// Fans who never were get no mail.
async fn forget_mail(services: &Services, tenant: &Tenant) -> Result<(), DbError> {
    let tx = services.foundation.db.begin(tenant.id, SEED).await?;
    tx.execute("delete from outbox where tenant_id = $1 and kind = $2", params![marquee_tickets::MAIL])
        .await?;
    tx.commit().await
}
